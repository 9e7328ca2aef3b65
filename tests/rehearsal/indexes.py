"""The steps by which an existing table gets its new indexes of tickets, under traffic (docs/operations.md, Indexes of
tickets)."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

from deployment import Failed

OLD, NEW = {"ByActivity", "ByStatus"}, {"Inbox", "InboxByStatus"}
STEPS = {
    "1": {*OLD, "Inbox"},
    "2": OLD | NEW,
    "3": {"ByStatus", *NEW},
    "4": NEW,
}
# The indexes of all tickets and by status; filters and a search.
QUERIES = ("limit=100", "status=open&limit=100", "channel=whatsapp&limit=100", "q=moves&limit=100")


class Inbox:
    """A workspace to which tickets are added, and whose lists are read."""

    def __init__(self, gateway, people, workspace, keys=8):
        self.gateway = gateway
        self.keys = itertools.cycle([people.key(workspace)[1] for _ in range(keys)])
        self.lock = threading.Lock()
        self.ids = []
        self.lists = 0

    def key(self):
        with self.lock:
            return next(self.keys)

    def add(self):
        ticket = {"subject": "It moves", "body": "Does it?", "requesterEmail": "kim@example.com"}
        made = self.gateway.call("POST", "/api/v1/tickets", ticket, bearer=self.key()).expect(201)
        self.ids.append(made.data["id"])

    def check(self, query):
        """A list has every ticket that there was before."""
        known = list(self.ids)
        page = self.read(query).expect(200).data
        listed = [ticket["id"] for ticket in page["tickets"]]
        assert set(known) <= set(listed) and len(listed) == len(set(listed)), (query, known, listed)
        assert all(ticket["accessToken"] for ticket in page["tickets"])
        with self.lock:
            self.lists += 1

    def read(self, query):
        """Calls once more after a 500: the emulator has one thread, and a function waits for the table for a second. An
        index that is not there would not be there again."""
        for _ in range(2):
            answer = self.gateway.call("GET", f"/api/v1/tickets?{query}", bearer=self.key())
            if answer.status != 500:
                break
        return answer

    def during(self, change):
        """Lists while the change is made, and adds a few tickets."""
        changed = threading.Event()

        def list_on(query):
            while not changed.wait(0.1):
                self.check(query)

        def add_on():
            for _ in range(4):
                self.add()
                if changed.wait(0.5):
                    return

        with ThreadPoolExecutor(len(QUERIES) + 1) as pool:
            callers = [pool.submit(list_on, query) for query in QUERIES] + [pool.submit(add_on)]
            try:
                change()
            finally:
                changed.set()
            for caller in callers:
                caller.result()
        for query in QUERIES:
            self.check(query)


def indexes(stack):
    dynamodb = stack.operator.emulator.client("dynamodb")
    table = dynamodb.describe_table(TableName=stack.outputs()["TableName"])["Table"]
    return {index["IndexName"] for index in table["GlobalSecondaryIndexes"]}


def go_through(stack, gateway, people):
    """From the old indexes to the new ones. Returns how many lists were read meanwhile."""
    inbox = Inbox(gateway, people, "acc_inbox")
    for _ in range(20):
        inbox.add()
    assert indexes(stack) == OLD
    inbox.during(lambda: forgets_the_steps(stack))
    for step, expected in STEPS.items():
        inbox.during(lambda: stack.deploy(TicketIndexes=step))
        assert indexes(stack) == expected, (step, indexes(stack))
    return inbox.lists


def forgets_the_steps(stack):
    """An update to the last step at once fails at the table and is rolled back."""
    try:
        stack.sam_deploy(stack.parameters | {"TicketIndexes": "4"})
    except Failed:
        # The reason is an event of the stack; what it leaves is checked below.
        pass
    else:
        raise AssertionError("an update with four changes of indexes is not refused")
    assert stack.description()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", stack.description()
    assert indexes(stack) == OLD
