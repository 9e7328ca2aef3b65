//! Authentication: the three schemes, the issuer's tokens, the sign-in, and GitHub's signatures.

mod access_token;
pub(crate) mod access_tokens;
mod api_key;
pub(crate) mod authenticate;
pub mod bearer;
pub(crate) mod cached_document;
mod es256;
pub(crate) mod github_keys;
pub(crate) mod http_client;
pub mod issuer_tokens;
pub(crate) mod jwks;
pub(crate) mod published_keys;
pub(crate) mod scheme;
pub(crate) mod session;
pub mod sign_in;
pub(crate) mod workspace_hints;
