#!/usr/bin/env python3
"""Runs the emulator with its mends. Started by emulator.py, in the emulator's own Python. Its argument is the file that
the decisions of IAM are written to."""

import importlib.metadata
import sys

from mending import VERSION, apply_all


def main():
    installed = importlib.metadata.version("ministack")
    assert installed == VERSION, f"ministack {installed}: the mends are for {VERSION}"
    import mapping_mends  # noqa: F401
    import mends  # noqa: F401
    import witness

    apply_all()
    witness.attend(sys.argv.pop())
    from ministack.app import main as serve

    serve()


if __name__ == "__main__":
    main()
