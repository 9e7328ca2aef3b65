//! The issuer, and the tokens that it signs.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    grant::{Grant, now},
    key::Key,
};

/// The issuer: a name, a key, and one client.
pub struct Issuer {
    pub(super) name: String,
    pub(super) key: Key,
    pub(super) client_secret: String,
    /// What has been granted and not yet been fetched, by its code.
    grants: Mutex<HashMap<String, Grant>>,
}

/// The one client of the issuer.
pub const CLIENT_ID: &str = "suppuo";

pub(super) const KID: &str = "local-1";

/// How long an access token is good for, in seconds, unless it is asked for with another life.
pub(super) const TOKEN_SECONDS: i64 = 3600;

/// What `POST /dev/token` takes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequest {
    /// Whose token it is.
    pub sub: String,
    /// Their workspace; `null` leaves the claim out.
    pub account_id: Option<String>,
    /// Whom it is for; `suppuo` by default.
    pub aud: Option<Value>,
    /// Who is said to have issued it; this issuer by default.
    pub iss: Option<String>,
    /// Seconds until it expires, an hour by default; negative for one that has.
    pub expires_in: Option<i64>,
}

impl Issuer {
    /// An issuer that is reached at `name`, which is also what it puts into `iss`; its client has this secret.
    #[must_use]
    pub fn new(name: String, key: Key, client_secret: String) -> Self {
        Self {
            name,
            key,
            client_secret,
            grants: Mutex::default(),
        }
    }

    /// A token.
    #[must_use]
    pub fn token(&self, request: TokenRequest) -> String {
        let now = now();
        let mut claims = json!({
            "iss": request.iss.unwrap_or_else(|| self.name.clone()),
            "aud": request.aud.unwrap_or_else(|| CLIENT_ID.into()),
            "sub": request.sub,
            "iat": now,
            "exp": now.saturating_add(request.expires_in.unwrap_or(TOKEN_SECONDS)),
        });
        if let Some(workspace) = request.account_id {
            claims["accountId"] = workspace.into();
        }
        self.signed(&claims)
    }

    pub(super) fn signed(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": KID });
        self.key.sign(&header, claims)
    }

    pub(super) fn grant(&self, code: String, grant: Grant) {
        let mut grants = self.grants.lock().unwrap_or_else(PoisonError::into_inner);
        grants.retain(|_, grant| grant.is_fresh());
        grants.insert(code, grant);
    }

    /// What a code was given for; it is good once.
    pub(super) fn take_grant(&self, code: &str) -> Option<Grant> {
        let mut grants = self.grants.lock().unwrap_or_else(PoisonError::into_inner);
        grants.remove(code).filter(Grant::is_fresh)
    }
}
