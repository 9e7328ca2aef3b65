//! Authentication: the three schemes, the issuer's tokens, and the sign-in.

mod access_token;
pub(crate) mod access_tokens;
mod api_key;
pub(crate) mod authenticate;
pub mod bearer;
pub(crate) mod cached_document;
mod es256;
pub(crate) mod issuer_http;
pub mod issuer_tokens;
pub(crate) mod jwks;
pub(crate) mod scheme;
pub(crate) mod session;
pub mod sign_in;
