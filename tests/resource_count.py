"""Counts the resources that CloudFormation makes of template.yaml, as SAM's own transform writes them out. Run by
`make template` with the Python that has SAM.

At 450 it fails, while there is still time to divide the stack: How far one stack goes, in docs/operations.md."""

import collections
import logging
import pathlib

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

PROJECT = pathlib.Path(__file__).resolve().parent.parent
# "CloudFormation quotas".
ALLOWED = 500
REFUSED_FROM = 450


def written_out():
    """The resources of the template with its default parameters, which update gradually and so need the most."""
    template = yaml_parse((PROJECT / "template.yaml").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    values = {name: str(parameter.get("Default", "x")) for name, parameter in template["Parameters"].items()}
    session = boto3.session.Session(region_name="us-east-1")
    return Translator({}, Parser(), boto_session=session).translate(template, values)["Resources"].values()


def main():
    logging.disable(logging.WARNING)
    kinds = collections.Counter(resource["Type"] for resource in written_out())
    number, functions = kinds.total(), kinds["AWS::Lambda::Function"]
    print(f"template.yaml: {number} resources for {functions} functions; CloudFormation allows {ALLOWED}")
    assert kinds["AWS::CodeDeploy::DeploymentGroup"] == functions, "an update is not gradual by default"
    assert number < REFUSED_FROM, "divide the stack: docs/operations.md, How far one stack goes"


if __name__ == "__main__":
    main()
