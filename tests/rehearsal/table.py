"""What is in the table outlives what happens to the table and the stack: keys, cursors, tickets, sessions."""

from people import session


class Witness:
    """Things that clients hold: a key, a cursor, the address of a ticket, a session."""

    def __init__(self, gateway, people, workspace):
        self.id, self.key = people.key(workspace)
        for subject in ("first", "second"):
            ticket = {"subject": subject, "body": "Where?", "requesterEmail": "kim@example.com"}
            made = gateway.call("POST", "/api/v1/tickets", ticket, bearer=self.key).expect(201)
            self.access_token = made.data["accessToken"]
        listed = self.list(gateway, "limit=1").expect(200)
        self.cursor = listed.data["cursor"]
        assert self.cursor, listed
        self.session = people.sign_in(workspace)

    def list(self, gateway, query):
        return gateway.call("GET", f"/api/v1/tickets?{query}", bearer=self.key)

    def check(self, gateway, cursor_works=True):
        """All of it still works. A cursor does only while the signing secret is the same."""
        listed = self.list(gateway, f"limit=1&cursor={self.cursor}").expect(200 if cursor_works else 400)
        if cursor_works:
            assert len(listed.data["tickets"]) == 1, listed
        viewed = gateway.call("GET", f"/api/v1/public/tickets/{self.access_token}").expect(200)
        assert viewed.data["subject"] == "second", viewed
        gateway.call("GET", "/api/v1/auth/me", headers=session(self.session)).expect(200)
