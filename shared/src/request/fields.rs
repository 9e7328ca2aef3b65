//! The fields of a JSON body, each by the rules of its kind.
//!
//! What people write to each other is a *line* (a subject, a title, a name) or a *body*. A line is trimmed. A body is
//! kept as it was written, and must not be blank. Control characters (Unicode's category Cc) are refused in both: some
//! mean something to a terminal, a mail header or a database, and none to a reader. A body may have tabs and line ends.
//!
//! Lengths count characters (Unicode scalar values), not bytes. `null` is as good as not there.

use std::{fmt, ops::RangeInclusive};

use email_address::{EmailAddress, Options};
use serde_json::value::RawValue;

use crate::{
    error::ApiError,
    json::{self, Known, Object, TextOrElse},
    words::{Words, listed},
};

/// The fields of a request's body that the endpoint knows. `Debug` shows none.
pub struct Fields<'a>(Object<'a>);

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields")
            .field("count", &self.0.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Fields<'a> {
    /// The fields of an object.
    ///
    /// # Errors
    ///
    /// `400` where a required field is missing: the message names all that are, `param` the first.
    pub(super) fn of(object: Object<'a>, known: &Known) -> Result<Self, ApiError> {
        let fields = Self(object);
        let is_missing = |name: &&&str| fields.value(name).is_none();
        let missing: Vec<_> = known.required.iter().filter(is_missing).copied().collect();
        match missing.first() {
            None => Ok(fields),
            Some(first) => Err(ApiError::invalid_field(first, all_required(&missing))),
        }
    }

    /// Whether the body has the field, be it `null`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.member(name).is_some()
    }

    /// What `read` makes of the field `name`, where it is not missing.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub fn if_any<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        self.value(name).map(|_| read(self)).transpose()
    }

    /// Whether the field has anything in it: any value but `null` and `""`.
    #[must_use]
    pub fn is_filled(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value.get() != r#""""#)
    }

    /// A text of 1 to `max` characters, whatever they are, trimmed.
    ///
    /// # Errors
    ///
    /// `400` with `param` where the field is missing, no text, too short or too long.
    pub fn text(&self, name: &'static str, max: usize) -> Result<String, ApiError> {
        let text = self.required(name)?;
        let text = text.trim();
        within(name, text, 1..=max)?;
        Ok(text.to_owned())
    }

    /// A line of 1 to `max` characters.
    ///
    /// # Errors
    ///
    /// `400` with `param` where the field is missing or breaks the rules of a line.
    pub fn line(&self, name: &'static str, max: usize) -> Result<String, ApiError> {
        let text = self.text(name, max)?;
        without_controls(name, &text, &[])?;
        Ok(text)
    }

    /// A line of at most `max` characters; `None` where it is missing or blank.
    ///
    /// # Errors
    ///
    /// `400` with `param` where it breaks the rules of a line.
    pub fn line_if_any(&self, name: &'static str, max: usize) -> Result<Option<String>, ApiError> {
        let text = self.string(name)?.unwrap_or_default();
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        within(name, text, 0..=max)?;
        without_controls(name, text, &[])?;
        Ok(Some(text.to_owned()))
    }

    /// A body of 1 to `max` characters, not all of them blank.
    ///
    /// # Errors
    ///
    /// `400` with `param` where the field is missing or breaks the rules of a body.
    pub fn body(&self, name: &'static str, max: usize) -> Result<String, ApiError> {
        let text = self.required(name)?;
        within(name, &text, 1..=max)?;
        if text.trim().is_empty() {
            let rule = format!("`{name}` must not be blank.");
            return Err(ApiError::invalid_field(name, rule));
        }
        without_controls(name, &text, &['\t', '\n', '\r'])?;
        Ok(text)
    }

    /// An e-mail address (RFC 5321 and its relatives), without a display name, of a domain with a dot.
    ///
    /// # Errors
    ///
    /// `400` with `param` where the field is missing or no such address.
    pub fn email(&self, name: &'static str) -> Result<String, ApiError> {
        let text = self.required(name)?;
        let text = text.trim();
        let rules = Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        match EmailAddress::parse_with_options(text, rules) {
            // Quoted, a local part may have a tab.
            Ok(_) if text.len() <= MAX_EMAIL_BYTES && !text.contains(char::is_control) => {
                Ok(text.to_owned())
            }
            _ => Err(ApiError::invalid_field(
                name,
                format!("`{name}` must be an e-mail address."),
            )),
        }
    }

    /// `true` or `false`; `false` where it is missing.
    ///
    /// # Errors
    ///
    /// `400` with `param` where it is anything else.
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

    /// One word of a list; `None` where it is missing.
    ///
    /// # Errors
    ///
    /// `400` with `param` where it is another, or no text.
    pub fn word<W: Words>(&self, name: &'static str) -> Result<Option<W>, ApiError> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let word = text_of(value).and_then(|text| W::parse(&text));
        let rule = || format!("`{name}` must be {}.", W::listed());
        word.map(Some)
            .ok_or_else(|| ApiError::invalid_field(name, rule()))
    }

    /// One word of a list, or `otherwise`, whatever the field holds.
    pub fn word_or<W: Words>(&self, name: &str, otherwise: W) -> W {
        let word = self.value(name).and_then(text_of);
        word.and_then(|text| W::parse(&text)).unwrap_or(otherwise)
    }

    /// A list of at most `most` lines of 1 to `max` characters, in lower case, each once, in the order in which they
    /// first stand.
    ///
    /// # Errors
    ///
    /// `400` with `param` where it is no list, or one of other things, of too many or of too long ones.
    pub fn labels(
        &self,
        name: &'static str,
        most: usize,
        max: usize,
    ) -> Result<Vec<String>, ApiError> {
        let no_list = || {
            let rule = format!("`{name}` must be a list of strings.");
            ApiError::invalid_field(name, rule)
        };
        let mut labels = Vec::new();
        let take = |label: &str| {
            let label = label.trim().to_lowercase();
            if !(1..=max).contains(&label.chars().count()) {
                let rule = format!("Each of `{name}` must have 1 to {max} characters.");
                return Err(ApiError::invalid_field(name, rule));
            }
            without_controls(name, &label, &[])?;
            if labels.contains(&label) {
                return Ok(());
            }
            // At once: each further one would be compared with all before it.
            if labels.len() == most {
                let rule = format!("`{name}` must be at most {most}.");
                return Err(ApiError::invalid_field(name, rule));
            }
            labels.push(label);
            Ok(())
        };
        let list = self.value(name).ok_or_else(no_list)?;
        json::each_text(list, take).map_err(|refused| refused.unwrap_or_else(no_list))?;
        Ok(labels)
    }

    /// The field as it was sent; `None` where it is missing or `null`.
    fn value(&self, name: &str) -> Option<&'a RawValue> {
        self.0.member(name).filter(|value| value.get() != "null")
    }

    fn string(&self, name: &'static str) -> Result<Option<String>, ApiError> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        text_of(value).map(Some).ok_or_else(|| {
            let rule = if value.get().starts_with('"') {
                format!("`{name}` has half a surrogate pair (`\\ud800` to `\\udfff`), which is no character.")
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

/// The text that a field holds; `None` where it holds something else.
fn text_of(value: &RawValue) -> Option<String> {
    let read: TextOrElse = serde_json::from_str(value.get()).ok()?;
    read.into_text()
}

/// Says that these fields are required.
fn all_required(names: &[&str]) -> String {
    let is = if names.len() == 1 { "is" } else { "are" };
    format!("{} {is} required.", listed(names, "and"))
}

/// What fits into the path of a mail transaction (RFC 5321, section 4.5.3.1.3, and erratum 1690 of RFC 3696).
const MAX_EMAIL_BYTES: usize = 254;

fn within(
    name: &'static str,
    text: &str,
    characters: RangeInclusive<usize>,
) -> Result<(), ApiError> {
    if characters.contains(&text.chars().count()) {
        return Ok(());
    }
    let rule = match characters.into_inner() {
        (0, max) => format!("`{name}` must have at most {max} characters."),
        (min, max) => format!("`{name}` must have {min} to {max} characters."),
    };
    Err(ApiError::invalid_field(name, rule))
}

fn without_controls(name: &'static str, text: &str, but: &[char]) -> Result<(), ApiError> {
    if text.chars().any(|c| c.is_control() && !but.contains(&c)) {
        let rule = format!("`{name}` must not have control characters.");
        return Err(ApiError::invalid_field(name, rule));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    static F: Known = Known {
        required: &[],
        optional: &["f"],
    };

    fn with<T>(text: &str, how: impl Fn(&Fields<'_>) -> T) -> T {
        let text = format!("{{\"f\":{text}}}");
        how(&Fields::of(Object::read(&text, &F).unwrap(), &F).unwrap())
    }

    /// What is read of a field, or the message of its refusal.
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
    fn a_line_is_trimmed_and_its_characters_counted() {
        let line = |value| read(value, |fields| fields.line("f", 3));
        assert_eq!(line(json!("  a b\n")), Ok("a b".to_owned()));
        assert_eq!(line(json!("𝒳𝒴𝒵")), Ok("𝒳𝒴𝒵".to_owned()));
        for length in [json!("abcd"), json!(" \t "), json!("")] {
            assert_eq!(line(length), refused("`f` must have 1 to 3 characters."));
        }
        for control in ["a\nb", "a\u{0}b", "\u{7f}", "\u{9b}"] {
            assert_eq!(
                line(json!(control)),
                refused("`f` must not have control characters.")
            );
        }
        assert_eq!(line(json!(7)), refused("`f` must be a string."));
        assert_eq!(line(Value::Null), refused("`f` is required."));
    }

    #[test]
    fn a_line_may_be_missing_where_it_may() {
        let line = |value| read(value, |fields| fields.line_if_any("f", 3));
        for nothing in [Value::Null, json!(""), json!(" ")] {
            assert_eq!(line(nothing), Ok(None));
        }
        assert_eq!(line(json!(" a ")), Ok(Some("a".to_owned())));
        assert_eq!(
            line(json!("abcd")),
            refused("`f` must have at most 3 characters.")
        );
    }

    #[test]
    fn a_body_is_kept_as_it_is() {
        let body = |value| read(value, |fields| fields.body("f", 6));
        assert_eq!(body(json!(" a\r\n\tb")), Ok(" a\r\n\tb".to_owned()));
        assert_eq!(body(json!(" \n ")), refused("`f` must not be blank."));
        assert_eq!(body(json!("")), refused("`f` must have 1 to 6 characters."));
        assert_eq!(
            body(json!("a\u{1b}[0m")),
            refused("`f` must not have control characters.")
        );
    }

    #[test]
    fn an_address_is_one_that_mail_can_be_sent_to() {
        let email = |value| read(value, |fields| fields.email("f"));
        for good in [
            "a@b.co",
            " A.b+c@sub.example.com ",
            "ä@example.com",
            "a@xn--80ak6aa92e.com",
        ] {
            assert_eq!(email(json!(good)), Ok(good.trim().to_owned()));
        }
        let long = format!("{}@{}.com", "a".repeat(64), "b.".repeat(100) + "b");
        for wrong in [
            "",
            "a",
            "@",
            "a@",
            "@b.co",
            "a@b",
            "a@b..co",
            "a b@c.de",
            "a@b.co, c@d.ef",
            "A <a@b.co>",
            "a@[192.0.2.1]",
            "a@b.co\r\nBcc: c@d.ef",
            "a\u{0}@b.co",
            "\"a\tb\"@c.de",
            &long,
        ] {
            assert_eq!(
                email(json!(wrong)),
                refused("`f` must be an e-mail address."),
                "{wrong}"
            );
        }
    }

    #[test]
    fn labels_are_trimmed_lower_cased_and_each_once() {
        let labels = |value| read(value, |fields| fields.labels("f", 2, 4));
        let ok = |labels: &[&str]| Ok(labels.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(labels(json!([" VIP ", "vip", "Ä"])), ok(&["vip", "ä"]));
        assert_eq!(labels(json!([])), ok(&[]));
        assert_eq!(
            labels(json!(["a", "b", "c"])),
            refused("`f` must be at most 2.")
        );
        assert_eq!(labels(json!(["a", "b", "A"])), ok(&["a", "b"]));
        for length in [json!(["abcde"]), json!([" "])] {
            assert_eq!(
                labels(length),
                refused("Each of `f` must have 1 to 4 characters.")
            );
        }
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
    fn a_field_is_filled_by_anything_but_nothing() {
        for (value, filled) in [
            (Value::Null, false),
            (json!(""), false),
            (json!(" "), true),
            (json!("Shop Ltd"), true),
            (json!(0), true),
        ] {
            let is_filled = with(&value.to_string(), |fields| fields.is_filled("f"));
            assert_eq!(is_filled, filled);
        }
    }

    #[test]
    fn all_that_is_missing_is_said_at_once() {
        static THREE: Known = Known {
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
    fn what_no_type_can_hold_is_a_fault_of_its_field() {
        for text in [
            r#""a\ud800b""#,
            "1e999",
            r#"{"$serde_json::private::RawValue":"\"x\""}"#,
            r#"[{"$serde_json::private::RawValue":"\"x\""}]"#,
            &format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
        ] {
            let faults = with(text, |fields| {
                [
                    fields.text("f", 99).err(),
                    fields.line("f", 99).err(),
                    fields.line_if_any("f", 99).err(),
                    fields.body("f", 99).err(),
                    fields.email("f").err(),
                    fields.flag("f").err(),
                    fields.word::<crate::ticket::Status>("f").err(),
                    fields.labels("f", 9, 9).err(),
                ]
            });
            for fault in faults {
                let fault = fault.expect(text);
                assert_eq!((fault.code.status(), fault.param), (400, Some("f")));
            }
        }
    }
}
