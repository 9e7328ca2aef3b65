#!/usr/bin/env python3
"""Deploys the unmodified template to an emulator of AWS by `sam deploy`, and goes through a year of its operation in
minutes. Run by `make rehearse`, which builds what is deployed; its argument is Cargo's target folder.

It proves that CloudFormation accepts the template, that the parts fit each other (routes, permissions, environment,
secrets, table), and that each function has the rights that it uses and no other. It proves nothing about what the
emulator does not do, which NOT_PROVEN lists; docs/operations.md says how to see that in a real account."""

import contextlib
import pathlib
import sys
import tempfile
import time

import edges
import processes
import readme
import traffic
from calls import WORKSPACE, Calls
from deployment import Operator, Stack
from emulator import PROJECT, Emulator, Issuer
from gateway import Gateway
from people import People, session
from rights import Rights, denied
from table import Holdings, TableOperations

NOT_PROVEN = (
    "throttling by the gateway",
    "access logs",
    "the deletion of expired items (TTL)",
    "point-in-time recovery: a backup is restored instead",
    "the evaluation of alarms",
    "host names and certificates",
    "gradual updates (CodeDeploy)",
    "rights to write logs and traces, which Lambda uses and not a function",
    "IAM's answers to the operator, who is the account's root user here",
    "arm64",
)
# Below it, no caller is refused by accident; above it, each call of a burst that is refused was counted.
NEW_LIMIT = 420
# Its end looks like the six characters that AWS adds to a name.
CLIENT_SECRET = "suppuo-dev/client-secret"
MOST_RESOURCES = 450
NOT_ACCEPTED = {
    "CallerLimit": "1.5",
    "HuudisAudiences": "suppuo,",
    "HuudisIssuer": "huudis.com",
    "HuudisClientSecretArn": "client-secret",
    "TableName": "no",
}
BEGAN = time.monotonic()


def say(what):
    print(f"rehearsal ({time.monotonic() - BEGAN:.0f} s): {what}", flush=True)


def connect(stack, issuer):
    """A gateway that leads to the stack, and people who can sign in through it."""
    outputs = stack.outputs()
    gateway = Gateway(stack.operator.emulator, outputs["ApiUrl"])
    people = People(issuer, gateway)
    people.register(outputs["SignInCallback"])
    health = gateway.call("GET", "/api/v1/health").expect(200)
    assert health.data["checks"] == {"db": "ok"}, health
    return gateway, people


def first_deployment(emulator, issuer):
    secret = emulator.client("secretsmanager").create_secret(
        Name=CLIENT_SECRET, SecretString=issuer.client_secret()
    )
    stack = Stack(
        Operator(emulator),
        Architecture="x86_64",
        HuudisIssuer=issuer.url,
        HuudisClientSecretArn=secret["ARN"],
        # All callers have one address here.
        PublicLimit="1000",
        SubmissionsIn10Minutes="1000",
        SubmissionsInAnHour="1000",
    )
    stack.deploy()
    return stack


def how_large(stack):
    """The number of the stack's resources, which CloudFormation limits to 500."""
    resources = stack.resources()
    # A gradual update needs a deployment group for each function, an application and a role.
    gradual = len(resources) + sum(name.endswith("Aliaslive") for name in resources) + 2
    assert gradual <= MOST_RESOURCES, f"{gradual} resources with gradual updates: divide the stack"
    return f"{len(resources)} resources, {gradual} with gradual updates"


def calls_of_all_kinds(stack, gateway, people):
    say(f"{readme.walk_through(gateway, people)} curl commands of the README do what it says")
    calls = Calls(gateway, people)
    calls.with_each_credential()
    missed = list(calls.missed())
    assert not missed, f"not called: {missed}"
    say(f"{len(calls.routes)} routes do what they are for, with each credential that they take")
    say(f"{calls.with_wrong_credentials()} calls with a wrong credential are refused in the envelope")
    edges.preflights(gateway)
    edges.unknown_paths(gateway)
    edges.heads(gateway, calls.routes)
    edges.cookies(gateway, people, WORKSPACE)
    edges.bodies(gateway, people, WORKSPACE)
    say("preflights, unknown paths, HEAD, cookies and bodies are as they should be")
    edges.permissions(gateway, stack)
    say("the gateway calls no function without the permission that the function gives to the route")


def updates(stack, gateway, people):
    before = stack.resources()
    printed = stack.deploy()
    assert "No changes to deploy" in printed, printed
    say('deployed again: "No changes"')
    stack.package()
    for name, value in NOT_ACCEPTED.items():
        assert stack.refuses(**{name: value}), f"{name}={value} is not refused"
    say(f"values that the functions would not accept are refused: {', '.join(NOT_ACCEPTED)}")
    keys = [people.key(WORKSPACE)[1] for _ in range(20)]
    # Without the six characters at its end, the ARN of the client's secret is good, too.
    partial = stack.parameters["HuudisClientSecretArn"][: -len("-AbCdEf")]
    assert partial.endswith(CLIENT_SECRET), partial

    def change():
        stack.deploy(CallerLimit=NEW_LIMIT, HuudisClientSecretArn=partial)

    answered, limits = traffic.during(change, gateway, keys)
    assert len(limits) == 2, f"the calls met only one of the limits: {limits}"
    assert stack.resources().keys() == before.keys(), "the update made or deleted resources"
    say(f"{answered} calls during an update were answered, by the limit that they named: {dict(limits)}")
    statuses = traffic.burst(gateway, people.key(WORKSPACE)[1], NEW_LIMIT + 20)
    assert statuses == {200: NEW_LIMIT, 429: 20}, statuses
    say(f"the new limit is in force: {dict(statuses)}")
    people.sign_in(WORKSPACE)
    say("people sign in with a partial ARN of the client's secret")


def operations(stack, issuer, gateway, people):
    """What an operator does next: a leaked key, a rotation, a restored table, the end, and a new beginning."""
    run = stack.operator.runs
    leaked = people.key(WORKSPACE)[1]
    run(PROJECT / "operations" / "revoke-key", stack.outputs()["TableName"], typed=leaked + "\n")
    assert gateway.call("GET", "/api/v1/me", bearer=leaked).expect(401).code == "INVALID_TOKEN"
    say("an operator has revoked a key that was found")

    holdings = Holdings(gateway, people, WORKSPACE)
    id, revoked = people.key(WORKSPACE)
    ended = session(people.sign_in(WORKSPACE))
    tables = TableOperations(stack)
    restored = tables.restore("suppuo-restored")
    say("a backup of the table is restored to another name, and has the settings of a new table")
    later = holdings.ticket(gateway)
    gateway.call("DELETE", f"/api/v1/api-keys/{id}", bearer=people.token(WORKSPACE)).expect(200)
    gateway.call("POST", "/api/v1/auth/logout", headers=ended).expect(200)
    assert id in tables.revoke_again(restored)
    run(PROJECT / "operations" / "rotate-signing-secret", stack.name)
    stack.deploy(TableName=restored, CreateTable="false")
    gateway, people = connect(stack, issuer)
    holdings.check(gateway)
    holdings.is_unknown(gateway, later)
    gateway.call("GET", "/api/v1/auth/me", bearer=revoked).expect(401)
    gateway.call("GET", "/api/v1/auth/me", headers=ended).expect(401)
    say("what was revoked after the backup is revoked in the restored table too")
    say("the stack uses it: keys, tickets, sessions, and cursors that the secret before the rotation sealed work")

    stack.delete()
    assert not stack.exists()
    say("the stack is deleted")
    stack.deploy()
    gateway, people = connect(stack, issuer)
    # A new stack has a signing secret of its own.
    holdings.check(gateway, cursor_works=False)
    say("a new stack has taken the table up: keys, tickets and sessions work")


def rehearse(emulator, issuer):
    stack = first_deployment(emulator, issuer)
    say(f"{stack.name} is deployed: {how_large(stack)}")
    gateway, people = connect(stack, issuer)
    say("it is healthy")
    calls_of_all_kinds(stack, gateway, people)
    rights = Rights(emulator, stack).check(emulator.decisions())
    say(f"{rights} granted actions were each used, and none was denied")
    updates(stack, gateway, people)
    operations(stack, issuer, gateway, people)
    assert not denied(emulator.decisions())
    say("no function was denied anything in all of it")


def main():
    processes.end_on_signals()
    target = pathlib.Path(sys.argv[1]).resolve()
    with contextlib.ExitStack() as running:
        folder = pathlib.Path(running.enter_context(tempfile.TemporaryDirectory(prefix="suppuo-rehearsal-")))
        issuer = running.enter_context(Issuer(folder, target).running())
        emulator = running.enter_context(Emulator(folder).running())
        say("the emulator runs, and each of its mends is needed")
        try:
            rehearse(emulator, issuer)
        except Exception:
            print("denied:", *sorted(denied(emulator.decisions())), sep="\n  ")
            print(f"the emulator's log:\n{processes.tail(emulator.log)}")
            raise
    left = list(processes.of_folder(folder))
    assert not left, left
    say("done. Not proven here: " + "; ".join(NOT_PROVEN))


if __name__ == "__main__":
    main()
