"""Checks how `make run` handles functions that die, and requests that try to reach the emulator. Run by quick_start.py,
or alone with the port of a running `make run` as its argument."""

import contextlib
import json
import os
import pathlib
import select
import signal
import socket
import sys
import threading
import time
from http.client import HTTPConnection

PROJECT = pathlib.Path(__file__).resolve().parent.parent
FUNCTION = "health"


def processes():
    """The process ids of the function in this checkout's `make run`."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            ours = os.readlink(entry / "cwd") == str(PROJECT)
            if ours and pathlib.Path(os.readlink(entry / "exe")).name == FUNCTION:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def parsed(status, body):
    """Parses a response. If it is not JSON, fails with its status and its beginning."""
    try:
        return json.loads(body)
    except ValueError:
        raise AssertionError(f"{status}, and no JSON: {body[:500]!r}") from None


def call(port, timeout=20):
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    connection.request("GET", "/api/v1/health")
    answer = connection.getresponse()
    return answer.status, parsed(answer.status, answer.read())


def expect_health(port):
    status, answer = call(port)
    assert status == 200, (status, answer)


def end(process, number):
    """Ends a process with this signal, and waits until its parent can see that: /proc shows it only later or sooner."""
    handle = os.pidfd_open(process)
    os.kill(process, number)
    select.select([handle], [], [], 20)
    os.close(handle)


def deaths(port):
    """Kills the function eight times between calls and eight times during a call. Each call gets a response."""
    for number in (signal.SIGKILL, signal.SIGABRT) * 4:
        expect_health(port)
        for process in processes():
            end(process, number)
        expect_health(port)
    for number in (signal.SIGKILL, signal.SIGABRT) * 4:
        expect_health(port)
        (process,) = processes()
        # A stopped process accepts the call, and so dies during the call.
        os.kill(process, signal.SIGSTOP)
        answers = []
        calling = threading.Thread(target=lambda: answers.append(call(port)))
        calling.start()
        time.sleep(0.1)
        began = time.monotonic()
        os.kill(process, number)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)
        calling.join()
        assert answers == [(500, {"message": "Internal Server Error"})], answers
        assert time.monotonic() - began < 2, "the answer to a call whose function died was not prompt"
    expect_health(port)


def raw(port, request):
    """Sends a request that no HTTP client would send. Returns the status and the body of the response."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request.encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"lambda-runtime" not in head.lower(), head
    status = int(head.split()[1])
    return status, parsed(status, body)


def get(port, path, *headers, method="GET"):
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", *headers]
    return raw(port, "\r\n".join(lines) + "\r\n\r\n")


def emulator_is_out_of_reach(port):
    """No path reaches the emulator's own endpoints, and the emulator obeys no header of a request."""
    ups = ["..", "%2e%2e", "%2E.", ".%2e", "..\\..", "..;", "..%2f..", "..%5c..", "%252e%252e", ".", "", "\\", "%2f"]
    theirs = [
        "2015-03-31/functions/health/invocations",
        "lambda-url/health/api/v1/health",
        ".rt/health/2018-06-01/runtime/invocation/next",
        ".rt/2020-01-01/extension/register",
    ]
    paths = [f"/{prefix}{up}/{path}" for prefix in ("api/", "", "dashboard/x/") for up in ups for path in theirs]
    paths += ["/" + path for path in theirs] + ["http://x/" + path for path in theirs]
    for path in paths:
        for method in ("GET", "POST"):
            status, answer = get(port, path, "Content-Length: 0", method=method)
            assert status == 404 and answer["error"]["code"] == "NOT_FOUND", (method, path, status, answer)
    headers = [
        "lambda-runtime-deadline-ms: 1",
        "lambda-runtime-aws-request-id: x",
        "Lambda-Runtime-Client-Context: x",
        "lambda-runtime-cognito-identity: x",
        "lambda-runtime-function-response-mode: streaming",
        "lambda-runtime-trace-id: x",
        "lambda-runtime-invoked-function-arn: x",
        "lambda-extension-name: x",
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        "TE: trailers",
        "Expect: nothing",
        "x-amzn-trace-id: x",
    ]
    for header in headers:
        status, answer = get(port, "/api/v1/health", header)
        assert status == 200, (header, status, answer)


def check_all(port):
    deaths(port)
    emulator_is_out_of_reach(port)


if __name__ == "__main__":
    check_all(int(sys.argv[1]))
