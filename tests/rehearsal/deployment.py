"""The stack, deployed and deleted by SAM as an operator does it."""

import os
import pathlib
import subprocess

from emulator import OPERATOR, PROJECT, REGION

BUILT = pathlib.Path(os.environ.get("BUILT") or PROJECT / "target" / "sam-check" / "template.yaml")
SAM = PROJECT / ".tools" / "bin" / "sam"


class Failed(Exception):
    """A command of the operator failed."""


class Stack:
    def __init__(self, emulator, name, **parameters):
        self.emulator = emulator
        self.name = name
        self.parameters = parameters

    def environment(self):
        """The operator's: only the emulator can be reached with it."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.emulator.folder),
            "SAM_CLI_TELEMETRY": "0",
            "AWS_ENDPOINT_URL": self.emulator.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "1",
            **OPERATOR,
        }

    def sam(self, *arguments):
        """Runs SAM without anybody to answer a question, and returns what it printed."""
        done = subprocess.run(
            [SAM, *arguments],
            cwd=PROJECT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        if done.returncode != 0:
            raise Failed(f"sam {arguments[0]} of {self.name}: {done.stdout}")
        return done.stdout

    def deploy(self, **changed):
        self.parameters |= changed
        return self.sam(
            "deploy",
            f"--config-file={PROJECT / 'samconfig.toml'}",
            f"--template-file={BUILT}",
            f"--stack-name={self.name}",
            "--no-confirm-changeset",
            "--no-fail-on-empty-changeset",
            "--parameter-overrides",
            *(f"{name}={value}" for name, value in self.parameters.items()),
        )

    def delete(self):
        self.sam("delete", f"--stack-name={self.name}", "--no-prompts", f"--region={REGION}")

    def outputs(self):
        stacks = self.emulator.client("cloudformation").describe_stacks(StackName=self.name)
        return {one["OutputKey"]: one["OutputValue"] for one in stacks["Stacks"][0]["Outputs"]}

    def resources(self):
        """The stack's resources: their physical ids by their names in the template."""
        pages = self.emulator.client("cloudformation").get_paginator("list_stack_resources")
        listed = pages.paginate(StackName=self.name).search("StackResourceSummaries[]")
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}
