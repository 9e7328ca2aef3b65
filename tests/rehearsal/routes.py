"""The routes that template.yaml declares, and who may call each, which openapi.yaml says."""

import json
import re
from datetime import datetime, timedelta, timezone

import yaml

from emulator import PROJECT


class Template(yaml.SafeLoader):
    """Reads CloudFormation's tags as their contents."""


def _contents(loader, _, node):
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


Template.add_multi_constructor("!", _contents)


class Route:
    def __init__(self, function, binary, method, path, operation):
        self.function = function
        self.key = path if path == "$default" else f"{method} {path}"
        self.method = method
        self.path = path
        self.event = json.loads((PROJECT / "events" / f"{binary}.json").read_text())
        security = operation.get("security")
        # None: everybody who has a credential.
        self.is_open = security == []
        self.takes_only_a_session = security == [{"session": []}]
        self.is_public = self.is_open and "/public/" in path
        self.is_preflight = method == "OPTIONS"
        # A page redirects a visitor without a session to the sign-in.
        self.is_page = path.startswith("/dashboard")
        self.writes = method not in ("GET", "HEAD", "OPTIONS")

    def __repr__(self):
        return self.key

    def body(self):
        """The body of the route's example event."""
        text = self.event.get("body")
        if text is None:
            return None
        an_hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
        return json.loads(text.replace("{anHourAgo}", an_hour_ago.isoformat()))

    def filled(self, values):
        """The path with these values for its parameters."""
        return re.sub(r"\{([^}]+)\}", lambda name: values[name[1]], self.path)


def of_template():
    template = yaml.load((PROJECT / "template.yaml").read_text(), Template)
    paths = yaml.safe_load((PROJECT / "openapi.yaml").read_text())["paths"]
    routes = []
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        binary = resource["Metadata"]["BuildProperties"]["Binary"]
        for event in resource["Properties"].get("Events", {}).values():
            if event["Type"] != "HttpApi":
                continue
            properties = event["Properties"]
            method, path = properties.get("Method", "GET"), properties.get("Path", "$default")
            # The reference has neither the default route nor the greedy one of the preflights.
            operation = paths[path][method.lower()] if path in paths else {"security": []}
            routes.append(Route(name, binary, method, path, operation))
    return routes
