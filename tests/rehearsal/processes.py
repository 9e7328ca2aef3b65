"""Processes that the rehearsal starts. Each gets a session of its own, so that what it starts ends with it."""

import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

# prctl(2)
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Ended(Exception):
    """A process ended by itself."""


def end_on_signals():
    """A signal that would kill the rehearsal ends it in order."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def die_with_the_rehearsal():
    """If the rehearsal is killed and ends nothing itself, the kernel does."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def of_folder(folder):
    """The running programs that lie in a folder."""
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            program = os.readlink(entry / "exe")
            if program.startswith(str(folder)):
                yield program


def end(process, number):
    """Sends a signal to the process and to all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


@contextlib.contextmanager
def running(command, log, environment, port):
    """Runs a command until the end of the block. The block begins when the port answers."""
    with open(log, "w") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
            preexec_fn=die_with_the_rehearsal,
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
