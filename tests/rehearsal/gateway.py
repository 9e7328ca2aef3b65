"""Calls of the API through the emulated gateway, with the host name that the stack's output `ApiUrl` has."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit


class Answer:
    def __init__(self, response, what):
        self.what = what
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def __repr__(self):
        return f"{self.what}: {self.status} {self.body[:500]!r}"

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise AssertionError(f"no JSON: {self!r}") from None

    @property
    def data(self):
        return self.json["data"]

    @property
    def code(self):
        error = self.json["error"]
        return error and error["code"]

    def expect(self, *statuses):
        assert self.status in statuses, f"instead of {statuses}: {self!r}"
        return self

    def cookies(self):
        """The cookies that it sets: their values by their names."""
        pairs = (line.split(";")[0].split("=", 1) for line in self.headers.get_all("Set-Cookie", []))
        return dict(pairs)


class Gateway:
    def __init__(self, emulator, api_url):
        self.port = emulator.port
        self.host = urlsplit(api_url).netloc
        self.origin = f"https://{self.host}"

    def call(self, method, path, body=None, bearer=None, headers=()):
        """Sends a request. `body` is bytes, or what is sent as JSON."""
        sent = {"Host": self.host, **dict(headers)}
        if bearer is not None:
            sent["Authorization"] = f"Bearer {bearer}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, sent)
            return Answer(connection.getresponse(), f"{method} {path}")
        finally:
            connection.close()
