//! The signing secret of a deployment, from which [`SigningKeys`] are derived.
//!
//! `template.yaml` has Secrets Manager make it up, so that no person ever sees it; the table never holds it.
//! An instance reads it once, when something first needs a key: a client address to hash, a cursor to seal, or right at the
//! start of a function that signs people in. A secret that changes under running instances makes cursors invalid (`400`),
//! ends sign-ins that are under way and counts addresses anew; nothing else depends on it.

use crate::{
    aws::secrets::{Secret, SecretsManager},
    domain::signing_keys::SigningKeys,
};

/// Less than this is no secret that anybody made with care.
const SHORTEST_SECRET: usize = 32;

/// Where the secret is, and the keys once it was read.
pub(crate) type SigningSecret = Secret<SigningKeys>;

/// The signing secret of this name or ARN.
pub(crate) fn secret(manager: &SecretsManager, id: &str) -> SigningSecret {
    Secret::new(manager, Some(id), "the signing secret", |secret| {
        if secret.len() < SHORTEST_SECRET {
            return Err("it has less than 32 characters");
        }
        Ok(SigningKeys::from_secret(secret))
    })
}
