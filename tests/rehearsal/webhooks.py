"""Webhooks from the change that raises an event to a receiver on this machine: through the emulator's own stream, queue
and schedule."""

import contextlib
import json
import time
from datetime import datetime, timezone

from emulator import PROJECT
from waiting import until

WEBHOOKS = "/api/v1/webhook-subscriptions"
# A sweep at the beginning of the next minute but one, and the emulator's own steps of ten seconds.
A_SWEEP = 150
MINUTE = 60_000


def moment(text):
    """A time of the API in milliseconds."""
    return datetime.fromisoformat(text).timestamp() * 1000


def now():
    return int(time.time() * 1000)


class Shop:
    """A workspace that has webhooks, by a key of its own."""

    def __init__(self, gateway, people, receiver, workspace):
        self.gateway = gateway
        self.workspace = workspace
        self.receiver = receiver
        _, self.key = people.key(workspace)

    def call(self, method, path, body=None):
        return self.gateway.call(method, path, body, bearer=self.key)

    def subscribe(self, path, *events):
        subscription = {"url": self.receiver.url(path), "events": events or ["suppuo.ticket.*"]}
        return self.call("POST", WEBHOOKS, subscription).expect(201).data

    def ticket(self):
        ticket = {"subject": "Where?", "body": "My order.", "requesterEmail": "kim@example.com"}
        return self.call("POST", "/api/v1/tickets", ticket).expect(201).data

    def deliveries(self, subscription):
        """The log, newest first."""
        return self.call("GET", f"{WEBHOOKS}/deliveries?subscriptionId={subscription['id']}").expect(200).data

    def delivery(self, subscription, status, attempts, seconds=30):
        """Waits until the only delivery to a subscription is so far."""

        def find():
            [delivery] = self.deliveries(subscription) or [None]
            return delivery and (delivery["status"], delivery["attempts"]) == (status, attempts) and delivery

        return until(f"{status} after {attempts} attempts: {subscription['url']}", find, seconds)

    def unsubscribe(self):
        for one in self.call("GET", WEBHOOKS).expect(200).data["subscriptions"]:
            self.call("DELETE", f"{WEBHOOKS}/{one['id']}").expect(200)


class Machine:
    """The parts of the stack that deliver webhooks, as an operator sees them."""

    def __init__(self, stack):
        self.stack = stack
        self.parts = stack.resources()
        client = stack.operator.emulator.client
        self.dynamodb, self.sqs, self.functions = map(client, ("dynamodb", "sqs", "lambda"))
        self.table = stack.outputs()["TableName"]

    def item(self, pk, sk):
        found = self.dynamodb.get_item(TableName=self.table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
        return found.get("Item")

    def put(self, item):
        self.dynamodb.put_item(TableName=self.table, Item=item)

    def delete(self, item):
        self.dynamodb.delete_item(TableName=self.table, Key={name: item[name] for name in ("pk", "sk")})

    def subscription(self, shop, subscription):
        return self.item(f"ACC#{shop.workspace}", f"WEBHOOK#{subscription['id']}")

    def swept_minute(self):
        return int(self.item("DUE", "WATERMARK")["sweptMinute"]["N"])

    def message_in(self, queue):
        """Waits for a message in a queue, and takes it out."""
        url = self.parts[queue]
        [message] = until(f"a message in {queue}", lambda: self.sqs.receive_message(QueueUrl=url).get("Messages"))
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return message["Body"]

    @contextlib.contextmanager
    def impatient_queue(self):
        """Messages that failed come again after a second."""
        url, patience = self.parts["DeliveryQueue"], "VisibilityTimeout"
        before = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[patience])["Attributes"]
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={patience: "1"})
        yield url
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes=before)

    def fan_out_again(self, since):
        since = datetime.fromtimestamp(since / 1000, timezone.utc).isoformat()
        return self.stack.operator.runs(PROJECT / "operations" / "fan-out-again", self.stack.name, since)

    def reseal(self):
        return self.stack.operator.runs(PROJECT / "operations" / "reseal-webhook-secrets", self.stack.name)

    def redrive(self):
        """As docs/operations.md says."""
        source = self.stack.outputs()["DeliveryDeadLettersArn"]
        self.stack.operator.runs("aws", "sqs", "start-message-move-task", "--source-arn", source)


class Retries:
    """Deliveries that fail at first. They come again a minute later, so that there is time for something else."""

    def __init__(self, shop, machine):
        self.shop, self.machine = shop, machine
        self.fails, self.is_busy = shop.subscribe("/fails-once"), shop.subscribe("/is-busy")
        self.minute = None

    def begin(self):
        self.shop.receiver.answers["/fails-once"] = [(500, {})]
        # So late that the next attempt is only an item for the sweeper, and no message in the queue.
        self.shop.receiver.answers["/is-busy"] = [(503, {"Retry-After": "600"})]
        self.shop.ticket()
        waiting = self.shop.delivery(self.is_busy, "pending", 1)
        assert waiting["responseCode"] == 503, waiting
        self.bring_forward(waiting)

    def check(self):
        # A minute less a tenth of it.
        self.came_again(self.fails, 90, 54_000)
        self.came_again(self.is_busy, A_SWEEP, 0)
        until("the watermark", lambda: self.machine.swept_minute() >= self.minute)

    def bring_forward(self, delivery):
        """Changes when an attempt is due from in ten minutes to now. The item is that of store/due_deliveries.rs."""
        machine, shard = self.machine, ord(delivery["id"][-1]) % 4
        minute = int(moment(delivery["nextRetryAt"]) // MINUTE)
        due = machine.item(f"DUE#{minute // 60}#{shard}", f"{minute:09}#{delivery['id']}#2")
        assert due, f"no item for the next attempt of {delivery}"
        stored = machine.item(f"ACC#{self.shop.workspace}#DELIVERIES", delivery["id"])
        machine.delete(due)
        machine.put({**stored, "nextRetryAt": {"N": str(now())}})
        # The sweeper has not come so far yet.
        self.minute = now() // MINUTE + 2
        key = {"pk": {"S": f"DUE#{self.minute // 60}#{shard}"}, "sk": {"S": f"{self.minute:09}#{delivery['id']}#2"}}
        machine.put({**due, **key, "dueAt": {"N": str(now())}})

    def came_again(self, subscription, seconds, after):
        path = subscription["url"].removeprefix(self.shop.receiver.url(""))
        first, second = self.shop.receiver.wait(path, 2, seconds)
        numbers = [one.headers["Suppuo-Delivery-Attempt"] for one in (first, second)]
        assert first.body == second.body and numbers == ["1", "2"], numbers
        assert second.is_signed_by(subscription["secret"])
        logged = self.shop.delivery(subscription, "succeeded", 2)
        attempts = [moment(one["attemptedAt"]) for one in logged["attemptLog"]]
        assert attempts[1] - attempts[0] >= after, logged


def arrives(shop):
    """A ticket's event arrives at the receiver that wants it, signed, and the log says so."""
    subscription = shop.subscribe("/arrives")
    ticket = shop.ticket()
    [delivered] = shop.receiver.wait("/arrives")
    assert list(delivered.event) == ["id", "type", "occurredAt", "data"], delivered.body
    assert delivered.event["type"] == "suppuo.ticket.created.v1", delivered.body
    assert delivered.event["data"]["ticketId"] == ticket["id"], delivered.body
    assert delivered.is_signed_by(subscription["secret"])
    assert not delivered.changed().is_signed_by(subscription["secret"])
    logged = shop.delivery(subscription, "succeeded", 1)
    assert logged["id"] == delivered.headers["Suppuo-Delivery-Id"], logged
    assert logged["body"].encode() == delivered.body, logged


def is_gone(shop):
    """A receiver that is gone for good switches its subscription off, and another one is told that."""
    shop.receiver.answers["/is-gone"] = [(410, {})]
    gone = shop.subscribe("/is-gone")
    shop.subscribe("/is-told", "suppuo.webhook_subscription.disabled.v1")
    shop.ticket()
    [told] = shop.receiver.wait("/is-told")
    assert told.event["data"]["id"] == gone["id"], told.body


def dead_letters(shop, machine):
    """What nobody can read is given up, is kept for the operator, and stops nothing else."""
    with machine.impatient_queue() as url:
        machine.sqs.send_message(QueueUrl=url, MessageBody="not a message", MessageGroupId="rehearsal")
        assert machine.message_in("DeliveryDeadLetters") == "not a message"
    broken = {
        "pk": {"S": f"ACC#{shop.workspace}#EVENTS"},
        "sk": {"S": "evt_broken"},
        "type": {"S": "suppuo.ticket.created.v1"},
    }
    machine.put(broken)
    failed = json.loads(machine.message_in("FanOutFailures"))
    assert failed["sk"] == "evt_broken", failed
    machine.delete(broken)
    came = len(shop.receiver.at("/arrives"))
    shop.ticket()
    shop.receiver.wait("/arrives", came + 1)


def fanned_out_again(shop, machine):
    """A delivery that is missing is made and sent when an operator has the events fanned out again."""
    since, came = now(), len(shop.receiver.at("/arrives"))
    shop.ticket()
    [*_, delivered] = shop.receiver.wait("/arrives", came + 1)
    id = delivered.headers["Suppuo-Delivery-Id"]
    until("the delivery in the log", lambda: shop.call("GET", f"{WEBHOOKS}/deliveries/{id}").data["deliveredAt"])
    machine.delete(machine.item(f"ACC#{shop.workspace}#DELIVERIES", id))
    assert "1 events since" in machine.fan_out_again(since)
    [*_, again] = shop.receiver.wait("/arrives", came + 2)
    assert (again.body, again.headers["Suppuo-Delivery-Id"]) == (delivered.body, id), again.body


def recovered_in_the_queue(shop, machine):
    """The rest of a recovery that was too much for one call goes on in the queue."""
    came = len(shop.receiver.at("/arrives"))
    shop.ticket()
    [*_, delivered] = shop.receiver.wait("/arrives", came + 1)
    id = delivered.headers["Suppuo-Delivery-Id"]
    until("the delivery in the log", lambda: shop.call("GET", f"{WEBHOOKS}/deliveries/{id}").data["deliveredAt"])
    stored = machine.item(f"ACC#{shop.workspace}#DELIVERIES", id)
    machine.put({**stored, "deliveryStatus": {"S": "failed"}})
    around = [datetime.fromtimestamp(now() / 1000 + more, timezone.utc).isoformat() for more in (-60, 60)]
    subscription = stored["subscriptionId"]["S"]
    rest = {"accountId": shop.workspace, "subscriptionId": subscription, "since": around[0], "until": around[1]}
    machine.sqs.send_message(
        QueueUrl=machine.parts["DeliveryQueue"],
        MessageBody=json.dumps({"type": "recover.v1", **rest}),
        MessageGroupId=subscription,
    )
    [*_, again] = shop.receiver.wait("/arrives", came + 2)
    assert again.headers["Suppuo-Delivery-Id"] == id, again.headers


def secrets_are_sealed_anew(machine, shop, subscription):
    """After a rotation of the signing secret. What fails meanwhile is done again once its cause is gone."""
    sealed = machine.subscription(shop, subscription)
    with machine.impatient_queue():
        machine.put({**sealed, "createdAt": {"S": "not a time"}})
        machine.reseal()
        dead = machine.parts["DeliveryDeadLetters"]
        until("a dead letter", lambda: _waiting(machine, dead))
    machine.put(sealed)
    machine.redrive()
    until("sealed anew", lambda: machine.subscription(shop, subscription)["secret"] != sealed["secret"])
    assert _waiting(machine, dead) == 0


def still_arrive(shop, subscription):
    came = len(shop.receiver.at("/is-kept"))
    shop.ticket()
    [*_, delivered] = shop.receiver.wait("/is-kept", came + 1)
    assert delivered.is_signed_by(subscription["secret"])


def a_new_secret_helps(shop, subscription):
    """Where the signing secret is another one, a delivery fails and says so, until its subscription's secret is new."""
    shop.ticket()
    failed = until("a failure", lambda: next(filter(lambda one: one["lastError"], shop.deliveries(subscription)), None))
    assert "secret cannot be read" in failed["lastError"], failed
    rotated = shop.call("POST", f"{WEBHOOKS}/{subscription['id']}/rotate-secret").expect(200).data
    still_arrive(shop, rotated)


def _waiting(machine, url):
    name = "ApproximateNumberOfMessages"
    return int(machine.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])
