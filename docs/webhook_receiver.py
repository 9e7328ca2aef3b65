#!/usr/bin/env python3
"""Receives webhooks on this machine, and prints those whose signature is right. Standard library only.

    SECRET=whsec_… python3 docs/webhook_receiver.py [PORT]     # 9500

`is_from_suppuo` is what a receiver needs of it. With the Standard Webhooks library of your language, you need not write
that: it checks the same headers. `is_signed_for_suppuo` checks the other header, which has the same meaning."""

import base64
import hashlib
import hmac
import http.server
import os
import sys
import time

SECRET = os.environ["SECRET"]
# An older message may be a copy that somebody sends again.
MAX_AGE_SECONDS = 5 * 60


def is_recent(seconds):
    return seconds.isdigit() and abs(time.time() - int(seconds)) < MAX_AGE_SECONDS


def is_from_suppuo(headers, body):
    """Standard Webhooks: `webhook-signature` is `v1,{base64}`, several with spaces between them during a rotation."""
    id, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    code = hmac.digest(key, f"{id}.{seconds}.".encode() + body, hashlib.sha256)
    expected = "v1," + base64.b64encode(code).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return is_recent(seconds) and any(hmac.compare_digest(expected, one) for one in given)


def is_signed_for_suppuo(headers, body):
    """`Suppuo-Signature` is `t={seconds},v1={hex}`, with another `v1` during a rotation."""
    parts = [part.partition("=")[::2] for part in headers.get("suppuo-signature", "").split(",")]
    seconds = dict(parts).get("t", "")
    expected = hmac.new(SECRET.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    given = [value for name, value in parts if name == "v1"]
    return is_recent(seconds) and any(hmac.compare_digest(expected, one) for one in given)


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        checks = (is_from_suppuo(self.headers, body), is_signed_for_suppuo(self.headers, body))
        # Answer first, work later: after 10 seconds without an answer, the delivery counts as failed.
        self.send_response(204 if all(checks) else 401)
        self.end_headers()
        attempt = f"attempt {self.headers.get('suppuo-delivery-attempt')}"
        print(f"{attempt}: {body.decode()}" if all(checks) else f"wrong signature: {checks}", flush=True)

    def log_message(self, *_):
        """Prints nothing: `do_POST` does."""


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9500
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    print(f"receiving on http://127.0.0.1:{port}/", flush=True)
    server.serve_forever()
