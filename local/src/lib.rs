//! AWS on a laptop: what stands in for the cloud when the API runs or is tested on one machine.
//!
//! | here | stands in for |
//! |---|---|
//! | [`dynamodb`] | the table, made as `template.yaml` declares it |
//! | [`issuer`] | Huudis: its keys, tokens and sign-in |
//! | [`secrets`] | Secrets Manager, with the secrets that the template declares |
//! | [`lambda`] | the Lambda service: runs a function's binary and hands it events |
//! | [`functions`] | the same, for `make run`: fetches the events from `cargo lambda watch`, replaces dead processes |
//! | [`gateway`] | the API Gateway: turns a request into the event of a route of `template.yaml` |
//! | [`front`] | the same, for `make run`: HTTP, before `cargo lambda watch` |
//! | [`proxy`] | a network between a function and its table: slow, failing, and counting |
//! | [`template`] | CloudFormation: reads `template.yaml` |
//!
//! `make run` uses all but the proxy; the tests and the benchmark all but the functions and the front, with no
//! `cargo lambda watch` in between. Nothing here is a dependency of what is deployed.

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
