//! The portal's pages, in two languages.
//!
//! | what | where |
//! |---|---|
//! | the page of API keys | [`api_keys_page`], `templates/api_keys.html` |
//! | the page of one key | [`key_page`], `key_history`, `usage_chart`, `templates/key.html` |
//! | what both say of a key, and the fields of its settings | `key_summary`, `templates/key_*.html` |
//! | the page of webhooks | [`webhooks_page`], `templates/webhooks.html` and `webhook_*.html` |
//! | code that verifies a delivery | `receivers`, `assets/verification`, `templates/verification.html` |
//! | what the pages for signed-in users share | [`reader`], `templates/signed_in.html` |
//! | the error page | [`problem_page`], `templates/problem.html` |
//! | the page after signing out | [`signed_out_page`], `templates/signed_out.html` |
//! | the API reference | [`docs_page`], `templates/docs.html`, and the output of the package `reference` |
//! | the language switch | `templates/languages.html` |
//! | the link to support, and the id to quote | `templates/reference.html` |
//! | the frame of all pages | `templates/layout.html` |
//! | all texts, in each language | `texts`, `translations` |
//! | dates and ages | `moment`, `templates/moment.html` |
//! | the stylesheet, the scripts and the icon, from `assets/` | [`assets`] |
//!
//! The division of work between the server and the script: docs/architecture.md, The portal.

pub mod api_keys_page;
pub mod assets;
pub mod docs_page;
mod key_history;
pub mod key_page;
mod key_summary;
mod moment;
#[cfg(test)]
mod page_checks;
pub mod problem_page;
pub mod reader;
mod receivers;
pub mod signed_out_page;
mod texts;
mod translations;
mod usage_chart;
pub mod webhooks_page;

/// Starts a sign-in that returns to the page of API keys.
const SIGN_IN: &str = "/api/v1/auth/huudis/start?returnTo=/dashboard/api-keys";

/// The path of the page after signing out.
pub const SIGNED_OUT: &str = "/dashboard/signed-out";
