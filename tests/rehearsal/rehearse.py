#!/usr/bin/env python3
"""Deploys the unmodified template to an emulator of AWS, as an operator does, and calls the API through its gateway.
Run by `make rehearse`."""

import contextlib
import pathlib
import sys
import tempfile

from deployment import Stack
from emulator import Emulator, Issuer
from gateway import Gateway


def say(what):
    print(f"rehearsal: {what}", flush=True)


def rehearse(folder, target):
    with contextlib.ExitStack() as running:
        issuer = running.enter_context(Issuer(folder, target).running())
        emulator = running.enter_context(Emulator(folder).running())
        say("the emulator runs, with every mend")
        secret = emulator.client("secretsmanager").create_secret(
            Name="suppuo-huudis-client", SecretString=issuer.client_secret()
        )
        stack = Stack(
            emulator,
            "suppuo-rehearsal",
            Architecture="x86_64",
            HuudisIssuer=issuer.url,
            HuudisClientSecretArn=secret["ARN"],
        )
        stack.deploy()
        say("the template is deployed")
        gateway = Gateway(emulator, stack.outputs()["ApiUrl"])
        health = gateway.call("GET", "/api/v1/health").expect(200)
        assert health.data["checks"] == {"db": "ok"}, health
        say("it is healthy")


def main():
    target = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="suppuo-rehearsal-") as folder:
        rehearse(pathlib.Path(folder), target)


if __name__ == "__main__":
    main()
