//! The signing secret of a deployment, from which [`SigningKeys`] are derived.
//!
//! `template.yaml` has Secrets Manager generate it, so that no person sees it. The table never holds it.
//!
//! An instance reads it when it first needs a key: to hash a client address or to seal a cursor. A function that signs
//! people in reads it at its start. The secret can be rotated: what the version before it sealed still opens. Client
//! addresses are counted from zero, on each instance within ten minutes. Nothing else depends on it.

use crate::{
    aws::secrets::{Secret, SecretsManager},
    domain::signing_keys::SigningKeys,
};

/// In bytes. A shorter secret is a mistake in the deployment.
const SHORTEST_SECRET: usize = 32;

pub(crate) type SigningSecret = Secret<SigningKeys>;

/// `id` is the secret's name or ARN. Only some functions need one.
pub(crate) fn secret(manager: &SecretsManager, id: Option<&str>) -> SigningSecret {
    Secret::new(manager, id, "the signing secret", |secret| {
        if secret.len() < SHORTEST_SECRET {
            return Err("it has less than 32 characters");
        }
        Ok(SigningKeys::from_secret(secret))
    })
}
