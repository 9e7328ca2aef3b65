"""A receiver of webhooks on this machine. It verifies signatures by the recipes in openapi.yaml."""

import base64
import contextlib
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from waiting import until


def _hmac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


class Delivered:
    """A request that the receiver got."""

    def __init__(self, path, headers, body):
        self.path = path
        self.headers = headers
        self.body = body

    @property
    def event(self):
        return json.loads(self.body)

    def is_signed_by(self, *secrets):
        """Whether exactly these secrets have signed it, in this order and in both ways."""
        stamp, *own = self.headers["Suppuo-Signature"].split(",")
        seconds = stamp.removeprefix("t=")
        standard = self.headers["webhook-signature"].split(" ")
        if self.headers["webhook-timestamp"] != seconds:
            return False
        body = seconds.encode() + b"." + self.body
        by_text = [f"v1={_hmac(secret.encode(), body).hex()}" for secret in secrets]
        body = self.headers["webhook-id"].encode() + b"." + body
        keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
        by_bytes = [f"v1,{base64.b64encode(_hmac(key, body)).decode()}" for key in keys]
        return own == by_text and standard == by_bytes

    def changed(self):
        """The same with another byte in its body."""
        return Delivered(self.path, self.headers, self.body.replace(b'"', b"'", 1))


class Receiver:
    def __init__(self):
        self.delivered = []
        # What it answers next at a path: statuses and headers. After them, it answers 204.
        self.answers = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    def _handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                planned = receiver.answers.get(self.path)
                status, headers = planned.pop(0) if planned else (204, {})
                receiver.delivered.append(Delivered(self.path, self.headers, body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    @contextlib.contextmanager
    def running(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def at(self, path):
        return [one for one in self.delivered if one.path == path]

    def wait(self, path, count=1, seconds=30):
        """Waits until so many deliveries have come to a path, and returns these."""
        what = f"{count} deliveries at {path}"
        return until(what, lambda: len(found := self.at(path)) >= count and found, seconds)
