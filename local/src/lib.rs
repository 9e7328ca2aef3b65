//! AWS on a laptop: what stands in for the cloud when the API runs or is tested on one machine.
//!
//! | here | stands in for |
//! |---|---|
//! | [`dynamodb`] | the table, made as `template.yaml` declares it |
//! | [`issuer`] | Huudis: its keys, tokens and sign-in |
//! | [`secrets`] | Secrets Manager, with the secrets that the template declares |
//! | [`lambda`] | the Lambda service: runs a function's binary and hands it events |
//! | [`functions`] | Lambda, for `make run`: starts functions' processes, and others in place of dead ones |
//! | [`gateway`] | the API Gateway, in tests: turns a request into an event by the routes of `template.yaml` |
//! | [`front`] | the API Gateway, for `make run`: stands before `cargo lambda watch`, which makes the events |
//! | [`proxy`] | a network between a function and its table: slow, failing, and counting |
//! | [`template`] | CloudFormation: reads `template.yaml` |
//!
//! `make run` uses the first four, the functions and the front, with `cargo lambda watch` in between; the tests and
//! the benchmark use the others. Nothing here is a dependency of what is deployed.

pub mod dynamodb;
pub mod front;
pub mod functions;
pub mod gateway;
pub mod issuer;
pub mod lambda;
pub mod proxy;
pub mod secrets;
pub mod template;

/// What goes wrong here is told to a developer, in words.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
