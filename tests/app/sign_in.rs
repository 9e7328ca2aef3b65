//! The steps of a sign-in, for the browser and for the issuer.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use serde_json::{Value, json};

use super::{App, Call, issuer::Grant, response::Response};

/// The cookie's name on a host with TLS, which the tests' gateway pretends to be.
pub const SESSION: &str = "__Host-suppuo_session";
/// See [`SESSION`].
pub const UNDER_WAY: &str = "__Host-suppuo_sign_in";

/// The `redirect_uri`'s path.
pub const CALLBACK: &str = "/api/v1/auth/huudis/callback";

static CODES: AtomicUsize = AtomicUsize::new(0);

/// A pending sign-in.
pub struct Begun<'a> {
    app: &'a App,
    /// The parameters of the authorization request.
    pub asked: BTreeMap<String, String>,
    /// The cookie that the callback needs.
    pub cookie: String,
}

impl App {
    /// A call that starts a sign-in.
    pub fn start_sign_in(&self) -> Call<'_> {
        self.call("GET", "/api/v1/auth/huudis/start")
    }

    /// Starts a sign-in.
    pub async fn begin_sign_in(&self) -> Begun<'_> {
        let started = self.start_sign_in().await_status(302).await;
        Begun::of(self, &started)
    }

    /// Signs `usr_1` in to this workspace. Returns the value of the session's cookie.
    pub async fn sign_in(&self, workspace: &str) -> String {
        self.sign_in_as("usr_1", workspace).await
    }

    /// Signs this person in to this workspace. Returns the value of the session's cookie.
    pub async fn sign_in_as(&self, sub: &str, workspace: &str) -> String {
        let begun = self.begin_sign_in().await;
        let query = begun.allow(&json!({ "sub": sub, "accountId": workspace }), &json!({}));
        let done = begun.come_back(&query).await_status(302).await;
        done.cookie(SESSION).unwrap().to_owned()
    }
}

impl<'a> Begun<'a> {
    /// Reads the redirect to the issuer.
    pub fn of(app: &'a App, started: &Response) -> Self {
        Self::of_host(app, started, "__Host-")
    }

    /// The same, on a host where the cookies' names have this prefix.
    pub fn of_host(app: &'a App, started: &Response, prefix: &str) -> Self {
        let location = started.header("location").unwrap();
        let (url, query) = location.split_once('?').unwrap();
        assert_eq!(url, format!("{}/authorize", app.issuer.name()));
        let asked = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        Self {
            app,
            asked,
            cookie: started
                .cookie(&format!("{prefix}suppuo_sign_in"))
                .unwrap()
                .to_owned(),
        }
    }

    /// Lets the issuer allow the sign-in of `usr_1` with valid tokens, but for these changes to both tokens and to the
    /// ID token. Returns the callback's query.
    pub fn allow(&self, both: &Value, of_id_token: &Value) -> String {
        let issuer = &self.app.issuer;
        let mut claims = json!({ "sub": "usr_1", "accountId": "acc_a" });
        for (name, value) in both.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let access_token = issuer.token(&claims);
        for (name, value) in json!({
            "nonce": self.asked["nonce"],
            "email": "kim@example.com",
            "name": "Kim",
            "accountId": null,
        })
        .as_object()
        .unwrap()
        .iter()
        .chain(of_id_token.as_object().unwrap())
        {
            claims[name] = value.clone();
        }
        self.answer_with(&json!({
            "access_token": access_token,
            "id_token": issuer.token(&claims),
            "token_type": "Bearer",
            "expires_in": 300,
        }))
    }

    /// Lets the issuer answer the exchange with these tokens. Returns the callback's query.
    pub fn answer_with(&self, tokens: &Value) -> String {
        let code = format!("code-{}", CODES.fetch_add(1, Relaxed));
        let grant = Grant {
            challenge: self.asked["code_challenge"].clone(),
            redirect_uri: self.asked["redirect_uri"].clone(),
            tokens: tokens.clone(),
        };
        self.app.issuer.grant(&code, grant);
        self.query(&code)
    }

    /// The callback's query with this code.
    pub fn query(&self, code: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("code", code);
        query.append_pair("state", &self.asked["state"]);
        query.append_pair("iss", self.app.issuer.name());
        query.finish()
    }

    /// The callback with the browser's cookie.
    pub fn come_back(&self, query: &str) -> Call<'a> {
        let call = self.app.call("GET", CALLBACK).query(query);
        call.cookie(UNDER_WAY, &self.cookie)
    }
}

impl Call<'_> {
    /// Adds a cookie.
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.header("Cookie", &format!("{name}={value}"))
    }

    /// Adds a session's cookie, as a browser sends it for a page of the portal.
    pub fn session(self, value: &str) -> Self {
        self.cookie(SESSION, value)
            .header("Sec-Fetch-Site", "same-origin")
    }
}
