"""Writes down each decision that the emulator's IAM takes about a function's role: one JSON object on each line."""

import json

from ministack.core import iam_evaluator, responses


def attend(path):
    """From now on, decisions are written to this file."""
    file = open(path, "a", buffering=1)
    enforce = iam_evaluator.enforce

    def witnessed(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        refusal = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        principal = iam_evaluator.resolve_principal(access_key_id or "", responses.get_account_id())
        role = getattr(principal, "arn", "")
        if ":assumed-role/" in role:
            decision = {
                "role": role.split("/")[1],
                "action": iam_action,
                "resource": resource_arn,
                "allowed": refusal is None,
                "why": getattr(refusal, "reason", None) or getattr(refusal, "message", None),
            }
            file.write(json.dumps(decision) + "\n")
        return refusal

    iam_evaluator.enforce = witnessed
