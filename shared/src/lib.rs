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
//! | [`error`], [`ids`], [`time`], `log`, `random`, `recent_callers` | what every module uses |
//! | [`domain`] | what the API is about, without HTTP and without a database |
//! | [`http`] | the request, the response, the envelope |
//! | `aws` | clients of AWS services, secrets |
//! | [`store`] | DynamoDB: a file per kind of item |
//! | [`auth`] | authentication: a file per scheme, and the sign-in |
//! | [`portal`] | the portal's pages |
//! | `webhooks` | what is sent to the workspaces' own systems |
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
mod recent_callers;
pub mod runtime;
pub mod store;
pub mod time;
mod webhooks;

pub use domain::{caller::Caller, scope::Area};
pub use endpoint::{
    assets::AssetName,
    authenticated::{Authenticated, Session},
    cursors::Cursors,
    documents::DocumentCall,
    exposed_keys::{GithubReport, LeakReport},
    handler::{ANY_KEY, handler, scoped},
    health_check::HealthCheck,
    key_calls::KeyCall,
    once::Once,
    pages::{AuthenticatedPage, UnauthenticatedPage},
    preflight::Preflight,
    public::{PublicCall, PublicSubmission},
    read_ahead::{ReadCall, reading},
    sign_in::{SignInCallback, SignInStart},
    sign_out::SignOut,
    unauthenticated::Unauthenticated,
    unrouted::Unrouted,
    webhook_calls::{DeliveryCall, WebhookCall},
};
pub use error::ApiError;
pub use http::{
    entity_tag::EntityTag,
    envelope::{Answer, Redirect},
    json::KnownFields,
    reply::{File, Page, ProviderAnswer},
    request::Request,
};
pub use ids::{
    ApiKeyId, AuditEventId, CannedReplyId, DeliveryId, MessageId, Subject, TicketId,
    WebhookSubscriptionId, WorkspaceId,
};
pub use runtime::{
    deliver_worker::serve_deliver, due_worker::serve_due, fan_out_worker::serve_fan_out,
    serve::serve,
};
pub use secrecy::ExposeSecret;
pub use std::process::ExitCode;
pub use store::workspace::Workspace;
pub use time::Timestamp;
pub use webhooks::sender::WebhookSender;
