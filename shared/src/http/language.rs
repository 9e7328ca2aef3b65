//! The language of a page: what the reader asks for, else what they chose before, else what their browser prefers.

use strum::{AsRefStr, EnumString, VariantArray};

use crate::http::{cookies::CookieName, request::Request};

/// A language that the pages are written in. The word is its code in `lang` and `?lang=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumString, VariantArray)]
pub enum Language {
    /// British English, the default.
    #[strum(serialize = "en")]
    English,
    #[strum(serialize = "id")]
    Indonesian,
}

impl Language {
    /// The language of a tag such as `id-ID`, whatever its region and case.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split('-').next()?.to_ascii_lowercase();
        match primary.as_str() {
            // The code of Indonesian until 1989. Old Android and Java versions still send it.
            "in" => Some(Self::Indonesian),
            code => code.parse().ok(),
        }
    }
}

/// The language of `?lang=` (`asked`), else of the cookie (`remembered`), else the one that `Accept-Language` prefers,
/// else English. Values that are malformed or name another language are ignored.
#[must_use]
pub fn negotiate(
    asked: Option<&str>,
    remembered: Option<&str>,
    accept_language: Option<&str>,
) -> Language {
    asked
        .and_then(Language::of_tag)
        .or_else(|| remembered.and_then(Language::of_tag))
        .or_else(|| accept_language.and_then(preferred))
        .unwrap_or(Language::English)
}

/// The language of a page that answers this request.
pub(crate) fn language_of(request: &Request) -> Language {
    let query = request.query();
    let asked = query.text("lang").ok().flatten();
    let remembered = request.cookie(CookieName::Language);
    negotiate(asked, remembered, request.header("accept-language"))
}

/// The `Set-Cookie` that remembers the language of `?lang=`, if the request has one.
pub(crate) fn language_cookie(request: &Request) -> Option<String> {
    let query = request.query();
    let asked = query.text("lang").ok().flatten()?;
    let language: Language = asked.parse().ok()?;
    let origin = request.origin()?;
    Some(CookieName::Language.set(&origin, language.as_ref(), COOKIE_SECONDS))
}

/// A year.
const COOKIE_SECONDS: i64 = 365 * 24 * 60 * 60;

/// The language of the page that shows an error of this request; `None` if the client is not a browser that navigates.
pub(crate) fn error_page_language(request: &Request) -> Option<Language> {
    request.is_navigation().then(|| language_of(request))
}

/// The language that an `Accept-Language` header prefers (RFC 9110 section 12.5.4); of equal weights, the first.
fn preferred(accept_language: &str) -> Option<Language> {
    let ranges: Vec<_> = accept_language.split(',').filter_map(range).collect();
    // `*` matches the languages that no other range names.
    let preference = |language| {
        let named = |(_, (tag, _)): &(usize, &(&str, u16))| Language::of_tag(tag) == Some(language);
        let any = |(_, (tag, _)): &(usize, &(&str, u16))| *tag == "*";
        let place = ranges.iter().enumerate().find(named);
        let place = place.or_else(|| ranges.iter().enumerate().find(any));
        place.map(|(at, (_, weight))| (*weight, ranges.len() - at))
    };
    let candidates = Language::VARIANTS
        .iter()
        .filter_map(|language| Some((preference(*language)?, *language)));
    // `max_by_key` takes the last of equals, so the default comes last.
    let (_, best) = candidates
        .rev()
        .filter(|((weight, _), _)| *weight > 0)
        .max_by_key(|(preference, _)| *preference)?;
    Some(best)
}

/// A language range and its weight in thousandths: `id;q=0.8`.
fn range(text: &str) -> Option<(&str, u16)> {
    let Some((tag, weight)) = text.split_once(';') else {
        return Some((text.trim(), 1000));
    };
    let (name, value) = weight.trim().split_once('=')?;
    let weight = name
        .eq_ignore_ascii_case("q")
        .then(|| thousandths(value))??;
    Some((tag.trim(), weight))
}

/// A weight: 0 to 1 with up to three decimals.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let decimals = format!("{decimals:0<3}").parse().ok()?;
    match (whole, decimals) {
        ("0", below_one) => Some(below_one),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, Indonesian};

    #[test]
    fn the_query_goes_before_the_cookie_and_the_cookie_before_the_header() {
        assert_eq!(negotiate(Some("id"), Some("en"), Some("en")), Indonesian);
        assert_eq!(negotiate(None, Some("id"), Some("en")), Indonesian);
        assert_eq!(negotiate(None, None, Some("id")), Indonesian);
        assert_eq!(negotiate(None, None, None), English);
    }

    #[test]
    fn an_unknown_language_is_ignored() {
        assert_eq!(negotiate(Some("fr"), Some("id"), None), Indonesian);
        assert_eq!(negotiate(Some(""), Some("<>"), Some("id")), Indonesian);
        assert_eq!(negotiate(Some("fr"), Some("ä"), Some("de, fr")), English);
    }

    #[test]
    fn the_header_decides_by_weight_and_then_by_order() {
        for (header, language) in [
            ("id", Indonesian),
            ("id-ID,id;q=0.9,en-US;q=0.8,en;q=0.7", Indonesian),
            ("en-US,en;q=0.9,id;q=0.8", English),
            ("en;q=0.5, ID-id;q=0.501", Indonesian),
            ("in-ID", Indonesian),
            ("su, jv;q=0.9, id;q=0.1", Indonesian),
            ("id;q=0.5,en;q=0.5", Indonesian),
            ("en;q=0.5,id;q=0.5", English),
            ("id ; Q=1.000 , en;q=0.999", Indonesian),
            ("id;q=0", English),
            ("en;q=0, *", Indonesian),
            ("id;q=0.5, *;q=0.8", English),
            ("*", English),
            ("fr, *;q=0.1", English),
            // The weight is invalid, so the range is ignored.
            ("id;q=2, en;q=0.1", English),
            ("id;q=0.1234, en;q=0.1", English),
            ("id;q=1.001, en;q=0.1", English),
            ("id;q=1.64666, en;q=0.1", English),
            ("id;q=1.65535, en;q=0.1", English),
            ("id;q=0.+12, en;q=0.1", English),
            ("id;q=, en;q=0.1", English),
            ("id;level=1, en;q=0.1", English),
            (",;,=;q,", English),
            ("", English),
        ] {
            assert_eq!(negotiate(None, None, Some(header)), language, "{header}");
        }
    }
}
