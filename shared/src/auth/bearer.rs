//! The `Authorization` header (RFC 9110 section 11.6.2) with a bearer token (RFC 6750 section 2.1).

use crate::{domain::api_key::PlaintextKey, error::ApiError};

/// The end of every message.
const EXPECTED: &str =
    "It must be `Bearer`, a space, and an API key (`sk_live_` and more) or an access token.";

/// Quotes nothing of the header: part of it may be a credential.
fn explain_malformed(header: &str, is_bearer: bool, token: &str) -> &'static str {
    if header.is_empty() {
        "The `Authorization` header is empty."
    } else if is_bearer && token.is_empty() {
        "The `Authorization` header has no token after `Bearer`."
    } else if is_bearer {
        "The `Authorization` header has more than one word after `Bearer`, or is there twice."
    } else if header.starts_with(PlaintextKey::PREFIX) {
        "The `Authorization` header has an API key, but not the word `Bearer` before it."
    } else {
        "The `Authorization` header does not begin with the word `Bearer`."
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Authorization<'a> {
    Absent,
    /// A token with the prefix of API keys.
    ApiKey(&'a str),
    /// Any other token.
    AccessToken(&'a str),
}

impl<'a> Authorization<'a> {
    /// # Errors
    ///
    /// `401 AUTH_REQUIRED` if there is a header that is not `Bearer` (in any case), spaces and one token.
    pub fn of(header: Option<&'a str>) -> Result<Self, ApiError> {
        let Some(header) = header else {
            return Ok(Self::Absent);
        };
        let header = header.trim_matches([' ', '\t']);
        let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
        let token = token.trim_start_matches(' ');
        let is_bearer = scheme.eq_ignore_ascii_case("bearer");
        if !is_bearer || token.is_empty() || token.contains(char::is_whitespace) {
            let wrong = explain_malformed(header, is_bearer, token);
            let message = format!("{wrong} {EXPECTED}");
            return Err(ApiError::auth_required(message, "malformed_header"));
        }
        Ok(if token.starts_with(PlaintextKey::PREFIX) {
            Self::ApiKey(token)
        } else {
            Self::AccessToken(token)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_may_be_in_any_case_and_the_token_is_unchanged() {
        for header in [
            "Bearer a.B.c",
            "bearer a.B.c",
            "BEARER  a.B.c",
            " Bearer a.B.c\t",
        ] {
            assert!(
                Authorization::of(Some(header)).ok() == Some(Authorization::AccessToken("a.B.c"))
            );
        }
        let key = format!("{}x", PlaintextKey::PREFIX);
        let header = format!("Bearer {key}");
        assert!(Authorization::of(Some(&header)).ok() == Some(Authorization::ApiKey(&key)));
        assert!(Authorization::of(None).ok() == Some(Authorization::Absent));
    }

    #[test]
    fn anything_else_is_malformed() {
        for header in [
            "",
            " ",
            "Bearer",
            "Bearer ",
            "Basic eDp5",
            "token",
            "Bearer a b",
            "Bearer\ta",
            "Bearer a,Bearer b",
        ] {
            let error = Authorization::of(Some(header)).err().expect(header);
            assert_eq!(
                (error.code.status(), error.refusal),
                (401, Some("malformed_header"))
            );
        }
    }

    #[test]
    fn the_message_says_what_is_malformed_and_quotes_nothing() {
        let key = format!("{}0123", PlaintextKey::PREFIX);
        for (header, what) in [
            (" ".to_owned(), "is empty"),
            ("Bearer ".to_owned(), "no token after"),
            (key.clone(), "not the word `Bearer` before it"),
            (format!("Token {key}"), "does not begin with"),
            (format!("Bearer {key} {key}"), "more than one word"),
            (format!("Bearer {key}, Bearer {key}"), "there twice"),
        ] {
            let message = Authorization::of(Some(&header))
                .err()
                .expect(&header)
                .message;
            assert!(message.contains(what), "{header}: {message}");
            assert!(message.ends_with(EXPECTED) && !message.contains("0123"));
        }
    }
}
