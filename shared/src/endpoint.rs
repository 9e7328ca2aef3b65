//! What a handler takes and returns.
//!
//! [`handler`] makes an endpoint of a function. The function's parameter states what must hold before it runs. It is
//! created from the request ([`FromRequest`](handler::FromRequest)), and cannot be created otherwise:
//!
//! | parameter | gives access to | before the handler runs |
//! |---|---|---|
//! | [`Authenticated`] | the caller's workspace | the caller is authenticated and the call counted |
//! | [`SignOut`] | the caller's session | the same; a session is accepted over its limit too |
//! | [`AuthenticatedPage`] | the caller's workspace | the same; without a credential, a redirect to the sign-in |
//! | [`UnauthenticatedPage`] | the reader's language | |
//! | [`SignInStart`], [`SignInCallback`] | the sign-in | |
//! | [`PublicCall`] | the public form | the call is counted for the client address |
//! | [`PublicSubmission`] | the public form | the same, and the submission is counted |
//! | [`HealthCheck`] | whether the table answers | |
//! | [`Unauthenticated`] | the request | |
//! | [`DocumentCall`] | the origin and the link to support | |
//! | [`Preflight`], [`Unrouted`], [`AssetName`] | a part of the request | |
//!
//! The return type states the response: an `Answer` or a `Redirect` in the envelope, a page, which only the two page
//! parameters allow, or a file, which only `AssetName` and `DocumentCall` allow. Errors are an `ApiError`, in the
//! envelope; where browsers navigate, they get errors as a page.
//!
//! Only an authenticated caller gives access to a workspace:
//!
//! ```compile_fail,E0639
//! use shared::{Authenticated, Caller, Cursors, Request, Session, Workspace};
//!
//! type Parts = (Request, Caller, Workspace, Cursors, Option<Session>);
//!
//! fn forge((request, caller, workspace, cursors, session): Parts) -> Authenticated {
//!     Authenticated { request, caller, workspace, cursors, session }
//! }
//! ```
//!
//! What has the same types and forges nothing compiles:
//!
//! ```
//! use shared::{Authenticated, Caller, Cursors, Request, Session, Workspace};
//!
//! type Parts = (Request, Caller, Workspace, Cursors, Option<Session>);
//!
//! fn take_apart(call: Authenticated) -> Parts {
//!     (call.request, call.caller, call.workspace, call.cursors, call.session)
//! }
//! ```
//!
//! An endpoint of the API responds only in the envelope. It does not compile if it returns a page:
//!
//! ```compile_fail,E0277
//! use shared::{ApiError, Authenticated, Page, handler};
//!
//! async fn page(call: Authenticated) -> Result<Page, ApiError> {
//!     Ok(Page::new("<p>no envelope</p>".to_owned()))
//! }
//!
//! let endpoint = handler(page);
//! ```
//!
//! The same function with an `Answer` compiles:
//!
//! ```
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
//! [`SignOut`]: sign_out::SignOut
//! [`AuthenticatedPage`]: pages::AuthenticatedPage
//! [`UnauthenticatedPage`]: pages::UnauthenticatedPage
//! [`SignInStart`]: sign_in::SignInStart
//! [`SignInCallback`]: sign_in::SignInCallback
//! [`PublicCall`]: public::PublicCall
//! [`PublicSubmission`]: public::PublicSubmission
//! [`HealthCheck`]: health_check::HealthCheck
//! [`Unauthenticated`]: unauthenticated::Unauthenticated
//! [`DocumentCall`]: documents::DocumentCall
//! [`Preflight`]: preflight::Preflight
//! [`Unrouted`]: unrouted::Unrouted
//! [`AssetName`]: assets::AssetName

pub mod assets;
pub mod authenticated;
pub(crate) mod config;
pub mod cursors;
pub mod documents;
pub(crate) mod error_page;
pub mod handler;
pub mod health_check;
pub mod pages;
pub(crate) mod platform;
pub mod preflight;
pub mod public;
pub(crate) mod request_context;
pub mod sign_in;
pub mod sign_out;
mod store_errors;
pub mod ticket_filter;
pub mod unauthenticated;
pub mod unrouted;
pub(crate) mod variables;
