#!/usr/bin/env python3
"""Runs the unmodified published Python SDK against a running API: `published_sdk.py URL ACCOUNT`, with the key in
SUPPUO_TOKEN. Run by quick_start.py."""

import sys

from forjio_suppuo import SuppuoClient, SuppuoError


def main(url, account):
    client = SuppuoClient(base_url=url)

    ticket = client.tickets.create(
        subject="Order question", body="Where is my ÖRDER?", requester_email="kim@example.com", priority="high"
    )
    assert client.tickets.reply(ticket["id"], body="On it!", author_name="Ana")["status"] == "pending"
    assert client.tickets.reply(ticket["id"], body="VIP", is_internal=True)["status"] == "pending"
    updated = client.tickets.update(ticket["id"], status="resolved", assignee_sub="usr_9", tags=[" SDK ", "sdk"])
    assert (updated["status"], updated["assigneeSub"], updated["tags"]) == ("resolved", "usr_9", ["sdk"])
    assert client.tickets.update(ticket["id"], assignee_sub=None)["assigneeSub"] is None
    assert "sdk" in client.tickets.tags()["tags"]
    page = client.tickets.list(status="resolved", tag="sdk", channel="whatsapp", q="örder", limit=1)
    assert page["tickets"][0]["id"] == ticket["id"] and page["counts"]["resolved"] >= 1, page
    thread = client.tickets.get(ticket["id"])
    assert [message["body"] for message in thread["messages"]] == ["Where is my ÖRDER?", "On it!", "VIP"]

    canned = client.canned_replies.create(title="Refund policy", body="14 days")
    assert client.canned_replies.update(canned["id"], title="Refunds")["title"] == "Refunds"
    assert canned["id"] in [reply["id"] for reply in client.canned_replies.list()["cannedReplies"]]
    assert client.canned_replies.delete(canned["id"]) == {"deleted": True}

    submitted = client.public.submit_ticket(
        account_id=account, subject="Hello", body="Where is it?", email="kim@example.com", name="Kim"
    )
    assert client.public.reply_ticket(submitted["accessToken"], body="Any update?")["status"] == "open"
    view = client.public.get_ticket(submitted["accessToken"])
    assert (view["number"], len(view["messages"])) == (submitted["number"], 2)

    seen, cursor = [], None
    while True:
        page = client.tickets.list(limit=1, cursor=cursor)
        seen += [ticket["number"] for ticket in page["tickets"]]
        cursor = page["cursor"]
        if not page["hasMore"]:
            break
    assert sorted(seen) == list(range(1, len(seen) + 1)), seen

    try:
        client.tickets.get("tkt_nowhere")
        raise AssertionError("it found a ticket that is nowhere")
    except SuppuoError as error:
        assert error.code == "NOT_FOUND", error


if __name__ == "__main__":
    main(*sys.argv[1:])
