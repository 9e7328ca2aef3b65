//! The tokens that the issuer returns for a code.

use secrecy::SecretString;

pub(crate) struct Tokens {
    pub(super) access_token: SecretString,
    pub(super) id_token: SecretString,
}
