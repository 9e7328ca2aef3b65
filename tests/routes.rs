//! `template.yaml` says which routes there are. The other places that know them agree: binaries, the functions
//! themselves, the router of `cargo lambda watch`, `events/`, what a missed path is told, the table of
//! `docs/architecture.md`. And each function may do what it does, and nothing else.
//!
//! Over 400 lines: one subject, and each check is a few lines.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use local::template::{Route, Source};
use serde_json::json;
use shared::http::routes;

use crate::{
    app::{
        App, ROUTES, WORKERS, project,
        resources::ticket,
        sign_in::{SESSION, UNDER_WAY},
    },
    events::{event, event_of},
};

fn toml(file: &str) -> toml::Table {
    fs::read_to_string(project().join(file))
        .unwrap()
        .parse()
        .unwrap()
}

/// All functions.
fn functions() -> BTreeSet<String> {
    let with_routes = ROUTES.iter().map(|route| &route.function);
    let workers = WORKERS.iter().map(|worker| &worker.function);
    with_routes.chain(workers).cloned().collect()
}

fn is_worker(function: &str) -> bool {
    WORKERS.iter().any(|worker| worker.function == function)
}

/// The binaries of the functions' package, and the file of each.
fn binaries() -> BTreeMap<String, String> {
    let manifest = toml("functions/Cargo.toml");
    let text = |binary: &toml::Value, name: &str| binary[name].as_str().unwrap().to_owned();
    let binaries = manifest["bin"].as_array().unwrap().iter();
    binaries
        .map(|binary| (text(binary, "name"), text(binary, "path")))
        .collect()
}

/// The source files below a folder, by their path from there.
fn sources(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                sources(&path)
                    .into_iter()
                    .map(|source| format!("{name}/{source}"))
                    .collect()
            } else {
                BTreeSet::from_iter((path.extension() == Some("rs".as_ref())).then_some(name))
            }
        })
        .collect()
}

#[test]
fn every_binary_is_a_function_and_no_two_have_the_same_route() {
    assert_eq!(functions(), binaries().into_keys().collect());
    assert_eq!(
        sources(&project().join("functions")),
        binaries().into_values().collect()
    );
    let keys: BTreeSet<_> = ROUTES.iter().map(Route::key).collect();
    assert_eq!(keys.len(), ROUTES.len());
    assert!(keys.contains("$default"));
}

#[test]
fn the_source_folders_mirror_the_paths() {
    for (function, file) in binaries() {
        // api_keys/create.rs is the binary api-keys-create.
        assert_eq!(
            file.replace(['/', '_'], "-").trim_end_matches(".rs"),
            function
        );
    }
    for route in &*ROUTES {
        let file = &binaries()[&route.function];
        // `/api/v1/me` is an alias: its function lies with `/api/v1/auth/me`.
        if let Some((_, path)) = &route.endpoint
            && path != "/api/v1/me"
        {
            let resource = path
                .trim_start_matches("/api/v1")
                .trim_start_matches(['/', '.'])
                .split('/')
                .next()
                .unwrap();
            assert!(
                file.starts_with(&resource.replace(['-', '.'], "_")),
                "{file} serves {path}"
            );
        }
        assert!(project().join("functions").join(file).is_file());
    }
}

#[test]
fn each_functions_file_says_its_routes() {
    let with_routes = binaries().into_iter();
    for (function, file) in with_routes.filter(|(function, _)| !is_worker(function)) {
        let text = fs::read_to_string(project().join("functions").join(&file)).unwrap();
        // In the comment that it begins with: all of them.
        let (told, _) = text.split_once(": ").unwrap();
        let routes = ROUTES.iter().filter(|route| route.function == function);
        for route in routes.clone() {
            let (method, path) = match &route.endpoint {
                Some((method, path)) => (method.as_str(), path.as_str()),
                None => ("", "$default"),
            };
            let is_told = told.starts_with("//! `") && told.contains(method);
            assert!(is_told && told.contains(&format!("{path}`")), "{file}");
        }
        // To `serve`, which writes it in the log: one of them.
        let (_, served) = text.split_once("serve(").unwrap();
        let served = served.trim_start();
        let is_served = |key: String| served.starts_with(&format!("\"{key}\""));
        assert!(routes.map(Route::key).any(is_served), "{file}");
    }
}

#[test]
fn the_router_of_cargo_lambda_watch_has_the_same_routes_each_once() {
    let manifest = toml("Cargo.toml");
    let router = &manifest["workspace"]["metadata"]["lambda"]["watch"]["router"];
    let mut local = Vec::new();
    for route in router.as_array().unwrap() {
        let text = |name: &str| route[name].as_str().unwrap().to_owned();
        // As API Gateway writes a parameter that takes all that follows.
        let path = text("path").replace("{*proxy}", "{proxy+}");
        for method in route["methods"].as_array().unwrap() {
            let endpoint = (method.as_str().unwrap().to_owned(), path.clone());
            local.push((endpoint, text("function")));
        }
    }
    local.sort();
    let declared = ROUTES
        .iter()
        .filter_map(|route| Some((route.endpoint.clone()?, route.function.clone())));
    let declared: BTreeSet<_> = declared.collect();
    assert_eq!(local, Vec::from_iter(declared));
}

#[test]
fn the_paths_that_a_404_names_are_those_of_the_template() {
    let declared = ROUTES.iter().filter_map(|route| route.endpoint.clone());
    let declared = declared.filter(|(_, path)| !path.ends_with("+}"));
    let told = routes::PATHS.iter().flat_map(|known| {
        let path = known.pattern.to_owned();
        let methods = known.methods.iter();
        methods.map(move |method| ((*method).to_owned(), path.clone()))
    });
    let (declared, told): (BTreeSet<_>, Vec<_>) = (declared.collect(), told.collect());
    assert_eq!(declared, told.iter().cloned().collect());
    assert_eq!(declared.len(), told.len(), "each is said once");
}

#[test]
fn every_function_has_an_event_for_its_route() {
    let mut files = BTreeSet::new();
    for file in fs::read_dir(project().join("events")).unwrap() {
        files.insert(
            file.unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(files, functions());
    for function in functions().into_iter().filter(|one| !is_worker(one)) {
        let event = event(&function, "");
        let key = event["routeKey"].as_str().unwrap();
        let mut routes = ROUTES.iter().filter(|route| route.function == function);
        let route = routes.find(|route| route.key() == key);
        let route = route.unwrap_or_else(|| panic!("{function} has no route {key}"));
        let context = &event["requestContext"];
        assert_eq!(context["routeKey"], key);
        assert_eq!(context["http"]["path"], event["rawPath"], "{key}");
        if let Some((method, path)) = &route.endpoint {
            assert_eq!(context["http"]["method"], **method, "{key}");
            let filled = event["pathParameters"].as_object().into_iter().flatten();
            let filled = filled.fold(path.replace("+}", "}"), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), value.as_str().unwrap())
            });
            assert_eq!(event["rawPath"], filled);
        }
    }
}

#[test]
fn the_architecture_document_lists_the_routes() {
    let architecture = fs::read_to_string(project().join("docs/architecture.md")).unwrap();
    let rows = architecture
        .lines()
        .filter(|line| line.starts_with("| `") && line.contains("](../functions/"));
    let listed: BTreeSet<_> = rows
        .map(|row| {
            let cells: Vec<_> = row
                .split('|')
                .map(|cell| cell.trim().trim_matches('`').to_owned())
                .collect();
            (
                cells[1].clone(),
                cells
                    .into_iter()
                    .find(|cell| cell.contains("functions/"))
                    .unwrap(),
            )
        })
        .collect();
    let declared = ROUTES.iter().map(|route| {
        let file = format!("functions/{}", binaries()[&route.function]);
        (
            route.key(),
            format!("[`{}`](../{file})", file.trim_start_matches("functions/")),
        )
    });
    assert_eq!(listed, declared.collect());
}

/// A policy is minimal when the function uses every action in it. The proxies record the actions that an endpoint uses
/// for a user's first and second call, an API key's call and a session's calls, on a resource that exists.
#[tokio::test]
async fn each_functions_policy_allows_exactly_what_it_uses() {
    for route in &*ROUTES {
        let app = App::start().await;
        app.new_key("acc_a").await;
        let (_, key) = app.new_key("acc_a").await;
        let call = app.call_of(route, "acc_a").await;
        // With two keys, tickets and deliveries, a list can have a second page, and so a cursor.
        for subject in ["one", "two"] {
            app.new_delivery("acc_a").await;
            let create = app.call("POST", "/api/v1/tickets").json(&ticket(subject));
            create.bearer(&key).await_status(201).await;
        }
        let begun = app.begin_sign_in().await;
        let came_back = begun.allow(&json!({}), &json!({}));
        let session = app.sign_in("acc_a").await;
        // New instances also do what a function does only once.
        let fresh = app.sibling().start().await;
        drop(app.secret_operations());
        let token = app
            .issuer
            .token(&json!({ "sub": "usr_new", "accountId": "acc_a" }));
        // A browser may send a request twice.
        for credential in [Some(&token), Some(&token), Some(&key), None, None] {
            let mut event = event_of(route, credential.map_or("", String::as_str));
            event["pathParameters"] = call.path_parameters();
            if credential == Some(&key) {
                event["headers"]["idempotency-key"] = "once".into();
            }
            if credential.is_none() {
                let headers = event["headers"].as_object_mut().unwrap();
                headers.remove("authorization");
                headers.insert("sec-fetch-site".to_owned(), "same-origin".into());
                headers.insert("host".to_owned(), "api.example.test".into());
                event["rawQueryString"] = came_back.as_str().into();
                let under_way = format!("{UNDER_WAY}={}", begun.cookie);
                event["cookies"] = json!([format!("{SESSION}={session}"), under_way]);
            }
            let leaked = app.new_key("acc_a").await.1;
            let event = fresh.found(event, &leaked);
            let answer = fresh.invoke(&route.function, &event).await;
            assert_ne!(answer.status, 500, "{answer:?}");
        }
        let operations = [
            fresh.operations(),
            app.secret_operations(),
            fresh.queue_operations(),
        ]
        .concat();
        let actions = operations.into_iter().map(|operation| operation.actions);
        let used: BTreeSet<_> = actions.flatten().collect();
        assert_eq!(used, route.actions, "{}", route.function);
    }
}

/// The permissions that Lambda needs to fetch a function's events ("Lambda with DynamoDB streams", "Lambda with SQS",
/// Lambda developer guide), and no others. What the workers do themselves is compared in `tests/workers.rs`.
#[test]
fn each_workers_policy_allows_exactly_what_its_source_needs() {
    for worker in &*WORKERS {
        let expected: BTreeSet<_> = match &worker.source {
            Source::Stream(mapping) => {
                let queue = mapping.failures.as_deref().unwrap();
                let reading = [
                    "dynamodb:DescribeStream",
                    "dynamodb:GetRecords",
                    "dynamodb:GetShardIterator",
                    "dynamodb:ListStreams",
                ];
                let reading = reading.map(|action| format!("{action} on the stream"));
                let telling = format!("sqs:SendMessage on {queue}");
                reading.into_iter().chain([telling]).collect()
            }
            Source::Queue(mapping) => ["DeleteMessage", "GetQueueAttributes", "ReceiveMessage"]
                .map(|action| format!("sqs:{action} on {}", mapping.queue))
                .into(),
            Source::Schedule(_) => BTreeSet::new(),
        };
        assert_eq!(worker.source_actions, expected, "{}", worker.function);
    }
}

#[test]
fn deployed_code_depends_on_no_development_package() {
    for manifest in ["functions/Cargo.toml", "shared/Cargo.toml"] {
        let manifest = toml(manifest);
        let deployed = manifest["dependencies"].as_table().unwrap();
        for development_only in ["local", "dynoxide-rs", "axum", "fastrand"] {
            assert!(!deployed.contains_key(development_only));
        }
    }
}

#[test]
fn the_globals_of_the_template_have_only_known_names_and_values() {
    // `sam validate`, `cfn-lint` and `sam build` do not report a misspelt name or an unknown runtime here.
    let globals = &crate::app::TEMPLATE.value()["Globals"];
    assert_eq!(
        globals.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["Function"]
    );
    let known = [
        "Architectures",
        "AutoPublishAlias",
        "AutoPublishAliasAllProperties",
        "CodeUri",
        "DeploymentPreference",
        "Handler",
        "LoggingConfig",
        "MemorySize",
        "PermissionsBoundary",
        "Runtime",
        "Timeout",
        "Tracing",
    ];
    let mut set: Vec<_> = globals["Function"].as_object().unwrap().keys().collect();
    set.sort();
    assert_eq!(set, known);
    let function = &globals["Function"];
    assert_eq!(function["Runtime"], "provided.al2023");
    assert_eq!(function["Tracing"], "Tracing");
    let tracing = &crate::app::TEMPLATE.value()["Parameters"]["Tracing"];
    assert_eq!(tracing["AllowedValues"], json!(["PassThrough", "Active"]));
    assert_eq!(function["AutoPublishAliasAllProperties"], true);
    assert_eq!(function["PermissionsBoundary"], "FunctionBoundary");
    let alarms = json!(["Failures"]);
    assert_eq!(function["DeploymentPreference"]["Alarms"], alarms);
    // At a higher level, lines of requests would be dropped; at another one of the system, lines of each call are kept.
    let logging = json!({
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "WARN",
        "LogGroup": "Logs",
    });
    assert_eq!(function["LoggingConfig"], logging);
    assert!(
        function["Timeout"].as_u64().unwrap() < 30
            && function["MemorySize"].as_u64().unwrap() <= 256
    );
}

/// The example in CONTRIBUTING.md, with the name of an endpoint that exists, stands in each file as the example says.
#[test]
fn the_example_of_an_endpoint_is_written_as_the_endpoints_are() {
    let guide = fs::read_to_string(project().join("CONTRIBUTING.md")).unwrap();
    let example = |fence: &str, first: &str| {
        let (_, block) = guide.split_once(&format!("```{fence}\n{first}")).unwrap();
        let (block, _) = block.split_once("```").unwrap();
        format!("{first}{block}")
    };
    let as_health = |text: String| text.replace("ping", "health").replace("Ping", "Health");
    let as_me = |text: String| {
        text.replace("\"ping\"", "\"auth-me\"")
            .replace("/api/v1/ping", "/api/v1/auth/me")
    };
    for (file, expected) in [
        (
            "functions/Cargo.toml",
            as_health(example("toml", "[[bin]]")),
        ),
        ("template.yaml", as_health(example("yaml", "  Ping:"))),
        ("Cargo.toml", as_me(example("toml", "{ methods"))),
        ("shared/src/http/routes.rs", as_me(example("rust", "path("))),
        ("docs/architecture.md", as_health(example("text", "| `GET"))),
    ] {
        let text = fs::read_to_string(project().join(file)).unwrap();
        assert!(
            text.contains(expected.trim_end()),
            "{file} has no\n{expected}"
        );
    }
    // The endpoint itself begins and is served as the others.
    let endpoint = example("rust", "//! `GET /api/v1/ping`");
    assert!(endpoint.contains("    serve(\"GET /api/v1/ping\", handler(ping))\n"));
}
