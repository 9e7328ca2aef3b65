//! The issuer, and the tokens that it signs.

use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    grant::{Grant, now},
    key::Key,
};
use crate::lambda::locked;

/// The issuer. It has one client.
pub struct Issuer {
    pub(super) name: String,
    pub(super) key: Key,
    pub(super) client_secret: String,
    /// The grants that have not been exchanged, by code.
    grants: Mutex<HashMap<String, Grant>>,
    /// Redirect URIs besides those on this machine.
    registered: Mutex<HashSet<String>>,
}

pub const CLIENT_ID: &str = "suppuo";

pub(super) const KID: &str = "local-1";

/// How long a token is valid, in seconds, unless [`TokenRequest::expires_in`] says otherwise.
pub(super) const TOKEN_SECONDS: i64 = 3600;

/// The body of `POST /dev/token`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequest {
    /// The person.
    pub sub: String,
    /// Their workspace; `null` leaves the claim out.
    pub account_id: Option<String>,
    /// The audience; `suppuo` by default.
    pub aud: Option<Value>,
    /// The issuer in the token; this one by default.
    pub iss: Option<String>,
    /// Seconds until it expires, an hour by default; negative for an expired token.
    pub expires_in: Option<i64>,
}

impl Issuer {
    /// An issuer with the base URL `name`, which is also the `iss` of its tokens.
    #[must_use]
    pub fn new(name: String, key: Key, client_secret: String) -> Self {
        Self {
            name,
            key,
            client_secret,
            grants: Mutex::default(),
            registered: Mutex::default(),
        }
    }

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

    pub(super) fn register(&self, redirect_uri: String) {
        locked(&self.registered).insert(redirect_uri);
    }

    pub(super) fn is_registered(&self, redirect_uri: &str) -> bool {
        locked(&self.registered).contains(redirect_uri)
    }

    pub(super) fn grant(&self, code: String, grant: Grant) {
        let mut grants = locked(&self.grants);
        grants.retain(|_, grant| grant.is_fresh());
        grants.insert(code, grant);
    }

    /// The grant of a code, once.
    pub(super) fn take_grant(&self, code: &str) -> Option<Grant> {
        let mut grants = locked(&self.grants);
        grants.remove(code).filter(Grant::is_fresh)
    }
}
