"""The mends of event source mappings and queues. See mends.py."""

import time
from collections import Counter

from ministack.core import iam_actions, iam_evaluator, lambda_runtime, responses
from ministack.services import lambda_svc, sqs

from mending import anchored, mend, replace, rewrite

# "Execution role permissions" of a stream, and of a queue, in the Lambda developer guide.
STREAM = ("dynamodb:ListStreams", "dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")
QUEUE = ("sqs:GetQueueAttributes", "sqs:ReceiveMessage")


@mend
def a_batch_of_messages_needs_the_right_to_send_one():
    """IAM has no action for batches ("Amazon SQS API permissions", SQS developer guide)."""
    batch = {"x-amz-target": "AmazonSQS.SendMessageBatch"}
    anchored("batches have an action", iam_actions._action_from_target(batch) == "SendMessageBatch")

    def action(original, headers):
        named = original(headers)
        is_of_queue = headers.get("x-amz-target", "").startswith("AmazonSQS.")
        return named.removesuffix("Batch") if named and is_of_queue else named

    replace(iam_actions._action_from_target, action)


@mend
def a_parameter_that_is_a_number_limits_the_concurrency():
    rewrite(
        lambda_svc._sqs_esm_concurrency,
        (
            '(esm.get("ScalingConfig") or {}).get("MaximumConcurrency") or _ESM_SQS_DEFAULT_CONCURRENCY',
            'int((esm.get("ScalingConfig") or {}).get("MaximumConcurrency") or _ESM_SQS_DEFAULT_CONCURRENCY)',
        ),
    )


def _may(function, resource, *actions):
    """Whether the function's role may do what Lambda does as the function."""
    key = lambda_runtime.execution_credentials(function["config"])["AWS_ACCESS_KEY_ID"]
    service, region = actions[0].split(":")[0], responses.get_region()
    return all(iam_evaluator.enforce(key, action, service, region, resource) is None for action in actions)


@mend
def lambda_polls_as_the_function():
    lambda_svc._rehearsal_may = _may
    lambda_svc._rehearsal_queue, lambda_svc._rehearsal_stream = QUEUE, STREAM
    rewrite(
        lambda_svc._poll_sqs,
        (
            "batch = _sqs._receive_messages_for_esm(queue_url, batch_size)\n",
            'batch = queue["messages"] and _rehearsal_may(func_rec, source_arn, *_rehearsal_queue) and '
            "_sqs._receive_messages_for_esm(queue_url, batch_size)\n",
        ),
    )
    rewrite(
        lambda_svc._run_sqs_batch,
        (
            "    if receipt_handles:\n",
            '    if receipt_handles and _rehearsal_may(func_rec, esm["EventSourceArn"], "sqs:DeleteMessage"):\n',
        ),
    )
    rewrite(
        lambda_svc._send_ddb_stream_failure_record,
        (
            'if spec.service == "sqs":\n',
            'if spec.service == "sqs" and _rehearsal_may(func_rec, dest, "sqs:SendMessage"):\n',
        ),
    )


class StreamBatches:
    """Invokes a function with records of a stream, some of which it may ask for again."""

    def __init__(self):
        self.failures = Counter()

    def invoke(self, mapping, function, event, records):
        """Returns the result, and how many of the records are done. `event` has those that passed the filter."""
        result = lambda_svc._execute_function(function, event)
        answer = result.get("body")
        failures = answer.get("batchItemFailures", []) if isinstance(answer, dict) else []
        failed = {one["itemIdentifier"] for one in failures}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        first = next((place for place, number in enumerate(numbers) if number in failed), len(records))
        if result.get("error") or first > 0:
            return result, first
        self.failures[mapping["UUID"], numbers[0]] += 1
        if self.failures[mapping["UUID"], numbers[0]] <= int(mapping["MaximumRetryAttempts"]):
            return {**result, "error": True, "body": {"errorMessage": "the function wants the batch again"}}, 0
        # As if the batch had been bisected until the record was alone.
        [dead] = records[:1]
        stream = mapping["EventSourceArn"]
        lambda_svc._send_ddb_stream_failure_record(mapping, function, [dead], stream, result, "RetryAttemptsExhausted")
        return result, 1


@mend
def records_of_a_stream_that_failed_come_again_a_bounded_number_of_times():
    """From the first one that failed ("Reporting batch item failures", Lambda developer guide)."""
    anchored(
        "a stream's mapping ignores MaximumRetryAttempts",
        "MaximumRetryAttempts" not in lambda_svc._poll_dynamodb_streams.__code__.co_consts,
    )
    lambda_svc._rehearsal_batches = StreamBatches()
    rewrite(
        lambda_svc._poll_dynamodb_streams,
        (
            "raw_len = len(batch)\n",
            "batch = batch if _rehearsal_may(func_rec, source_arn, *_rehearsal_stream) else []\n"
            "            raw_records, raw_len = batch, len(batch)\n",
        ),
        (
            "result = _execute_function(func_rec, event)\n",
            "result, raw_len = _rehearsal_batches.invoke(esm, func_rec, event, raw_records)\n",
        ),
    )


def _move_back(data, _url):
    """Moves the messages of a dead-letter queue back to the queues that they came from."""
    dead = sqs._queue_by_arn(data["SourceArn"])
    with sqs._queues_lock:
        messages, dead["messages"] = dead["messages"], []
        for message in messages:
            source = sqs._queue_by_arn(message["sys"]["DeadLetterQueueSourceArn"])
            moved = {**message, "receive_count": 0, "first_receive_at": None, "visible_at": time.time()}
            source["messages"].append(moved)
    sqs.esm_wake.set()
    return {"TaskHandle": "moved"}


@mend
def dead_letters_can_be_moved_back():
    anchored("SQS does not know StartMessageMoveTask", "StartMessageMoveTask" not in sqs._HANDLERS)
    sqs._HANDLERS["StartMessageMoveTask"] = _move_back
