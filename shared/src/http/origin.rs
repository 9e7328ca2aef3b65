//! The origin that a request was sent to (RFC 6454): the scheme and the host that the client used.
//!
//! API Gateway accepts only TLS and only its own host names, so a client cannot choose the `Host` header freely. On a
//! laptop the API is served on loopback, without TLS.

use std::net::IpAddr;

/// A scheme and a host with its port, `https://api.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: &'static str,
    host: String,
}

impl Origin {
    /// The origin of a request with this `Host` header; `None` if it is not a valid one (RFC 9110 section 7.2).
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

    /// Whether it is on loopback, which is served without TLS.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.scheme == "http"
    }

    /// `path` begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.host)
    }

    /// Whether an `Origin` header names this origin. The scheme's default port may be left out.
    #[must_use]
    pub fn matches_header(&self, header: &str) -> bool {
        let default_port = if self.is_local() { ":80" } else { ":443" };
        let ours = self.host.strip_suffix(default_port).unwrap_or(&self.host);
        let theirs = header
            .strip_prefix(self.scheme)
            .and_then(|rest| rest.strip_prefix("://"));
        theirs.is_some_and(|theirs| {
            let theirs = theirs.strip_suffix(default_port).unwrap_or(theirs);
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
    fn an_invalid_host_gives_no_origin() {
        for host in ["", "a b", "a/b", "a@b", "é", "a\r\nb", &"a".repeat(256)] {
            assert_eq!(Origin::of_host(host), None, "{host}");
        }
    }

    #[test]
    fn a_header_must_match_the_whole_origin() {
        let api = origin("api.example.com");
        for same in ["https://api.example.com", "https://API.example.com:443"] {
            assert!(api.matches_header(same), "{same}");
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
            assert!(!api.matches_header(other), "{other}");
        }
        assert!(origin("127.0.0.1:9000").matches_header("http://127.0.0.1:9000"));
        assert!(!origin("127.0.0.1:9000").matches_header("http://127.0.0.1:9400"));
        assert!(!origin("127.0.0.1:9000").matches_header("http://localhost:9000"));
    }
}
