#!/usr/bin/env python3
"""Requests that schemathesis makes up from openapi.yaml, good and bad ones, against `make run`: no answer may be a 5xx,
or one that the document does not have. Run by .ci/run. SECONDS_IN_ALL says how long (120); API_PORT and the others
change the ports."""

import os
import signal
import subprocess
import sys
import tempfile

import quick_start
from quick_start import PORTS, PROJECT

# What is asked of each answer. That every bad request is refused is not: a tidied text may be good where its length was
# not, and a query parameter that is empty counts as missing. The tests know.
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
        # Limits that are not met: else most answers were a 429.
        limits = ["CALLER_LIMIT", "PUBLIC_LIMIT", "SUBMISSIONS_IN_10_MINUTES", "SUBMISSIONS_IN_AN_HOUR"]
        # The workspace of the document's examples: it takes submissions once a key was made in it.
        environment = {"DATA": data, "ACCOUNT": WORKSPACE, **ports, **dict.fromkeys(limits, "100000000")}
        run = quick_start.Run(**environment)
        run.wait_until_ready()
        os.environ.update(environment)
        create = f"""curl {url}/api/v1/api-keys -H "Authorization: Bearer $TOKEN" -d '{{"name":"Generated"}}'"""
        status, created = quick_start.curl(create, TOKEN=quick_start.token())
        assert status == 201, created
        seconds = os.environ.get("SECONDS_IN_ALL", "120")
        say(f"{seconds} s against {url}")
        # The key is in its environment, and in no list of processes.
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
                "--workers=2",
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
