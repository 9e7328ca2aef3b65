"""The stack, deployed and deleted by SAM as an operator does it, without anybody to answer a question."""

import json
import os
import pathlib
import subprocess
import sys
import tomllib

from emulator import OPERATOR, PROJECT, REGION

BUILT = PROJECT / "target" / "sam-check" / "template.yaml"
SAM = PROJECT / ".tools" / "bin" / "sam"
CONFIG = PROJECT / "samconfig.toml"
# The environment of samconfig.toml that is deployed.
ENVIRONMENT = "dev"


class Failed(Exception):
    """A command of the operator failed."""


def settings():
    """What samconfig.toml says about the environment."""
    return tomllib.loads(CONFIG.read_text())[ENVIRONMENT]["global"]["parameters"]


class Operator:
    """Somebody with a shell, and credentials of an account that the emulator has."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.environment = {
            "PATH": f"{self.folder_of_cli()}:{os.environ['PATH']}",
            "HOME": str(emulator.folder),
            "SAM_CLI_TELEMETRY": "0",
            "AWS_ENDPOINT_URL": emulator.url,
            "AWS_DEFAULT_REGION": REGION,
            **OPERATOR,
        }

    def folder_of_cli(self):
        """A folder with the AWS CLI. Without the option, version 1 of it calls AWS's own SQS, whatever the environment
        says."""
        folder = self.emulator.folder / "bin"
        folder.mkdir()
        aws = pathlib.Path(sys.executable).parent / "aws"
        (folder / "aws").write_text(f'#!/bin/sh\nexec "{aws}" --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n')
        (folder / "aws").chmod(0o755)
        return folder

    def runs(self, *command, typed=""):
        """Runs a command, and returns what it printed."""
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env=self.environment,
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        if done.returncode != 0:
            raise Failed(f"{' '.join(map(str, command[:3]))}: {done.stdout}")
        return done.stdout


class Stack:
    def __init__(self, operator, **changed):
        self.operator = operator
        self.cloudformation = operator.emulator.client("cloudformation")
        self.name = settings()["stack_name"]
        # SAM does not merge the values on its command line with those of the file.
        self.parameters = dict(one.split("=", 1) for one in settings()["parameter_overrides"]) | changed
        self.template = BUILT

    def sam(self, command, *arguments):
        return self.operator.runs(SAM, command, f"--config-file={CONFIG}", f"--config-env={ENVIRONMENT}", *arguments)

    def deploy(self, **changed):
        self.parameters |= changed
        return self.sam_deploy(self.parameters)

    def sam_deploy(self, parameters):
        values = (f"{name}={value}" for name, value in parameters.items())
        return self.sam("deploy", f"--template-file={self.template}", "--parameter-overrides", *values)

    def refuses(self, **changed):
        """Whether these values of parameters are refused before anything is changed."""
        before = self.description()
        try:
            self.sam_deploy(self.parameters | changed)
        except Failed as refusal:
            assert self.description() == before, "the refused update has changed the stack"
            return all(name in str(refusal) for name in changed)
        return False

    def package(self):
        """From now on, deploys what the bucket has already, because packing takes a minute. SAM has put its addresses
        into the template that the stack has."""
        deployed = self.cloudformation.get_template(StackName=self.name, TemplateStage="Original")["TemplateBody"]
        self.template = self.operator.emulator.folder / "packaged.yaml"
        self.template.write_text(deployed if isinstance(deployed, str) else json.dumps(deployed))

    def delete(self):
        """Deletes the stack and its code, so that the next deployment packs it again."""
        self.sam("delete", "--no-prompts", f"--region={REGION}")
        self.template = BUILT

    def description(self):
        [stack] = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        return {name: stack[name] for name in ("StackStatus", "Parameters", "Outputs")}

    def outputs(self):
        return {one["OutputKey"]: one["OutputValue"] for one in self.description()["Outputs"]}

    def resources(self):
        """The physical ids of the stack's resources, by their names in the template."""
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        listed = [one for page in pages for one in page["StackResourceSummaries"]]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}

    def exists(self):
        listed = self.cloudformation.list_stacks()["StackSummaries"]
        return any(one["StackName"] == self.name and one["StackStatus"] != "DELETE_COMPLETE" for one in listed)
