"""What is wrong or missing in the emulator for this template, and is put right before it starts.

Each mend asserts what it is for. If one fails with "no longer needed", remove it."""

import re
import threading
import time

from ministack.core import arn, iam_evaluator, lambda_runtime
from ministack.services import apigateway, budgets, lambda_svc, secretsmanager
from ministack.services.cloudformation import engine, provisioners

from mending import anchored, mend, replace, rewrite


@mend
def an_alarm_may_be_of_metric_math():
    rewrite(
        provisioners._cw_metric_alarm_record,
        (
            'if props.get("Metrics"):\n        raise ValueError(\n            '
            '"AWS::CloudWatch::Alarm Properties.Metrics (metric math) is not supported; "\n            '
            '"use MetricName and Namespace."\n        )',
            'if props.get("Metrics"):\n        '
            'props = {**props, "MetricName": "metric math", "Namespace": "not evaluated"}',
        ),
    )


@mend
def sam_knows_the_values_of_parameters():
    rewrite(
        engine._apply_transforms,
        (
            "_sam_transform(copy.deepcopy(template), {}, _NO_IAM_POLICY_LOADER)",
            "_sam_transform(copy.deepcopy(template), "
            "_transform_parameters(template, provided_params, previous_params), _NO_IAM_POLICY_LOADER)",
        ),
    )


def _api_props(original, props, stack_name, logical_id):
    """The properties that SAM writes into the body."""
    info = (props.get("Body") or {}).get("info") or {}
    named = {"Name": info.get("title"), "Description": info.get("description", ""), "Version": info.get("version", "")}
    return original({**named, **props}, stack_name, logical_id)


def _import_body(api_id, body):
    """Makes the routes and integrations of an OpenAPI document ("Working with OpenAPI definitions for HTTP APIs")."""
    routes, integrations = {}, {}
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            if path == "$default":
                key = path
            else:
                key = f"{'ANY' if method == 'x-amazon-apigateway-any-method' else method.upper()} {path}"
            number = f"{len(routes):08x}"
            integration = operation["x-amazon-apigateway-integration"]
            integrations[number] = {
                "integrationId": number,
                "integrationType": integration["type"].upper(),
                "integrationUri": integration["uri"],
                "integrationMethod": integration["httpMethod"],
                "payloadFormatVersion": integration["payloadFormatVersion"],
            }
            routes[number] = {
                "routeId": number,
                "routeKey": key,
                "target": f"integrations/{number}",
                "authorizationType": "NONE",
            }
    apigateway._routes[api_id] = routes
    apigateway._integrations[api_id] = integrations


@mend
def an_api_gets_the_routes_of_its_body():
    for function in (provisioners._apigw_v2_api_create, provisioners._apigw_v2_api_update):
        anchored("CloudFormation makes no routes of a Body", "Body" not in function.__code__.co_consts)

    def create(original, logical_id, props, stack_name):
        api_id, attributes = original(logical_id, props, stack_name)
        _import_body(api_id, props["Body"])
        return api_id, attributes

    def update(original, physical_id, old_props, new_props, *rest, **named):
        api_id, attributes = original(physical_id, old_props, new_props, *rest, **named)
        _import_body(api_id, new_props["Body"])
        return api_id, attributes

    replace(provisioners._apigw_v2_api_props, _api_props)
    replace(provisioners._apigw_v2_api_create, create)
    replace(provisioners._apigw_v2_api_update, update)


@mend
def a_preflight_reaches_its_route():
    """API Gateway answers `OPTIONS` itself only where CORS is configured ("Configuring CORS for an HTTP API")."""
    rewrite(
        apigateway._handle_execute_in_scope,
        ('if method == "OPTIONS":\n', 'if method == "OPTIONS" and cors_cfg:\n'),
    )


@mend
def a_reference_to_a_secret_is_its_arn():
    engine._rehearsal_ref = lambda resource: (
        resource["Attributes"]["Arn"]
        if resource.get("ResourceType") == "AWS::SecretsManager::Secret"
        else resource["PhysicalResourceId"]
    )
    rewrite(
        engine._resolve_refs,
        ('return resources[ref]["PhysicalResourceId"]', "return _rehearsal_ref(resources[ref])"),
        ('return str(resources[var]["PhysicalResourceId"])', "return str(_rehearsal_ref(resources[var]))"),
    )


@mend
def an_arn_that_looks_whole_is_whole():
    """Secrets Manager finds no partial ARN that ends like a whole one ("GetSecretValue", its API reference)."""
    secretsmanager._rehearsal_looks_whole = re.compile(".*-[A-Za-z0-9]{6}").fullmatch
    rewrite(
        secretsmanager._resolve,
        (
            'if s["ARN"].startswith(secret_id):',
            'if s["ARN"].startswith(secret_id) and not _rehearsal_looks_whole(secret_id):',
        ),
    )


def _may_call(name, function_ref, api_id, stage, route_key):
    """Whether the function's resource policy lets this route call it, or the alias that the route names."""
    account, region = apigateway.get_account_id(), apigateway.get_region()
    source = arn.execute_api_arn(region, account, api_id, stage, *(route_key.split(" ", 1) + [""])[:2]).rstrip("/")
    context = iam_evaluator.EvalContext(
        principal_arn="apigateway.amazonaws.com",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=function_ref,
        region=region,
        service_context={"aws:sourcearn": source, "aws:sourceaccount": account},
    )
    policy = lambda_svc._functions[name]["policy"]
    decided = iam_evaluator.evaluate_resource_policy(policy, context, service="apigateway.amazonaws.com")
    return decided.decision == "Allow"


def _cookies(headers):
    """Payload format 2.0 has cookies in a list, and not in the headers."""
    cookies = [one.strip(" ") for one in headers.get("cookie", "").split(";") if one.strip(" ")]
    return {"cookies": cookies} if cookies else {}


@mend
def the_gateway_asks_for_permission_and_takes_cookies_out():
    apigateway._rehearsal_may_call = _may_call
    apigateway._rehearsal_cookies = _cookies
    rewrite(
        apigateway._invoke_lambda_proxy,
        (
            "    # Build API Gateway v2 proxy event (payload format 2.0)\n",
            "    if not _rehearsal_may_call(func_name, lambda_ref, api_id, stage, route_key):\n"
            '        return 500, {"Content-Type": "application/json"}, b\'{"message":"Internal Server Error"}\'\n',
        ),
        (
            '"headers": dict(headers),',
            '"headers": {name: text for name, text in headers.items() if name != "cookie"},'
            " **_rehearsal_cookies(headers),",
        ),
    )


def _retire(workers):
    """Ends workers that are not used any more, each after the call that it may still answer."""

    def end_in_turn():
        for worker in workers:
            deadline = time.monotonic() + 30
            while worker.in_use and time.monotonic() < deadline:
                time.sleep(0.01)
            lambda_runtime.kill_workers([worker])

    threading.Thread(target=end_in_turn, daemon=True).start()


@mend
def an_update_lets_calls_end():
    """Lambda ends an environment after its call. The emulator kills it, and the caller gets a 502."""
    lambda_runtime._rehearsal_retire = _retire
    rewrite(lambda_runtime.invalidate_worker, ("    kill_workers(doomed)\n", "    _rehearsal_retire(doomed)\n"))


@mend
def a_role_keeps_its_permissions_boundary():
    anchored(
        "CloudFormation ignores the boundary of a role",
        "PermissionsBoundary" not in provisioners._iam_role_create.__code__.co_consts
        and "PermissionsBoundary" not in provisioners._iam_role_update.__code__.co_consts,
    )

    def create(original, logical_id, props, stack_name):
        name, attributes = original(logical_id, props, stack_name)
        provisioners._iam._roles[name]["PermissionsBoundary"] = props.get("PermissionsBoundary")
        return name, attributes

    def update(original, physical_id, old_props, new_props, *rest, **named):
        name, attributes = original(physical_id, old_props, new_props, *rest, **named)
        provisioners._iam._roles[name]["PermissionsBoundary"] = new_props.get("PermissionsBoundary")
        return name, attributes

    replace(provisioners._iam_role_create, create)
    replace(provisioners._iam_role_update, update)


def _accepted(response):
    status, _, body = response
    if status >= 400:
        raise ValueError(f"AWS::Budgets::Budget: {body!r}")


def _create_budget(logical_id, props, stack_name):
    budget = dict(props["Budget"])
    budget.setdefault("BudgetName", f"{stack_name}-{logical_id}")
    name = budget["BudgetName"]
    notifications = props.get("NotificationsWithSubscribers", [])
    account = provisioners.get_account_id()
    _accepted(
        budgets._create_budget(
            {"AccountId": account, "Budget": budget, "NotificationsWithSubscribers": notifications}
        )
    )
    return name, {}


def _delete_budget(physical_id, _):
    _accepted(budgets._delete_budget({"AccountId": provisioners.get_account_id(), "BudgetName": physical_id}))


@mend
def a_stack_may_have_a_budget():
    handlers = provisioners._RESOURCE_HANDLERS
    anchored("CloudFormation does not know AWS::Budgets::Budget", "AWS::Budgets::Budget" not in handlers)

    def update(physical_id, _, new_props, stack_name, logical_id):
        _delete_budget(physical_id, None)
        return _create_budget(logical_id, new_props, stack_name)

    handlers["AWS::Budgets::Budget"] = {
        "create": _create_budget,
        "update": update,
        "update_with_logical_id": True,
        "delete": _delete_budget,
    }


@mend
def an_update_makes_or_deletes_one_index():
    """CloudFormation refuses more, because DynamoDB makes or deletes one at a time ("Managing Global Secondary
    Indexes", DynamoDB developer guide)."""
    deletions = "    for idx_name in sorted(old_gsis.keys() - new_gsis.keys()):\n"
    rewrite(
        provisioners._ddb_update,
        (
            deletions,
            "    if len(old_gsis.keys() ^ new_gsis.keys()) > 1:\n"
            '        raise ValueError("Cannot perform more than one GSI creation or deletion in a single update")\n'
            + deletions,
        ),
    )
