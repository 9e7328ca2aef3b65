"""Credentials: access tokens and sign-ins of the local issuer, and keys that are made with them."""

import json
import urllib.request
from urllib.parse import parse_qsl, urlencode, urlsplit

SESSION = "__Host-suppuo_session"
CALLBACK = "/api/v1/auth/huudis/callback"
# The headers of a browser that opens a page.
PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


class People:
    def __init__(self, issuer, gateway):
        self.issuer = issuer
        self.gateway = gateway

    def token(self, workspace, sub="usr_rehearsal", **claims):
        """An access token. `workspace` is None for a person without one."""
        request = json.dumps({"sub": sub, "accountId": workspace, **claims}).encode()
        with urllib.request.urlopen(f"{self.issuer.url}/dev/token", request) as answer:
            return json.load(answer)["token"]

    def key(self, workspace, name="rehearsal"):
        """A new key: its id and the key."""
        token = self.token(workspace)
        made = self.gateway.call("POST", "/api/v1/api-keys", {"name": name}, bearer=token).expect(201)
        return made.data["id"], made.data["key"]

    def signed(self, report):
        """The headers with which GitHub sends a report. The issuer's process also stands for GitHub."""
        with urllib.request.urlopen(f"{self.issuer.url}/github/sign", report.encode(), timeout=10) as answer:
            return json.load(answer)

    def register(self, callback):
        """Registers a redirect URI at the issuer, as an operator does."""
        urllib.request.urlopen(f"{self.issuer.url}/dev/redirect-uri", callback.encode(), timeout=10).close()

    def start(self):
        """Starts a sign-in as a browser does. Returns the authorization request and the browser's cookies."""
        started = self.gateway.call("GET", "/api/v1/auth/huudis/start").expect(302)
        location = urlsplit(started.headers["Location"])
        assert f"{location.scheme}://{location.netloc}" == self.issuer.url, started
        return dict(parse_qsl(location.query)), started.cookies()

    def allow(self, request, workspace, sub):
        """Lets the issuer allow the sign-in. Returns the address that it sends the browser back to."""
        form = {**request, "sub": sub, "accountId": workspace, "email": "kim@example.com", "name": "Kim"}
        opener = urllib.request.build_opener(NotFollowed)
        with opener.open(f"{self.issuer.url}/authorize", urlencode(form).encode(), timeout=10) as answer:
            return answer.headers["Location"]

    def sign_in(self, workspace, sub="usr_rehearsal", earlier=None):
        """Signs a person in, from the page to the session. Returns the session's cookie."""
        return self.sign_in_by(workspace, sub, earlier)[0]

    def sign_in_by(self, workspace, sub, earlier):
        """The same. Also returns the path by which the browser came back."""
        request, cookies = self.start()
        back = self.allow(request, workspace, sub)
        assert back.startswith(self.gateway.origin + CALLBACK + "?"), back
        if earlier:
            cookies[SESSION] = earlier
        path = back.removeprefix(self.gateway.origin)
        done = self.gateway.call("GET", path, headers=cookie(cookies)).expect(302)
        return done.cookies()[SESSION], path


class NotFollowed(urllib.request.HTTPRedirectHandler):
    """Takes a redirect as the answer."""

    def http_error_303(self, request, answer, code, message, headers):
        return answer


def cookie(cookies):
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def session(value):
    """The headers of a browser that has this session and is on a page of the portal."""
    return {**cookie({SESSION: value}), "Sec-Fetch-Site": "same-origin"}
