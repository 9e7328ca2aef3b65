//! The error page: what went wrong, and what to do about it.

use askama::Template;

use crate::{
    error::{ApiError, ErrorCode},
    http::language::Language,
    portal::{
        assets,
        texts::{Problem, Texts},
        translations,
    },
};

/// In which flow an error occurred. It decides the wording of two errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The callback of a sign-in. [`ErrorCode::AuthRequired`] means that it was not completed, and
    /// [`ErrorCode::ValidationError`] that it has expired.
    SignIn,
    /// Everything else. Both mean that the request was not accepted.
    Page,
}

#[derive(Debug)]
pub struct ProblemPage<'a> {
    pub language: Language,
    pub code: ErrorCode,
    pub flow: Flow,
    /// In seconds, if known.
    pub retry_after: Option<i64>,
    /// The id of the failed request, which may be an earlier one.
    pub request_id: &'a str,
    /// The URL of support, if there is one.
    pub support: Option<&'a str>,
    /// The path of the page's link.
    pub try_again: &'a str,
}

impl ProblemPage<'_> {
    pub fn render(&self) -> Result<String, ApiError> {
        let texts = translations::of(self.language);
        let problem = problem_of(self.code, self.flow, texts);
        let seconds = self.retry_after.unwrap_or(60).to_string();
        let page = Page {
            language: self.language,
            icon: assets::icon().path(),
            stylesheet: assets::stylesheet().path(),
            script: assets::problem_script().path(),
            texts,
            support: self.support,
            code: self.code.into(),
            problem,
            text: problem.text.replace("{seconds}", &seconds),
            request_id: self.request_id,
            try_again: self.try_again,
        };
        page.render().map_err(ApiError::internal)
    }
}

fn problem_of(code: ErrorCode, flow: Flow, texts: &Texts) -> &Problem {
    match code {
        ErrorCode::AuthRequired if flow == Flow::SignIn => &texts.sign_in_not_completed,
        ErrorCode::ValidationError if flow == Flow::SignIn => &texts.sign_in_expired,
        ErrorCode::AuthRequired | ErrorCode::InvalidToken | ErrorCode::ValidationError => {
            &texts.not_accepted
        }
        ErrorCode::Forbidden => &texts.no_workspace,
        ErrorCode::NotFound => &texts.no_such_page,
        ErrorCode::Conflict => &texts.concurrent_change,
        ErrorCode::RateLimited => &texts.too_many_calls,
        ErrorCode::InternalError => &texts.our_fault,
    }
}

#[derive(Template)]
#[template(path = "problem.html", whitespace = "minimize")]
struct Page<'a> {
    language: Language,
    icon: String,
    stylesheet: String,
    script: String,
    texts: &'static Texts,
    support: Option<&'a str>,
    code: &'static str,
    problem: &'a Problem,
    text: String,
    request_id: &'a str,
    try_again: &'a str,
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

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

    const FLOWS: [Flow; 2] = [Flow::SignIn, Flow::Page];

    fn page(language: Language, code: ErrorCode, flow: Flow, support: Option<&str>) -> String {
        let page = ProblemPage {
            language,
            code,
            flow,
            retry_after: Some(23),
            request_id: "req_<1>",
            support,
            try_again: "/a?b=\"><script>",
        };
        page.render().unwrap()
    }

    #[test]
    fn every_problem_has_both_languages_a_link_and_the_id_last() {
        for (code, flow) in CODES
            .into_iter()
            .flat_map(|code| FLOWS.map(|flow| (code, flow)))
        {
            for language in Language::VARIANTS {
                let page = page(*language, code, flow, None);
                assert!(page.contains(&format!(r#"<html lang="{}">"#, language.as_ref())));
                let link = r#"id="try-again" href="/a?b=&#34;&#62;&#60;script&#62;""#;
                let id = format!(
                    r#"<code>{}</code> <code class="request-id">req_&#60;1&#62;</code></p>"#,
                    <&str>::from(code)
                );
                let places = ["<h1>", link, &id].map(|part| page.find(part).unwrap());
                assert!(places.is_sorted(), "{page}");
                assert_eq!(page.matches("<script").count(), 1);
                assert_eq!(page.contains(" 23 "), code == ErrorCode::RateLimited);
                // The language switch shows the same problem of the same request.
                let other = format!(
                    "&#38;problem={}&#38;request=req_&#60;1&#62;\"",
                    <&str>::from(code)
                );
                assert_eq!(page.matches(&other).count(), 2, "{page}");
                let address = other.replacen("&#38;", "data-address=\"?", 1);
                assert!(page.contains(&address), "{page}");
            }
        }
    }

    #[test]
    fn only_in_a_sign_in_the_page_says_that_one_failed() {
        for (language, of_sign_in, of_page) in [
            (
                Language::English,
                ["sign-in has expired", "could not be signed in"],
                "Your request was not accepted",
            ),
            (
                Language::Indonesian,
                ["Proses masuk ini sudah", "belum berhasil masuk"],
                "Permintaan Anda tidak diterima",
            ),
        ] {
            let title = |code, flow| {
                let page = page(language, code, flow, None);
                let title = page.split("<h1>").nth(1).unwrap();
                title.split("</h1>").next().unwrap().to_owned()
            };
            let codes = [ErrorCode::ValidationError, ErrorCode::AuthRequired];
            for (code, of_sign_in) in codes.into_iter().zip(of_sign_in) {
                assert!(title(code, Flow::SignIn).contains(of_sign_in));
                assert_eq!(title(code, Flow::Page), of_page);
            }
        }
    }

    #[test]
    fn the_page_links_to_support_if_there_is_any() {
        let code = ErrorCode::InternalError;
        let page = |support| page(Language::English, code, Flow::Page, support);
        let with = page(Some("mailto:help@example.com?subject=\">"));
        assert!(with.contains(
            r#"href="mailto:help@example.com?subject=&#34;&#62;">Write to us</a> and quote"#
        ));
        let without = page(None);
        assert!(!without.contains("rite to us") && !without.contains("mailto"));
    }
}
