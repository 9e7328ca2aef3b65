//! The page that a sign-in returns to.

use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// A path on this host, with or without a query. No browser interprets it as another host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo(String);

impl ReturnTo {
    pub const DEFAULT: &str = "/dashboard/api-keys";

    /// No page of ours has a longer address.
    const MAX_BYTES: usize = 512;

    /// Parses the parameter `returnTo`, which may be missing.
    ///
    /// # Errors
    ///
    /// `400` if it is not a path on this host.
    pub fn of(asked: Option<&str>) -> Result<Self, ApiError> {
        let asked = asked.unwrap_or(Self::DEFAULT);
        Self::parse(asked).ok_or_else(|| {
            ApiError::invalid_field("returnTo", "`returnTo` must be a path on this host.")
        })
    }

    /// `None` if a browser could leave this host: two leading slashes begin a host, browsers treat a backslash as a
    /// slash (WHATWG's URL standard, "path state"), and they ignore tabs and line breaks.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        let is_path = text.starts_with('/') && !text.starts_with("//");
        let fits = text.len() <= Self::MAX_BYTES;
        (printable && is_path && fits).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_on_this_host_is_accepted() {
        for path in [
            "/",
            "/dashboard/api-keys",
            "/dashboard/api-keys?lang=id&x=%2F#keys",
        ] {
            assert_eq!(ReturnTo::parse(path).unwrap().as_str(), path);
        }
        for elsewhere in [
            "",
            "dashboard",
            "//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/\t/evil.test",
            "\n//evil.test",
            "https://evil.test",
            "https:evil.test",
            "javascript:alert(1)",
            "/a b",
            "/é",
            "/a\r\nset-cookie: x=y",
            &format!("/{}", "a".repeat(512)),
        ] {
            assert_eq!(ReturnTo::parse(elsewhere), None, "{elsewhere}");
        }
    }
}
