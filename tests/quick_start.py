#!/usr/bin/env python3
"""Goes through the quick start as a newcomer does: `make run`, the curl commands of the README and those that it
prints, the published SDK, and Ctrl-C, after which no process may be left. Run by .ci/run; needs the ports 9000 and 9400
to 9402."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import dead_functions

PROJECT = pathlib.Path(__file__).resolve().parent.parent
PORTS = {"API_PORT": 9000, "ISSUER_PORT": 9400, "DYNAMODB_PORT": 9401, "LAMBDA_PORT": 9402}
API = f"http://127.0.0.1:{PORTS['API_PORT']}/api/v1"


def say(what):
    print(f"quick start: {what}", flush=True)


class Run:
    """`make run` in its own session, as in its own terminal."""

    def __init__(self, **environment):
        self.process = subprocess.Popen(
            ["make", "run"],
            cwd=PROJECT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines = []

    def wait_until_ready(self):
        # The time includes a build. A run that hangs is killed.
        hanging = threading.Timer(900, os.killpg, (self.process.pid, signal.SIGKILL))
        hanging.start()
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if "Ctrl-C ends it" in line:
                hanging.cancel()
                return
        hanging.cancel()
        self.process.wait()
        sys.exit("make run ended:\n" + "\n".join(self.lines))

    def end(self, number):
        os.killpg(self.process.pid, number)
        self.lines += self.process.stdout.read().splitlines()
        self.process.wait(timeout=20)


def curl(command, **values):
    """Runs a curl command with the README's base URL. Returns the status and the response."""
    command += " --silent --write-out '\\n%{http_code}'"
    done = subprocess.run(
        command,
        shell=True,
        env={**os.environ, "SUPPUO_API": API, **values},
        capture_output=True,
        text=True,
        check=True,
    )
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), dead_functions.parsed(int(status), body)


def expect(status, answer, *expected):
    """If the response has another status, fails with that status and the beginning of the response."""
    assert status in expected, f"{status} instead of {expected}: {json.dumps(answer)[:500]}"


def walk_through(create, use, *between, **values):
    """Creates a key, uses it, runs the commands in between, revokes the key, and checks that it is refused."""
    *between, revoke = between
    status, created = curl(create, **values)
    expect(status, created, 201)
    values |= {"SUPPUO_TOKEN": created["data"]["key"], "ID": created["data"]["id"]}
    fill = lambda one: re.sub(r"\$?\bID\b", "$ID", one)
    status, listed = curl(fill(use), **values)
    expect(status, listed, 200)
    assert listed["data"]["apiKeys"][0]["lastUsedAt"], listed
    for one in map(fill, between):
        status, done = curl(one, **values)
        expect(status, done, 201 if "POST" in one and "/rotate" not in one else 200)
        assert "POST" in one or done["data"]["tickets"], (one, done)
    status, revoked = curl(fill(revoke), **values)
    expect(status, revoked, 200)
    assert revoked["data"] == {"deleted": True}, revoked
    status, refused = curl(fill(use), **values)
    expect(status, refused, 401)
    assert refused["error"]["code"] == "INVALID_TOKEN", refused


def published_sdk(key):
    """Runs the published SDK with the key."""
    url = f"http://127.0.0.1:{PORTS['API_PORT']}"
    python = PROJECT / ".tools/bin/python"
    subprocess.run(["make", "--silent", "sdk"], cwd=PROJECT, check=True)
    command = [python, PROJECT / "tests/published_sdk.py", url, "acc_dev"]
    subprocess.run(command, env={**os.environ, "SUPPUO_TOKEN": key}, check=True)


def published_receiver(key):
    """Receives webhooks with the published library; `make sdk` has installed it."""
    command = [PROJECT / ".tools/bin/python", PROJECT / "tests/published_receiver.py", API]
    subprocess.run(command, env={**os.environ, "SUPPUO_TOKEN": key}, check=True)


def webhooks(key):
    """Runs the receiver of the documentation, which prints the event of a new ticket if its signature is right."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    subscribe = f"""curl -X POST $SUPPUO_API/webhook-subscriptions -H "Authorization: Bearer $SUPPUO_TOKEN" \
        -d '{{"url":"http://127.0.0.1:{port}/","events":["suppuo.ticket.created.v1"]}}'"""
    status, made = curl(subscribe, SUPPUO_TOKEN=key)
    expect(status, made, 201)
    receiver = subprocess.Popen(
        [sys.executable, PROJECT / "docs/webhook_receiver.py", str(port)],
        env={**os.environ, "SECRET": made["data"]["secret"]},
        stdout=subprocess.PIPE,
        text=True,
    )
    hanging = threading.Timer(60, receiver.kill)
    hanging.start()
    try:
        assert "receiving" in receiver.stdout.readline()
        began = time.monotonic()
        ticket = '{"subject":"Told","body":"Where?","requesterEmail":"kim@example.com"}'
        create = f"""curl -X POST $SUPPUO_API/tickets -H "Authorization: Bearer $SUPPUO_TOKEN" -d '{ticket}'"""
        status, created = curl(create, SUPPUO_TOKEN=key)
        expect(status, created, 201)
        line = receiver.stdout.readline()
        took = time.monotonic() - began
        assert line.startswith("attempt 1: ") and created["data"]["id"] in line, line
        return took
    finally:
        hanging.cancel()
        receiver.kill()
        receiver.wait()


def a_poll(key):
    """Asks twice for the list of tickets, and checks that the second answer is that nothing is new."""
    connection = HTTPConnection("127.0.0.1", PORTS["API_PORT"], timeout=60)

    def call(**headers):
        headers["Authorization"] = f"Bearer {key}"
        connection.request("GET", "/api/v1/tickets", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["ETag"], answer.read()

    status, tag, listed = call()
    assert (status, bool(listed)) == (200, True), (status, listed)
    status, _, nothing = call(**{"If-None-Match": tag})
    assert (status, nothing) == (304, b""), (status, nothing)


def a_long_thread(key):
    """Creates a ticket of more than 4 MB, and so of several pages of the table, and checks that it is read whole."""
    connection = HTTPConnection("127.0.0.1", PORTS["API_PORT"], timeout=60)

    def call(method, path, body=None):
        headers = {"Authorization": f"Bearer {key}"}
        connection.request(method, "/api/v1" + path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer.status, dead_functions.parsed(answer.status, answer.read())

    ticket = {"subject": "Long", "body": "x", "requesterEmail": "kim@example.com"}
    status, created = call("POST", "/tickets", ticket)
    expect(status, created, 201)
    path = f"/tickets/{created['data']['id']}"
    for _ in range(50):
        status, replied = call("POST", path + "/messages", {"body": "\U0001d4b3" * 20_000})
        expect(status, replied, 201)
    status, thread = call("GET", path)
    expect(status, thread, 200)
    messages = thread["data"]["messages"]
    assert len(messages) == 51, f"{len(messages)} messages instead of 51"


def burst(key, calls, at_once):
    """Makes concurrent calls with a key. Counts them by the end of their window and by status; other statuses than 200
    and 429 by status and body."""

    def call(_):
        connection = HTTPConnection("127.0.0.1", PORTS["API_PORT"], timeout=60)
        connection.request("GET", "/api/v1/api-keys", headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        body = answer.read()
        window = answer.headers["X-RateLimit-Reset"]
        return (window, answer.status) if answer.status in (200, 429) else (answer.status, body[:500])

    with ThreadPoolExecutor(at_once) as pool:
        return Counter(pool.map(call, range(calls)))


def odd_requests():
    """Sends requests that the emulator behind the gateway would not answer, or would answer without the envelope."""
    odd = {
        ("BREW", "/api/v1/api-keys"): ({}, b""),
        ("POST", "/2015-03-31/functions/health/invocations"): ({}, b"{}"),
        ("GET", "/api/v1/api-keys"): ({"Authorization": b"Bearer \xff"}, b""),
        ("POST", "/api/v1/api-keys"): ({"Content-Type": "application/json"}, b'{"name":"\xff"}'),
    }
    for (method, path), (headers, body) in odd.items():
        connection = HTTPConnection("127.0.0.1", PORTS["API_PORT"], timeout=60)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        body = dead_functions.parsed(answer.status, answer.read())
        expect(answer.status, body, 401, 404)
        assert body["error"]["code"] in ("AUTH_REQUIRED", "NOT_FOUND"), (method, path, body)


def are_documented(commands):
    """Checks the requests against openapi.yaml."""
    python = PROJECT / ".tools/openapi/bin/python"
    subprocess.run(["make", "--silent", ".tools/openapi/bin/schemathesis"], cwd=PROJECT, check=True)
    command = [python, PROJECT / "tests/reference_requests.py"]
    subprocess.run(command, input="\n".join(commands), text=True, check=True)


def curls(lines):
    return [line.strip() for line in lines if line.strip().startswith("curl ")]


def exports(lines):
    """The values of SUPPUO_TOKEN, which all commands use."""
    name = "export SUPPUO_TOKEN="
    return [line.strip().removeprefix(name) for line in lines if line.strip().startswith(name)]


def left_running():
    """The processes of the project that run it: its programs, its cargo-lambda, and `make run`. Not what builds it."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            program, *arguments = (entry / "cmdline").read_bytes().decode().split("\0")
            folder = os.readlink(entry / "cwd")
        except OSError:
            continue
        command = " ".join([program, *arguments])
        is_ours = program.startswith((f"{PROJECT}/target/debug/", "target/debug/"))
        runs = is_ours or re.search(r"cargo-lambda lambda watch|make run", command)
        if folder.startswith(str(PROJECT)) and runs:
            found.append(command)
    return found


def assert_nothing_is_left():
    deadline = time.monotonic() + 10
    while left_running() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left_running(), left_running()
    for name, port in PORTS.items():
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))


def token():
    return subprocess.run(
        ["make", "--silent", "token"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.strip()


def main():
    # A command may continue on the next line.
    readme = (PROJECT / "README.md").read_text().replace("\\\n", "").splitlines()
    of_readme = curls(readme)
    assert len(of_readme) == 8, of_readme
    assert any(line.split("#")[0].strip() == f"export SUPPUO_API={API}" for line in readme)

    run = Run()
    run.wait_until_ready()
    say("ready")
    printed = curls(run.lines)
    assert len(printed) == 6, printed
    are_documented([line.replace("$SUPPUO_API", API) for line in of_readme] + printed)
    say("the README's requests and the printed ones are documented")
    [of_run, placeholder] = exports(run.lines)
    assert placeholder == "sk_live_…", placeholder
    walk_through(*printed, SUPPUO_TOKEN=of_run)
    say("the printed curls do what they say")
    assert exports(readme) == ["$(make -s token)", "sk_live_… ID=ak_01k…"], exports(readme)
    walk_through(*of_readme, SUPPUO_TOKEN=token())
    say("the README's curls do what it says")
    [submit] = [command for command in of_readme if "/public/tickets" in command]
    for _ in range(6):
        status, submitted = curl(submit)
        expect(status, submitted, 201)
    assert any("it may submit 1000 tickets in 10 minutes" in line for line in run.lines), run.lines
    say("the only address of a laptop may submit often enough for a developer")
    status, kept = curl(of_readme[0], SUPPUO_TOKEN=token())
    expect(status, kept, 201)

    published_sdk(kept["data"]["key"])
    say("the published SDK works")
    say(f"the receiver of the documentation has an event {webhooks(kept['data']['key']):.2f} s after the call began")
    published_receiver(kept["data"]["key"])
    say("the published receiver of webhooks accepts every delivery, and refuses a changed byte")
    a_poll(kept["data"]["key"])
    say("a poll that finds nothing new is a 304")
    a_long_thread(kept["data"]["key"])
    say("a thread of 4 MB is read whole")

    _, burster = curl(of_readme[0], SUPPUO_TOKEN=token())
    made = burst(burster["data"]["key"], calls=2150, at_once=400)
    assert all(status in (200, 429) for _, status in made), made
    # On a busy machine, the calls take more than the minute of one window.
    windows = {window: (made[window, 200], made[window, 429]) for window, _ in made}
    assert all(admitted == 2000 if refused else admitted <= 2000 for admitted, refused in windows.values()), windows
    assert len(windows) > 1 or windows == {window: (2000, 150) for window in windows}, windows
    say(f"of 2150 concurrent calls, 2000 a minute are allowed: {list(windows.values())}")

    odd_requests()
    say("odd requests are answered in the envelope")
    dead_functions.check_all(PORTS["API_PORT"])
    say("functions that die are restarted, and no request reaches the emulator itself")

    other = Run()
    out, _ = other.process.communicate(timeout=300)
    assert other.process.returncode != 0 and "port 9000 is in use; choose another with API_PORT" in out, out
    say("a second run says that the port is in use")
    run.end(signal.SIGINT)
    assert_nothing_is_left()
    say("Ctrl-C leaves nothing running")

    ports = {name: str(port + 50) for name, port in PORTS.items()}
    run = Run(**ports)
    run.wait_until_ready()
    moved = {"SUPPUO_API": API.replace(":9000", ":" + ports["API_PORT"]), "SUPPUO_TOKEN": kept["data"]["key"]}
    status, listed = curl(of_readme[1], **moved)
    expect(status, listed, 200)
    assert kept["data"]["id"] in [one["id"] for one in listed["data"]["apiKeys"]], listed
    status, revoked = curl(of_readme[-1], **moved, ID=kept["data"]["id"])
    expect(status, revoked, 200)
    say("data survives a restart, and ports can be changed")
    run.end(signal.SIGTERM)
    assert_nothing_is_left()
    say("SIGTERM leaves nothing running; done")


if __name__ == "__main__":
    main()
