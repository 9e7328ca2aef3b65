"""What is in the table outlives what happens to the table and the stack."""

import re

from emulator import PROJECT
from people import session


class Holdings:
    """What clients hold: a key, a cursor, the address of a ticket, a session."""

    def __init__(self, gateway, people, workspace):
        self.id, self.key = people.key(workspace)
        self.ticket(gateway)
        self.access_token = self.ticket(gateway)
        self.cursor = self.list(gateway, "limit=1").expect(200).data["cursor"]
        assert self.cursor
        self.session = people.sign_in(workspace)

    def ticket(self, gateway):
        """Creates a ticket, and returns its access token."""
        ticket = {"subject": "Held", "body": "Where?", "requesterEmail": "kim@example.com"}
        return gateway.call("POST", "/api/v1/tickets", ticket, bearer=self.key).expect(201).data["accessToken"]

    def list(self, gateway, query):
        return gateway.call("GET", f"/api/v1/tickets?{query}", bearer=self.key)

    def check(self, gateway, cursor_works=True):
        """All of it still works. A cursor does only while the signing secret is the same."""
        if cursor_works:
            page = self.list(gateway, f"limit=1&cursor={self.cursor}").expect(200).data
            assert len(page["tickets"]) == 1, page
        else:
            self.list(gateway, f"limit=1&cursor={self.cursor}").expect(400)
        viewed = gateway.call("GET", f"/api/v1/public/tickets/{self.access_token}").expect(200)
        assert viewed.data["subject"] == "Held", viewed
        gateway.call("GET", "/api/v1/auth/me", headers=session(self.session)).expect(200)

    def is_unknown(self, gateway, access_token):
        gateway.call("GET", f"/api/v1/public/tickets/{access_token}").expect(404)


class TableOperations:
    def __init__(self, stack):
        self.stack = stack
        self.dynamodb = stack.operator.emulator.client("dynamodb")

    def restore(self, name):
        """Restores a backup of the stack's table to another name, and prepares it as docs/operations.md says. Returns
        the name and the label of the stream."""
        backup = self.dynamodb.create_backup(TableName=self.stack.outputs()["TableName"], BackupName="rehearsal")
        arn = backup["BackupDetails"]["BackupArn"]
        self.dynamodb.restore_table_from_backup(TargetTableName=name, BackupArn=arn)
        self.dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        self.make_old(name)
        for _ in range(2):
            # The second time, it finds nothing to do.
            script = PROJECT / "operations" / "prepare-table"
            printed = self.stack.operator.runs(script, name, "3000", "9000", "--delete-old-indexes")
        self.is_prepared(name)
        return name, re.search('"TableStreamLabel=(.+)"', printed)[1]

    def make_old(self, name):
        """Gives the table other indexes, as one has that was restored from a backup before the new ones."""
        made = {
            "IndexName": "ByActivity",
            "KeySchema": [
                {"AttributeName": "accountId", "KeyType": "HASH"},
                {"AttributeName": "activity", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        self.dynamodb.update_table(
            TableName=name,
            AttributeDefinitions=[
                {"AttributeName": attribute, "AttributeType": "S"} for attribute in ("accountId", "activity")
            ],
            GlobalSecondaryIndexUpdates=[{"Create": made}],
        )
        self.dynamodb.update_table(
            TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "Inbox"}}]
        )

    def revoke_again(self, restored):
        """Makes what was revoked since the backup stay revoked in the restored table."""
        old = self.stack.outputs()["TableName"]
        return self.stack.operator.runs(PROJECT / "operations" / "revoke-again", old, restored, "--yes")

    def is_prepared(self, name):
        table = self.dynamodb.describe_table(TableName=name)["Table"]
        assert table["DeletionProtectionEnabled"], table
        ceilings = {"MaxWriteRequestUnits": 3000, "MaxReadRequestUnits": 9000}
        assert table["OnDemandThroughput"] == ceilings, table
        assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES", table
        indexes = {one["IndexName"]: one["Projection"]["ProjectionType"] for one in table["GlobalSecondaryIndexes"]}
        assert indexes == {"Inbox": "ALL", "InboxByStatus": "ALL"}, table
        ttl = self.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expiresAt"), ttl
        backups = self.dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        recovery = backups["PointInTimeRecoveryDescription"]
        assert recovery["PointInTimeRecoveryStatus"] == "ENABLED", recovery
