//! The names of cookies, reading and setting them (RFC 6265, and for prefixes the draft of its successor, RFC 6265bis).
//!
//! docs/architecture.md, Sessions, says what each holds and how long it lasts.
//!
//! Over TLS, each name has the prefix `__Host-`. A browser accepts such a cookie only if it is `Secure` and for the
//! whole host and no other, so that neither a neighbouring host nor a page without TLS can set one. On a laptop without
//! TLS, where browsers refuse `Secure` cookies, the names have no prefix. An origin reads only one of the two names.

use cookie::{Cookie, SameSite};
use time::Duration;

use crate::http::origin::Origin;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieName {
    /// The session's id.
    Session,
    /// The pending sign-in, sealed.
    SignIn,
    /// The language that was chosen on a page.
    Language,
}

impl CookieName {
    /// The cookie's name on this origin.
    #[must_use]
    pub fn on(self, origin: &Origin) -> &'static str {
        match (self, origin.is_local()) {
            (Self::Session, false) => "__Host-suppuo_session",
            (Self::Session, true) => "suppuo_session",
            (Self::SignIn, false) => "__Host-suppuo_sign_in",
            (Self::SignIn, true) => "suppuo_sign_in",
            (Self::Language, false) => "__Host-suppuo_language",
            (Self::Language, true) => "suppuo_language",
        }
    }

    /// The `Set-Cookie` header (RFC 6265 section 4.1) that stores `value` for this many seconds. No script can read the
    /// cookie. Of the requests that another site causes, only navigation by `GET` carries it (`SameSite=Lax`). `value`
    /// must have no character that needs quotes.
    #[must_use]
    pub fn set(self, origin: &Origin, value: &str, seconds: i64) -> String {
        Cookie::build((self.on(origin), value))
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(!origin.is_local())
            .path("/")
            .max_age(Duration::seconds(seconds))
            .to_string()
    }

    /// The `Set-Cookie` header that deletes it.
    #[must_use]
    pub fn clear(self, origin: &Origin) -> String {
        self.set(origin, "", 0)
    }
}

/// The cookies in a header `name=value; name=value` (RFC 6265 section 4.2.1). A part without `=` is ignored.
///
/// Spaces and tabs around a name are trimmed, but no other white space: to browsers that is part of the name, so the
/// name has no `__Host-` prefix, and a neighbouring host may set the cookie. [`Cookie::split_parse`] would trim it:
/// docs/decisions/0024-cookies-written-by-cookie.md.
pub(crate) fn read(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    let space = [' ', '\t'];
    pairs.map(move |(name, value)| (name.trim_matches(space), value.trim_matches(space)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_set_with_the_documented_attributes() {
        let tls = Origin::of_host("api.example.com").unwrap();
        assert_eq!(
            CookieName::Session.set(&tls, "x", 60),
            "__Host-suppuo_session=x; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"
        );
        let local = Origin::of_host("127.0.0.1:9000").unwrap();
        assert_eq!(
            CookieName::SignIn.clear(&local),
            "suppuo_sign_in=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn cookies_are_read_and_malformed_parts_are_ignored() {
        let found: Vec<_> = read("a=1; nonsense; b = 2;c=\"3\"; =x; a=4=5").collect();
        let expected = [
            ("a", "1"),
            ("b", "2"),
            ("c", "\"3\""),
            ("", "x"),
            ("a", "4=5"),
        ];
        assert_eq!(found, expected);
        let (name, _) = read("\u{2000}a=1").next().unwrap();
        assert_eq!(name, "\u{2000}a");
    }
}
