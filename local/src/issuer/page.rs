//! The page that asks who signs in, and the error page.

use std::sync::LazyLock;

use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use super::parameters::{FORWARDED, Parameters};

/// A person to sign in as.
struct Person {
    id: &'static str,
    sub: &'static str,
    email: &'static str,
    name: &'static str,
    /// Their workspace; empty for none.
    account: &'static str,
}

const PEOPLE: [Person; 3] = [
    Person {
        id: "kim",
        sub: "usr_kim",
        email: "kim@example.com",
        name: "Kim",
        account: "acc_dev",
    },
    Person {
        id: "robin",
        sub: "usr_robin",
        email: "robin@example.com",
        name: "Robin",
        account: "acc_shop",
    },
    Person {
        id: "sam",
        sub: "usr_sam",
        email: "sam@example.com",
        name: "Sam",
        account: "",
    },
];

const STYLE: &str = include_str!("page.css");

/// The content security policy allows only this style sheet.
static STYLE_HASH: LazyLock<String> =
    LazyLock::new(|| BASE64_STANDARD.encode(Sha256::digest(STYLE)));

/// Asks who signs in. `origin` is that of the redirect URI.
pub(super) fn sign_in_page(parameters: &Parameters, origin: &str) -> Response {
    let mut forwarded = String::new();
    for name in FORWARDED {
        if let Some(value) = parameters.get(name) {
            forwarded += &hidden(name, value);
        }
    }
    let mut people = String::new();
    for Person {
        id,
        sub,
        email,
        name,
        account,
    } in PEOPLE
    {
        let claims = [
            ("sub", sub),
            ("email", email),
            ("name", name),
            ("accountId", account),
        ];
        let claims: String = claims.map(|(name, value)| hidden(name, value)).concat();
        let place = match account {
            "" => "in no workspace".to_owned(),
            account => format!("in {account}"),
        };
        people += &form(&format!(
            "{forwarded}{claims}<button id=\"as-{id}\">{name} {place}<small>{sub}, {email}</small></button>"
        ));
    }
    let other = form(&format!(
        "{forwarded}
<label for=\"sub\">Id (sub)</label>
<input id=\"sub\" name=\"sub\" required value=\"usr_dev\" autocomplete=\"off\" spellcheck=\"false\">
<label for=\"email\">E-mail</label>
<input id=\"email\" name=\"email\" type=\"email\" value=\"dev@example.com\" autocomplete=\"off\">
<label for=\"name\">Name</label>
<input id=\"name\" name=\"name\" value=\"Dev\" autocomplete=\"off\">
<label for=\"account\">Workspace (accountId)</label>
<input id=\"account\" name=\"accountId\" value=\"acc_dev\" aria-describedby=\"account-hint\" autocomplete=\"off\" \
spellcheck=\"false\">
<small id=\"account-hint\">Empty: in no workspace.</small>
<button id=\"continue\">Continue as this person</button>"
    ));
    let refuse = form(&format!(
        "{forwarded}<button id=\"refuse\" name=\"refuse\" value=\"yes\">Refuse, and go back</button>"
    ));
    page(
        StatusCode::OK,
        "Who are you?",
        &format!(
            "<h2>One of these</h2>\n{people}<h2>Somebody else</h2>\n{other}<h2>Nobody</h2>\n{refuse}"
        ),
        origin,
    )
}

/// Says what is wrong with a request that has no valid redirect URI, or that another client sent.
pub(super) fn error_page(what: &str) -> Response {
    let content = format!("<p>{}</p>\n", escaped(what));
    page(
        StatusCode::BAD_REQUEST,
        "This sign-in cannot go on",
        &content,
        "",
    )
}

/// Browsers also apply `form-action` to the redirect that answers a form, so the policy names `origin`, the redirect's
/// origin.
fn page(status: StatusCode, title: &str, content: &str, origin: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src data:; form-action 'self' {origin}; base-uri 'none'; \
         frame-ancestors 'none'",
        *STYLE_HASH
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let html = format!(
        "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>{title} (development only)</title>
<link rel=\"icon\" href=\"data:,\">
<style>{STYLE}</style>
<body>
<header class=\"warning\"><strong>Development only:</strong> this stands in for Huudis, anyone can be anyone.</header>
<main>
<h1>{title}</h1>
{content}</main>
</body>
</html>
"
    );
    (status, headers, Html(html)).into_response()
}

fn form(content: &str) -> String {
    format!("<form method=\"post\" action=\"/authorize\">{content}</form>\n")
}

fn hidden(name: &str, value: &str) -> String {
    format!(
        "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
        escaped(value)
    )
}

/// Escapes a text for an element or for the quoted value of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_a_request_are_escaped() {
        let shown = hidden("state", "\"><script>alert('&amp;')</script>");
        assert_eq!(
            shown,
            "<input type=\"hidden\" name=\"state\" \
             value=\"&quot;&gt;&lt;script&gt;alert(&#39;&amp;amp;&#39;)&lt;/script&gt;\">"
        );
    }
}
