"""What does not belong to one route: preflights, other methods, unknown paths, headers of the gateway."""

import json

from people import PAGE, SESSION, cookie, session

SHOP = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}


def preflights(gateway):
    """Any page may send a preflight to the public form, and to nothing else."""
    for path in ("/api/v1/public/tickets", "/api/v1/public/tickets/x/messages", "/api/v1/public/nowhere"):
        answer = gateway.call("OPTIONS", path, headers=SHOP).expect(200)
        assert answer.headers["Access-Control-Allow-Origin"] == "*", answer
        assert "POST" in answer.headers["Access-Control-Allow-Methods"], answer
    for path in ("/api/v1/api-keys", "/api/v1/nowhere"):
        answer = gateway.call("OPTIONS", path, headers=SHOP).expect(404)
        assert answer.code == "NOT_FOUND" and not answer.headers["Access-Control-Allow-Origin"], answer


def unknown_paths(gateway):
    """A path or method that does not exist gets the envelope, a browser gets a page."""
    for method, path in (
        ("GET", "/"),
        ("GET", "/nowhere"),
        ("DELETE", "/api/v1/nowhere"),
        ("PUT", "/api/v1/tickets"),
        ("BREW", "/api/v1/tickets"),
        ("GET", "/api/v1/tickets/x/y/z"),
        ("GET", "/api/v1/api-keys/"),
        ("GET", "/api/v1/public/nowhere"),
    ):
        answer = gateway.call(method, path).expect(404)
        assert answer.code == "NOT_FOUND", answer
    page = gateway.call("GET", "/nowhere", headers=PAGE).expect(404)
    assert page.headers["Content-Type"].startswith("text/html"), page
    assert b'"code"' not in page.body, page


def heads(gateway, routes):
    """A `HEAD` has the headers of the `GET`, and no body."""
    for route in routes:
        if route.method != "HEAD" or not route.is_open or "{" in route.path:
            continue
        get, head = (gateway.call(method, route.path) for method in ("GET", "HEAD"))
        assert (head.status, head.body) == (get.status, b""), head
        assert head.headers["Content-Type"] == get.headers["Content-Type"], (head, get)


def cookies(gateway, people, workspace):
    """The session is found among other cookies, which the gateway takes out of the headers, and only by its name."""
    own = people.sign_in(workspace)
    others = {"theme": "dark", SESSION: own, "a": "b=c"}
    answer = gateway.call("GET", "/api/v1/auth/me", headers=cookie(others)).expect(200)
    assert answer.data["accountId"] == workspace, answer
    plain = gateway.call("GET", "/api/v1/auth/me", headers=cookie({"suppuo_session": own})).expect(401)
    assert plain.code == "AUTH_REQUIRED", plain
    gateway.call("POST", "/api/v1/auth/logout", headers=session(own)).expect(200)
    gateway.call("GET", "/api/v1/auth/me", headers=session(own)).expect(401)


def permissions(gateway, stack):
    """The gateway calls a function only if the function's policy allows that to the route."""
    functions = stack.operator.emulator.client("lambda")
    alias = {"FunctionName": stack.resources()["Health"], "Qualifier": "live"}
    head = [
        statement
        for statement in json.loads(functions.get_policy(**alias)["Policy"])["Statement"]
        if "/HEAD/" in json.dumps(statement)
    ]
    assert len(head) == 1, head
    functions.remove_permission(StatementId=head[0]["Sid"], **alias)
    gateway.call("HEAD", "/api/v1/health").expect(500)
    gateway.call("GET", "/api/v1/health").expect(200)
    functions.add_permission(
        StatementId=head[0]["Sid"],
        Action=head[0]["Action"],
        Principal=head[0]["Principal"]["Service"],
        SourceArn=head[0]["Condition"]["ArnLike"]["AWS:SourceArn"],
        **alias,
    )
    gateway.call("HEAD", "/api/v1/health").expect(200)


def bodies(gateway, people, workspace):
    """Text and other content types reach the functions as what they are; a body over 1 MiB is refused."""
    token = people.token(workspace)
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream"):
        sent = '{"name":"Schlüssel \U0001d4b3"}'.encode()
        made = gateway.call("POST", "/api/v1/api-keys", sent, bearer=token, headers={"Content-Type": kind})
        assert made.expect(201).data["name"] == "Schlüssel \U0001d4b3", made
    for garbage in (b"", b"{", b"null", b"\xff", b"x" * (1024 * 1024 + 1)):
        refused = gateway.call("POST", "/api/v1/api-keys", garbage, bearer=token).expect(400)
        assert refused.code == "VALIDATION_ERROR", refused
