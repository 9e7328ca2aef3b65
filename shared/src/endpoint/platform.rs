//! What all requests of a function instance share.

use std::sync::Arc;

use crate::{
    auth::{
        access_tokens::AccessTokens, github_keys::GithubKeys, http_client::HttpClient,
        issuer_tokens::IssuerTokens, sign_in::provider::Provider, workspace_hints::WorkspaceHints,
    },
    aws::{
        clients::{self, Connection},
        delivery_queue::DeliveryQueue,
        early_connections::EarlyConnections,
        secrets::SecretsManager,
        signing_secret::{self, SigningSecret},
    },
    domain::{
        rate_limit::{PublicLimits, RateLimit},
        session::Lifetime,
        webhook_url::Targets,
    },
    endpoint::config::Config,
    error::{ApiError, Cause},
    store::{admitted_lists::AdmittedLists, database::Database, last_counts::LastCounts},
    webhooks::sender::WebhookSender,
};

/// Created once, before the first event.
pub struct Platform {
    services: Option<Services>,
    pub(crate) sessions: Lifetime,
    pub(crate) caller_limit: RateLimit,
    pub(crate) public_limits: PublicLimits,
    pub(crate) support_url: Option<Arc<str>>,
}

/// The table, the secrets and the issuer.
pub struct Services {
    pub(crate) database: Database,
    early_connections: EarlyConnections,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) admitted_lists: AdmittedLists,
    pub(crate) last_counts: LastCounts,
    pub(crate) workspace_hints: WorkspaceHints,
    pub(crate) provider: Provider,
    pub(crate) signing_secret: Arc<SigningSecret>,
    /// If the endpoint sends attempts to the queue.
    pub(crate) delivery_queue: Option<Arc<DeliveryQueue>>,
    /// If the endpoint calls receivers of webhooks, or makes the secrets that sign what they get.
    pub(crate) webhook_sender: Option<Arc<WebhookSender>>,
    /// If GitHub calls the endpoint.
    pub(crate) github_keys: Option<GithubKeys>,
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

    /// Opens so many connections to the table. Only what uses the table may be compiled with it.
    pub(crate) async fn open_connections(&self, count: usize) {
        if let Some(services) = &self.services {
            services.early_connections.open(count).await;
        }
    }
}

pub(crate) fn connect(config: &Config) -> Result<Services, Cause> {
    let connection = Connection::new(&config.region)?;
    Ok(services(config, &connection))
}

fn services(config: &Config, connection: &Connection) -> Services {
    let dynamodb = clients::dynamodb(connection, config.dynamodb.as_deref());
    let secrets = SecretsManager::new(connection, config.secrets_manager.as_deref());
    let http = Arc::<HttpClient>::default();
    let tokens = Arc::new(IssuerTokens::new(&config.issuer, Arc::clone(&http)));
    let signing_secret = signing_secret::secret(&secrets, config.signing_secret.as_deref());
    Services {
        database: Database::new(dynamodb, &config.table).with_ticket_indexes(config.ticket_indexes),
        early_connections: EarlyConnections::new(connection, config.dynamodb.as_deref()),
        admitted_lists: AdmittedLists::default(),
        last_counts: LastCounts::default(),
        workspace_hints: WorkspaceHints::default(),
        access_tokens: AccessTokens::new(Arc::clone(&tokens), &config.issuer.audiences),
        provider: Provider::new(&config.issuer.name, &config.client, &secrets, http, tokens),
        signing_secret: Arc::new(signing_secret),
        delivery_queue: None,
        webhook_sender: None,
        github_keys: None,
    }
}

/// As [`connect`], with GitHub's keys.
pub(crate) fn connect_with_github_keys(config: &Config) -> Result<Services, Cause> {
    let url = config.github_keys_url.clone();
    Ok(Services {
        github_keys: Some(GithubKeys::new(url, Arc::default())),
        ..connect(config)?
    })
}

/// As [`connect`], with the queue.
pub(crate) fn connect_with_queue(config: &Config) -> Result<Services, Cause> {
    let connection = Connection::new(&config.region)?;
    let queue = DeliveryQueue::new(&connection, config.sqs.as_deref(), &config.delivery_queue);
    Ok(Services {
        delivery_queue: Some(Arc::new(queue)),
        ..services(config, &connection)
    })
}

/// As [`connect`], with what sends deliveries.
pub(crate) fn connect_with_sender(config: &Config) -> Result<Services, Cause> {
    let services = connect(config)?;
    let secret = Arc::clone(&services.signing_secret);
    let sender = WebhookSender::new(Targets::of_this_process(), secret)?;
    Ok(Services {
        webhook_sender: Some(Arc::new(sender)),
        ..services
    })
}
