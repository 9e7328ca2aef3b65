//! The stylesheet, the scripts and the icon, under names that say what is in them.
//!
//! A name carries a hash of the content, so that a file may be cached for ever: another content has
//! another name.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// What the path of every asset begins with; the name follows.
pub const PATH: &str = "/dashboard/assets/";

/// How much of the hash a name carries, in hex: 64 bits, more than enough for a handful of files.
const HASH_HEX: usize = 16;

/// A file that a page refers to.
#[derive(Debug)]
pub struct Asset {
    /// Its media type.
    pub content_type: &'static str,
    /// What is in it.
    pub body: String,
    name: String,
}

impl Asset {
    fn new(extension: &str, content_type: &'static str, source: &str) -> Self {
        let body = squeezed(source);
        let hash = base16ct::lower::encode_string(&Sha256::digest(&body));
        Self {
            content_type,
            body,
            name: format!("portal.{}.{extension}", &hash[..HASH_HEX]),
        }
    }

    /// Its name, `portal.{hash}.css`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its path on the page's own host.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{PATH}{}", self.name)
    }
}

/// A source without what only its writers read, indentation and the comments on lines of their own: a quarter of it.
fn squeezed(source: &str) -> String {
    let is_read = |line: &&str| {
        let is_comment = line.starts_with("//") || (line.starts_with("/*") && line.ends_with("*/"));
        !line.is_empty() && !is_comment
    };
    let lines: Vec<_> = source.lines().map(str::trim).filter(is_read).collect();
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

/// The stylesheet of all pages.
#[must_use]
pub fn stylesheet() -> &'static Asset {
    &STYLESHEET
}

/// The stylesheet that the API reference has beside it.
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

/// The script of the page of problems.
#[must_use]
pub fn problem_script() -> &'static Asset {
    &PROBLEM_SCRIPT
}

/// The icon of all pages, which is also what a browser is to get that asks for `/favicon.ico`.
#[must_use]
pub fn icon() -> &'static Asset {
    &ICON
}

/// The asset of this name; `None` where there is none, or no longer.
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
    fn an_asset_is_found_by_the_name_that_carries_its_hash() {
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
            // The name of SVG is one that nobody asks for anything.
            assert!(!asset.body.contains("/*") && !asset.body.contains("\n "));
            let body = asset.body.replace("http://www.w3.org/2000/svg", "");
            assert!(!body.contains("://"), "it asks no other host");
        }
        assert!(find("portal.css").is_none());
        assert!(find("").is_none());
    }
}
