//! What all requests of a function instance share.

use std::sync::Arc;

use crate::{
    auth::{
        access_tokens::AccessTokens, issuer_http::IssuerHttp, issuer_tokens::IssuerTokens,
        sign_in::provider::Provider,
    },
    aws::{
        clients::{self, Connection},
        secrets::SecretsManager,
        signing_secret::{self, SigningSecret},
    },
    domain::{
        rate_limit::{PublicLimits, RateLimit},
        session::Lifetime,
    },
    endpoint::config::Config,
    error::{ApiError, Cause},
    store::database::Database,
};

/// Created once, before the first event.
pub struct Platform {
    services: Option<Services>,
    pub(crate) sessions: Lifetime,
    pub(crate) caller_limit: RateLimit,
    pub(crate) public_limits: PublicLimits,
    pub(crate) support_url: Option<Arc<str>>,
    /// The stack's name, which the metrics have.
    pub(crate) stack: String,
}

/// The table, the secrets and the issuer.
pub struct Services {
    pub(crate) database: Database,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) provider: Provider,
    pub(crate) signing_secret: Arc<SigningSecret>,
}

/// How an endpoint connects to the services.
///
/// A function whose endpoint does not is compiled without them: the linker drops what nothing calls, which is most of
/// the SDK and TLS. That is why an endpoint names this function, and sets no flag that shared code would read.
pub(crate) type Connect = fn(&Config) -> Result<Services, Cause>;

impl Platform {
    pub(crate) fn new(config: &Config, connect: Option<Connect>) -> Result<Self, Cause> {
        Ok(Self {
            services: connect.map(|connect| connect(config)).transpose()?,
            sessions: config.sessions,
            caller_limit: config.caller_limit,
            public_limits: config.public_limits,
            support_url: config.support_url.as_deref().map(Into::into),
            stack: config.stack.clone(),
        })
    }

    /// # Errors
    ///
    /// `500` if the endpoint's type does not connect to them, which no endpoint that needs them does.
    pub(crate) fn services(&self) -> Result<&Services, ApiError> {
        self.services
            .as_ref()
            .ok_or_else(|| ApiError::internal("the endpoint's type connects to no service"))
    }
}

pub(crate) fn connect(config: &Config) -> Result<Services, Cause> {
    let connection = Connection::new(&config.region)?;
    let dynamodb = clients::dynamodb(&connection, config.dynamodb.as_deref());
    let secrets = SecretsManager::new(&connection, config.secrets_manager.as_deref());
    let http = Arc::<IssuerHttp>::default();
    let tokens = Arc::new(IssuerTokens::new(&config.issuer, Arc::clone(&http)));
    let signing_secret = signing_secret::secret(&secrets, config.signing_secret.as_deref());
    Ok(Services {
        database: Database::new(dynamodb, &config.table),
        access_tokens: AccessTokens::new(Arc::clone(&tokens), &config.issuer.audiences),
        provider: Provider::new(&config.issuer.name, &config.client, &secrets, http, tokens),
        signing_secret: Arc::new(signing_secret),
    })
}
