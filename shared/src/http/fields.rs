//! Reads and validates the fields of a JSON body.
//!
//! Text that people write is a *line* (a subject, a title, a name) or a *body*. Invisible characters are removed from
//! both, see [`crate::domain::text`]. A line is trimmed, a body is not. Both must have something visible. A line may
//! contain line breaks; remove them before it goes into a mail header.
//!
//! Lengths are in characters (Unicode scalar values), not bytes. `null` counts as missing. Methods that return a
//! `Result` fail with a `400` that names the field if it breaks their rule.

use std::{fmt, str::FromStr};

use serde_json::value::RawValue;
use strum::VariantNames;

use crate::{
    domain::{
        email,
        text::{self, TooLong},
    },
    error::ApiError,
    http::{
        json::{self, KnownFields, Object, TextOrElse},
        sentences::{listed, none_of},
    },
    time::Timestamp,
};

/// The fields of a request's body that the endpoint reads. `Debug` shows none.
pub struct Fields<'a>(Object<'a>);

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields")
            .field("count", &self.0.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Fields<'a> {
    /// # Errors
    ///
    /// `400` if required fields are missing: the message names all of them, `param` names the first.
    pub(super) fn of(object: Object<'a>, known: &KnownFields) -> Result<Self, ApiError> {
        let fields = Self(object);
        let is_missing = |name: &&&str| fields.value(name).is_none();
        let missing: Vec<_> = known.required.iter().filter(is_missing).copied().collect();
        match missing.first() {
            None => Ok(fields),
            Some(first) => Err(ApiError::invalid_field(first, all_required(&missing))),
        }
    }

    /// Whether the body has the field, even as `null`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.member(name).is_some()
    }

    /// The result of `read`; `None` if the field `name` is missing.
    pub fn optional<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        self.value(name).map(|_| read(self)).transpose()
    }

    /// Whether the field is a string in which something is visible.
    #[must_use]
    pub fn is_filled(&self, name: &str) -> bool {
        let text = self.value(name).and_then(text_of);
        text.is_some_and(|text| text::is_visible(&text))
    }

    /// A string of at most `max` characters as it was sent, except that invisible characters around it are removed: it
    /// identifies something in another system. `None` if it is missing or blank.
    pub fn optional_exact(
        &self,
        name: &'static str,
        max: usize,
    ) -> Result<Option<String>, ApiError> {
        let text = self.string(name)?.unwrap_or_default();
        match text.trim_matches(text::is_invisible) {
            "" => Ok(None),
            text if text.chars().count() > max => Err(too_long(name, max)),
            text => Ok(Some(text.to_owned())),
        }
    }

    /// As [`Self::optional_exact`], and it must be there.
    pub fn exact(&self, name: &'static str, max: usize) -> Result<String, ApiError> {
        self.required(name)?;
        let text = self.optional_exact(name, max)?;
        text.ok_or_else(|| empty(name))
    }

    /// A line of 1 to `max` characters.
    pub fn line(&self, name: &'static str, max: usize) -> Result<String, ApiError> {
        let text = self.required(name)?;
        line_of(name, &text, max)?.ok_or_else(|| empty(name))
    }

    /// A line of at most `max` characters; `None` if it is missing or empty.
    pub fn optional_line(
        &self,
        name: &'static str,
        max: usize,
    ) -> Result<Option<String>, ApiError> {
        let text = self.string(name)?.unwrap_or_default();
        line_of(name, &text, max)
    }

    /// A body of 1 to `max` characters.
    pub fn body(&self, name: &'static str, max: usize) -> Result<String, ApiError> {
        let text = self.required(name)?;
        match text::clean(&text, max) {
            Ok(body) if text::is_visible(&body) => Ok(body.into_owned()),
            Ok(_) => Err(empty(name)),
            Err(TooLong) => Err(too_long(name, max)),
        }
    }

    /// An e-mail address as it was typed, without a display name. See [`crate::domain::email`].
    pub fn email(&self, name: &'static str) -> Result<String, ApiError> {
        let text = self.required(name)?;
        email::parse(&text).map(str::to_owned).ok_or_else(|| {
            let rule = format!("`{name}` must be an e-mail address, such as `kim@example.com`.");
            ApiError::invalid_field(name, rule)
        })
    }

    /// `false` if it is missing.
    pub fn flag(&self, name: &'static str) -> Result<bool, ApiError> {
        match self.value(name).map(RawValue::get) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(ApiError::invalid_field(
                name,
                format!("`{name}` must be true or false."),
            )),
        }
    }

    /// One word of a fixed list; `None` if it is missing.
    pub fn word<W: FromStr + VariantNames>(
        &self,
        name: &'static str,
    ) -> Result<Option<W>, ApiError> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let word = text_of(value).and_then(|text| text.parse().ok());
        word.map(Some).ok_or_else(|| none_of::<W>(name))
    }

    /// One word of a fixed list, or `otherwise` if the field holds anything else.
    pub fn word_or<W: FromStr>(&self, name: &str, otherwise: W) -> W {
        let word = self.value(name).and_then(text_of);
        word.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    }

    /// A whole number from `min` to `max`; `None` if it is missing.
    pub fn number(&self, name: &'static str, min: u32, max: u32) -> Result<Option<u32>, ApiError> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match serde_json::from_str(value.get()) {
            Ok(number) if (min..=max).contains(&number) => Ok(Some(number)),
            _ => Err(ApiError::invalid_field(
                name,
                format!("`{name}` must be a whole number from {min} to {max}."),
            )),
        }
    }

    /// A time, in UTC or with an offset.
    pub fn time(&self, name: &'static str) -> Result<Timestamp, ApiError> {
        let text = self.required(name)?;
        Timestamp::parse(&text).ok_or_else(|| {
            let rule = format!("`{name}` must be a time, such as `2026-06-11T03:00:00.000Z`.");
            ApiError::invalid_field(name, rule)
        })
    }

    /// At most `most` different labels of 1 to `max` characters, normalised (see [`text::label`]) and without
    /// duplicates, in their order of first occurrence.
    pub fn labels(
        &self,
        name: &'static str,
        most: usize,
        max: usize,
    ) -> Result<Vec<String>, ApiError> {
        self.list(name, most, |label| {
            let label = text::label(label, max).map_err(|TooLong| {
                let rule = format!("Each of `{name}` must have at most {max} characters.");
                ApiError::invalid_field(name, rule)
            })?;
            if !text::is_visible(&label) {
                let rule = format!("Each of `{name}` must not be empty.");
                return Err(ApiError::invalid_field(name, rule));
            }
            Ok(label)
        })
    }

    /// At most `most` different values, each of which `read` makes of a string, in their order of first occurrence.
    pub fn list<T: PartialEq>(
        &self,
        name: &'static str,
        most: usize,
        read: impl Fn(&str) -> Result<T, ApiError>,
    ) -> Result<Vec<T>, ApiError> {
        let no_list = || {
            let rule = format!("`{name}` must be a list of strings.");
            ApiError::invalid_field(name, rule)
        };
        let too_many = || {
            let rule = format!("`{name}` must have at most {most} different entries.");
            ApiError::invalid_field(name, rule)
        };
        let (mut values, mut entries) = (Vec::new(), 0);
        let take = |text: &str| {
            entries += 1;
            if entries > MAX_ENTRIES {
                return Err(too_many());
            }
            let value = read(text)?;
            if values.contains(&value) {
                return Ok(());
            }
            // Checked here and not at the end, because each value is compared with all before it.
            if values.len() == most {
                return Err(too_many());
            }
            values.push(value);
            Ok(())
        };
        let list = self.value(name).ok_or_else(no_list)?;
        json::each_text(list, take).map_err(|refused| refused.unwrap_or_else(no_list))?;
        Ok(values)
    }

    /// At most `most` strings, as they were sent, duplicates included.
    pub fn texts(&self, name: &'static str, most: usize) -> Result<Vec<String>, ApiError> {
        let invalid = |rule: String| ApiError::invalid_field(name, rule);
        let mut texts = Vec::new();
        let take = |text: &str| {
            if texts.len() == most {
                let rule = format!("`{name}` must have at most {most} entries.");
                return Err(invalid(rule));
            }
            texts.push(text.to_owned());
            Ok(())
        };
        let no_list = || invalid(format!("`{name}` must be a list of strings."));
        let list = self.value(name).ok_or_else(no_list)?;
        json::each_text(list, take).map_err(|refused| refused.unwrap_or_else(no_list))?;
        Ok(texts)
    }

    /// `None` if the field is missing or `null`.
    fn value(&self, name: &str) -> Option<&'a RawValue> {
        self.0.member(name).filter(|value| value.get() != "null")
    }

    fn string(&self, name: &'static str) -> Result<Option<String>, ApiError> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        text_of(value).map(Some).ok_or_else(|| {
            let rule = if value.get().starts_with('"') {
                format!(
                    "`{name}` has half a surrogate pair (`\\ud800` to `\\udfff`), which is no character. \
                     Send the whole pair."
                )
            } else {
                format!("`{name}` must be a string.")
            };
            ApiError::invalid_field(name, rule)
        })
    }

    fn required(&self, name: &'static str) -> Result<String, ApiError> {
        let missing = || ApiError::invalid_field(name, all_required(&[name]));
        self.string(name)?.ok_or_else(missing)
    }
}

/// The most entries that a list may have, duplicates included. No honest client sends more.
const MAX_ENTRIES: usize = 1_000;

/// `None` if the value is not a string.
fn text_of(value: &RawValue) -> Option<String> {
    let read: TextOrElse = serde_json::from_str(value.get()).ok()?;
    read.into_text()
}

fn all_required(names: &[&str]) -> String {
    let is = if names.len() == 1 { "is" } else { "are" };
    format!("{} {is} required.", listed(names, "and"))
}

/// `None` if nothing is visible.
fn line_of(name: &'static str, text: &str, max: usize) -> Result<Option<String>, ApiError> {
    let line = text::clean_and_trim(text, max).map_err(|TooLong| too_long(name, max))?;
    Ok(text::is_visible(&line).then(|| line.into_owned()))
}

fn empty(name: &'static str) -> ApiError {
    ApiError::invalid_field(name, format!("`{name}` must not be empty."))
}

pub(super) fn too_long(name: &'static str, max: usize) -> ApiError {
    ApiError::invalid_field(
        name,
        format!("`{name}` must have at most {max} characters."),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    static F: KnownFields = KnownFields {
        required: &[],
        optional: &["f"],
    };

    fn with<T>(text: &str, how: impl Fn(&Fields<'_>) -> T) -> T {
        let text = format!("{{\"f\":{text}}}");
        how(&Fields::of(Object::read(&text, &F).unwrap(), &F).unwrap())
    }

    /// The field's value, or the error's message.
    fn read<T>(
        value: Value,
        how: impl Fn(&Fields<'_>) -> Result<T, ApiError>,
    ) -> Result<T, String> {
        with(&value.to_string(), how).map_err(|error| {
            assert_eq!(error.param, Some("f"));
            error.message.into_owned()
        })
    }

    fn refused<T>(message: &str) -> Result<T, String> {
        Err(message.to_owned())
    }

    #[test]
    fn a_line_is_clean_and_trimmed_and_its_characters_counted() {
        let line = |value| read(value, |fields| fields.line("f", 3));
        let fine = |text: &str| Ok(text.to_owned());
        assert_eq!(line(json!("  a b\n")), fine("a b"));
        assert_eq!(line(json!("𝒳𝒴𝒵")), fine("𝒳𝒴𝒵"));
        assert_eq!(line(json!("a\u{b}b")), fine("a\nb"));
        assert_eq!(line(json!("\u{1} \u{0}a\u{7f}b\u{9b}c \u{0}")), fine("abc"));
        assert_eq!(line(json!("e\u{301}e\u{301}e\u{301}")), fine("ééé"));
        for empty in ["", " \t ", "\u{0}", "\u{200b}", "\u{3164} \u{202e}"] {
            assert_eq!(line(json!(empty)), refused("`f` must not be empty."));
        }
        assert_eq!(
            line(json!("abcd")),
            refused("`f` must have at most 3 characters.")
        );
        assert_eq!(line(json!(7)), refused("`f` must be a string."));
        assert_eq!(line(Value::Null), refused("`f` is required."));
    }

    #[test]
    fn an_exact_text_is_kept_as_it_was_sent() {
        let exact = |value| read(value, |fields| fields.exact("f", 4));
        assert_eq!(exact(json!(" e\u{301} ")), Ok("e\u{301}".to_owned()));
        assert_eq!(exact(json!(" \u{200b}")), refused("`f` must not be empty."));
        assert_eq!(
            exact(json!("abcde")),
            refused("`f` must have at most 4 characters.")
        );
        assert_eq!(exact(json!(7)), refused("`f` must be a string."));
        assert_eq!(exact(Value::Null), refused("`f` is required."));
    }

    #[test]
    fn an_optional_line_may_be_missing() {
        let line = |value| read(value, |fields| fields.optional_line("f", 3));
        for nothing in [Value::Null, json!(""), json!(" "), json!("\u{200b}\u{0}")] {
            assert_eq!(line(nothing), Ok(None));
        }
        assert_eq!(line(json!(" a ")), Ok(Some("a".to_owned())));
        assert_eq!(
            line(json!("abcd")),
            refused("`f` must have at most 3 characters.")
        );
    }

    #[test]
    fn a_body_is_clean_and_not_trimmed() {
        let body = |value| read(value, |fields| fields.body("f", 6));
        assert_eq!(body(json!(" a\r\n\tb")), Ok(" a\r\n\tb".to_owned()));
        assert_eq!(body(json!(" \u{1b}[0m\u{c} ")), Ok(" [0m\n ".to_owned()));
        for empty in ["", " \n ", "\u{2060}", "\u{0}"] {
            assert_eq!(body(json!(empty)), refused("`f` must not be empty."));
        }
        assert_eq!(
            body(json!("abcdefg")),
            refused("`f` must have at most 6 characters.")
        );
    }

    #[test]
    fn an_address_is_kept_as_it_was_typed() {
        let email = |value| read(value, |fields| fields.email("f"));
        for good in [" A.b+c@Sub.example.com ", "jose\u{301}@example.com"] {
            assert_eq!(email(json!(good)), Ok(good.trim().to_owned()));
        }
        for wrong in ["", "a@b", "a@b.co, c@d.ef", "a@b.co\r\nBcc: c@d.ef"] {
            let rule = "`f` must be an e-mail address, such as `kim@example.com`.";
            assert_eq!(email(json!(wrong)), refused(rule), "{wrong}");
        }
    }

    #[test]
    fn labels_are_trimmed_lower_cased_and_deduplicated() {
        let labels = |value| read(value, |fields| fields.labels("f", 2, 4));
        let ok = |labels: &[&str]| Ok(labels.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(labels(json!([" VIP ", "vip", "Ä"])), ok(&["vip", "ä"]));
        assert_eq!(labels(json!(["Cafe\u{301}", "CAFÉ"])), ok(&["café"]));
        assert_eq!(labels(json!(["a\u{0}\u{b}b"])), ok(&["a\nb"]));
        assert_eq!(labels(json!([])), ok(&[]));
        assert_eq!(
            labels(json!(["a", "b", "c"])),
            refused("`f` must have at most 2 different entries.")
        );
        assert_eq!(labels(json!(["a", "b", "A"])), ok(&["a", "b"]));
        assert_eq!(
            labels(json!(["abcde"])),
            refused("Each of `f` must have at most 4 characters.")
        );
        for empty in [json!([""]), json!([" "]), json!(["\u{200b}"])] {
            assert_eq!(labels(empty), refused("Each of `f` must not be empty."));
        }
        assert_eq!(labels(json!(vec!["a"; MAX_ENTRIES])), ok(&["a"]));
        assert_eq!(
            labels(json!(vec!["a"; MAX_ENTRIES + 1])),
            refused("`f` must have at most 2 different entries.")
        );
        for other in [Value::Null, json!("a"), json!([7]), json!([null])] {
            assert_eq!(labels(other), refused("`f` must be a list of strings."));
        }
    }

    #[test]
    fn a_flag_is_true_or_false() {
        let flag = |value| read(value, |fields| fields.flag("f"));
        assert_eq!(
            (flag(json!(true)), flag(Value::Null)),
            (Ok(true), Ok(false))
        );
        for other in [json!("true"), json!(1)] {
            assert_eq!(flag(other), refused("`f` must be true or false."));
        }
    }

    #[test]
    fn a_number_is_whole_and_within_its_bounds() {
        let number = |value| read(value, |fields| fields.number("f", 1, 9));
        assert_eq!(number(Value::Null), Ok(None));
        for fine in [1, 9] {
            assert_eq!(number(json!(fine)), Ok(Some(fine)));
        }
        for other in [
            json!(0),
            json!(10),
            json!(-1),
            json!(1.5),
            json!("1"),
            json!(true),
            json!([1]),
            json!(1_u64 << 40),
        ] {
            let rule = "`f` must be a whole number from 1 to 9.";
            assert_eq!(number(other), refused(rule));
        }
    }

    #[test]
    fn a_time_has_a_date_and_an_offset() {
        let time = |value| read(value, |fields| fields.time("f"));
        let moment = Timestamp::from_millis(1_781_146_800_000);
        assert_eq!(time(json!("2026-06-11T10:00:00+07:00")), Ok(moment));
        assert_eq!(time(Value::Null), refused("`f` is required."));
        assert_eq!(time(json!(7)), refused("`f` must be a string."));
        let rule = "`f` must be a time, such as `2026-06-11T03:00:00.000Z`.";
        for wrong in ["", "2026-06-11", "2026-06-11T10:00:00"] {
            assert_eq!(time(json!(wrong)), refused(rule));
        }
    }

    #[test]
    fn a_list_is_read_entry_by_entry() {
        let even = |text: &str| match text.parse::<u32>() {
            Ok(number) if number % 2 == 0 => Ok(number),
            _ => Err(ApiError::invalid_field("f", "Odd.")),
        };
        let list = |value| read(value, |fields| fields.list("f", 2, even));
        assert_eq!(list(json!(["4", "2", "4"])), Ok(vec![4, 2]));
        assert_eq!(list(json!([])), Ok(vec![]));
        assert_eq!(list(json!(["2", "3"])), refused("Odd."));
        assert_eq!(
            list(json!(["2", "4", "6"])),
            refused("`f` must have at most 2 different entries.")
        );
        assert_eq!(list(json!("2")), refused("`f` must be a list of strings."));
    }

    #[test]
    fn texts_are_counted_as_they_were_sent() {
        let texts = |value| read(value, |fields| fields.texts("f", 2));
        assert_eq!(texts(json!([])), Ok(vec![]));
        assert_eq!(
            texts(json!([" a", " a"])),
            Ok(vec![" a".to_owned(), " a".to_owned()])
        );
        assert_eq!(
            texts(json!(["a", "a", "a"])),
            refused("`f` must have at most 2 entries.")
        );
        for other in [json!("a"), json!(["a", 7]), json!([null]), json!({})] {
            assert_eq!(texts(other), refused("`f` must be a list of strings."));
        }
    }

    #[test]
    fn a_field_is_filled_if_its_text_is_visible() {
        for (value, filled) in [
            (Value::Null, false),
            (json!(""), false),
            (json!(" \t"), false),
            (json!("\u{200b}\u{feff}"), false),
            (json!(false), false),
            (json!(true), false),
            (json!(0), false),
            (json!([]), false),
            (json!(["Shop Ltd"]), false),
            (json!({}), false),
            (json!("Shop Ltd"), true),
        ] {
            let is_filled = with(&value.to_string(), |fields| fields.is_filled("f"));
            assert_eq!(is_filled, filled);
        }
    }

    #[test]
    fn the_error_names_all_missing_fields() {
        static THREE: KnownFields = KnownFields {
            required: &["a", "b", "c"],
            optional: &["d"],
        };
        let missing = |text| {
            let object = Object::read(text, &THREE).unwrap();
            let error = Fields::of(object, &THREE).unwrap_err();
            (error.message.into_owned(), error.param)
        };
        let all = "`a`, `b` and `c` are required.".to_owned();
        assert_eq!(missing(r#"{"d":1}"#), (all, Some("a")));
        let two = "`b` and `c` are required.".to_owned();
        assert_eq!(missing(r#"{"a":1,"c":null}"#), (two, Some("b")));
        let one = "`c` is required.".to_owned();
        assert_eq!(missing(r#"{"a":"","b":[]}"#), (one, Some("c")));
    }

    #[test]
    fn a_value_that_no_type_can_hold_is_an_error_of_its_field() {
        for text in [
            r#""a\ud800b""#,
            "1e999",
            r#"{"$serde_json::private::RawValue":"\"x\""}"#,
            r#"[{"$serde_json::private::RawValue":"\"x\""}]"#,
            &format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
        ] {
            let faults = with(text, |fields| {
                [
                    fields.optional_exact("f", 99).err(),
                    fields.line("f", 99).err(),
                    fields.optional_line("f", 99).err(),
                    fields.body("f", 99).err(),
                    fields.email("f").err(),
                    fields.flag("f").err(),
                    fields.word::<crate::domain::ticket::Status>("f").err(),
                    fields.labels("f", 9, 9).err(),
                    fields.number("f", 1, 9).err(),
                    fields.time("f").err(),
                ]
            });
            for fault in faults {
                let fault = fault.expect(text);
                assert_eq!((fault.code.status(), fault.param), (400, Some("f")));
            }
        }
    }
}
