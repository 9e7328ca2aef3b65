//! AWS on a laptop: replaces the cloud when the API runs, or is tested, on one machine.
//!
//! | module | replaces |
//! |---|---|
//! | [`dynamodb`] | the table, created as `template.yaml` declares it |
//! | [`clock`] | the time of the queues and schedules, which tests can move |
//! | [`sqs`], [`queue`] | SQS, with the queues that the template declares |
//! | [`machine`] | what calls the functions without a route: `stream`, `queue_poller`, `schedule` |
//! | [`pool`] | the same as `lambda`, for several processes of one function |
//! | [`issuer`] | Huudis: its keys, tokens and sign-in |
//! | [`github`] | GitHub: the keys and the signatures of its secret scanning |
//! | [`secrets`] | Secrets Manager, with the secrets that the template declares |
//! | [`lambda`] | the Lambda service: runs a function's binary and sends it events |
//! | [`functions`] | the same for `make run`: fetches events from `cargo lambda watch`, replaces dead processes |
//! | [`gateway`] | API Gateway: turns a request into the event of a route of `template.yaml` |
//! | [`front`] | the same for `make run`: an HTTP server in front of `cargo lambda watch` |
//! | [`proxy`] | the network between a function and AWS: counts calls, delays them, makes them fail |
//! | [`template`] | CloudFormation: reads `template.yaml` |
//!
//! [`run`] is `make run`, which uses all of them except the proxy. The tests and the benchmark use all except
//! `functions`, `front` and `run`: they need no `cargo lambda watch`. Nothing that is deployed depends on this crate.

mod activity;
pub mod batch;
pub mod clock;
pub mod dynamodb;
pub mod front;
pub mod functions;
pub mod gateway;
pub mod github;
pub mod issuer;
mod kills;
pub mod lambda;
pub mod machine;
pub mod pool;
pub mod proxy;
pub mod queue;
mod queue_poller;
pub mod run;
mod schedule;
pub mod secrets;
pub mod sqs;
mod stream;
pub mod template;

/// Errors are messages to a developer.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
