//! The page of the API reference, in English. The package `reference` generates its content from `openapi.yaml`.

use askama::Template;

use crate::{
    error::ApiError,
    http::language::Language,
    portal::{assets, texts::Texts, translations},
};

/// `openapi.yaml` as JSON.
pub const OPENAPI: &str = include_str!("../../assets/openapi.json");

const REFERENCE: &str = include_str!("../../assets/docs.html");

pub fn render() -> Result<String, ApiError> {
    let language = Language::English;
    let page = Page {
        language,
        icon: assets::icon().path(),
        stylesheet: assets::stylesheet().path(),
        docs_stylesheet: assets::docs_stylesheet().path(),
        texts: translations::of(language),
        reference: REFERENCE,
    };
    page.render().map_err(ApiError::internal)
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Page {
    language: Language,
    icon: String,
    stylesheet: String,
    docs_stylesheet: String,
    texts: &'static Texts,
    reference: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_reference_in_the_portals_frame() {
        let page = render().unwrap();
        assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">"));
        assert!(page.contains("<title>API reference · Suppuo</title>"));
        assert!(page.contains("curl &quot;$SUPPUO_URL/api/v1/tickets"));
        assert_eq!(page.matches("rel=\"stylesheet\"").count(), 2);
    }

    #[test]
    fn the_page_has_no_inline_style_and_no_script() {
        let page = render().unwrap();
        for forbidden in ["<script", "<style", " style=\"", "src=\""] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(OPENAPI.starts_with("{\"openapi\":\"3.1.0\""));
    }
}
