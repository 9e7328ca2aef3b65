//! A sign-in through the functions and the local issuer, as in a browser.

use local::{Error, gateway::Request};
use reqwest::{Client, Url, header, redirect::Policy};

use crate::{calls::open_call, deployment::Deployment};

/// A host without TLS: the local issuer redirects only to such hosts.
const HOST: &str = "127.0.0.1:9000";

/// Signs a person in to a workspace. Returns the session's cookie as a browser sends it.
pub(crate) async fn sign_in(deployment: &Deployment, workspace: &str) -> Result<String, Error> {
    let start = deployment.function("auth-huudis-start").await?;
    let callback = deployment.function("auth-huudis-callback").await?;
    let begun = deployment.call(&start, &begin(), 302).await?;
    let issuer = Url::parse(&begun.text("location"))?;

    let mut form: Vec<_> = issuer.query_pairs().into_owned().collect();
    for (name, value) in [
        ("sub", "usr_bench"),
        ("accountId", workspace),
        ("email", "alex.example@example.com"),
        ("name", "Alex Example"),
    ] {
        form.push((name.to_owned(), value.to_owned()));
    }
    let browser = Client::builder().no_proxy().redirect(Policy::none());
    let mut form_url = issuer.clone();
    form_url.query_pairs_mut().clear().extend_pairs(form);
    let body = form_url.query().unwrap_or_default().to_owned();
    let mut endpoint = issuer;
    endpoint.set_query(None);
    let form = "application/x-www-form-urlencoded";
    let allowed = browser.build()?.post(endpoint).body(body);
    let allowed = allowed.header(header::CONTENT_TYPE, form).send().await?;
    let back = allowed.headers().get(header::LOCATION);
    let back = Url::parse(back.ok_or("the issuer refused")?.to_str()?)?;

    let mut come_back = local_call(open_call("GET", back.path()));
    come_back.query = back.query().unwrap_or_default().to_owned();
    come_back
        .headers
        .push(cookie(&begun.cookie("suppuo_sign_in")?));
    let done = deployment.call(&callback, &come_back, 302).await?;
    done.cookie("suppuo_session")
}

/// A call that starts a sign-in.
pub(crate) fn begin() -> Request {
    local_call(open_call("GET", "/api/v1/auth/huudis/start"))
}

/// A call with a session.
pub(crate) fn session_call(method: &str, path: &str, session: &str) -> Request {
    let mut call = local_call(open_call(method, path));
    call.headers.push(cookie(session));
    call
}

fn local_call(mut call: Request) -> Request {
    call.headers.push(("host".to_owned(), HOST.to_owned()));
    call
}

fn cookie(cookie: &str) -> (String, String) {
    ("cookie".to_owned(), cookie.to_owned())
}
