//! What the endpoints have in common: the way of a request from event to envelope.
//!
//! ```text
//! event → credential → limit → handler → store → envelope
//! ```
//!
//! The rooms, from the ground up. A room uses only rooms above it in this table.
//!
//! | room | what is in it |
//! |---|---|
//! | [`error`], [`ids`], [`time`], `log`, `random` | what every room uses |
//! | [`domain`] | what the API is about, without HTTP and without a database |
//! | [`http`] | the request, the response, the envelope |
//! | `aws` | clients of AWS services, secrets |
//! | [`store`] | DynamoDB: a file per kind of item |
//! | [`auth`] | who calls: a file per scheme, and the sign-in |
//! | [`portal`] | the pages |
//! | [`endpoint`] | what an endpoint is given and answers |
//! | [`runtime`] | the start of a function, and the way of a request through it |

#![cfg_attr(
    test,
    allow(clippy::disallowed_types, reason = "tests write JSON and read our own")
)]

pub mod auth;
mod aws;
pub mod domain;
pub mod endpoint;
pub mod error;
pub mod http;
pub mod ids;
mod log;
pub mod portal;
mod random;
pub mod runtime;
pub mod store;
pub mod time;

pub use domain::caller::Caller;
pub use endpoint::{
    anyone::Anyone,
    assets::AssetName,
    authenticated::{Authenticated, Session},
    cursors::Cursors,
    handler::handler,
    pages::{OpenPage, PageCall},
    preflight::Preflight,
    public::{PublicCall, SubmissionCall},
    sign_in::{SignInCallback, SignInStart},
    sign_out::SignOut,
    unrouted::Unrouted,
};
pub use error::ApiError;
pub use http::{
    envelope::{Answer, Redirect},
    json::Known,
    reply::{File, Page},
    request::Request,
};
pub use ids::{ApiKeyId, CannedReplyId, MessageId, Subject, TicketId, WorkspaceId};
pub use runtime::serve::serve;
pub use secrecy::ExposeSecret;
pub use std::process::ExitCode;
pub use time::Timestamp;
