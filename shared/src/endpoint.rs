//! What a handler takes and returns.
//!
//! [`handler`], [`scoped`](handler::scoped) and [`reading`] make an endpoint of a function. The function's parameter
//! states what must hold before it runs. It is created from the request ([`FromRequest`](handler::FromRequest)), and
//! cannot be created otherwise:
//!
//! | parameter | gives access to | before the handler runs |
//! |---|---|---|
//! | [`Authenticated`] | the caller's workspace | the caller is authenticated and the call counted |
//! | [`ReadCall`] | the same, to read only | nothing: its answer is dropped unless that holds ([`read_ahead`]) |
//! | [`AuthenticatedPage`] | the same | the same; without a credential, a redirect to the sign-in |
//! | [`SignOut`] | the caller's session | as [`Authenticated`], but a session over its limit, too |
//! | [`UnauthenticatedPage`] | the reader's language | |
//! | [`SignInStart`], [`SignInCallback`] | the sign-in | |
//! | [`PublicCall`] | the public form | the call is counted for the client address |
//! | [`PublicSubmission`] | the public form | the same, and the submission is counted |
//! | [`KeyCall`] | the caller's workspace, and what an audit event needs | as [`Authenticated`] |
//! | [`WebhookCall`], [`DeliveryCall`] | the same, and what sends deliveries, or their queue | the same |
//! | [`LeakReport`] | what revokes keys that were found | the call is counted for the client address |
//! | [`GithubReport`] | the same, and the report | GitHub's signature is verified |
//! | [`HealthCheck`] | whether the table answers | |
//! | [`Unauthenticated`] | the request | |
//! | [`DocumentCall`] | the origin and the link to support | |
//! | [`Preflight`], [`Unrouted`], [`AssetName`] | a part of the request | |
//!
//! The return type states the response: an `Answer` or a `Redirect` in the envelope, a page, which only the two page
//! parameters allow, a file, which only `AssetName` and `DocumentCall` allow, or what a provider's contract says, which
//! only a call of that provider allows. Errors are an `ApiError`, in the envelope; where browsers navigate, they get
//! errors as a page.
//!
//! Only an authenticated caller gives access to a workspace:
//!
//! ```compile_fail,E0639
//! use shared::{Authenticated, Caller, Cursors, Once, Request, Session, Workspace};
//!
//! type Parts = (Request, Caller, Workspace, Cursors, Once, Option<Session>);
//!
//! fn forge((request, caller, workspace, cursors, once, session): Parts) -> Authenticated {
//!     Authenticated { request, caller, workspace, cursors, once, session }
//! }
//! ```
//!
//! What has the same types and forges nothing compiles:
//!
//! ```
//! use shared::{Authenticated, Caller, Cursors, Once, Request, Session, Workspace};
//!
//! type Parts = (Request, Caller, Workspace, Cursors, Once, Option<Session>);
//!
//! fn take_apart(call: Authenticated) -> Parts {
//!     (call.request, call.caller, call.workspace, call.cursors, call.once, call.session)
//! }
//! ```
//!
//! An endpoint of the API responds only in the envelope. It does not compile if it returns a page:
//!
//! ```compile_fail,E0277
//! use shared::{ANY_KEY, ApiError, Authenticated, Page, scoped};
//!
//! async fn page(call: Authenticated) -> Result<Page, ApiError> {
//!     Ok(Page::new("<p>no envelope</p>".to_owned()))
//! }
//!
//! let endpoint = scoped(ANY_KEY, page);
//! ```
//!
//! The same function with an `Answer` compiles:
//!
//! ```
//! use shared::{ANY_KEY, Answer, ApiError, Authenticated, scoped};
//!
//! async fn answer(call: Authenticated) -> Result<Answer, ApiError> {
//!     Answer::ok(call.workspace.id().as_str())
//! }
//!
//! let endpoint = scoped(ANY_KEY, answer);
//! ```
//!
//! An endpoint that API keys may call states the scope that it requires. Without one it does not compile:
//!
//! ```compile_fail,E0271
//! use shared::{Answer, ApiError, Authenticated, handler};
//!
//! async fn answer(call: Authenticated) -> Result<Answer, ApiError> {
//!     Answer::ok(call.workspace.id().as_str())
//! }
//!
//! let endpoint = handler(answer);
//! ```
//!
//! [`Authenticated`]: authenticated::Authenticated
//! [`ReadCall`]: read_ahead::ReadCall
//! [`reading`]: read_ahead::reading
//! [`SignOut`]: sign_out::SignOut
//! [`AuthenticatedPage`]: pages::AuthenticatedPage
//! [`UnauthenticatedPage`]: pages::UnauthenticatedPage
//! [`SignInStart`]: sign_in::SignInStart
//! [`SignInCallback`]: sign_in::SignInCallback
//! [`PublicCall`]: public::PublicCall
//! [`PublicSubmission`]: public::PublicSubmission
//! [`KeyCall`]: key_calls::KeyCall
//! [`WebhookCall`]: webhook_calls::WebhookCall
//! [`DeliveryCall`]: webhook_calls::DeliveryCall
//! [`LeakReport`]: exposed_keys::LeakReport
//! [`GithubReport`]: exposed_keys::GithubReport
//! [`HealthCheck`]: health_check::HealthCheck
//! [`Unauthenticated`]: unauthenticated::Unauthenticated
//! [`DocumentCall`]: documents::DocumentCall
//! [`Preflight`]: preflight::Preflight
//! [`Unrouted`]: unrouted::Unrouted
//! [`AssetName`]: assets::AssetName

pub mod assets;
pub mod audit_filter;
pub mod authenticated;
pub(crate) mod config;
pub mod cursors;
pub mod delivery_filter;
pub mod documents;
pub(crate) mod error_page;
mod event_patterns;
pub mod exposed_keys;
pub mod handler;
pub mod health_check;
pub mod key_calls;
mod key_fields;
pub mod once;
pub mod pages;
pub(crate) mod platform;
pub mod preflight;
pub mod public;
pub mod read_ahead;
pub(crate) mod request_context;
pub mod sign_in;
pub mod sign_out;
mod store_errors;
pub mod ticket_filter;
pub mod ticket_list_tag;
pub mod unauthenticated;
pub mod unrouted;
pub(crate) mod variables;
pub mod webhook_calls;
