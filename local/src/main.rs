//! `make run` and `make token`: the whole API on one machine.

use std::{
    collections::BTreeSet,
    env, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    time::{Duration, Instant},
};

use local::{
    Error,
    dynamodb::DynamoDb,
    front, gateway,
    issuer::{self, Issuer, Key},
    secrets,
    template::{Route, Template},
};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

/// The name of the table on this machine.
const TABLE: &str = "suppuo";

/// The functions are built before `cargo lambda watch` starts them, so that this is ample.
const API_TIMEOUT: Duration = Duration::from_mins(2);

/// How long `cargo lambda watch` may take to end before it is made to.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// Where everything listens, on loopback. Each can be changed by the variable of its name.
struct Ports {
    api: u16,
    issuer: u16,
    dynamodb: u16,
    lambda: u16,
}

impl Ports {
    fn from_env() -> Result<Self, Error> {
        let port = |name: &str, default| match env::var(name) {
            Ok(text) => text
                .parse()
                .map_err(|_| format!("{name}: `{text}` is no port number")),
            Err(_) => Ok(default),
        };
        Ok(Self {
            api: port("API_PORT", 9000)?,
            issuer: port("ISSUER_PORT", 9400)?,
            dynamodb: port("DYNAMODB_PORT", 9401)?,
            lambda: port("LAMBDA_PORT", 9402)?,
        })
    }

    fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.api)
    }

    fn issuer_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.issuer)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match env::args().nth(1).as_deref() {
        Some("run") => run().await,
        Some("token") => print_token().await,
        _ => Err("usage: local run | token".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    // From here on a signal ends the run in order, and not in the middle of something.
    let mut ended = [
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
    ];
    let [interrupt, terminate, hangup] = &mut ended;
    let ports = Ports::from_env()?;
    let project = env::current_dir()?;
    let template = Template::read(&project)?;
    let data = project.join(env::var_os("DATA").unwrap_or_else(|| ".data".into()));
    fs::create_dir_all(&data)?;
    // Before anything is started: who runs it twice should find the first one unharmed, its data above all.
    let door = listen("API_PORT", ports.api).await?;
    drop(listen("LAMBDA_PORT", ports.lambda).await?);
    let lock = fs::File::create(data.join("lock"))?;
    lock.try_lock()
        .map_err(|_| "another `make run` of this checkout is running, on other ports")?;

    say(&format!(
        "DynamoDB: {} on port {}",
        data.join("dynamodb.sqlite").display(),
        ports.dynamodb
    ));
    let dynamodb = DynamoDb::start(Some(&data.join("dynamodb.sqlite")), ports.dynamodb)
        .map_err(|error| in_use("DYNAMODB_PORT", ports.dynamodb, error))?;
    dynamodb.create_table(&template, TABLE)?;

    say(&format!("issuer: {}", ports.issuer_url()));
    let listener = listen("ISSUER_PORT", ports.issuer).await?;
    let client_secret = secrets::kept_in(&data.join("client.secret"))?;
    let issuer = Issuer::new(
        ports.issuer_url(),
        Key::kept_in(&data.join("issuer.key"))?,
        client_secret.clone(),
    );
    let secrets = [
        (
            secrets::SIGNING_SECRET,
            secrets::kept_in(&data.join("signing.secret"))?,
        ),
        (secrets::CLIENT_SECRET, client_secret),
    ];
    tokio::spawn(issuer.serve(listener, secrets::router(secrets)));

    let log = data.join("api.log");
    say(&format!(
        "API: {}, through cargo lambda watch on port {}, its log in {}",
        ports.api_url(),
        ports.lambda,
        log.display()
    ));
    let mut api = watch(&ports, dynamodb.url(), &log)?;
    tokio::spawn(front::serve(
        door,
        format!("http://127.0.0.1:{}", ports.lambda),
    ));
    let outcome = tokio::select! {
        outcome = present(&ports, &template) => match outcome {
            Ok(()) => tokio::select! {
                _ = interrupt.recv() => Ok(()),
                _ = terminate.recv() => Ok(()),
                _ = hangup.recv() => Ok(()),
                status = api.wait() => Err(format!("cargo lambda watch ended: {}", status?).into()),
            },
            failed => failed,
        },
        status = api.wait() => Err(format!("cargo lambda watch ended: {}; see {}", status?, log.display()).into()),
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        _ = hangup.recv() => Ok(()),
    };
    say("ending");
    end(api).await?;
    say("ended");
    outcome
}

/// Waits for the API and shows what can be done with it.
async fn present(ports: &Ports, template: &Template) -> Result<(), Error> {
    await_api(ports, &template.routes()?).await?;
    let (api, token) = (ports.api_url(), token(ports).await?);
    println!(
        "
The portal, where people manage keys: open {api}/dashboard in a browser.

The API answers at {api}/api/v1. Try it:

  # Create a key, with an access token of a made-up person (another: make token)
  curl -X POST {api}/api/v1/api-keys -H 'Authorization: Bearer {token}' -d '{{\"name\":\"My first key\"}}'

  # Use it: put the `key` of the answer in place of KEY
  curl {api}/api/v1/api-keys -H 'Authorization: Bearer KEY'

  # Submit a ticket as a customer would, and list what there is
  curl -X POST {api}/api/v1/public/tickets -d '{{\"accountId\":\"acc_dev\",\"subject\":\"Hello\",\"body\":\"Where is it?\",\"email\":\"kim@example.com\"}}'
  curl {api}/api/v1/tickets -H 'Authorization: Bearer KEY'

  # Revoke it: put its `id` in place of ID; with the same key, the next call is refused
  curl -X DELETE {api}/api/v1/api-keys/ID -H 'Authorization: Bearer KEY'

Ctrl-C ends it. What is created stays; `make clean-data` forgets it."
    );
    Ok(())
}

fn watch(ports: &Ports, dynamodb: &str, log: &Path) -> Result<Child, Error> {
    let cargo_lambda =
        env::var_os("CARGO_LAMBDA").map_or_else(|| "cargo-lambda".into(), PathBuf::from);
    let output = fs::File::create(log)?;
    let concurrency = env::var("CONCURRENCY").unwrap_or_else(|_| "4".to_owned());
    let secrets_manager = ports.issuer_url() + secrets::PATH;
    let settings = [
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &secrets_manager),
        ("TABLE_NAME", TABLE),
        ("SIGNING_SECRET", secrets::SIGNING_SECRET),
        ("HUUDIS_CLIENT_ID", issuer::CLIENT_ID),
        ("HUUDIS_CLIENT_SECRET", secrets::CLIENT_SECRET),
    ];
    // Another issuer, or another limit, can be given in the environment, as a deployment gives it.
    let issuer = env::var("HUUDIS_ISSUER").unwrap_or_else(|_| ports.issuer_url());
    let mut command = Command::new(&cargo_lambda);
    command
        .args([
            "lambda",
            "watch",
            "--ignore-changes",
            "--disable-cors",
            "--concurrency",
            &concurrency,
        ])
        .args([
            "--invoke-address",
            "127.0.0.1",
            "--invoke-port",
            &ports.lambda.to_string(),
        ])
        .envs(settings)
        .env("HUUDIS_ISSUER", issuer)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        // Ctrl-C in a terminal goes to its whole group; this one is ended by `end`, in order.
        .process_group(0)
        .kill_on_drop(true);
    command
        .spawn()
        .map_err(|error| format!("{}: {error}", cargo_lambda.display()).into())
}

/// Ends `cargo lambda watch`. The functions end by themselves when their Runtime API is gone.
async fn end(mut api: Child) -> Result<(), Error> {
    let Some(group) = api
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw)
    else {
        return Ok(());
    };
    for signal in [Signal::INT, Signal::KILL] {
        // It may have ended in between.
        let _ = kill_process_group(group, signal);
        if tokio::time::timeout(END_TIMEOUT, api.wait()).await.is_ok() {
            return Ok(());
        }
    }
    Err("cargo lambda watch could not be ended".into())
}

/// Waits until every function answers with the id of the request and no error of its own, so that the first call of a
/// newcomer is a quick one.
///
/// Functions are called as Lambda's clients call them ("Invoke", Lambda API reference), with events of an address of
/// their own: what is left of the newcomer's limits is theirs.
async fn await_api(ports: &Ports, routes: &[Route]) -> Result<(), Error> {
    let client = client()?;
    let began = Instant::now();
    let mut functions = BTreeSet::new();
    for route in routes {
        if !functions.insert(&route.function) {
            continue;
        }
        let (method, path) = match &route.endpoint {
            Some((method, path)) => (method.clone(), path.replace(['{', '}'], "")),
            None => ("GET".to_owned(), "/".to_owned()),
        };
        let request = gateway::Request {
            method,
            path,
            ..gateway::Request::default()
        };
        let (_, event) = request
            .routed(std::slice::from_ref(route))
            .ok_or("a route does not take its own path")?;
        let function = &route.function;
        let url = format!(
            "http://127.0.0.1:{}/2015-03-31/functions/{function}/invocations",
            ports.lambda
        );
        loop {
            let answer = client.post(&url).json(&event).send().await;
            if let Ok(answer) = answer
                && let Ok(answer) = answer.json::<Value>().await
                && answer["statusCode"]
                    .as_u64()
                    .is_some_and(|status| status < 500)
                && answer["headers"]["x-request-id"].is_string()
            {
                say(&format!("{function} answers"));
                break;
            }
            if began.elapsed() > API_TIMEOUT {
                return Err(format!("{function} does not answer").into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

async fn print_token() -> Result<(), Error> {
    println!("{}", token(&Ports::from_env()?).await?);
    Ok(())
}

/// A token of the person `SUB` in the workspace `ACCOUNT`.
async fn token(ports: &Ports) -> Result<String, Error> {
    let or = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let request = json!({ "sub": or("SUB", "usr_dev"), "accountId": or("ACCOUNT", "acc_dev") });
    let url = format!("{}/dev/token", ports.issuer_url());
    let answer = client()?.post(&url).json(&request).send().await;
    let answer = answer
        .map_err(|error| format!("{url} does not answer, is `make run` running? ({error})"))?;
    let answer: Value = answer.json().await?;
    Ok(answer["token"]
        .as_str()
        .ok_or_else(|| format!("{url} gave no token: is it the issuer that answers there?"))?
        .to_owned())
}

fn client() -> Result<reqwest::Client, Error> {
    Ok(reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()?)
}

async fn listen(variable: &str, port: u16) -> Result<TcpListener, Error> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    listener.map_err(|error| in_use(variable, port, error.into()))
}

fn in_use(variable: &str, port: u16, error: Error) -> Error {
    match error.downcast_ref::<std::io::Error>() {
        Some(io) if io.kind() == ErrorKind::AddrInUse => {
            format!("port {port} is in use; choose another with {variable}=…").into()
        }
        _ => error,
    }
}

fn say(what: &str) {
    println!("▸ {what}");
}
