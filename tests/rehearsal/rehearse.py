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
import indexes
import processes
import readme
import traffic
import webhooks
from calls import WORKSPACE, Calls
from deployment import Operator, Stack
from emulator import PROJECT, Emulator, Issuer
from gateway import Gateway
from people import People, session
from receiver import Receiver
from rights import Rights, denied
from table import Holdings, TableOperations
from webhooks import Machine, Retries, Shop

NOT_PROVEN = (
    "throttling by the gateway",
    "access logs",
    "the deletion of expired items (TTL)",
    "point-in-time recovery: a backup is restored instead",
    "how long DynamoDB takes to fill a new index, and how far an index is behind",
    "the evaluation of alarms",
    "host names and certificates",
    "gradual updates (CodeDeploy)",
    "fair queues, and batches of the stream that are bisected",
    "the schedule's permission to call its function",
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
    # Without the label of its stream.
    "CreateTable": "false",
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
        GithubKeysUrl=f"{issuer.url}/github/meta/public_keys/secret_scanning",
        # As a stack that is older than the new indexes of tickets.
        TicketIndexes="0",
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
    calls = Calls(gateway, people, Machine(stack))
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


def webhooks_of_a_shop(stack, gateway, people, receiver, retries):
    shop, machine = Shop(gateway, people, receiver, "acc_webhooks"), Machine(stack)
    webhooks.arrives(shop)
    say("a ticket's event arrives at a receiver through stream and queue, signed in both ways, and is in the log")
    webhooks.is_gone(shop)
    say("a receiver that answers 410 switches its subscription off, which another subscription is told")
    webhooks.dead_letters(shop, machine)
    say("a message and a record that nobody can read are given up and kept, and what comes after them arrives")
    webhooks.fanned_out_again(shop, machine)
    webhooks.recovered_in_the_queue(shop, machine)
    say("a delivery that was missing arrives after a fan-out again, and the rest of a recovery, too")
    retries.check()
    say("what failed came again after a minute by the queue, and what was due later by the sweeper")
    shop.unsubscribe()


def updates(stack, gateway, people):
    before = stack.resources()
    printed = stack.deploy()
    assert "No changes to deploy" in printed, printed
    say('deployed again: "No changes"')
    stack.package()
    for name, value in NOT_ACCEPTED.items():
        assert stack.refuses(**{name: value}), f"{name}={value} is not refused"
    say(f"values that the functions would not accept are refused: {', '.join(NOT_ACCEPTED)}")
    lists = indexes.go_through(stack, gateway, people)
    say(f"{lists} lists while the table's indexes were replaced, one in each update, had every ticket")
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
    # Never more. A write whose answer was late is sent again and may count twice, so that a busy machine allows fewer.
    assert set(statuses) == {200, 429} and NEW_LIMIT - 20 <= statuses[200] <= NEW_LIMIT, statuses
    say(f"the new limit is in force: {dict(statuses)}")
    people.sign_in(WORKSPACE)
    say("people sign in with a partial ARN of the client's secret")


def leaked_keys(stack, gateway, people):
    """An operator revokes an older secret by itself, then its key, which has another older secret."""
    token = people.token(WORKSPACE)
    id, first = people.key(WORKSPACE)

    def rotate():
        return gateway.call("POST", f"/api/v1/api-keys/{id}/rotate", {}, bearer=token).expect(200).data["key"]

    def revoke(*of_key, typed=""):
        script = PROJECT / "operations" / "revoke-key"
        stack.operator.runs(script, stack.outputs()["TableName"], *of_key, typed=typed)

    def refuses(secret):
        assert gateway.call("GET", "/api/v1/me", bearer=secret).expect(401).code == "INVALID_TOKEN"

    second = rotate()
    revoke(typed=first + "\n")
    refuses(first)
    gateway.call("GET", "/api/v1/me", bearer=second).expect(200)
    third = rotate()
    revoke(typed=third + "\n")
    refuses(second)
    refuses(third)
    other, leaked = people.key(WORKSPACE)
    revoke(WORKSPACE, other)
    refuses(leaked)
    for target, actions in [(id, ["api_key.revoked", "api_key.rotated", "api_key.overlap_ended"]), (other, [])]:
        told = gateway.call("GET", f"/api/v1/audit-events?target={target}", bearer=token).expect(200).data["events"]
        assert [event["action"] for event in told][: len(actions)] == actions, told
        newest = told[0]
        assert (newest["action"], newest["actor"]["type"]) == ("api_key.revoked", "operator"), newest


def operations(stack, issuer, gateway, people, receiver):
    """What an operator does next: a leaked key, a rotation, a restored table, the end, and a new beginning."""
    run = stack.operator.runs
    leaked_keys(stack, gateway, people)
    say("an operator has revoked keys that were found, which the audit trail tells")

    holdings = Holdings(gateway, people, WORKSPACE)
    shop = Shop(gateway, people, receiver, "acc_kept")
    subscription = shop.subscribe("/is-kept")
    webhooks.still_arrive(shop, subscription)
    id, revoked = people.key(WORKSPACE)
    ended = session(people.sign_in(WORKSPACE))
    tables = TableOperations(stack)
    restored, stream = tables.restore("suppuo-restored")
    say("a backup of the table is restored to another name, and has the settings of a new table")
    later = holdings.ticket(gateway)
    gateway.call("DELETE", f"/api/v1/api-keys/{id}", bearer=people.token(WORKSPACE)).expect(200)
    gateway.call("POST", "/api/v1/auth/logout", headers=ended).expect(200)
    assert id in tables.revoke_again(restored)
    run(PROJECT / "operations" / "rotate-signing-secret", stack.name)
    stack.deploy(TableName=restored, CreateTable="false", TableStreamLabel=stream)
    gateway, people = connect(stack, issuer)
    webhooks.secrets_are_sealed_anew(Machine(stack), shop, subscription)
    webhooks.still_arrive(shop, subscription)
    say("the rotated signing secret seals the secrets of webhooks anew, also after a dead letter was moved back")
    holdings.check(gateway)
    holdings.is_unknown(gateway, later)
    gateway.call("GET", "/api/v1/auth/me", bearer=revoked).expect(401)
    gateway.call("GET", "/api/v1/auth/me", headers=ended).expect(401)
    say("what was revoked after the backup is revoked in the restored table too")
    say("the stack uses it: keys, tickets, sessions and webhooks work, and cursors from before the rotation")

    stack.delete()
    assert not stack.exists()
    say("the stack is deleted")
    stack.deploy()
    gateway, people = connect(stack, issuer)
    # A new stack has a signing secret of its own.
    holdings.check(gateway, cursor_works=False)
    shop.gateway = gateway
    webhooks.a_new_secret_helps(shop, subscription)
    say("a new stack has taken the table up: keys, tickets and sessions work, and webhooks with a new secret")


def rehearse(emulator, issuer, receiver):
    stack = first_deployment(emulator, issuer)
    say(f"{stack.name} is deployed: {how_large(stack)}")
    gateway, people = connect(stack, issuer)
    say("it is healthy")
    retries = Retries(Shop(gateway, people, receiver, "acc_retries"), Machine(stack))
    retries.begin()
    calls_of_all_kinds(stack, gateway, people)
    webhooks_of_a_shop(stack, gateway, people, receiver, retries)
    rights = Rights(emulator, stack).check(emulator.decisions())
    say(f"{rights} granted actions were each used, and none was denied")
    updates(stack, gateway, people)
    operations(stack, issuer, gateway, people, receiver)
    assert not denied(emulator.decisions())
    say("no function was denied anything in all of it")


def main():
    processes.end_on_signals()
    target = pathlib.Path(sys.argv[1]).resolve()
    with contextlib.ExitStack() as running:
        folder = pathlib.Path(running.enter_context(tempfile.TemporaryDirectory(prefix="suppuo-rehearsal-")))
        issuer = running.enter_context(Issuer(folder, target).running())
        emulator = running.enter_context(Emulator(folder).running())
        receiver = running.enter_context(Receiver().running())
        say("the emulator runs, and each of its mends is needed")
        try:
            rehearse(emulator, issuer, receiver)
        except Exception:
            print("denied:", *sorted(denied(emulator.decisions())), sep="\n  ")
            print(f"the emulator's log:\n{processes.tail(emulator.log)}")
            raise
    left = list(processes.of_folder(folder))
    assert not left, left
    say("done. Not proven here: " + "; ".join(NOT_PROVEN))


if __name__ == "__main__":
    main()
