//! What all requests of a function instance share.

use std::sync::Arc;

use crate::{
    auth::{access_tokens::AccessTokens, sign_in::provider::Provider},
    aws::signing_secret::SigningSecret,
    domain::{
        rate_limit::{PublicLimits, RateLimit},
        session::Lifetime,
    },
    store::database::Database,
};

/// Created once, before the first event.
pub struct Platform {
    pub(crate) database: Database,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) sessions: Lifetime,
    pub(crate) provider: Provider,
    pub(crate) signing_secret: Arc<SigningSecret>,
    pub(crate) caller_limit: RateLimit,
    pub(crate) public_limits: PublicLimits,
    pub(crate) support_url: Option<Arc<str>>,
    /// The stack's name, which the metrics have.
    pub(crate) stack: String,
}
