//! The portal: the pages that people see, in the product's two languages.
//!
//! | what | where |
//! |---|---|
//! | the page of API keys | [`api_keys_page`], `templates/api_keys.html` |
//! | the page that says what went wrong | [`problem_page`], `templates/problem.html` |
//! | the page for who has signed out | [`signed_out_page`], `templates/signed_out.html` |
//! | the API reference | [`docs_page`], `templates/docs.html`, and what the package `reference` makes |
//! | the switch of the languages | `templates/languages.html` |
//! | whom to write to about a problem, and what to quote | `templates/reference.html` |
//! | what all have around them | `templates/layout.html` |
//! | all words, in each language | `texts`, `translations` |
//! | how a moment is told | `moment` |
//! | the stylesheet, the scripts and the icon, from `assets/` | [`assets`] |
//!
//! A page is whole without the script: it shows the keys and filters them. The script creates and revokes
//! them through the API, as any client would, one call each. It holds no words; it finds them in the page.

pub mod api_keys_page;
pub mod assets;
pub mod docs_page;
mod moment;
pub mod problem_page;
pub mod signed_out_page;
mod texts;
mod translations;

/// Where a sign-in begins that comes back to the page of API keys.
const SIGN_IN: &str = "/api/v1/auth/huudis/start?returnTo=/dashboard/api-keys";

/// Where the page is for who has signed out.
pub const SIGNED_OUT: &str = "/dashboard/signed-out";
