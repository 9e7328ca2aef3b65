//! The URL of a webhook's receiver: what can be judged before its name is looked up.

use std::{fmt, net::IpAddr};

use serde::{Serialize, Serializer};
use url::{Host, Position, Url};

use crate::domain::public_address::is_public;

/// Where webhooks may be sent.
///
/// A release build, which is what is deployed, has only the first variant: no variable and no value makes it call
/// anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    /// `https` to public addresses.
    Public,
    /// Also `http` to a loopback address that is written in the URL: `make run`, and tests.
    #[cfg(debug_assertions)]
    PublicAndLoopback,
}

impl Targets {
    /// Those that this process may call: in a debug build also loopback, if `SUPPUO_LOOPBACK_WEBHOOKS` is 1.
    #[must_use]
    pub fn of_this_process() -> Self {
        #[cfg(debug_assertions)]
        if std::env::var_os("SUPPUO_LOOPBACK_WEBHOOKS").is_some_and(|value| value == "1") {
            return Self::PublicAndLoopback;
        }
        Self::Public
    }
}

/// What is wrong with a URL. The message is for the client, who sent it as `url`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlFault {
    TooLong,
    Malformed,
    NotHttps,
    HasCredentials,
    TrailingDot,
    NotAName,
    LocalName,
    NotPublic,
}

impl UrlFault {
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::TooLong => {
                "`url` must have at most 2000 characters, with those that a URL has to encode encoded."
            }
            Self::Malformed => "`url` must be a URL, such as https://shop.example/webhooks.",
            Self::NotHttps => "`url` must begin with https://.",
            Self::HasCredentials => {
                "`url` must not have a user name or password in it. Verify the signature of each delivery instead."
            }
            Self::TrailingDot => "`url` must have a host name without a dot at its end.",
            Self::NotAName => {
                "`url` must have a host name of letters, digits, underscores and inner hyphens, with at most 63 \
                 characters between two dots and 253 in all."
            }
            Self::LocalName => {
                "`url` must have a public host name: with a dot in it, and not below .localhost, .local or .internal."
            }
            Self::NotPublic => {
                "`url` must lead to a public address. This one leads to one that is private, local or reserved."
            }
        }
    }
}

/// A URL that a webhook may be sent to, unless its name resolves to an address that is not public.
///
/// It is written as the URL standard (WHATWG) normalises it: the host in lower case and in ASCII, `127.0.0.1` for
/// `0x7f.1`, no default port; and without a fragment, which is never sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl {
    url: Url,
    /// `url` without the slash that the standard adds to one without a path.
    is_bare: bool,
}

impl WebhookUrl {
    /// In characters.
    pub const MAX: usize = 2000;

    /// # Errors
    ///
    /// The URL breaks a rule.
    pub fn parse(text: &str, targets: Targets) -> Result<Self, UrlFault> {
        if text.chars().count() > Self::MAX {
            return Err(UrlFault::TooLong);
        }
        let mut url = Url::parse(text).map_err(|error| match error {
            // The most frequent one: `shop.example/webhooks`.
            url::ParseError::RelativeUrlWithoutBase => UrlFault::NotHttps,
            url::ParseError::IdnaError => UrlFault::NotAName,
            _ => UrlFault::Malformed,
        })?;
        url.set_fragment(None);
        let is_bare = url.path() == "/" && url.query().is_none() && !text.trim().ends_with('/');
        let url = Self { url, is_bare };
        if url.as_str().len() > Self::MAX {
            return Err(UrlFault::TooLong);
        }
        url.judge(targets)?;
        Ok(url)
    }

    /// One that is not judged, as if it had been registered under other rules.
    #[cfg(test)]
    pub(crate) fn unjudged(text: &str) -> Self {
        let url = Url::parse(text).unwrap();
        Self {
            url,
            is_bare: false,
        }
    }

    fn judge(&self, targets: Targets) -> Result<(), UrlFault> {
        if !self.url.username().is_empty() || self.url.password().is_some() {
            return Err(UrlFault::HasCredentials);
        }
        if self.is_excepted(targets) {
            return Ok(());
        }
        if self.url.scheme() != "https" {
            return Err(UrlFault::NotHttps);
        }
        match (self.address(), self.url.domain()) {
            (Some(address), _) if is_public(address) => Ok(()),
            (Some(_), _) => Err(UrlFault::NotPublic),
            (None, Some(name)) => judge_name(name),
            (None, None) => Err(UrlFault::Malformed),
        }
    }

    /// Whether these targets include it although its address is not public.
    pub(crate) fn is_excepted(&self, targets: Targets) -> bool {
        match targets {
            Targets::Public => false,
            #[cfg(debug_assertions)]
            Targets::PublicAndLoopback => {
                self.is_plain() && self.address().is_some_and(|address| address.is_loopback())
            }
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        let whole = self.url.as_str();
        match whole.strip_suffix('/') {
            Some(bare) if self.is_bare => bare,
            _ => whole,
        }
    }

    /// The host, if it is a name.
    pub(crate) fn name(&self) -> Option<&str> {
        self.url.domain()
    }

    /// The host, if it is an address.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self.url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        }
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.url.port_or_known_default()
    }

    /// The header `Host`: the host, and the port where it is not the scheme's own.
    pub(crate) fn authority(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// The path and the query, which is all that a request says of the URL beside the authority.
    pub(crate) fn path_and_query(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }

    /// Whether it is called without TLS.
    #[cfg(debug_assertions)]
    pub(crate) fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for WebhookUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// `name` is in lower case and in ASCII.
fn judge_name(name: &str) -> Result<(), UrlFault> {
    if name.ends_with('.') {
        return Err(UrlFault::TrailingDot);
    }
    let is_label = |label: &str| {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let is_bounded =
            (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
        is_bounded && label.bytes().all(allowed)
    };
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err(UrlFault::NotAName);
    }
    // A name without a dot is one of this network.
    let is_local = match name.rsplit_once('.') {
        Some((_, last)) => ["localhost", "local", "internal"].contains(&last),
        None => true,
    };
    if is_local {
        return Err(UrlFault::LocalName);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hyper::{Uri, header::HeaderValue};

    use super::*;

    fn parsed(text: &str) -> Result<String, UrlFault> {
        WebhookUrl::parse(text, Targets::Public).map(|url| url.to_string())
    }

    #[test]
    fn a_url_is_kept_as_the_standard_normalises_it() {
        for (text, kept) in [
            (
                "https://shop.example/webhooks",
                "https://shop.example/webhooks",
            ),
            ("https://shop.example", "https://shop.example"),
            ("https://shop.example/", "https://shop.example/"),
            ("https://shop.example?a=b", "https://shop.example/?a=b"),
            (
                "HTTPS://Shop.EXAMPLE:443/Web?A=%2f",
                "https://shop.example/Web?A=%2f",
            ),
            ("https://shop.example:8443/", "https://shop.example:8443/"),
            ("https://shop.example:80", "https://shop.example:80"),
            (
                "https://shop.example/a b/../ü",
                "https://shop.example/%C3%BC",
            ),
            ("https://shop.example/a#part", "https://shop.example/a"),
            ("https://shop.example#part", "https://shop.example"),
            ("https:shop.example/a", "https://shop.example/a"),
            ("https:\\\\shop.example\\a", "https://shop.example/a"),
            ("https://Bücher.example/", "https://xn--bcher-kva.example/"),
            ("https://shop。example．com/", "https://shop.example.com/"),
            ("https://my_shop.example/", "https://my_shop.example/"),
            ("https://@shop.example/", "https://shop.example/"),
            (" https://shop.example/a\n", "https://shop.example/a"),
            ("https://8.8.8.8/", "https://8.8.8.8/"),
            ("https://134744072/", "https://8.8.8.8/"),
            (
                "https://[2606:4700:4700:0::1111]:8443/",
                "https://[2606:4700:4700::1111]:8443/",
            ),
            ("https://localhost.example/", "https://localhost.example/"),
            (
                "https://internal.example.com/",
                "https://internal.example.com/",
            ),
        ] {
            assert_eq!(parsed(text).as_deref(), Ok(kept), "{text}");
            assert_eq!(parsed(kept).as_deref(), Ok(kept), "{text}, again");
        }
    }

    #[test]
    fn an_address_that_is_not_public_is_refused_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "0x7f000001",
            "0177.0.0.1",
            "2130706433",
            "017700000001",
            "127.0.0.1.",
            "127。0。0。1",
            "１２７．０．０．１",
            "127｡0｡0｡1",
            "①②⑦.0.0.1",
            "%31%32%37.0.0.1",
            "0",
            "10.0.0.1",
            "169.254.169.254",
            "0xa9fea9fe",
            "168.63.129.16",
            "100.100.100.200",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:a9fe:a9fe]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:db8::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
        ] {
            assert_eq!(
                parsed(&format!("https://{host}/")),
                Err(UrlFault::NotPublic),
                "{host}"
            );
        }
    }

    #[test]
    fn other_urls_are_refused_with_the_reason() {
        let long_label = format!("https://{}.example/", "a".repeat(64));
        let long_name = format!("https://{}.example/", ["a"; 127].join("."));
        let long = format!("https://shop.example/{}", "a".repeat(1980));
        let long_when_encoded = format!("https://shop.example/{}", "ü".repeat(400));
        for (text, fault) in [
            ("", UrlFault::NotHttps),
            ("shop.example/webhooks", UrlFault::NotHttps),
            ("shop.example:443/webhooks", UrlFault::NotHttps),
            ("//shop.example/webhooks", UrlFault::NotHttps),
            ("http://shop.example/", UrlFault::NotHttps),
            ("http://127.0.0.1:9000/", UrlFault::NotHttps),
            ("wss://shop.example/", UrlFault::NotHttps),
            ("ftp://shop.example/", UrlFault::NotHttps),
            ("file:///etc/passwd", UrlFault::NotHttps),
            ("gopher://127.0.0.1:6379/_FLUSHALL", UrlFault::NotHttps),
            ("data:text/plain,a", UrlFault::NotHttps),
            ("javascript:alert(1)", UrlFault::NotHttps),
            ("https://", UrlFault::Malformed),
            ("https://shop.example:99999/", UrlFault::Malformed),
            ("https://[::1", UrlFault::Malformed),
            ("https://1.2.3.4.5/", UrlFault::Malformed),
            ("https://shop example/", UrlFault::NotAName),
            ("https://shop.example@127.0.0.1/", UrlFault::HasCredentials),
            ("https://kim:word@shop.example/", UrlFault::HasCredentials),
            ("https://:word@shop.example/", UrlFault::HasCredentials),
            ("https://shop.example./", UrlFault::TrailingDot),
            ("https://localhost./", UrlFault::TrailingDot),
            ("https://shop.example。/", UrlFault::TrailingDot),
            ("https://shop..example/", UrlFault::NotAName),
            ("https://.shop.example/", UrlFault::NotAName),
            ("https://shop!.example/", UrlFault::NotAName),
            ("https://-shop.example/", UrlFault::NotAName),
            ("https://shop-.example/", UrlFault::NotAName),
            ("https://xn--a.example/", UrlFault::NotAName),
            (&long_label, UrlFault::NotAName),
            (&long_name, UrlFault::NotAName),
            ("https://localhost/", UrlFault::LocalName),
            ("https://LOCALHOST/", UrlFault::LocalName),
            ("https://ｌｏｃａｌｈｏｓｔ/", UrlFault::LocalName),
            ("https://shop.localhost/", UrlFault::LocalName),
            ("https://printer.local/", UrlFault::LocalName),
            ("https://metadata.google.internal/", UrlFault::LocalName),
            ("https://intranet/", UrlFault::LocalName),
            (&long, UrlFault::TooLong),
            (&long_when_encoded, UrlFault::TooLong),
        ] {
            assert_eq!(parsed(text), Err(fault), "{text}");
            assert!(fault.message().starts_with("`url` must "), "{text}");
        }
        assert!(parsed(&long[..WebhookUrl::MAX]).is_ok());
    }

    #[test]
    fn http_is_for_loopback_addresses_and_only_where_this_process_may_call_them() {
        let parsed =
            |text| WebhookUrl::parse(text, Targets::PublicAndLoopback).map(|url| url.to_string());
        for local in [
            "http://127.0.0.1:8000/webhooks",
            "http://127.9.9.9/",
            "http://[::1]:8000/",
        ] {
            assert_eq!(parsed(local).as_deref(), Ok(local));
            assert_eq!(
                super::WebhookUrl::parse(local, Targets::Public),
                Err(UrlFault::NotHttps)
            );
        }
        assert_eq!(
            parsed("http://0x7f.1:8000").as_deref(),
            Ok("http://127.0.0.1:8000")
        );
        for (other, fault) in [
            ("https://127.0.0.1/", UrlFault::NotPublic),
            ("http://localhost:8000/", UrlFault::NotHttps),
            ("http://10.0.0.1/", UrlFault::NotHttps),
            ("http://[::ffff:127.0.0.1]/", UrlFault::NotHttps),
            ("http://0.0.0.0/", UrlFault::NotHttps),
            ("http://8.8.8.8/", UrlFault::NotHttps),
            ("ftp://127.0.0.1/", UrlFault::NotHttps),
            ("http://a:b@127.0.0.1/", UrlFault::HasCredentials),
        ] {
            assert_eq!(parsed(other), Err(fault), "{other}");
        }
        assert_eq!(
            parsed("https://shop.example/").as_deref(),
            Ok("https://shop.example/")
        );
    }

    /// What the client makes of its parts, which therefore cannot fail there.
    #[test]
    fn a_request_can_be_made_of_every_url() {
        let characters = ('\u{0}'..='\u{ff}').chain(['\u{2028}', '\u{feff}', '\u{ffff}', '💥']);
        for c in characters {
            for text in [
                format!("https://shop.example/{c}a{c}?{c}a{c}"),
                format!("https://shop{c}.example/"),
                format!("https://shop.example:{c}8443/"),
            ] {
                let Ok(url) = WebhookUrl::parse(&text, Targets::Public) else {
                    continue;
                };
                assert!(Uri::try_from(url.path_and_query()).is_ok(), "{text}");
                assert!(url.path_and_query().starts_with('/'), "{text}");
                assert!(HeaderValue::from_str(url.authority()).is_ok(), "{text}");
                let name = url.name().unwrap().to_owned();
                assert!(
                    rustls::pki_types::ServerName::try_from(name).is_ok(),
                    "{text}"
                );
                assert!(url.port().is_some(), "{text}");
            }
        }
    }

    #[test]
    fn the_parts_are_those_of_a_request() {
        let url = WebhookUrl::parse("https://Shop.example:8443/a?b=c#d", Targets::Public).unwrap();
        assert_eq!(url.authority(), "shop.example:8443");
        assert_eq!(url.path_and_query(), "/a?b=c");
        assert_eq!(
            (url.name(), url.address(), url.port()),
            (Some("shop.example"), None, Some(8443))
        );
        let url = WebhookUrl::parse("https://[2606:4700:4700::1111]", Targets::Public).unwrap();
        assert_eq!(url.authority(), "[2606:4700:4700::1111]");
        assert_eq!(url.path_and_query(), "/");
        assert_eq!(
            (url.name(), url.address(), url.port()),
            (None, "2606:4700:4700::1111".parse().ok(), Some(443))
        );
        assert_eq!(
            serde_json::to_value(&url).unwrap(),
            "https://[2606:4700:4700::1111]"
        );
    }
}
