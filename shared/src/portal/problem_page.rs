//! The page that says what went wrong on the way to a page, and what to do about it.

use askama::Template;

use crate::{
    error::{ApiError, ErrorCode},
    http::language::Language,
    portal::{
        assets,
        texts::{Problem, Texts},
    },
};

/// What somebody was on the way to when it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the end of a sign-in, with the issuer's answer to it: [`ErrorCode::AuthRequired`] is one that was not
    /// completed, and [`ErrorCode::ValidationError`] one whose link is no longer good.
    SignIn,
    /// To a page, or nowhere: what those two say there is that the request is none that is taken.
    Page,
}

/// What the page is made from.
#[derive(Debug)]
pub struct ProblemPage<'a> {
    /// The language to say it in.
    pub language: Language,
    /// What went wrong.
    pub code: ErrorCode,
    /// On the way to what.
    pub way: Way,
    /// In how many seconds to come back, where that is known.
    pub retry_after: Option<i64>,
    /// The id to quote: of the request that came to this, which may be an earlier one.
    pub request_id: &'a str,
    /// Where people can write to about it, if anywhere: a URL.
    pub support: Option<&'a str>,
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
        let problem = told(self.code, self.way, texts);
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

fn told(code: ErrorCode, way: Way, texts: &Texts) -> &Problem {
    match code {
        ErrorCode::AuthRequired if way == Way::SignIn => &texts.sign_in_not_completed,
        ErrorCode::ValidationError if way == Way::SignIn => &texts.sign_in_stale,
        ErrorCode::AuthRequired | ErrorCode::InvalidToken | ErrorCode::ValidationError => {
            &texts.not_taken
        }
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

    const WAYS: [Way; 2] = [Way::SignIn, Way::Page];

    fn page(language: Language, code: ErrorCode, way: Way, support: Option<&str>) -> String {
        let page = ProblemPage {
            language,
            code,
            way,
            retry_after: Some(23),
            request_id: "req_<1>",
            support,
            try_again: "/a?b=\"><script>",
        };
        page.render().unwrap()
    }

    #[test]
    fn every_problem_is_told_in_both_languages_with_a_way_on_and_the_id_last() {
        for (code, way) in CODES
            .into_iter()
            .flat_map(|code| WAYS.map(|way| (code, way)))
        {
            for language in Language::VARIANTS {
                let page = page(*language, code, way, None);
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
                // In the other language it is the same problem, of the same request.
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
    fn only_on_the_way_of_a_sign_in_it_says_that_one_failed() {
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
            let title = |code, way| {
                let page = page(language, code, way, None);
                let title = page.split("<h1>").nth(1).unwrap();
                title.split("</h1>").next().unwrap().to_owned()
            };
            let codes = [ErrorCode::ValidationError, ErrorCode::AuthRequired];
            for (code, of_sign_in) in codes.into_iter().zip(of_sign_in) {
                assert!(title(code, Way::SignIn).contains(of_sign_in));
                assert_eq!(title(code, Way::Page), of_page);
            }
        }
    }

    #[test]
    fn it_says_to_write_where_there_is_somebody_to_write_to() {
        let code = ErrorCode::InternalError;
        let page = |support| page(Language::English, code, Way::Page, support);
        let with = page(Some("mailto:help@example.com?subject=\">"));
        assert!(with.contains(
            r#"href="mailto:help@example.com?subject=&#34;&#62;">Write to us</a> and quote"#
        ));
        let without = page(None);
        assert!(!without.contains("rite to us") && !without.contains("mailto"));
    }
}
