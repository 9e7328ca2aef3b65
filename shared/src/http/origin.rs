//! The origin that a request came to (RFC 6454): the scheme and host that the caller used, of which there may be two.
//!
//! API Gateway takes calls over TLS only, and only for its own host names, so that the `Host` header is none of the
//! client's choice there. On a laptop the API is served on loopback without TLS.

use std::net::IpAddr;

/// A scheme and a host with its port, `https://api.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: &'static str,
    host: String,
}

impl Origin {
    /// Of a request with this `Host` header; `None` where that can be none (RFC 9110 section 7.2).
    #[must_use]
    pub fn of_host(host: &str) -> Option<Self> {
        let readable = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]_".contains(&b);
        if host.is_empty() || host.len() > 255 || !host.bytes().all(readable) {
            return None;
        }
        Some(Self {
            scheme: if is_loopback(host) { "http" } else { "https" },
            host: host.to_ascii_lowercase(),
        })
    }

    /// Whether it is without TLS, as on a laptop.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.scheme == "http"
    }

    /// A URL of this origin; `path` begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.host)
    }

    /// Whether an `Origin` header names this one. A port that is the scheme's own need not be written.
    #[must_use]
    pub fn is_named_by(&self, header: &str) -> bool {
        let own = if self.is_local() { ":80" } else { ":443" };
        let ours = self.host.strip_suffix(own).unwrap_or(&self.host);
        let theirs = header
            .strip_prefix(self.scheme)
            .and_then(|rest| rest.strip_prefix("://"));
        theirs.is_some_and(|theirs| {
            let theirs = theirs.strip_suffix(own).unwrap_or(theirs);
            theirs.eq_ignore_ascii_case(ours)
        })
    }
}

/// `localhost`, 127.0.0.0/8 or `[::1]`, with or without a port.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(host: &str) -> Origin {
        Origin::of_host(host).unwrap()
    }

    #[test]
    fn loopback_is_http_and_everything_else_is_https() {
        for host in [
            "localhost",
            "localhost:9000",
            "127.0.0.1:9000",
            "[::1]:80",
            "[::1]",
        ] {
            assert!(origin(host).is_local(), "{host}");
        }
        for host in [
            "api.example.com",
            "localhost.example.com",
            "10.0.0.1:80",
            "127.0.0.1.nip.io",
        ] {
            assert!(!origin(host).is_local(), "{host}");
        }
        assert_eq!(
            origin("API.example.com").url("/x"),
            "https://api.example.com/x"
        );
        assert_eq!(origin("127.0.0.1:9000").url("/"), "http://127.0.0.1:9000/");
    }

    #[test]
    fn what_is_no_host_is_no_origin() {
        for host in ["", "a b", "a/b", "a@b", "é", "a\r\nb", &"a".repeat(256)] {
            assert_eq!(Origin::of_host(host), None, "{host}");
        }
    }

    #[test]
    fn an_origin_is_named_by_all_of_it() {
        let api = origin("api.example.com");
        for same in ["https://api.example.com", "https://API.example.com:443"] {
            assert!(api.is_named_by(same), "{same}");
        }
        for other in [
            "http://api.example.com",
            "https://api.example.com.evil.test",
            "https://evil.test",
            "https://example.com",
            "https://api.example.com:8443",
            "https://api.example.com/",
            "api.example.com",
            "null",
            "",
        ] {
            assert!(!api.is_named_by(other), "{other}");
        }
        assert!(origin("127.0.0.1:9000").is_named_by("http://127.0.0.1:9000"));
        assert!(!origin("127.0.0.1:9000").is_named_by("http://127.0.0.1:9400"));
        assert!(!origin("127.0.0.1:9000").is_named_by("http://localhost:9000"));
    }
}
