//! The query string.

use std::{borrow::Cow, fmt, str::FromStr};

use strum::VariantNames;

use crate::{
    domain::text::{self, TooLong},
    error::ApiError,
    http::{fields::too_long, sentences::none_of},
};

/// The parameters of a query string. Parameters that the endpoint does not read are ignored. A parameter without a
/// value counts as missing. Methods fail with a `400` that names the parameter if it breaks their rule or is given more
/// than once. `Debug` shows none.
pub struct Query(Vec<(String, String)>);

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("count", &self.0.len())
            .finish_non_exhaustive()
    }
}

impl Query {
    /// Parses what follows a URL's `?` as `application/x-www-form-urlencoded` (WHATWG's URL standard). Bytes that are
    /// not UTF-8 become replacement characters.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes());
        Self(
            pairs
                .into_owned()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        )
    }

    /// The value, unchanged.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, ApiError> {
        let mut values = self.0.iter().filter(|(of, _)| of == name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value.map(|(_, value)| value.as_str())),
            _ => Err(ApiError::invalid_field(
                name,
                format!("`{name}` is given more than once. Give it once."),
            )),
        }
    }

    /// At most `max` characters (not bytes).
    pub fn text_up_to(&self, name: &'static str, max: usize) -> Result<Option<&str>, ApiError> {
        match self.text(name)? {
            Some(text) if text.chars().count() > max => Err(too_long(name, max)),
            text => Ok(text),
        }
    }

    /// At most `max` characters, normalised as stored lines are: see [`text::clean_and_trim`]. A value in which nothing
    /// is visible counts as missing.
    pub fn clean(&self, name: &'static str, max: usize) -> Result<Option<String>, ApiError> {
        let text = self.text(name)?.map(|text| text::clean_and_trim(text, max));
        let text = text.transpose().map_err(|TooLong| too_long(name, max))?;
        let visible = text.filter(|text| text::is_visible(text));
        Ok(visible.map(Cow::into_owned))
    }

    /// At most `max` characters, normalised as stored labels are: see [`text::label`].
    pub fn label(&self, name: &'static str, max: usize) -> Result<Option<String>, ApiError> {
        let label = self.text(name)?.map(|text| text::label(text, max));
        label.transpose().map_err(|TooLong| too_long(name, max))
    }

    /// One word of a fixed list.
    pub fn word<W: FromStr + VariantNames>(
        &self,
        name: &'static str,
    ) -> Result<Option<W>, ApiError> {
        let word = self.text(name)?.map(str::parse);
        word.transpose().map_err(|_| none_of::<W>(name))
    }

    /// A whole number from `min` to `max`.
    pub fn number(&self, name: &'static str, min: u32, max: u32) -> Result<Option<u32>, ApiError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if (min..=max).contains(&number) => Ok(Some(number)),
            _ => Err(ApiError::invalid_field(
                name,
                format!("`{name}` must be a whole number from {min} to {max}."),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_empty_ones_count_as_missing() {
        let query = Query::read("q=caf%C3%A9+%26+co&tag=&tag=x&&=&odd&bad=%zz%ff");
        assert_eq!(query.text("q").unwrap(), Some("café & co"));
        assert_eq!(query.text("tag").unwrap(), Some("x"));
        assert_eq!(query.text("odd").unwrap(), None);
        assert_eq!(query.text("bad").unwrap(), Some("%zz\u{fffd}"));
        assert_eq!(query.text("q").unwrap(), query.text_up_to("q", 9).unwrap());
        assert_eq!(format!("{query:?}"), "Query { count: 3, .. }");
    }

    #[test]
    fn an_error_names_its_parameter() {
        let query = Query::read("a=1&a=2&n=0&m=1.5&o=%20%20&l=abcd&p=99999999999");
        let param = |error: ApiError| error.param.unwrap();
        assert_eq!(param(query.text("a").unwrap_err()), "a");
        for name in ["n", "m", "o", "p"] {
            assert_eq!(param(query.number(name, 1, 100).unwrap_err()), name);
        }
        assert_eq!(param(query.text_up_to("l", 3).unwrap_err()), "l");
    }
}
