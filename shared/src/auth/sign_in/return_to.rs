//! Where a sign-in leads back to.

use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// A path on this host, perhaps with a query: what a browser cannot read as anything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// The dashboard.
    pub const DEFAULT: &str = "/dashboard/api-keys";

    /// More is no page of ours.
    const MAX_BYTES: usize = 512;

    /// Reads what a caller asks for; the dashboard where nothing is.
    ///
    /// # Errors
    ///
    /// `400` for anything but a path on this host.
    pub fn of(asked: Option<&str>) -> Result<Self, ApiError> {
        let asked = asked.unwrap_or(Self::DEFAULT);
        Self::parse(asked).ok_or_else(|| {
            ApiError::invalid_field("returnTo", "`returnTo` must be a path on this host.")
        })
    }

    /// Reads a path. A second slash would begin a host, a backslash is one to browsers (WHATWG's URL standard, "path
    /// state"), and they leave out tabs and line ends.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        let is_path = text.starts_with('/') && !text.starts_with("//");
        let fits = text.len() <= Self::MAX_BYTES;
        (printable && is_path && fits).then(|| Self(text.to_owned()))
    }

    /// The path as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_on_this_host_and_nothing_else() {
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
