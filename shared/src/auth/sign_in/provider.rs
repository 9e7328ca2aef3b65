//! The issuer as an OpenID provider: its authorisation URL, and the exchange of a code for tokens.

use std::sync::Arc;

use lambda_http::http;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse,
    TokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
        BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{
    auth::{
        cached_document::CachedDocument,
        http_client::HttpClient,
        issuer_tokens::IssuerTokens,
        sign_in::{
            id_token::{self, Identity},
            pending::PendingSignIn,
            prompt::Prompt,
            tokens::Tokens,
        },
    },
    aws::secrets::{Secret, SecretsManager},
    error::{ApiError, Cause},
    time::Timestamp,
};

/// The person's id, e-mail address and name (OpenID Connect Core 1.0 section 5.4).
const SCOPES: [&str; 3] = ["openid", "email", "profile"];

pub(crate) struct Provider {
    issuer: String,
    client_id: String,
    client_secret: Secret<ClientSecret>,
    http: Arc<HttpClient>,
    tokens: Arc<IssuerTokens>,
    metadata: CachedDocument<Arc<Metadata>>,
}

/// The discovery document (OpenID Connect Discovery 1.0 section 3), as far as it is needed.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// RFC 9207 section 3.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// How the client authenticates; in the `Authorization` header by default.
    fn auth_type(&self) -> AuthType {
        match &self.token_endpoint_auth_methods_supported {
            Some(methods) if !methods.iter().any(|m| m == "client_secret_basic") => {
                AuthType::RequestBody
            }
            _ => AuthType::BasicAuth,
        }
    }
}

/// The token endpoint's answer to a code.
pub(super) enum Exchanged {
    Tokens(Tokens),
    /// The code is invalid, used, or not of this sign-in (`invalid_grant`, RFC 6749 section 5.2).
    CodeRefused,
}

/// The field that OpenID Connect adds to OAuth's token response (Core 1.0 section 3.1.3.3).
#[derive(Debug, Serialize, Deserialize)]
struct IdTokenField {
    /// The trait wants `Serialize`; nothing writes it.
    #[serde(skip_serializing)]
    id_token: SecretString,
}

impl ExtraTokenFields for IdTokenField {}

type OpenIdClient = Client<
    BasicErrorResponse,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The portal's registration as an OAuth client.
#[derive(Debug, Clone)]
pub(crate) struct ClientSettings {
    pub(crate) id: String,
    /// The name or ARN of the client's secret in Secrets Manager, not the secret itself. Only a sign-in needs it.
    pub(crate) secret: Option<String>,
}

impl Provider {
    pub(crate) fn new(
        issuer: &str,
        client: &ClientSettings,
        manager: &SecretsManager,
        http: Arc<HttpClient>,
        tokens: Arc<IssuerTokens>,
    ) -> Self {
        let id = client.secret.as_deref();
        let client_secret = Secret::new(manager, id, "the client's secret", |secret| match secret
            .trim()
        {
            "" => Err("it is empty"),
            secret => Ok(ClientSecret::new(secret.to_owned())),
        });
        Self {
            issuer: issuer.to_owned(),
            client_id: client.id.clone(),
            client_secret,
            http,
            tokens,
            metadata: CachedDocument::new("the discovery document stays in use"),
        }
    }

    /// Whether the `iss` of an answer is the issuer's. A missing one is accepted only if the issuer does not state that
    /// it always sends it (RFC 9207 section 2.4).
    pub(super) async fn accepts_iss(
        &self,
        iss: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, ApiError> {
        if let Some(iss) = iss {
            return Ok(iss == self.issuer);
        }
        let metadata = self.metadata(now).await?;
        Ok(!metadata.authorization_response_iss_parameter_supported)
    }

    pub(crate) fn client_secret(&self) -> &Secret<ClientSecret> {
        &self.client_secret
    }

    pub(super) async fn authorisation_url(
        &self,
        callback: &str,
        pending: &PendingSignIn,
        prompt: Prompt,
        now: Timestamp,
    ) -> Result<String, ApiError> {
        let metadata = self.metadata(now).await?;
        let client = self.client(&metadata, callback)?;
        let verifier = PkceCodeVerifier::new(pending.verifier.clone());
        let mut request = client
            .authorize_url(|| CsrfToken::new(pending.state.clone()))
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
            .add_extra_param("nonce", &pending.nonce)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if prompt == Prompt::SelectAccount {
            request = request.add_extra_param("prompt", prompt.as_ref());
        }
        let (url, _) = request.url();
        Ok(url.into())
    }

    /// # Errors
    ///
    /// `500` if the issuer does not answer, or does not accept our client credentials. If it does not accept them, the
    /// client's secret may have been changed: a newer one is tried once.
    pub(super) async fn exchange(
        &self,
        callback: &str,
        code: &str,
        verifier: PkceCodeVerifier,
        now: Timestamp,
    ) -> Result<Exchanged, ApiError> {
        const ATTEMPTED: &str = "exchange a code";
        let metadata = self.metadata(now).await?;
        let send = async |request: http::Request<Vec<u8>>| self.http.send(ATTEMPTED, request).await;
        let exchange = async |secret: Arc<ClientSecret>| {
            let client = self.client(&metadata, callback)?;
            let exchanged = client
                .set_client_secret((*secret).clone())
                .exchange_code(AuthorizationCode::new(code.to_owned()))
                .set_pkce_verifier(PkceCodeVerifier::new(verifier.secret().clone()))
                .request_async(&|request| send(request))
                .await;
            Ok::<_, ApiError>(exchanged)
        };
        let mut exchanged = exchange(self.client_secret.get().await?).await?;
        if let Err(RequestTokenError::ServerResponse(refused)) = &exchanged
            && matches!(refused.error(), BasicErrorResponseType::InvalidClient)
            && let Some(newer) = self.client_secret.read_early().await
        {
            exchanged = exchange(newer).await?;
        }
        let failed = |what: &str| ApiError::internal(Cause::of(ATTEMPTED, what));
        match exchanged {
            Ok(tokens) => Ok(Exchanged::Tokens(Tokens {
                access_token: tokens.access_token().secret().as_str().into(),
                id_token: tokens.extra_fields().id_token.clone(),
            })),
            Err(RequestTokenError::ServerResponse(refused)) => match refused.error() {
                BasicErrorResponseType::InvalidGrant => Ok(Exchanged::CodeRefused),
                BasicErrorResponseType::Extension(_) => Err(failed("refused")),
                known => Err(failed(known.as_ref())),
            },
            Err(RequestTokenError::Request(cause)) => Err(ApiError::internal(cause)),
            // The error may hold a token, so only its kind is logged.
            Err(RequestTokenError::Parse(..) | RequestTokenError::Other(_)) => {
                Err(failed("the answer is no pair of tokens"))
            }
        }
    }

    pub(super) async fn verify_id_token(
        &self,
        tokens: &Tokens,
        nonce: &str,
        now: Timestamp,
    ) -> Result<Identity, ApiError> {
        id_token::verify(&self.tokens, &self.client_id, tokens, nonce, now).await
    }

    fn client(&self, metadata: &Metadata, callback: &str) -> Result<OpenIdClient, ApiError> {
        let unusable =
            |e| ApiError::internal(Cause::new("read the issuer's discovery document", &e));
        let auth = AuthUrl::new(metadata.authorization_endpoint.clone()).map_err(unusable)?;
        let token = TokenUrl::new(metadata.token_endpoint.clone()).map_err(unusable)?;
        // Only the host comes from the request.
        let callback = RedirectUrl::new(callback.to_owned())
            .map_err(|_| ApiError::validation("The request's host is none that a URL can have."))?;
        Ok(Client::new(ClientId::new(self.client_id.clone()))
            .set_auth_type(metadata.auth_type())
            .set_auth_uri(auth)
            .set_token_uri(token)
            .set_redirect_uri(callback))
    }

    async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, ApiError> {
        let accept_any = |_: &_| true;
        let metadata = self.metadata.get(now, accept_any, self.fetch_metadata());
        metadata.await.map_err(ApiError::internal)
    }

    async fn fetch_metadata(&self) -> Result<Arc<Metadata>, Cause> {
        const ATTEMPTED: &str = "fetch the issuer's discovery document";
        let issuer = self.issuer.trim_end_matches('/');
        let url = format!("{issuer}/.well-known/openid-configuration");
        let body = self.http.get(ATTEMPTED, &url).await?;
        let metadata: Metadata = serde_json::from_slice(&body)
            .map_err(|_| Cause::of(ATTEMPTED, "the answer is none"))?;
        // Discovery 1.0 section 4.3. The endpoints must use TLS if the issuer does, because secrets are sent to them.
        if metadata.issuer != self.issuer {
            return Err(Cause::of(ATTEMPTED, "it is another issuer's"));
        }
        let (scheme, _) = self.issuer.split_once("://").unwrap_or_default();
        let endpoints = [&metadata.authorization_endpoint, &metadata.token_endpoint];
        if !endpoints
            .iter()
            .all(|url| url.starts_with(&format!("{scheme}://")))
        {
            return Err(Cause::of(ATTEMPTED, "an endpoint is without TLS"));
        }
        Ok(Arc::new(metadata))
    }
}
