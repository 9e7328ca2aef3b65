#!/usr/bin/env python3
"""Checks requests against openapi.yaml: `curl` commands, one on each line of the input. Run by quick_start.py."""

import json
import pathlib
import shlex
import sys
from urllib.parse import parse_qsl, urlsplit

import yaml
from jsonschema import Draft202012Validator

DOCUMENT = yaml.safe_load((pathlib.Path(__file__).parent.parent / "openapi.yaml").read_text())


def validator(schema):
    """A validator for a schema of the document and the schemas that it refers to."""
    return Draft202012Validator({"components": DOCUMENT["components"], "allOf": [schema]})


def resolved(value):
    while "$ref" in value:
        name = value["$ref"]
        value = DOCUMENT
        for part in name.removeprefix("#/").split("/"):
            value = value[part]
    return value


def properties(schema):
    schema = resolved(schema)
    return set(schema.get("properties", [])).union(*map(properties, schema.get("allOf", [])))


def fits(pattern, path):
    pattern, path = pattern.split("/"), path.split("/")
    pairs = zip(pattern, path)
    return len(pattern) == len(path) and all(one.startswith("{") or one == other for one, other in pairs)


def read(command):
    """The method, URL, headers and body of a curl command."""
    words = iter(shlex.split(command)[1:])
    method, url, headers, body = None, None, {}, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, value = next(words).split(":", 1)
            headers[name.lower()] = value.strip()
        elif word == "-d":
            body = next(words)
        else:
            assert url is None and not word.startswith("-"), f"{word}: {command}"
            url = word
    return method or ("GET" if body is None else "POST"), urlsplit(url), headers, body


def check(command):
    method, url, headers, body = read(command)
    found = [path for path in DOCUMENT["paths"] if fits(path, url.path)]
    # A path without parameters takes precedence.
    path = min(found, key=lambda path: path.count("{"))
    item = DOCUMENT["paths"][path]
    operation = item[method.lower()]
    parameters = [resolved(one) for one in item.get("parameters", []) + operation.get("parameters", [])]
    documented = {one["name"]: one["schema"] for one in parameters if one["in"] == "query"}
    for name, value in parse_qsl(url.query):
        validator(documented[name]).validate(value)
    needs_credential = operation.get("security", DOCUMENT["security"]) != []
    assert needs_credential == ("authorization" in headers), command
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        validator(schema).validate(json.loads(body))
        # The API ignores unknown fields, but a document that shows one is wrong.
        assert set(json.loads(body)) <= properties(schema), command
    else:
        assert body is None, command


def main():
    commands = sys.stdin.read().splitlines()
    assert commands, "there is nothing to check"
    for command in commands:
        check(command)


if __name__ == "__main__":
    main()
