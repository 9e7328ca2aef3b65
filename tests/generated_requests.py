#!/usr/bin/env python3
"""Sends valid and invalid requests, which schemathesis generates from openapi.yaml, to `make run`. No response may be a
5xx or undocumented. Run by .ci/run. The environment may set the duration, SECONDS_IN_ALL (120), and the ports of
quick_start.py."""

import os
import signal
import subprocess
import sys
import tempfile

import quick_start
from quick_start import PORTS, PROJECT

# The checks of each response. Schemathesis cannot check that every invalid request is refused: a text may be valid once
# it is trimmed, and an empty query parameter counts as missing. The tests of the functions check that.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]

WORKSPACE = "acc_01J8Z3N5Q7"


def say(what):
    print(f"generated requests: {what}", flush=True)


def main():
    ports = {name: os.environ.get(name, str(port + 60)) for name, port in PORTS.items()}
    url = f"http://127.0.0.1:{ports['API_PORT']}"
    subprocess.run(["make", "--silent", ".tools/openapi/bin/schemathesis"], cwd=PROJECT, check=True)
    with tempfile.TemporaryDirectory() as data:
        # High limits: otherwise most responses would be a 429.
        limits = ["CALLER_LIMIT", "PUBLIC_LIMIT", "SUBMISSIONS_IN_10_MINUTES", "SUBMISSIONS_IN_AN_HOUR"]
        # The workspace of the document's examples: it takes submissions once a key was made in it.
        environment = {"DATA": data, "ACCOUNT": WORKSPACE, **ports, **dict.fromkeys(limits, "100000000")}
        run = quick_start.Run(**environment)
        run.wait_until_ready()
        os.environ.update(environment)
        name = '{"name":"Generated requests"}'
        create = f"""curl {url}/api/v1/api-keys -H "Authorization: Bearer $TOKEN" -d '{name}'"""
        status, created = quick_start.curl(create, TOKEN=quick_start.token())
        assert status == 201, created
        seconds = os.environ.get("SECONDS_IN_ALL", "120")
        say(f"{seconds} s against {url}")
        # The key is passed in the environment, so that no list of processes shows it.
        os.environ["SUPPUO_KEY"] = created["data"]["key"]
        tested = subprocess.run(
            [
                PROJECT / ".tools/openapi/bin/schemathesis",
                f"--config-file={PROJECT / 'tests/schemathesis.toml'}",
                "run",
                PROJECT / "openapi.yaml",
                f"--url={url}",
                f"--checks={','.join(CHECKS)}",
                f"--max-time={seconds}",
                "--max-redirects=0",
                # One thread: until Python 3.12, threads that parse Python at the same time disturb each other, as the
                # libraries below do now and then ("AST constructor recursion depth mismatch").
                "--workers=1",
                "--continue-on-failure",
            ],
            cwd=data,
            env=os.environ,
        )
        run.end(signal.SIGINT)
    if tested.returncode != 0:
        sys.exit("generated requests: failed")
    say("done")


if __name__ == "__main__":
    main()
