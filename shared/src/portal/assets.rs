//! The stylesheet, the scripts and the icon. A file's name contains a hash of its content, so that browsers may cache
//! it for ever.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// The start of every asset's path; the name follows.
pub const PATH: &str = "/dashboard/assets/";

/// The length of the hash in a name, in hex digits: 64 bits, more than enough for a few files.
const HASH_HEX: usize = 16;

#[derive(Debug)]
pub struct Asset {
    pub content_type: &'static str,
    pub body: String,
    name: String,
}

impl Asset {
    fn new(extension: &str, content_type: &'static str, source: &str) -> Self {
        let body = minified(source);
        let hash = base16ct::lower::encode_string(&Sha256::digest(&body));
        Self {
            content_type,
            body,
            name: format!("portal.{}.{extension}", &hash[..HASH_HEX]),
        }
    }

    /// `portal.{hash}.css`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn path(&self) -> String {
        format!("{PATH}{}", self.name)
    }
}

/// Removes indentation and the comments that are on lines of their own: a quarter of the source.
fn minified(source: &str) -> String {
    let is_code = |line: &&str| {
        let is_comment = line.starts_with("//") || (line.starts_with("/*") && line.ends_with("*/"));
        !line.is_empty() && !is_comment
    };
    let lines: Vec<_> = source.lines().map(str::trim).filter(is_code).collect();
    lines.join("\n")
}

static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    let body = include_str!("../../assets/portal.css");
    Asset::new("css", "text/css; charset=utf-8", body)
});

static DOCS_STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    let body = include_str!("../../assets/docs.css");
    Asset::new("css", "text/css; charset=utf-8", body)
});

static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let body = include_str!("../../assets/portal.js");
    Asset::new("js", "text/javascript; charset=utf-8", body)
});

/// Of all pages.
#[must_use]
pub fn stylesheet() -> &'static Asset {
    &STYLESHEET
}

/// The additional stylesheet of the API reference.
#[must_use]
pub fn docs_stylesheet() -> &'static Asset {
    &DOCS_STYLESHEET
}

/// The script of the page of API keys.
#[must_use]
pub fn script() -> &'static Asset {
    &SCRIPT
}

static PROBLEM_SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let body = include_str!("../../assets/problem.js");
    Asset::new("js", "text/javascript; charset=utf-8", body)
});

static ICON: LazyLock<Asset> = LazyLock::new(|| {
    let body = include_str!("../../assets/icon.svg");
    Asset::new("svg", "image/svg+xml", body)
});

/// The script of the error page.
#[must_use]
pub fn problem_script() -> &'static Asset {
    &PROBLEM_SCRIPT
}

/// The icon of all pages. `/favicon.ico` redirects to it.
#[must_use]
pub fn icon() -> &'static Asset {
    &ICON
}

/// `None` for an unknown name, as that of an older version.
#[must_use]
pub fn find(name: &str) -> Option<&'static Asset> {
    let all = [
        stylesheet(),
        docs_stylesheet(),
        script(),
        problem_script(),
        icon(),
    ];
    all.into_iter().find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_by_its_name_with_the_hash() {
        for (asset, extension) in [
            (stylesheet(), "css"),
            (docs_stylesheet(), "css"),
            (script(), "js"),
            (problem_script(), "js"),
            (icon(), "svg"),
        ] {
            let hash = asset.name().split('.').nth(1).unwrap();
            assert_eq!(asset.name(), format!("portal.{hash}.{extension}"));
            assert_eq!(hash.len(), 16);
            assert_eq!(asset.path(), format!("/dashboard/assets/{}", asset.name()));
            assert_eq!(find(asset.name()).unwrap().body, asset.body);
            // SVG's namespace is a URL that no browser requests.
            assert!(!asset.body.contains("/*") && !asset.body.contains("\n "));
            let body = asset.body.replace("http://www.w3.org/2000/svg", "");
            assert!(!body.contains("://"), "it refers to no other host");
        }
        assert!(find("portal.css").is_none());
        assert!(find("").is_none());
    }
}
