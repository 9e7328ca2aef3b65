"""Processes that the rehearsal starts. Each gets a session of its own, so that what it starts ends with it."""

import contextlib
import os
import signal
import socket
import subprocess
import time


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Ended(Exception):
    """A process ended by itself."""


def end(process, number):
    """Sends a signal to the process and to all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


@contextlib.contextmanager
def running(command, log, environment, port):
    """Runs a command until the end of the block. The block begins when the port answers."""
    with open(log, "w") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 60
        while not answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Ended(f"{command[0]} does not run:\n{tail(log)}")
            time.sleep(0.05)
        yield process
    finally:
        end(process, signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            pass
        end(process, signal.SIGKILL)
        process.wait()


def answers(port):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def tail(log, lines=30):
    with open(log, errors="replace") as file:
        return "".join(file.readlines()[-lines:])
