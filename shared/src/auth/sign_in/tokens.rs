//! What the issuer gives for a code.

/// What the token endpoint gives. It has no `Debug`.
pub(crate) struct Tokens {
    pub(super) access_token: String,
    pub(super) id_token: String,
}
