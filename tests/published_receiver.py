#!/usr/bin/env python3
"""Receives webhooks with the unmodified Standard Webhooks library, and by the recipe of `Suppuo-Signature`: both accept
every delivery, during a rotation too, and refuse a changed byte. `published_receiver.py API`, with the key in
SUPPUO_TOKEN. Run by quick_start.py."""

import hashlib
import hmac
import http.server
import json
import os
import queue
import sys
import threading
import urllib.request

from standardwebhooks import Webhook, WebhookVerificationError

TICKETS = 20


def call(api, method, path, body=None):
    headers = {"Authorization": f"Bearer {os.environ['SUPPUO_TOKEN']}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(api + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


def is_standard(secret, headers, body):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def is_suppuo(secret, headers, body):
    seconds, *signatures = headers["suppuo-signature"].split(",")
    signed = seconds.removeprefix("t=").encode() + b"." + body
    expected = "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(expected, one) for one in signatures)


def check(secret, headers, body):
    """Checks that the secret has signed a delivery, and that no other byte would do."""
    for is_signed in (is_standard, is_suppuo):
        assert is_signed(secret, headers, body), (is_signed.__name__, headers)
        for at in (0, len(body) // 2, len(body) - 1):
            changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
            assert not is_signed(secret, headers, changed), (is_signed.__name__, at)


def main(api):
    deliveries = queue.Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            deliveries.put(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            """Prints nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    made = call(api, "POST", "/webhook-subscriptions", {"url": url, "events": ["suppuo.ticket.*"]})
    secrets = [made["secret"]]
    path = f"/webhook-subscriptions/{made['id']}"
    for round in range(2):
        ids = set()
        for number in range(TICKETS):
            ticket = {"subject": f"Grüße {number}", "body": "…", "requesterEmail": "kim@example.com"}
            ids.add(call(api, "POST", "/tickets", ticket)["id"])
        while ids:
            headers, body = deliveries.get(timeout=60)
            for secret in secrets:
                check(secret, headers, body)
            ids.discard(json.loads(body)["data"]["ticketId"])
        # From here on, both secrets sign.
        secrets.append(call(api, "POST", f"{path}/rotate-secret", {})["secret"])
    call(api, "DELETE", path)


main(sys.argv[1])
