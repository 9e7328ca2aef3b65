//! What the issuer gives for a code.

use secrecy::SecretString;

/// What the token endpoint gives.
pub(crate) struct Tokens {
    pub(super) access_token: SecretString,
    pub(super) id_token: SecretString,
}
