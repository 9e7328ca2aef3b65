//! What operators rely on in `template.yaml` and `samconfig.toml`, as far as `make rehearse` cannot show it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};

use regex_lite::Regex;
use serde_json::{Value, json};

use crate::app::{ROUTES, TEMPLATE, project};

fn resource(name: &str) -> &'static Value {
    &TEMPLATE.value()["Resources"][name]["Properties"]
}

/// The resources of a kind, by their names.
fn resources(kind: &str) -> BTreeMap<&'static str, &'static Value> {
    let all = TEMPLATE.value()["Resources"].as_object().unwrap().iter();
    all.filter(|(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| (name.as_str(), &resource["Properties"]))
        .collect()
}

/// A text with CloudFormation's variables replaced by `x`, as JSON.
fn json_of(text: &Value) -> Value {
    let variable = Regex::new(r"\$\{[A-Za-z:.]+\}").unwrap();
    serde_json::from_str(&variable.replace_all(text.as_str().unwrap(), "x")).unwrap()
}

#[test]
fn with_a_host_name_the_assigned_one_is_closed_and_no_output_names_it() {
    let closed = &resource("Api")["DisableExecuteApiEndpoint"];
    assert_eq!(closed, &json!(["ClosesAssignedName", true, false]));
    let assigned = "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}";
    for (name, output) in TEMPLATE.value()["Outputs"].as_object().unwrap() {
        let value = output["Value"].to_string();
        if value.contains("execute-api") {
            let choice = output["Value"].as_array().unwrap();
            let own = choice[1].as_str().unwrap();
            let path = own.strip_prefix("https://${DomainName}").unwrap();
            let expected = json!(["HasDomainName", own, format!("{assigned}{path}")]);
            assert_eq!(output["Value"], expected, "{name}");
        }
    }
}

#[test]
fn every_alarm_says_when_it_begins_and_ends() {
    let alarms = resources("AWS::CloudWatch::Alarm");
    assert_eq!(alarms.len(), 9);
    let guide = fs::read_to_string(project().join("docs/operations.md")).unwrap();
    for (name, alarm) in alarms {
        let notified = json!(["HasAlarmTopic", ["AlarmTopicArn"], "AWS::NoValue"]);
        assert_eq!(alarm["AlarmActions"], notified, "{name}");
        assert_eq!(alarm["OKActions"], notified, "{name}");
        assert!(guide.contains(&format!("\n### {name}: ")), "{name}");
        let shown = resource("Dashboard")["DashboardBody"].as_str().unwrap();
        assert!(shown.contains(&format!("${{{name}.Arn}}")), "{name}");
    }
}

#[test]
fn the_throttles_of_each_index_are_watched() {
    let alarm = resource("Throttles")["Metrics"].to_string();
    for index in resource("Table")["GlobalSecondaryIndexes"]
        .as_array()
        .unwrap()
    {
        let name = index["IndexName"].as_str().unwrap();
        let dimension = format!(r#""Value":"{name}""#);
        assert_eq!(alarm.matches(&dimension).count(), 2, "{name}");
    }
}

#[test]
fn the_dashboard_is_json_and_shows_the_metrics_that_are_written() {
    let body = json_of(&resource("Dashboard")["DashboardBody"]);
    let widgets = body["widgets"].as_array().unwrap();
    assert!(widgets.len() >= 9);
    let mut places = BTreeSet::new();
    for widget in widgets {
        let properties = &widget["properties"];
        assert!(properties["title"].is_string());
        assert!(widget["type"] == "alarm" || properties["region"] == "x");
        assert!(places.insert((widget["x"].as_u64(), widget["y"].as_u64())));
    }
    let shown = body.to_string();
    let filters = resources("AWS::Logs::MetricFilter");
    assert_eq!(filters.len(), 5);
    for filter in filters.values() {
        for metric in filter["MetricTransformations"].as_array().unwrap() {
            assert_eq!(metric["MetricNamespace"], "Suppuo/Api");
            // The stack's own: stacks share the namespace.
            let name = metric["MetricName"].as_str().unwrap();
            let name = name.replace("${AWS::StackName}", "x");
            assert!(name.ends_with("-x") && shown.contains(&name), "{name}");
        }
    }
}

#[test]
fn a_line_of_the_access_log_is_json_without_the_path() {
    let format = &resource("Api")["AccessLogSettings"]["Format"];
    // What GatewayThrottles and docs/operations.md look at; the first is also in the function's line.
    let line = json_of(format);
    for field in ["gatewayId", "route", "status", "integrationStatus", "error"] {
        assert!(line[field].is_string(), "{field}");
    }
    let format = format.as_str().unwrap();
    for secret in ["$context.path", "sourceIp", "userAgent"] {
        assert!(!format.contains(secret), "{secret}");
    }
}

#[test]
fn the_routes_of_strangers_have_throttles_of_their_own() {
    let settings = resource("Api")["RouteSettings"].as_array().unwrap();
    assert_eq!(settings[0], "IsPublicFormOpen");
    let public = ROUTES.iter().filter(|route| {
        let path = route.endpoint.as_ref().map(|(_, path)| path.as_str());
        path.is_some_and(|path| path.starts_with("/api/v1/public/tickets"))
    });
    let public: BTreeSet<_> = public.map(local::template::Route::key).collect();
    // Reports of leaked keys are taken whether or not the public form is.
    let reports = ["/api/v1/leaked-keys", "/api/v1/secret-scanning/github"];
    let reports = reports.map(|path| format!("POST {path}"));
    for (open, throttled) in [(true, &settings[1]), (false, &settings[2])] {
        let throttled = throttled.as_object().unwrap();
        let routes: BTreeSet<_> = throttled.keys().cloned().collect();
        assert_eq!(routes, public.iter().chain(&reports).cloned().collect());
        for (route, limits) in throttled {
            let open = open || reports.contains(route);
            let rate = limits["ThrottlingRateLimit"].as_u64().unwrap();
            let burst = limits["ThrottlingBurstLimit"].as_u64().unwrap();
            assert_eq!((rate > 0, burst > 0), (open, open));
        }
    }
}

/// `sam deploy --guided` asks for each function whether it may be without authentication, unless the API has `Auth`.
#[test]
fn a_guided_deployment_asks_for_no_function_whether_it_may_be_open() {
    assert_eq!(
        resource("Api")["Auth"],
        json!({ "EnableIamAuthorizer": false })
    );
}

#[test]
fn each_environment_has_its_own_names_and_says_its_parameters_once() {
    let settings: toml::Table = fs::read_to_string(project().join("samconfig.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let template = TEMPLATE.value()["Parameters"].as_object().unwrap();
    let mut names = BTreeSet::new();
    for environment in ["dev", "staging", "prod"] {
        let of = |command: &str| &settings[environment][command]["parameters"];
        let (global, build, deploy) = (of("global"), of("build"), of("deploy"));
        assert_eq!(build, &settings["default"]["build"]["parameters"]);
        let stack = global["stack_name"].as_str().unwrap();
        // `sam delete` empties the prefix of its stack.
        assert_eq!(deploy["s3_prefix"].as_str(), Some(stack));
        let tags = deploy["tags"].as_array().unwrap();
        assert!(tags.contains(&format!("environment={environment}").into()));
        assert!(build.get("parameter_overrides").is_none());
        assert!(deploy.get("parameter_overrides").is_none());
        let said = global["parameter_overrides"].as_array().unwrap();
        let said: BTreeMap<_, _> = said
            .iter()
            .map(|one| one.as_str().unwrap().split_once('=').unwrap())
            .collect();
        assert!(said.keys().all(|name| template.contains_key(*name)));
        assert!(said.contains_key("Architecture"));
        // It must be filled in before the first deployment.
        let pattern = template["HuudisClientSecretArn"]["AllowedPattern"].as_str();
        let pattern = Regex::new(&format!("^(?:{})$", pattern.unwrap())).unwrap();
        assert!(!pattern.is_match(said["HuudisClientSecretArn"]));
        for name in [("stack", stack), ("table", said["TableName"])] {
            assert!(names.insert(name), "{name:?}");
        }
    }
}

#[test]
fn the_client_secrets_arn_may_be_whole_or_partial() {
    let parameter = &TEMPLATE.value()["Parameters"]["HuudisClientSecretArn"];
    let pattern = parameter["AllowedPattern"].as_str().unwrap();
    let pattern = Regex::new(&format!("^(?:{pattern})$")).unwrap();
    let arn = |name: &str| format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}");
    for name in [
        "suppuo/client",
        "suppuo/client-a1B2c3",
        "suppuo-client",
        "x",
    ] {
        assert!(pattern.is_match(&arn(name)), "{name}");
    }
    for wrong in [&arn(""), &arn("a b"), "suppuo/client", &arn("x")[1..]] {
        assert!(!pattern.is_match(wrong), "{wrong}");
    }
    let policies = resource("AuthHuudisCallback")["Policies"].to_string();
    let both = r#"["HuudisClientSecretArn","${HuudisClientSecretArn}-??????"]"#;
    assert!(policies.contains(both), "{policies}");
}

#[test]
fn the_table_and_each_index_have_ceilings_on_cost() {
    let table = resource("Table");
    let expected =
        json!({ "MaxReadRequestUnits": "MaxReadUnits", "MaxWriteRequestUnits": "MaxWriteUnits" });
    assert_eq!(&table["OnDemandThroughput"], &expected);
    for index in table["GlobalSecondaryIndexes"].as_array().unwrap() {
        assert_eq!(&index["OnDemandThroughput"], &expected, "{index}");
    }
}

#[test]
fn a_budget_names_this_stack_and_somebody_to_tell() {
    let budget = resource("Budget");
    let filter = json!({ "TagKeyValue": ["aws:cloudformation:stack-name$${AWS::StackName}"] });
    assert_eq!(budget["Budget"]["CostFilters"], filter);
    for notification in budget["NotificationsWithSubscribers"].as_array().unwrap() {
        assert_eq!(notification["Subscribers"][0]["Address"], "BudgetEmail");
    }
    assert!(TEMPLATE.value()["Rules"]["BudgetHasEmail"].is_object());
}

#[test]
fn no_role_may_reach_beyond_the_stack() {
    let statements = resource("FunctionBoundary")["PolicyDocument"]["Statement"]
        .as_array()
        .unwrap();
    let table =
        "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}";
    let of_table = [
        table.to_owned(),
        format!("{table}/index/*"),
        format!("{table}/stream/*"),
    ];
    let secret = "HuudisClientSecretArn";
    let allowed: BTreeMap<_, _> = statements
        .iter()
        .map(|statement| {
            assert_eq!(statement["Effect"], "Allow");
            let (service, _) = statement["Action"][0]
                .as_str()
                .unwrap()
                .split_once(':')
                .unwrap();
            (service, &statement["Resource"])
        })
        .collect();
    let expected = [
        ("dynamodb", json!(of_table)),
        // Only through Secrets Manager, and only what is granted to the role.
        ("kms", json!("*")),
        ("logs", json!("Logs.Arn")),
        (
            "secretsmanager",
            json!(["SigningSecret", secret, format!("${{{secret}}}-??????")]),
        ),
        ("sqs", json!(["DeliveryQueue.Arn", "FanOutFailures.Arn"])),
        // X-Ray has no resources.
        ("xray", json!("*")),
    ];
    assert_eq!(allowed.len(), expected.len());
    for (service, resources) in &expected {
        assert_eq!(allowed[service], resources, "{service}");
    }
    assert!(
        statements
            .iter()
            .any(|statement| statement["Condition"]["StringEquals"]["kms:ViaService"].is_string())
    );
}

/// By default, a batch that fails blocks its shard for a day, and nobody learns which records were lost.
#[test]
fn a_batch_of_the_stream_is_retried_for_hours_at_most_and_what_is_given_up_is_kept() {
    let mapping = resource("WebhooksFanOutStream");
    assert!(mapping["MaximumRetryAttempts"].as_u64().unwrap() <= 30);
    assert!(mapping["MaximumRecordAgeInSeconds"].as_u64().unwrap() <= 6 * 60 * 60);
    assert_eq!(mapping["BisectBatchOnFunctionError"], true);
    assert_eq!(mapping["StartingPosition"], "TRIM_HORIZON");
    let failures = &mapping["DestinationConfig"]["OnFailure"]["Destination"];
    assert_eq!(failures, "FanOutFailures.Arn");
    let partial = json!(["ReportBatchItemFailures"]);
    for mapping in resources("AWS::Lambda::EventSourceMapping").values() {
        assert_eq!(mapping["FunctionResponseTypes"], partial);
        // The alias, which a gradual update moves.
        assert!(
            mapping["FunctionName"]
                .as_str()
                .unwrap()
                .ends_with(".Alias")
        );
    }
}

#[test]
fn dead_letters_are_kept_for_longer_than_the_messages_of_their_queue() {
    let kept = |queue: &str| resource(queue)["MessageRetentionPeriod"].as_u64().unwrap();
    let queue = resource("DeliveryQueue");
    let dead_letters = &queue["RedrivePolicy"]["deadLetterTargetArn"];
    assert_eq!(dead_letters, "DeliveryDeadLetters.Arn");
    assert!(kept("DeliveryDeadLetters") > kept("DeliveryQueue"));
    assert_eq!(kept("FanOutFailures"), kept("DeliveryDeadLetters"));
    let timeout = resource("WebhooksDeliver")["Timeout"].as_u64().unwrap();
    assert!(queue["VisibilityTimeout"].as_u64().unwrap() >= 6 * timeout);
    for (name, queue) in resources("AWS::SQS::Queue") {
        assert_eq!(queue["SqsManagedSseEnabled"], true, "{name}");
    }
}

#[test]
fn a_table_that_the_stack_does_not_create_needs_the_label_of_its_stream() {
    let source = resource("WebhooksFanOutStream")["EventSourceArn"].as_array();
    let [condition, created, existing] = &source.unwrap()[..] else {
        panic!("{source:?}");
    };
    assert_eq!(condition, "CreatesTable");
    assert_eq!(created, "Table.StreamArn");
    let stream = existing.as_str().unwrap();
    assert!(stream.ends_with(":table/${TableName}/stream/${TableStreamLabel}"));
    assert!(TEMPLATE.value()["Rules"]["ExistingTableHasStream"].is_object());
    let parameter = &TEMPLATE.value()["Parameters"]["TableStreamLabel"];
    let pattern = parameter["AllowedPattern"].as_str().unwrap();
    let pattern = Regex::new(&format!("^(?:{pattern})$")).unwrap();
    for good in ["", "2026-01-31T12:00:00.000"] {
        assert!(pattern.is_match(good), "{good}");
    }
    for wrong in ["2026-01-31", "stream/2026-01-31T12:00:00.000"] {
        assert!(!pattern.is_match(wrong), "{wrong}");
    }
}

/// What `operations/deploy` runs, by programs that only write down how they are called.
fn commands_of_deploy(environment: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("deploy-{environment}"));
    fs::create_dir_all(&folder).unwrap();
    let written = folder.join("commands");
    fs::write(&written, "").unwrap();
    for program in ["aws", "cargo", "sam"] {
        let file = folder.join(program);
        // `aws` also answers the question for the stack's status.
        let script = format!(
            "#!/bin/sh\necho {program} \"$@\" >>'{}'\necho UPDATE_COMPLETE\n",
            written.display()
        );
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let done = Command::new(project().join("operations/deploy"))
        .args([environment, "--no-confirm-changeset"])
        .env("PATH", path)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    fs::read_to_string(written).unwrap()
}

#[test]
fn operations_deploy_builds_for_the_architecture_that_is_deployed_and_protects_the_stack() {
    let of = |environment: &str| {
        format!(
            "cargo lambda build --release --arm64\nsam build --config-env {environment}\n\
             sam deploy --config-env {environment} --no-confirm-changeset\n\
             aws cloudformation describe-stacks --stack-name suppuo-{environment} --output text \
             --query Stacks[0].StackStatus\n"
        )
    };
    assert_eq!(commands_of_deploy("dev"), of("dev"));
    let protects = "aws cloudformation update-termination-protection --enable-termination-protection --stack-name";
    for environment in ["staging", "prod"] {
        let expected = format!("{}{protects} suppuo-{environment}\n", of(environment));
        assert_eq!(commands_of_deploy(environment), expected);
    }
}
