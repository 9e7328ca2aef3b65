"""The emulator of AWS and the local issuer, as processes on loopback, with their data in a temporary folder."""

import contextlib
import json
import os
import pathlib
import sys

import boto3

import processes

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
REGION = "us-east-1"
ACCOUNT = "123456789012"
# A key that is an account's number is that account's root user.
OPERATOR = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test"}


class Emulator:
    """A running emulator."""

    def __init__(self, folder):
        self.port = processes.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "emulator.log"
        self.decisions_file = folder / "decisions.jsonl"
        self.folder = folder / "emulator"
        self.folder.mkdir()

    def environment(self):
        """Nothing of the caller's own AWS settings reaches the emulator, or the functions, which inherit this."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            # The host names of APIs are those that the stack's outputs say.
            "MINISTACK_HOST": f"{REGION}.amazonaws.com",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "S3_DATA_DIR": str(self.folder / "s3"),
            "STATE_DIR": str(self.folder / "state"),
            "LOG_LEVEL": "WARNING",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_DYNAMODB": self.url,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.url,
            "AWS_ENDPOINT_URL_SQS": self.url,
            # Only a build with debug assertions reads it; the Makefile makes one.
            "SUPPUO_LOOPBACK_WEBHOOKS": "1",
            **OPERATOR,
        }

    @contextlib.contextmanager
    def running(self):
        command = [sys.executable, str(HERE / "serve.py"), str(self.decisions_file)]
        with processes.running(command, self.log, self.environment(), self.port):
            yield self

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=OPERATOR["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=OPERATOR["AWS_SECRET_ACCESS_KEY"],
        )

    def decisions(self):
        return [json.loads(line) for line in self.decisions_file.read_text().splitlines()]


class Issuer:
    """The local issuer, which signs people in and makes access tokens."""

    def __init__(self, folder, target):
        self.port = processes.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = folder / "issuer"
        self.log = folder / "issuer.log"
        self.binary = target / "debug" / "local"

    @contextlib.contextmanager
    def running(self):
        environment = {**os.environ, "ISSUER_PORT": str(self.port), "DATA": str(self.data)}
        with processes.running([str(self.binary), "issuer"], self.log, environment, self.port):
            yield self

    def client_secret(self):
        return (self.data / "client.secret").read_text()
