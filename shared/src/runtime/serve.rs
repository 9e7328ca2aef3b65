//! The start of a function: everything that is created once, before the first event.

use std::{convert::Infallible, process::ExitCode, sync::Arc};

use lambda_runtime::{LambdaEvent, Runtime, service_fn};

use crate::{
    auth::{
        access_tokens::AccessTokens, issuer_http::IssuerHttp, issuer_tokens::IssuerTokens,
        sign_in::provider::Provider,
    },
    aws::{
        clients::{self, Connection},
        secrets::SecretsManager,
        signing_secret,
    },
    endpoint::{handler::Endpoint, platform::Platform},
    error::Cause,
    http::event::Event,
    log,
    runtime::{config::Config, pipeline},
    store::database::Database,
};

/// Serves an endpoint until Lambda ends the process. It is all that a function's `main` does.
///
/// `route` is the endpoint's method and path in `template.yaml`, the first one if there are several. The log names it.
///
/// The runtime has one thread, because a Lambda function handles one event at a time. A second thread costs more than
/// half as much CPU per call again.
pub fn serve(route: &'static str, endpoint: impl Endpoint) -> ExitCode {
    run_to_the_end(route, &endpoint)
}

fn run_to_the_end(route: &'static str, endpoint: &dyn Endpoint) -> ExitCode {
    log::log_panics();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(route, endpoint)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::fatal(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn run(route: &'static str, endpoint: &dyn Endpoint) -> Result<(), lambda_runtime::Error> {
    let platform = &Arc::new(Platform::start(endpoint.variables())?);
    endpoint.prepare(platform).await;
    Runtime::new(service_fn(|event: LambdaEvent<Event>| async move {
        let LambdaEvent { payload, context } = event;
        Ok::<_, Infallible>(pipeline::answer(route, endpoint, platform, payload, &context).await)
    }))
    .run()
    .await
}

impl Platform {
    fn start(variables: &[&[&str]]) -> Result<Self, lambda_runtime::Error> {
        Ok(Self::of(&Config::from_env(variables)?)?)
    }

    pub(crate) fn of(config: &Config) -> Result<Self, Cause> {
        let connection = Connection::new(&config.region)?;
        let dynamodb = clients::dynamodb(&connection, config.dynamodb.as_deref());
        let secrets = SecretsManager::new(&connection, config.secrets_manager.as_deref());
        let http = Arc::<IssuerHttp>::default();
        let tokens = Arc::new(IssuerTokens::new(&config.issuer, Arc::clone(&http)));
        Ok(Self {
            database: Database::new(dynamodb, &config.table),
            access_tokens: AccessTokens::new(Arc::clone(&tokens), &config.issuer.audiences),
            provider: Provider::new(&config.issuer.name, &config.client, &secrets, http, tokens),
            sessions: config.sessions,
            signing_secret: Arc::new(signing_secret::secret(
                &secrets,
                config.signing_secret.as_deref(),
            )),
            caller_limit: config.caller_limit,
            public_limits: config.public_limits,
            support_url: config.support_url.as_deref().map(Into::into),
            stack: config.stack.clone(),
        })
    }
}
