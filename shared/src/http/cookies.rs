//! Cookies (RFC 6265, and the prefixes of its successor draft): their names, and how they are set.
//!
//! | cookie | holds | for |
//! |---|---|---|
//! | `suppuo_session` | the session's id | as long as the session may last |
//! | `suppuo_sign_in` | the sign-in under way, sealed | ten minutes |
//! | `suppuo_language` | the language chosen on a page | a year |
//!
//! Over TLS each has the prefix `__Host-`: a browser takes it only with `Secure`, for the whole host and for no other, so
//! that neither a neighbouring host nor a page without TLS can plant one. Without TLS, on a laptop, browsers refuse
//! `Secure` cookies; there the names are plain. A name of the one kind is not read where the other is due.

use cookie::{Cookie, SameSite};
use time::Duration;

use crate::http::origin::Origin;

/// A cookie, by what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieName {
    /// The session's id.
    Session,
    /// The sign-in under way.
    SignIn,
    /// The language that was chosen.
    Language,
}

impl CookieName {
    /// The name that the cookie has on this origin.
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

    /// The `Set-Cookie` (RFC 6265 section 4.1) that keeps a value for so many seconds. No script can read it, and no other
    /// site's request but a link that is followed brings it along. `value` has no character that would need quotes.
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

    /// The `Set-Cookie` that ends it.
    #[must_use]
    pub fn clear(self, origin: &Origin) -> String {
        self.set(origin, "", 0)
    }
}

/// The cookies of a request, out of their `name=value; name=value` (RFC 6265 section 4.2.1). What is none is passed over.
///
/// Blanks around them go, and no other white space: to browsers that is part of a name, which then has no prefix to keep
/// neighbouring hosts from setting it. [`Cookie::split_parse`] would trim it.
pub(crate) fn read(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    let blanks = [' ', '\t'];
    pairs.map(move |(name, value)| (name.trim_matches(blanks), value.trim_matches(blanks)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_the_contracts() {
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
    fn cookies_are_read_whatever_else_is_among_them() {
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
