//! What the endpoints share: everything between API Gateway's event and the response.
//!
//! ```text
//! event → credential → limit → handler → store → envelope
//! ```
//!
//! A module uses only modules above it in this table.
//!
//! | module | what is in it |
//! |---|---|
//! | [`error`], [`ids`], [`time`], `log`, `random` | what every module uses |
//! | [`domain`] | what the API is about, without HTTP and without a database |
//! | [`http`] | the request, the response, the envelope |
//! | `aws` | clients of AWS services, secrets |
//! | [`store`] | DynamoDB: a file per kind of item |
//! | [`auth`] | authentication: a file per scheme, and the sign-in |
//! | [`portal`] | the portal's pages |
//! | [`endpoint`] | what a handler takes and returns |
//! | [`runtime`] | the start of a function, and the pipeline of a request |

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_types,
        reason = "tests write JSON and read only our own"
    )
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
    assets::AssetName,
    authenticated::{Authenticated, Session},
    cursors::Cursors,
    documents::DocumentCall,
    handler::handler,
    health_check::HealthCheck,
    pages::{AuthenticatedPage, UnauthenticatedPage},
    preflight::Preflight,
    public::{PublicCall, PublicSubmission},
    sign_in::{SignInCallback, SignInStart},
    sign_out::SignOut,
    unauthenticated::Unauthenticated,
    unrouted::Unrouted,
};
pub use error::ApiError;
pub use http::{
    envelope::{Answer, Redirect},
    json::KnownFields,
    reply::{File, Page},
    request::Request,
};
pub use ids::{ApiKeyId, CannedReplyId, MessageId, Subject, TicketId, WorkspaceId};
pub use runtime::serve::serve;
pub use secrecy::ExposeSecret;
pub use std::process::ExitCode;
pub use store::workspace::Workspace;
pub use time::Timestamp;
