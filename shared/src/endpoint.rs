//! What an endpoint is given, and what it answers.
//!
//! An endpoint is a function, served by [`handler`]. The type that it takes says what must hold before it runs; the
//! type is made from the request, and nothing else makes one:
//!
//! | it takes | it is given | before it runs |
//! |---|---|---|
//! | [`Authenticated`](authenticated::Authenticated) | the caller and their workspace | the caller is authenticated, and their call counted |
//! | [`SignOut`](sign_out::SignOut) | the caller's session | the same; a session is let in over its limit, too |
//! | [`PageCall`](pages::PageCall) | the same, and the reader's language | the same; a browser that has not signed in is sent to do so |
//! | [`OpenPage`](pages::OpenPage) | the reader's language | |
//! | [`SignInStart`](sign_in::SignInStart), [`SignInCallback`](sign_in::SignInCallback) | what leads to a session | |
//! | [`PublicCall`](public::PublicCall) | the public form | the call is counted for its client address |
//! | [`SubmissionCall`](public::SubmissionCall) | the public form | the same, as a ticket's submission |
//! | [`Anyone`](anyone::Anyone) | whether the table answers | |
//! | [`DocumentCall`](documents::DocumentCall) | the origin, and whom to write to | |
//! | [`Preflight`](preflight::Preflight), [`Unrouted`](unrouted::Unrouted), [`AssetName`](assets::AssetName) | a part of the request | |
//!
//! What it returns says how it is answered: an `Answer` or a `Redirect` in the envelope; a page, which only the two
//! page types may return; a file, which only an asset's and a document's endpoint may return. Errors are an `ApiError`, in the envelope;
//! a browser that navigates gets them as a page where it navigates by itself.
//!
//! No data without a caller: a workspace comes from an authenticated call, and from nowhere else.
//!
//! ```compile_fail,E0639
//! # fn example(
//! #     request: shared::Request, caller: shared::Caller, workspace: shared::Workspace,
//! #     cursors: shared::Cursors, session: Option<shared::Session>,
//! # ) {
//! let call = shared::Authenticated { request, caller, workspace, cursors, session };
//! # }
//! ```
//!
//! No answer outside the envelope: an endpoint of the API that returns a page does not compile.
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

pub mod anyone;
pub mod assets;
pub mod authenticated;
pub mod cursors;
pub mod documents;
pub(crate) mod error_page;
pub mod handler;
pub mod pages;
pub(crate) mod platform;
pub mod preflight;
pub mod public;
pub(crate) mod request_context;
pub mod sign_in;
pub mod sign_out;
mod store_errors;
pub mod ticket_filter;
pub mod unrouted;
