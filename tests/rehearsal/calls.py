"""Calls every route of the template with each credential that it takes, and with wrong ones."""

import re
import uuid

import routes
from people import PAGE, SESSION, cookie, session

WORKSPACE = "acc_rehearsal"
OTHER = "acc_other"
# What is called to report keys that were found, and the status of the answer.
REPORTS = {"POST /api/v1/leaked-keys": 202, "POST /api/v1/secret-scanning/github": 200}


class Calls:
    def __init__(self, gateway, people, machine):
        self.gateway = gateway
        self.people = people
        self.machine = machine
        self.routes = routes.of_template()
        # A workspace may have only 20 subscriptions, so that the calls share one.
        self.shared_subscription = None
        # The credentials with which each route was called and has done what it is for.
        self.done = {route.key: set() for route in self.routes}

    def send(self, route, path=None, **named):
        query = route.event["rawQueryString"]
        path = "/nowhere" if route.path == "$default" else path or self.path(route)
        body = named.pop("body", route.body())
        if route.key in REPORTS:
            body, named = self.report(route, named)
        if isinstance(body, dict) and "accountId" in body:
            body = {**body, "accountId": WORKSPACE}
        return self.gateway.call(route.method, path + (f"?{query}" if query else ""), body, **named)

    def report(self, route, named):
        """A report of a key that works, with GitHub's signature if GitHub sends it."""
        text = route.event["body"].replace("{key}", self.people.key(WORKSPACE)[1])
        if route.path.endswith("/github"):
            named = {**named, "headers": {**named.get("headers", {}), **self.people.signed(text)}}
        return text.encode(), named

    def make(self, path, body):
        made = self.gateway.call("POST", path, body, bearer=self.people.token(WORKSPACE))
        return made.expect(201).data

    def ticket(self):
        return self.make("/api/v1/tickets", {"subject": "One", "body": "Where?", "requesterEmail": "kim@example.com"})

    def subscription(self, shared=True):
        if not shared or self.shared_subscription is None:
            # Its name leads nowhere: nothing reaches anyone.
            url = "https://shop.example.com/hooks/suppuo"
            made = self.make("/api/v1/webhook-subscriptions", {"url": url, "events": ["suppuo.test.v1"]})
            if not shared:
                return made
            self.shared_subscription = made
        return self.shared_subscription

    def delivery(self):
        path = f"/api/v1/webhook-subscriptions/{self.subscription()['id']}/test"
        made = self.gateway.call("POST", path, bearer=self.people.token(WORKSPACE)).expect(200).data["delivery"]
        # A test is not sent again.
        stored = self.machine.item(f"ACC#{WORKSPACE}#DELIVERIES", made["id"])
        self.machine.put({**stored, "eventType": {"S": "suppuo.ticket.created.v1"}})
        return made

    def rotated_key(self):
        """The id of a new key with an older secret that still works."""
        id, _ = self.people.key(WORKSPACE)
        path = f"/api/v1/api-keys/{id}/rotate"
        self.gateway.call("POST", path, {}, bearer=self.people.token(WORKSPACE)).expect(200)
        return id

    def path(self, route):
        """The route's path with the id of something that was made for this call."""
        resource = route.path.removeprefix("/api/v1/").removeprefix("/dashboard/").split("/")[0]
        values = {"proxy+": "tickets"}
        if "{file}" in route.path:
            page = self.gateway.call("GET", "/dashboard/signed-out").expect(200)
            # The names of files change with their contents.
            values["file"] = re.search(rb'/dashboard/assets/([^"]+\.css)', page.body)[1].decode()
        elif "{id}" in route.path:
            if resource == "api-keys" and route.path.endswith(("/previous", "/rotate")):
                values["id"] = self.rotated_key()
            elif resource == "api-keys":
                values["id"] = self.people.key(WORKSPACE)[0]
            elif resource == "canned-replies":
                values["id"] = self.make("/api/v1/canned-replies", {"title": "Refunds", "body": "Soon."})["id"]
            elif resource == "tickets":
                values["id"] = self.ticket()["id"]
                # A tag of its own: if a change of the tags takes it away, no ticket is left with it.
                self.gateway.call(
                    "PATCH",
                    f"/api/v1/tickets/{values['id']}",
                    {"tags": [values["id"][-20:]]},
                    bearer=self.people.token(WORKSPACE),
                ).expect(200)
            elif resource == "webhook-subscriptions" and "/deliveries/" in route.path:
                values["id"] = self.delivery()["id"]
            elif resource == "webhook-subscriptions":
                values["id"] = self.subscription(shared=route.method != "DELETE")["id"]
            else:
                raise AssertionError(f"say here how one of {resource} is made, for {route}")
        elif "{accessToken}" in route.path:
            values["accessToken"] = self.ticket()["accessToken"]
        return route.filled(values)

    def with_each_credential(self):
        """Each credential does on each route what the route is for."""
        _, key = self.people.key(WORKSPACE)
        for _ in range(2):
            # With two tickets, a list has a second page, and so a cursor.
            self.ticket()
        for route in self.routes:
            if route.is_open:
                self.call_without_credential(route)
                continue
            # A person's first call opens their window, and the second one finds it open.
            newcomer = self.people.token(WORKSPACE, sub=f"usr_{route.function}_{route.method}".lower())
            own_session = self.people.sign_in(WORKSPACE)
            for name, credential in (
                ("access token", {"bearer": newcomer}),
                ("access token", {"bearer": newcomer}),
                # With a key of its own, a call also uses the rights that doing it once takes.
                ("key", {"bearer": key, "headers": {"Idempotency-Key": str(uuid.uuid4())}}),
                ("session", {"headers": session(own_session)}),
            ):
                answer = self.send(route, **credential)
                if name != "session" and route.takes_only_a_session:
                    answer.expect(409)
                    continue
                answer.expect(200, 201, 202)
                assert answer.headers["X-RateLimit-Remaining"], answer
                self.done[route.key].add(name)

    def call_without_credential(self, route):
        statuses = {"$default": 404, "GET /dashboard": 302, "HEAD /dashboard": 302, **REPORTS}
        expected = statuses.get(route.key, 201 if route.method == "POST" else 200)
        if route.path.endswith("/auth/huudis/start"):
            expected = 302
        if route.path.endswith("/auth/huudis/callback"):
            # A sign-in from its beginning to its end, twice: the second one ends the first one's session.
            first, path = self.people.sign_in_by(WORKSPACE, "usr_rehearsal", None)
            # The browser reloads the page that signed it in.
            reload = {**session(first), **PAGE}
            again = self.gateway.call("GET", path, headers=reload).expect(302)
            assert again.headers["Location"].startswith("/dashboard"), again
            self.people.sign_in(WORKSPACE, earlier=first)
            self.gateway.call("GET", "/api/v1/auth/me", headers=session(first)).expect(401)
        elif route.path.endswith("/security.txt"):
            self.send(route).expect(200, 404)
        else:
            answer = self.send(route).expect(expected)
            allowed = answer.headers["Access-Control-Allow-Origin"]
            assert (allowed == "*") == (route.is_public or route.is_preflight), answer
            with_nonsense = self.send(route, headers={"Authorization": "nonsense"})
            assert with_nonsense.status == answer.status, with_nonsense
        self.done[route.key].add("none")

    def missed(self):
        """The routes that were not called with each credential that they take."""
        for route in self.routes:
            if route.is_open:
                takes = {"none"}
            elif route.takes_only_a_session:
                takes = {"session"}
            else:
                takes = {"access token", "key", "session"}
            if missing := takes - self.done[route.key]:
                yield f"{route} with {', '.join(sorted(missing))}"

    def with_wrong_credentials(self):
        """Every route that needs a credential refuses wrong ones, and says so in the envelope."""
        id, revoked = self.people.key(WORKSPACE)
        token = self.people.token(WORKSPACE)
        self.gateway.call("DELETE", f"/api/v1/api-keys/{id}", bearer=token).expect(200)
        unknown = "sk_live_" + "0" * 48
        ended = self.people.sign_in(WORKSPACE)
        self.gateway.call("POST", "/api/v1/auth/logout", headers=session(ended)).expect(200)
        own_session = self.people.sign_in(WORKSPACE)
        other_session = self.people.sign_in(OTHER)
        bearers = {
            revoked: (401, "INVALID_TOKEN"),
            unknown: (401, "INVALID_TOKEN"),
            unknown[:-1]: (401, "INVALID_TOKEN"),
            self.people.token(WORKSPACE, expiresIn=-3600): (401, "AUTH_REQUIRED"),
            self.people.token(WORKSPACE, aud="other"): (401, "AUTH_REQUIRED"),
            self.people.token(WORKSPACE, iss="https://other.test"): (401, "AUTH_REQUIRED"),
            "a.b.c": (401, "AUTH_REQUIRED"),
            self.people.token(None): (403, "FORBIDDEN"),
        }
        refused = 0
        for route in self.routes:
            if route.is_open:
                continue
            values = {"id": "x", "file": "x"}
            path = route.filled(values)
            for bearer, expected in bearers.items():
                self.refused(route, expected, path=path, bearer=bearer)
            nobody = (302, None) if route.is_page else (401, "AUTH_REQUIRED")
            self.refused(route, nobody, path=path)
            self.refused(route, (401, "AUTH_REQUIRED"), path=path, headers={"Authorization": "Basic eDp5"})
            self.refused(route, nobody, path=path, headers=session(ended))
            # An `Authorization` header overrides the session, even if it is wrong.
            self.refused(route, (401, "AUTH_REQUIRED"), path=path, bearer="a.b.c", headers=session(own_session))
            refused += len(bearers) + 4
            if route.writes:
                evil = {**cookie({SESSION: own_session}), "Origin": "https://evil.test"}
                self.refused(route, (403, "FORBIDDEN"), path=path, headers=evil)
                refused += 1
            if "{id}" in route.path:
                self.refused(route, (404, "NOT_FOUND"), path=self.path(route), headers=session(other_session))
                refused += 1
        return refused

    def refused(self, route, expected, **named):
        answer = self.send(route, **named)
        status, code = expected
        answer.expect(status)
        if status != 302 and route.method != "HEAD":
            assert answer.code == code, answer
            assert answer.json["meta"]["requestId"] == answer.headers["X-Request-Id"], answer
