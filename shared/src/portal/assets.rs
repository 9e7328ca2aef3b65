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
        let body = match extension {
            "css" => squeezed(&minified(source)),
            _ => minified(source),
        };
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

/// Removes the white space around punctuation, where it means nothing in our stylesheets.
fn squeezed(css: &str) -> String {
    let mut css = css.replace('\n', " ");
    for (long, short) in [
        (" { ", "{"),
        (" } ", "}"),
        ("; ", ";"),
        (": ", ":"),
        (", ", ","),
        (" > ", ">"),
    ] {
        css = css.replace(long, short);
    }
    css.replace(";}", "}")
}

/// A stylesheet of these files. As one file they are one request.
macro_rules! stylesheet {
    ($($file:literal),+) => {
        LazyLock::new(|| {
            let source = concat!($(include_str!(concat!("../../assets/", $file))),+);
            Asset::new("css", "text/css; charset=utf-8", source)
        })
    };
}

/// A script of these files, which share one scope, also with the other scripts of their page.
macro_rules! script {
    ($($file:literal),+) => {
        LazyLock::new(|| {
            let source = concat!(
                "\"use strict\";\n",
                $(include_str!(concat!("../../assets/", $file))),+
            );
            Asset::new("js", "text/javascript; charset=utf-8", source)
        })
    };
}

static STYLESHEET: LazyLock<Asset> = stylesheet!("portal.css");

static DOCS_STYLESHEET: LazyLock<Asset> = stylesheet!("docs.css");

static API_KEYS_SCRIPT: LazyLock<Asset> = script!("page.js", "api_keys.js");

static API_KEYS_DIALOGS_SCRIPT: LazyLock<Asset> = script!(
    "secret_dialog.js",
    "new_key.js",
    "key_fields.js",
    "api_keys_dialogs.js"
);

static KEY_SCRIPT: LazyLock<Asset> = script!(
    "page.js",
    "secret_dialog.js",
    "new_key.js",
    "local_minute.js",
    "key_fields.js",
    "key.js"
);

static WEBHOOKS_SCRIPT: LazyLock<Asset> = script!(
    "page.js",
    "secret_dialog.js",
    "local_minute.js",
    "webhook_log.js",
    "webhooks.js"
);

static API_KEYS_STYLESHEET: LazyLock<Asset> =
    stylesheet!("portal.css", "fields.css", "key_fields.css", "api_keys.css");

static KEY_STYLESHEET: LazyLock<Asset> = stylesheet!(
    "portal.css",
    "fields.css",
    "key_fields.css",
    "facts.css",
    "key.css"
);

static WEBHOOKS_STYLESHEET: LazyLock<Asset> =
    stylesheet!("portal.css", "fields.css", "facts.css", "webhooks.css");

/// Of the pages that need no sign-in.
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
pub fn api_keys_script() -> &'static Asset {
    &API_KEYS_SCRIPT
}

/// The script of that page's dialogs, which the page's script loads.
#[must_use]
pub fn api_keys_dialogs_script() -> &'static Asset {
    &API_KEYS_DIALOGS_SCRIPT
}

/// The stylesheet of the page of API keys.
#[must_use]
pub fn api_keys_stylesheet() -> &'static Asset {
    &API_KEYS_STYLESHEET
}

/// The script of a key's page.
#[must_use]
pub fn key_script() -> &'static Asset {
    &KEY_SCRIPT
}

/// The stylesheet of a key's page.
#[must_use]
pub fn key_stylesheet() -> &'static Asset {
    &KEY_STYLESHEET
}

/// The script of the page of webhooks.
#[must_use]
pub fn webhooks_script() -> &'static Asset {
    &WEBHOOKS_SCRIPT
}

/// The stylesheet of the page of webhooks.
#[must_use]
pub fn webhooks_stylesheet() -> &'static Asset {
    &WEBHOOKS_STYLESHEET
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
        api_keys_script(),
        api_keys_dialogs_script(),
        api_keys_stylesheet(),
        key_script(),
        key_stylesheet(),
        webhooks_script(),
        webhooks_stylesheet(),
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
            (api_keys_script(), "js"),
            (api_keys_dialogs_script(), "js"),
            (api_keys_stylesheet(), "css"),
            (key_script(), "js"),
            (key_stylesheet(), "css"),
            (webhooks_script(), "js"),
            (webhooks_stylesheet(), "css"),
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
