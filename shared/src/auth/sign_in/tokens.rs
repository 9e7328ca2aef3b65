//! The tokens that the issuer returns for a code.

/// Has no `Debug`: tokens must not be logged.
pub(crate) struct Tokens {
    pub(super) access_token: String,
    pub(super) id_token: String,
}
