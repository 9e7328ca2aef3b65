//! The page that says what went wrong on the way to a page, and what to do about it.

use askama::Template;

use crate::{
    error::{ApiError, ErrorCode},
    portal::{
        assets,
        language::Language,
        texts::{Problem, Texts},
    },
    words::Words,
};

/// What the page is made from.
#[derive(Debug)]
pub struct ProblemPage<'a> {
    /// The language to say it in.
    pub language: Language,
    /// What went wrong. On the way of a sign-in, [`ErrorCode::AuthRequired`] is one that was not
    /// completed, and [`ErrorCode::ValidationError`] one whose link is no longer good.
    pub code: ErrorCode,
    /// The id to quote.
    pub request_id: &'a str,
    /// The path that the one link leads to.
    pub try_again: &'a str,
}

impl ProblemPage<'_> {
    /// The page.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InternalError`] where the template cannot be written out.
    pub fn render(&self) -> Result<String, ApiError> {
        let texts = Texts::of(self.language);
        let page = Page {
            language: self.language,
            stylesheet: assets::stylesheet().path(),
            texts,
            problem: told(self.code, texts),
            request_id: self.request_id,
            try_again: self.try_again,
        };
        page.render().map_err(ApiError::internal)
    }
}

fn told(code: ErrorCode, texts: &Texts) -> &Problem {
    match code {
        ErrorCode::AuthRequired | ErrorCode::InvalidToken => &texts.sign_in_not_completed,
        ErrorCode::ValidationError => &texts.sign_in_stale,
        ErrorCode::Forbidden => &texts.no_workspace,
        ErrorCode::NotFound => &texts.no_such_page,
        ErrorCode::Conflict => &texts.in_the_way,
        ErrorCode::RateLimited => &texts.too_many_calls,
        ErrorCode::InternalError => &texts.our_fault,
    }
}

#[derive(Template)]
#[template(path = "problem.html", whitespace = "minimize")]
struct Page<'a> {
    language: Language,
    stylesheet: String,
    texts: &'static Texts,
    problem: &'a Problem,
    request_id: &'a str,
    try_again: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [ErrorCode; 8] = [
        ErrorCode::ValidationError,
        ErrorCode::AuthRequired,
        ErrorCode::InvalidToken,
        ErrorCode::Forbidden,
        ErrorCode::NotFound,
        ErrorCode::Conflict,
        ErrorCode::RateLimited,
        ErrorCode::InternalError,
    ];

    #[test]
    fn every_problem_is_told_in_both_languages_with_the_id_and_a_way_on() {
        for code in CODES {
            for language in Language::ALL {
                let page = ProblemPage {
                    language: *language,
                    code,
                    request_id: "req_<1>",
                    try_again: "/a?b=\"><script>",
                };
                let page = page.render().unwrap();
                assert!(page.contains(&format!(r#"<html lang="{}">"#, language.as_str())));
                assert!(page.contains("<h1>"));
                assert!(page.contains(r#"<code class="request-id">req_&#60;1&#62;</code>"#));
                let link = r#"id="try-again" href="/a?b=&#34;&#62;&#60;script&#62;""#;
                assert!(page.contains(link));
                assert!(!page.contains("<script"));
            }
        }
    }
}
