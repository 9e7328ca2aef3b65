//! AWS on a laptop: replaces the cloud when the API runs, or is tested, on one machine.
//!
//! | module | replaces |
//! |---|---|
//! | [`dynamodb`] | the table, created as `template.yaml` declares it |
//! | [`issuer`] | Huudis: its keys, tokens and sign-in |
//! | [`secrets`] | Secrets Manager, with the secrets that the template declares |
//! | [`lambda`] | the Lambda service: runs a function's binary and sends it events |
//! | [`functions`] | the same for `make run`: fetches events from `cargo lambda watch`, replaces dead processes |
//! | [`gateway`] | API Gateway: turns a request into the event of a route of `template.yaml` |
//! | [`front`] | the same for `make run`: an HTTP server in front of `cargo lambda watch` |
//! | [`proxy`] | the network between a function and its table: counts calls, delays them, makes them fail |
//! | [`template`] | CloudFormation: reads `template.yaml` |
//!
//! [`run`] is `make run`, which uses all of them except the proxy. The tests and the benchmark use all except
//! `functions`, `front` and `run`: they need no `cargo lambda watch`. Nothing that is deployed depends on this crate.

pub mod dynamodb;
pub mod front;
pub mod functions;
pub mod gateway;
pub mod issuer;
pub mod lambda;
pub mod proxy;
pub mod run;
pub mod secrets;
pub mod template;

/// Errors are messages to a developer.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
