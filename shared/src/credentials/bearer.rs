//! The `Authorization` header (RFC 9110 section 11.6.2) with a bearer token (RFC 6750 section 2.1).

use crate::{api_key::PlaintextKey, error::ApiError};

/// What the header holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Authorization<'a> {
    /// There is no header.
    Absent,
    /// A token that begins as an API key does.
    ApiKey(&'a str),
    /// Any other token.
    AccessToken(&'a str),
}

impl<'a> Authorization<'a> {
    /// Reads the header's value: the scheme `Bearer` in any case, spaces, one token.
    ///
    /// # Errors
    ///
    /// `401 AUTH_REQUIRED` where there is a header and it is anything else.
    pub fn of(header: Option<&'a str>) -> Result<Self, ApiError> {
        let Some(header) = header else {
            return Ok(Self::Absent);
        };
        let malformed = || {
            ApiError::auth_required(
                "The `Authorization` header is malformed; it must be `Bearer` and a token.",
                "malformed_header",
            )
        };
        let (scheme, token) = header
            .trim_matches([' ', '\t'])
            .split_once(' ')
            .ok_or_else(malformed)?;
        let token = token.trim_start_matches(' ');
        if !scheme.eq_ignore_ascii_case("bearer")
            || token.is_empty()
            || token.contains(char::is_whitespace)
        {
            return Err(malformed());
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
    fn the_scheme_is_read_in_any_case_and_the_token_as_it_is() {
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
}
