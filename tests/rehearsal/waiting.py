"""Waits for what happens by itself."""

import time


def until(what, find, seconds=30):
    """Calls `find` until it returns something, and returns that."""
    deadline = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return found
