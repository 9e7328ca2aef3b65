//! Replaces Huudis: a signing key, its key set, tokens for anyone, and the sign-in of OpenID Connect.
//!
//! Anyone who reaches it can sign in as anyone. So it is for one machine, and must listen on loopback only.

mod authorize;
mod exchange;
mod grant;
mod key;
mod page;
mod parameters;
mod tokens;

use std::sync::Arc;

use axum::{Json, Router, body::Bytes, extract::State, http::StatusCode, routing};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::tokens::KID;
pub use self::{
    key::Key,
    tokens::{CLIENT_ID, Issuer, TokenRequest},
};
use crate::Error;

impl Issuer {
    /// Serves discovery, the key set, tokens, sign-ins and the routes of `others`. Returns only with an error.
    pub async fn serve(self, listener: TcpListener, others: Router) -> Result<(), Error> {
        let app = Router::new()
            .route("/.well-known/openid-configuration", routing::get(discovery))
            .route("/.well-known/jwks.json", routing::get(key_set))
            .route("/dev/token", routing::post(token))
            .route("/dev/redirect-uri", routing::post(register))
            .route(
                "/authorize",
                routing::get(authorize::show_form).post(authorize::submit_form),
            )
            .route("/token", routing::post(exchange::answer))
            .with_state(Arc::new(self))
            .merge(others);
        Ok(axum::serve(listener, app).await?)
    }
}

/// The issuer's metadata (OpenID Connect Discovery 1.0 section 3, RFC 9207 section 3).
async fn discovery(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    let name = &issuer.name;
    Json(json!({
        "issuer": name,
        "authorization_endpoint": format!("{name}/authorize"),
        "token_endpoint": format!("{name}/token"),
        "jwks_uri": format!("{name}/.well-known/jwks.json"),
        "scopes_supported": ["openid", "email", "profile"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "claims_supported": [
            "iss", "aud", "sub", "iat", "exp", "auth_time", "nonce", "at_hash", "email", "name", "accountId",
        ],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn key_set(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    Json(json!({ "keys": [issuer.key.jwk(KID)] }))
}

/// Registers the redirect URI in the body, of an API that is not on this machine.
async fn register(State(issuer): State<Arc<Issuer>>, redirect_uri: String) -> StatusCode {
    issuer.register(redirect_uri);
    StatusCode::NO_CONTENT
}

/// Reads the body as JSON whatever its content type: `curl -d` says that it sends a form.
async fn token(
    State(issuer): State<Arc<Issuer>>,
    body: Bytes,
) -> Result<Json<Value>, (StatusCode, String)> {
    let request = serde_json::from_slice(&body);
    let request = request.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    Ok(Json(json!({ "token": issuer.token(request) })))
}
