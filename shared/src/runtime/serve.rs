//! The start of a function: everything that is created once, before the first event.

use std::{convert::Infallible, process::ExitCode, sync::Arc};

use lambda_runtime::{LambdaEvent, Runtime, service_fn};

use crate::{
    endpoint::{config::Config, handler::Endpoint, platform::Platform},
    http::event::Event,
    log,
    runtime::pipeline,
};

/// Serves an endpoint until Lambda ends the process. It is all that a function's `main` does.
///
/// `route` is the endpoint's method and path in `template.yaml`, the first one if there are several. The log names it.
///
/// The runtime has one thread, because a Lambda function handles one event at a time. A second thread costs more than
/// half as much CPU per call again.
pub fn serve(route: &'static str, endpoint: impl Endpoint) -> ExitCode {
    start(run(route, &endpoint))
}

/// Runs a function until Lambda ends the process, or it cannot start.
pub(super) fn start(run: impl Future<Output = Result<(), lambda_runtime::Error>>) -> ExitCode {
    log::log_panics();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run),
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
    let config = Config::from_env(endpoint.variables())?;
    let platform = &Arc::new(Platform::new(&config, endpoint.connect())?);
    endpoint.prepare(platform).await;
    Runtime::new(service_fn(|event: LambdaEvent<Event>| async move {
        let LambdaEvent { payload, context } = event;
        Ok::<_, Infallible>(pipeline::answer(route, endpoint, platform, payload, &context).await)
    }))
    .run()
    .await
}
