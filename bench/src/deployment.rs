//! The functions under test, with their table, issuer and secrets.

use std::{
    env,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use local::{
    Error,
    clock::Clock,
    dynamodb::DynamoDb,
    gateway::Request,
    issuer::{Issuer, Key, TokenRequest},
    lambda::{self, Instance},
    machine::{Builder, Machine},
    proxy::{Fault, Operation, Proxy},
    secrets::{self, Secrets},
    sqs::Sqs,
    template::{Route, Template},
};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::statistics::millis;

/// The delay added to each table request: about the network latency within a region.
const DELAY: Duration = Duration::from_millis(3);
const TABLE: &str = "bench";
const TABLE_ENDPOINT: &str = "AWS_ENDPOINT_URL_DYNAMODB";

/// The rate limits, which are raised so that no call is refused.
const LIMITS: [&str; 4] = [
    "CALLER_LIMIT",
    "PUBLIC_LIMIT",
    "SUBMISSIONS_IN_10_MINUTES",
    "SUBMISSIONS_IN_AN_HOUR",
];

pub(crate) struct Deployment {
    binaries: PathBuf,
    template: Template,
    routes: Vec<Route>,
    proxy: Proxy,
    environment: Vec<(String, String)>,
    issuer: Issuer,
    dynamodb: DynamoDb,
}

/// A function's response.
pub(crate) struct Answer {
    /// How long the call took, in ms.
    pub(crate) took: f64,
    /// The envelope's `data`.
    pub(crate) data: Value,
    /// The `Set-Cookie` headers.
    cookies: Vec<String>,
    /// The `ETag` header; empty if there is none.
    pub(crate) tag: String,
}

impl Answer {
    /// A text in `data`; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        self.data[name].as_str().unwrap_or_default().to_owned()
    }

    /// A cookie that the response sets, as a browser sends it: `name=value`.
    pub(crate) fn cookie(&self, name: &str) -> Result<String, Error> {
        let pairs = self.cookies.iter().filter_map(|set| set.split(';').next());
        let mut named = pairs.filter(|pair| pair.split('=').next() == Some(name));
        let cookie = named.next().ok_or_else(|| format!("no {name} was set"))?;
        Ok(cookie.to_owned())
    }
}

impl Deployment {
    pub(crate) async fn start(binaries: &Path) -> Result<Self, Error> {
        let template = Template::read(&env::current_dir()?)?;
        let dynamodb = DynamoDb::start(None, 0)?;
        dynamodb.create_table(&template, TABLE)?;
        let proxy = Proxy::start(dynamodb.url(), DELAY, Box::new(|_| Fault::None)).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let name = format!("http://{}", listener.local_addr()?);
        let (key, client_secret) = (Key::generate(), secrets::generate()?);
        // One issuer is served; the other, with the same key, makes tokens here.
        let served = Issuer::new(name.clone(), key.clone(), client_secret.clone());
        let secrets = Secrets::new([
            (secrets::SIGNING_SECRET, secrets::generate()?),
            (secrets::CLIENT_SECRET, client_secret.clone()),
        ]);
        tokio::spawn(served.serve(listener, secrets.router()));
        let secrets_manager = name.clone() + secrets::PATH;
        let settings = [
            ("AWS_ACCESS_KEY_ID", "bench"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
            ("AWS_REGION", "us-east-1"),
            (TABLE_ENDPOINT, proxy.url()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &secrets_manager),
            ("TABLE_NAME", TABLE),
            ("SIGNING_SECRET", secrets::SIGNING_SECRET),
            ("HUUDIS_CLIENT_SECRET", secrets::CLIENT_SECRET),
            ("HUUDIS_ISSUER", &name),
        ];
        let limits = LIMITS.map(|limit| (limit, "1000000"));
        let environment = settings.into_iter().chain(limits);
        Ok(Self {
            binaries: binaries.to_owned(),
            routes: template.routes()?,
            template,
            environment: environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            proxy,
            issuer: Issuer::new(name, key, client_secret),
            dynamodb,
        })
    }

    /// Queues with this clock, for [`Deployment::machine`]. Functions that are started later send to them, and may call
    /// receivers on this machine.
    pub(crate) async fn queues(&mut self, clock: Clock) -> Result<Sqs, Error> {
        let sqs = Sqs::start(&self.template, clock, 0).await?;
        self.environment.extend(sqs.environment());
        let loopback = ("SUPPUO_LOOPBACK_WEBHOOKS".to_owned(), "1".to_owned());
        self.environment.push(loopback);
        Ok(sqs)
    }

    /// What calls the functions without a route: those of all events that the table has had. Its calls of the table
    /// are as slow as the others, but only [`Machine::operations`] has them.
    pub(crate) async fn machine(&self, sqs: &Sqs, most_processes: usize) -> Result<Machine, Error> {
        let mut environment = self.environment.clone();
        environment.retain(|(name, _)| name != TABLE_ENDPOINT && name != "AWS_ENDPOINT_URL_SQS");
        environment.push((TABLE_ENDPOINT.to_owned(), self.dynamodb.url().to_owned()));
        Builder::new(&self.binaries, environment)
            .most_processes(most_processes)
            .proxied(DELAY, |_| Fault::None)
            .start(&self.template, &self.dynamodb, TABLE, sqs)
            .await
    }

    /// Where the table is without TLS, behind the delay: `host:port`.
    pub(crate) fn table_address(&self) -> &str {
        self.proxy.url().trim_start_matches("http://")
    }

    /// From now on, functions are started from `binaries`, with the table at `url`. Those that read the system's
    /// certificate authorities read this file in their place.
    pub(crate) fn over_tls(self, binaries: &Path, url: &str, authorities: &Path) -> Self {
        let mut environment = self.environment.clone();
        environment.retain(|(name, _)| name != TABLE_ENDPOINT);
        environment.push((TABLE_ENDPOINT.to_owned(), url.to_owned()));
        let authorities = authorities.to_string_lossy().into_owned();
        environment.push(("SSL_CERT_FILE".to_owned(), authorities));
        Self {
            binaries: binaries.to_owned(),
            environment,
            ..self
        }
    }

    /// An access token for a workspace.
    pub(crate) fn token(&self, workspace: &str) -> String {
        self.issuer.token(TokenRequest {
            sub: "usr_bench".to_owned(),
            account_id: Some(workspace.to_owned()),
            aud: None,
            iss: None,
            expires_in: None,
        })
    }

    pub(crate) fn binary(&self, function: &str) -> PathBuf {
        self.binaries.join(function)
    }

    pub(crate) async fn function(&self, name: &str) -> Result<Instance, Error> {
        Instance::start(&self.binary(name), &self.environment, lambda::TIMEOUT).await
    }

    /// Calls a function and expects this status.
    pub(crate) async fn call(
        &self,
        function: &Instance,
        request: &Request,
        status: u16,
    ) -> Result<Answer, Error> {
        let (_, event) = request.routed(&self.routes).ok_or("no route")?;
        let event = event.to_string();
        let began = Instant::now();
        let answer = function.invoke_raw(&event).await?;
        let took = millis(began.elapsed());
        let answer = answer.map_err(|error| String::from_utf8_lossy(&error).into_owned())?;
        let answer: Value = serde_json::from_slice(&answer)?;
        if answer["statusCode"] != status {
            return Err(format!("unexpected answer: {answer}").into());
        }
        let mut body: Value =
            serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
        Ok(Answer {
            took,
            data: body["data"].take(),
            cookies: serde_json::from_value(answer["cookies"].clone()).unwrap_or_default(),
            tag: answer["headers"]["etag"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        })
    }

    /// The table requests since the last call of this method.
    pub(crate) fn take_operations(&self) -> Vec<Operation> {
        self.proxy.take_operations()
    }

    /// All items of the table, while there are few.
    pub(crate) fn items(&self) -> Result<Vec<Value>, Error> {
        self.dynamodb.items(TABLE)
    }

    /// Puts items directly into the table.
    pub(crate) fn put_all(&self, items: Vec<Value>) -> Result<(), Error> {
        self.dynamodb.put_all(TABLE, items)
    }
}
