//! `make run` serves the whole API on one machine, `make token` prints an access token for it.
//!
//! | module | what is in it |
//! |---|---|
//! | `console` | what `make run` prints |
//! | `emulator` | the process of `cargo lambda watch` |
//! | `ports` | where everything listens |
//! | `workers` | the queues, and what calls the functions without a route |
//! | `readiness` | waits until every function responds |
//! | `settings` | the environment of the functions, their number of processes |
//! | `token` | access tokens of the issuer |

mod console;
mod emulator;
mod ports;
mod readiness;
mod settings;
mod token;
mod workers;

use std::{collections::BTreeSet, env, fs, path::Path};

use tokio::signal::unix::{Signal, SignalKind, signal};

use self::{emulator::Emulator, ports::Ports, settings::TABLE, workers::Workers};
use crate::{
    Error,
    dynamodb::DynamoDb,
    front,
    functions::Functions,
    github,
    issuer::{Issuer, Key},
    secrets::{self, Secrets},
    template::{Route, Template},
};

/// Serves the API until a signal ends it.
pub async fn run() -> Result<(), Error> {
    // From here on, a signal no longer kills the process: `run` ends in order.
    let mut signals = Signals::new()?;
    let ports = Ports::from_env()?;
    let project = env::current_dir()?;
    let template = Template::read(&project)?;
    let data = project.join(env::var_os("DATA").unwrap_or_else(|| ".data".into()));
    fs::create_dir_all(&data)?;
    // These checks come before anything is started, so that a second run does not harm the first one or its data.
    let front_door = ports::listen("API_PORT", ports.api).await?;
    drop(ports::listen("LAMBDA_PORT", ports.lambda).await?);
    let lock = fs::File::create(data.join("lock"))?;
    lock.try_lock()
        .map_err(|_| "another `make run` of this checkout is running, on other ports")?;

    let dynamodb = start_dynamodb(&data, &ports, &template)?;
    start_issuer(&data, &ports).await?;

    let log_path = data.join("api.log");
    console::step(&format!(
        "API: {}, through cargo lambda watch on port {}, its log in {}",
        ports.api_url(),
        ports.lambda,
        log_path.display()
    ));
    console::step(&settings::limits_in_words());
    let log = fs::File::create(&log_path)?;
    let mut emulator = Emulator::start(ports.lambda, &log)?;
    let routes = template.routes()?;
    let folder = env::current_exe()?.with_file_name("");
    let mut environment = settings::environment(&ports, dynamodb.url());
    let workers = Workers::prepare(&template, &data).await?;
    environment.extend(workers.environment());
    let machine = workers.builder(&folder, &environment, log.try_clone()?)?;
    let machine = machine
        .start(&template, &dynamodb, TABLE, workers.sqs())
        .await?;
    let functions = Functions {
        port: ports.lambda,
        folder,
        environment,
        concurrency: settings::concurrency()?,
        timeouts: routes
            .iter()
            .map(|route| (route.function.clone(), route.timeout))
            .collect(),
        log,
    };
    // A function may have several routes.
    let names: BTreeSet<_> = routes.iter().map(|route| route.function.clone()).collect();
    let functions = functions.run(names)?;
    let served = front::serve(front_door, ports.lambda, routes.clone());
    tokio::spawn(async move {
        if let Err(error) = served.await {
            eprintln!("the front door ended: {error}");
        }
    });
    let until_ended = async {
        readiness::await_workers(&machine, &log_path).await?;
        show_when_ready(&ports, &routes, &log_path).await?;
        std::future::pending::<Result<(), Error>>().await
    };
    let outcome = tokio::select! {
        failed = until_ended => failed,
        error = emulator.unexpected_end() => Err(format!("{error}; see {}", log_path.display()).into()),
        () = signals.any() => Ok(()),
    };
    console::step("ending");
    drop((functions, machine));
    workers.keep()?;
    emulator.end().await?;
    console::step("ended");
    outcome
}

/// Serves the issuer alone until a signal ends it: an API that is deployed elsewhere signs people in here.
pub async fn issuer() -> Result<(), Error> {
    let mut signals = Signals::new()?;
    let ports = Ports::from_env()?;
    let data = env::current_dir()?.join(env::var_os("DATA").unwrap_or_else(|| ".data".into()));
    fs::create_dir_all(&data)?;
    start_issuer(&data, &ports).await?;
    signals.any().await;
    Ok(())
}

/// Prints an access token for the API that `make run` serves.
pub async fn print_token() -> Result<(), Error> {
    println!("{}", token::token(&Ports::from_env()?).await?);
    Ok(())
}

fn start_dynamodb(data: &Path, ports: &Ports, template: &Template) -> Result<DynamoDb, Error> {
    let file = data.join("dynamodb.sqlite");
    console::step(&format!(
        "DynamoDB: {} on port {}",
        file.display(),
        ports.dynamodb
    ));
    let dynamodb = DynamoDb::start(Some(&file), ports.dynamodb)
        .map_err(|error| ports::in_use("DYNAMODB_PORT", ports.dynamodb, error))?;
    dynamodb.create_table(template, TABLE)?;
    Ok(dynamodb)
}

/// Starts the issuer, which also serves the secrets, and what GitHub does.
async fn start_issuer(data: &Path, ports: &Ports) -> Result<(), Error> {
    console::step(&format!("issuer: {}", ports.issuer_url()));
    let listener = ports::listen("ISSUER_PORT", ports.issuer).await?;
    let client_secret = secrets::kept_in(&data.join("client.secret"))?;
    let signing_secret = secrets::kept_in(&data.join("signing.secret"))?;
    let issuer = Issuer::new(
        ports.issuer_url(),
        Key::kept_in(&data.join("issuer.key"))?,
        client_secret.clone(),
    );
    let secrets = Secrets::new([
        (secrets::SIGNING_SECRET, signing_secret),
        (secrets::CLIENT_SECRET, client_secret),
    ]);
    let others = secrets.router();
    let others = others.merge(github::router(Key::kept_in(&data.join("github.key"))?));
    tokio::spawn(issuer.serve(listener, others));
    Ok(())
}

/// Waits for the functions, then prints calls to try.
async fn show_when_ready(ports: &Ports, routes: &[Route], log: &Path) -> Result<(), Error> {
    readiness::await_functions(ports.lambda, routes, log).await?;
    console::show_calls_to_try(&ports.api_url(), &token::token(ports).await?);
    Ok(())
}

/// The signals that end the run.
struct Signals([Signal; 3]);

impl Signals {
    fn new() -> Result<Self, Error> {
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    /// Waits for the first of them.
    async fn any(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
