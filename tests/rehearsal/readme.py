"""The README's curl commands, against the deployed API."""

import sys

from emulator import PROJECT

sys.path.insert(0, str(PROJECT / "tests"))

import quick_start  # noqa: E402


def walk_through(gateway, people):
    """Creates a key, uses it, creates, finds and submits tickets, makes a limited key, rotates the key, revokes it: as
    quick_start.py does it."""
    readme = (PROJECT / "README.md").read_text().replace("\\\n", "").splitlines()
    commands = quick_start.curls(readme)
    assert len(commands) == 8, commands
    # The host's name leads to the emulator here, and not to AWS.
    commands = [f"{command} -H 'Host: {gateway.host}'" for command in commands]
    url = f"http://127.0.0.1:{gateway.port}/api/v1"
    token = people.token("acc_dev", sub="usr_dev")
    quick_start.walk_through(*commands, SUPPUO_API=url, SUPPUO_TOKEN=token)
    return len(commands)
