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
    front,
    functions::{self, Functions},
    gateway,
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

/// The functions are built before they are started, so that this is ample.
const API_TIMEOUT: Duration = Duration::from_mins(2);

/// How long `cargo lambda watch` may take to end before it is made to.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// How many tickets this machine's one address may submit, unless [`IN_10_MINUTES`] or [`IN_AN_HOUR`] are given.
const SUBMISSIONS: &str = "1000";

const IN_10_MINUTES: &str = "SUBMISSIONS_IN_10_MINUTES";

const IN_AN_HOUR: &str = "SUBMISSIONS_IN_AN_HOUR";

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
    let limit = |name| env::var(name).ok().filter(|_| is_given(name));
    let limit = |name| limit(name).unwrap_or_else(|| SUBMISSIONS.to_owned());
    say(&format!(
        "limits: all clients here have one address; it may submit {} tickets in 10 minutes ({IN_10_MINUTES}), {} in an \
         hour ({IN_AN_HOUR})",
        limit(IN_10_MINUTES),
        limit(IN_AN_HOUR)
    ));
    let output = fs::File::create(&log)?;
    let mut api = watch(&ports, &output)?;
    let routes = template.routes()?;
    let functions = Functions {
        port: ports.lambda,
        folder: env::current_exe()?.with_file_name(""),
        environment: environment(&ports, dynamodb.url()),
        concurrency: concurrency()?,
        log: output,
    };
    // A function may have several routes.
    let names: BTreeSet<_> = routes.iter().map(|route| route.function.clone()).collect();
    let functions = functions.run(names)?;
    let served = front::serve(door, ports.lambda, routes.clone());
    tokio::spawn(async move {
        if let Err(error) = served.await {
            eprintln!("the front door ended: {error}");
        }
    });
    let outcome = tokio::select! {
        outcome = present(&ports, &routes, &log) => match outcome {
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
    drop(functions);
    end(api).await?;
    say("ended");
    outcome
}

/// Waits for the API and shows what can be done with it.
async fn present(ports: &Ports, routes: &[Route], log: &Path) -> Result<(), Error> {
    await_api(ports, routes, log).await?;
    let (api, token) = (ports.api_url(), token(ports).await?);
    println!(
        "
The portal, where people manage keys: open {api}/dashboard in a browser.

The API answers at {api}/api/v1. Try it:

  # Create a key, with an access token of a made-up person (another: make token)
  export SUPPUO_TOKEN={token}
  curl -X POST {api}/api/v1/api-keys -H \"Authorization: Bearer $SUPPUO_TOKEN\" -d '{{\"name\":\"My first key\"}}'

  # Use it: put the `key` of the answer here
  export SUPPUO_TOKEN=sk_live_…
  curl {api}/api/v1/api-keys -H \"Authorization: Bearer $SUPPUO_TOKEN\"

  # Submit a ticket as a customer would, and list what there is
  curl -X POST {api}/api/v1/public/tickets -d '{{\"accountId\":\"acc_dev\",\"subject\":\"Hello\",\"body\":\"Where is it?\",\"email\":\"kim@example.com\"}}'
  curl {api}/api/v1/tickets -H \"Authorization: Bearer $SUPPUO_TOKEN\"

  # Revoke it: put its `id` in place of ID; with the same key, the next call is refused
  curl -X DELETE {api}/api/v1/api-keys/ID -H \"Authorization: Bearer $SUPPUO_TOKEN\"

Ctrl-C ends it. What is created stays; `make clean-data` forgets it."
    );
    Ok(())
}

/// The environment of the functions: what stands here in place of AWS, and for the rest what we were started with, so
/// that another issuer, or another limit, can be given as a deployment gives it.
fn environment(ports: &Ports, dynamodb: &str) -> Vec<(String, String)> {
    let (issuer, secrets_manager) = (ports.issuer_url(), ports.issuer_url() + secrets::PATH);
    let always = [
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
    let unless_given = [
        ("HUUDIS_ISSUER", issuer.as_str()),
        (IN_10_MINUTES, SUBMISSIONS),
        (IN_AN_HOUR, SUBMISSIONS),
    ];
    let unless_given = unless_given.into_iter().filter(|(name, _)| !is_given(name));
    let ours = always.into_iter().chain(unless_given);
    let ours = ours.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let inherited = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    // Of two of one name the later is taken.
    inherited.chain(ours).collect()
}

/// Whether a setting is given in the environment. An empty one is as good as none.
fn is_given(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// How many processes a function has at most: `CONCURRENCY`.
fn concurrency() -> Result<usize, Error> {
    match env::var("CONCURRENCY").as_deref() {
        Err(_) => Ok(4),
        Ok(text) => match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("CONCURRENCY: `{text}` is no whole number from 1").into()),
        },
    }
}

/// Starts `cargo lambda watch` without its own processes of the functions; see [`local::functions`].
fn watch(ports: &Ports, output: &fs::File) -> Result<Child, Error> {
    let cargo_lambda =
        env::var_os("CARGO_LAMBDA").map_or_else(|| "cargo-lambda".into(), PathBuf::from);
    let mut command = Command::new(&cargo_lambda);
    command
        .args([
            "lambda",
            "watch",
            "--only-lambda-apis",
            "--ignore-changes",
            "--disable-cors",
        ])
        .args([
            "--invoke-address",
            "127.0.0.1",
            "--invoke-port",
            &ports.lambda.to_string(),
        ])
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        // Ctrl-C in a terminal goes to its whole group; this one is ended by `end`, in order.
        .process_group(0)
        .kill_on_drop(true);
    command
        .spawn()
        .map_err(|error| format!("{}: {error}", cargo_lambda.display()).into())
}

/// Ends `cargo lambda watch`.
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
async fn await_api(ports: &Ports, routes: &[Route], log: &Path) -> Result<(), Error> {
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
        loop {
            if let Ok(answer) = functions::invoke(&client, ports.lambda, function, &event).await {
                if let Some(error) = answer["errorMessage"].as_str() {
                    // A setting that cannot be used is named in the function's last words.
                    let words = fs::read_to_string(log).unwrap_or_default();
                    let last = words.lines().rfind(|line| line.contains("\"FATAL\""));
                    let last = last.map(|line| format!("\n{line}")).unwrap_or_default();
                    return Err(format!("{function}: {error}; see {}{last}", log.display()).into());
                }
                if answer["statusCode"]
                    .as_u64()
                    .is_some_and(|status| status < 500)
                    && answer["headers"]["x-request-id"].is_string()
                {
                    say(&format!("{function} answers"));
                    break;
                }
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
