"""What the functions' roles were granted, against what they used and what they were denied."""

from fnmatch import fnmatchcase

# The functions do not use these rights themselves: Lambda does, which here is the emulator, without asking itself.
UNSEEN = ("logs", "xray")


def listed(value):
    return value if isinstance(value, list) else [value]


def kind(resource):
    """What a statement or a call names: a role needs an action once for each kind."""
    if ":secretsmanager:" in resource:
        # The same secret can be named by its whole ARN, a partial one, or a pattern.
        name = resource.split(":secret:")[1]
        return "secret " + name.rstrip("*?").removesuffix("-")
    if ":dynamodb:" in resource:
        kinds = [kind for kind in ("index", "stream") if f"/{kind}/" in resource]
        return kinds[0] if kinds else "table"
    return resource


def denied(decisions):
    """What any function was denied."""
    return {
        f"{one['role']}: {one['action']} on {one['resource']}: {one['why']}" for one in decisions if not one["allowed"]
    }


class Rights:
    def __init__(self, emulator, stack):
        self.emulator = emulator
        self.iam = emulator.client("iam")
        self.roles = {id: name for name, id in stack.resources().items() if name.endswith("Role")}

    def statements(self, role):
        """The statements that the template itself grants to a role. AWS's own policies are not among them."""
        for name in self.iam.list_role_policies(RoleName=role)["PolicyNames"]:
            yield from listed(self.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"])
        for attached in self.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            arn = attached["PolicyArn"]
            if ":aws:policy/" in arn:
                continue
            version = self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = self.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            yield from listed(document["Statement"])

    def granted(self):
        """Each granted action: the role's name in the template, the action, the resource's pattern."""
        for role, name in self.roles.items():
            for statement in self.statements(role):
                assert statement["Effect"] == "Allow" and "NotAction" not in statement, (name, statement)
                for action in listed(statement["Action"]):
                    if action.split(":")[0] in UNSEEN:
                        continue
                    assert "*" not in action, f"{name} may do {action}: no single action can be seen unused"
                    for resource in listed(statement["Resource"]):
                        yield name, action, resource

    def check(self, decisions):
        """Fails on an action that was denied, and on one that was granted and not used. Returns how many were."""
        assert not denied(decisions), "denied:\n" + "\n".join(sorted(denied(decisions)))
        ours = [one for one in decisions if one["role"] in self.roles]
        used = {(self.roles[one["role"]], one["action"], one["resource"]) for one in ours}
        granted, used_rights = set(), set()
        for name, action, pattern in self.granted():
            right = (name, action, kind(pattern))
            granted.add(right)
            if any((role, did) == (name, action) and fnmatchcase(resource, pattern) for role, did, resource in used):
                used_rights.add(right)
        unused = granted - used_rights
        assert not unused, "granted, but used by no call:\n" + "\n".join(map(" ".join, sorted(unused)))
        return len(granted)
