//! The page after signing out.

use askama::Template;

use crate::{
    error::ApiError,
    http::language::Language,
    portal::{SIGN_IN, assets, texts::Texts, translations},
};

pub fn render(language: Language) -> Result<String, ApiError> {
    let page = Page {
        language,
        icon: assets::icon().path(),
        stylesheet: assets::stylesheet().path(),
        texts: translations::of(language),
        sign_in: SIGN_IN,
    };
    page.render().map_err(ApiError::internal)
}

#[derive(Template)]
#[template(path = "signed_out.html", whitespace = "minimize")]
struct Page {
    language: Language,
    icon: String,
    stylesheet: String,
    texts: &'static Texts,
    sign_in: &'static str,
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn the_page_is_in_both_languages_and_links_to_the_sign_in() {
        for language in Language::VARIANTS {
            let page = render(*language).unwrap();
            assert!(page.contains(&format!(r#"<html lang="{}">"#, language.as_ref())));
            assert!(page.contains(r#"id="sign-in-again""#) && page.contains(SIGN_IN));
        }
    }
}
