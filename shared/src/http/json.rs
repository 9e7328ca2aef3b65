//! Parses a caller's JSON so that nothing in it decides how it is parsed.
//!
//! `serde_json::Value` must not parse it. `lambda_http` enables `serde_json`'s feature `raw_value` for the whole build,
//! and with it `Value` parses an object whose first member is named `$serde_json::private::RawValue` once more, as JSON
//! text with a new recursion limit. A few hundred nested layers overflow the stack, which ends the process. A single
//! layer turns an object into whatever the caller hid in it. The lint `disallowed_types` keeps `Value` out of this
//! library.
//!
//! Here an object is a list of the members that the endpoint knows, each as the text that the caller sent. The endpoint
//! parses a member as the type that it expects.
//!
//! # Cost
//!
//! One pass over the text. Unknown members are skipped and not kept. Nested arrays and objects take a byte per level
//! and no stack. So [`MAX_BODY_BYTES`] bounds the depth, the number of members and the memory.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};

/// The members of an object that an endpoint reads. All others are ignored.
#[derive(Clone, Copy, Debug)]
pub struct KnownFields {
    /// They must be there, and not `null`.
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
}

impl KnownFields {
    /// The required ones first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.required.iter().chain(self.optional).copied()
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.names().position(|known| known == name)
    }
}

/// The most members that an object may have, known or not. No honest client sends more, and each costs more than the
/// few bytes that it takes in the body.
pub(crate) const MAX_MEMBERS: u32 = 5_000;

/// An object, as the text of each known member. If a name occurs twice, the last member counts.
pub(crate) struct Object<'a> {
    known: &'static KnownFields,
    members: Vec<Option<&'a RawValue>>,
}

/// Why a text is not a JSON object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotAnObject {
    /// It is JSON of another type, or begins like it.
    AnotherType,
    /// More than [`MAX_MEMBERS`].
    TooManyMembers,
    /// It ends before the object does.
    EndsEarly,
    /// It is not JSON from this place on. Both are counted from 1.
    Malformed { line: usize, column: usize },
}

impl<'a> Object<'a> {
    /// The text must hold one object and nothing else.
    pub(crate) fn read(text: &'a str, known: &'static KnownFields) -> Result<Self, NotAnObject> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let mut count = 0_u32;
        let members = Members {
            known,
            count: &mut count,
        }
        .deserialize(&mut deserializer);
        match members.and_then(|members| deserializer.end().map(|()| members)) {
            Ok(members) => Ok(Self { known, members }),
            Err(error) => Err(match error.classify() {
                Category::Data if count > MAX_MEMBERS => NotAnObject::TooManyMembers,
                Category::Data => NotAnObject::AnotherType,
                Category::Eof => NotAnObject::EndsEarly,
                Category::Syntax | Category::Io => NotAnObject::Malformed {
                    line: error.line(),
                    column: error.column(),
                },
            }),
        }
    }

    /// An object without members.
    pub(crate) fn none(known: &'static KnownFields) -> Self {
        let members = Vec::new();
        Self { known, members }
    }

    /// The text of a member. `name` must be among the known ones.
    pub(crate) fn member(&self, name: &str) -> Option<&'a RawValue> {
        let position = self.known.position(name);
        debug_assert!(
            position.is_some(),
            "`{name}` is not among the known members"
        );
        self.members.get(position?).copied().flatten()
    }

    /// The number of known members that the object has.
    pub(crate) fn len(&self) -> usize {
        self.members.iter().flatten().count()
    }
}

/// The size of the largest accepted body (Transport in openapi.yaml).
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Reads the known members, each as its text, and counts all members.
struct Members<'a> {
    known: &'static KnownFields,
    count: &'a mut u32,
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = vec![None; self.known.names().count()];
        while let Some(position) = map.next_key_seed(Name(self.known))? {
            *self.count += 1;
            if *self.count > MAX_MEMBERS {
                return Err(A::Error::custom("too many members"));
            }
            match position.and_then(|position| members.get_mut(position)) {
                Some(member) => *member = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(members)
    }
}

/// Reads a member's name, as its position among the known ones.
struct Name(&'static KnownFields);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        // As bytes, because a name with an unpaired surrogate is not a string. It is skipped as an unknown name.
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.position(name))
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(str::from_utf8(name)
            .ok()
            .and_then(|name| self.0.position(name)))
    }
}

/// A value of any type, of which only a string is kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TextOrElse(Option<String>);

impl TextOrElse {
    /// `None` if the value is of another type.
    pub(crate) fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub(crate) fn into_text(self) -> Option<String> {
        self.0
    }
}

impl<'de> Deserialize<'de> for TextOrElse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyType).map(Self)
    }
}

/// Accepts every JSON type, and keeps a string.
struct AnyType;

impl<'de> Visitor<'de> for AnyType {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// Passes each string of a list to `take`, one after the other, so that a list of any length takes no memory.
///
/// # Errors
///
/// `None` if it is not a list of strings. `Some` with the first error of `take`, after which nothing more is read.
pub(crate) fn each_text<E>(
    list: &RawValue,
    take: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), Option<E>> {
    let mut refused = None;
    let mut deserializer = serde_json::Deserializer::from_str(list.get());
    let texts = Texts {
        take,
        refused: &mut refused,
    };
    match deserializer.deserialize_seq(texts) {
        Ok(()) => Ok(()),
        Err(_) => Err(refused),
    }
}

struct Texts<'a, F, E> {
    take: F,
    refused: &'a mut Option<E>,
}

impl<'de, E, F: FnMut(&str) -> Result<(), E>> Visitor<'de> for Texts<'_, F, E> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element::<TextOrElse>()? {
            let text = element.text().ok_or_else(|| A::Error::custom("no text"))?;
            if let Err(error) = (self.take)(text) {
                *self.refused = Some(error);
                return Err(A::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static KNOWN: KnownFields = KnownFields {
        required: &["a"],
        optional: &["b", "$serde_json::private::RawValue"],
    };

    fn read(text: &str) -> Result<Vec<(&str, &str)>, NotAnObject> {
        let object = Object::read(text, &KNOWN)?;
        let member = |name| Some((name, object.member(name)?.get()));
        Ok(KNOWN.names().filter_map(member).collect())
    }

    #[test]
    fn a_known_member_keeps_its_text_and_others_are_skipped() {
        let text = r#" {"x": 1, "a" : {"c":[1]} , "\u0062":"\ud800"} "#;
        assert_eq!(
            read(text).unwrap(),
            [("a", r#"{"c":[1]}"#), ("b", r#""\ud800""#)]
        );
        assert_eq!(read(r#"{"a":1,"a":2}"#).unwrap(), [("a", "2")]);
        assert_eq!(read("{}").unwrap(), []);
        for unknown in [
            r#""\ud800": 1"#,
            r#""x": "\udfff\ud800""#,
            r#""x": 1e999"#,
            r#""x": -1E-999"#,
            &format!(r#""x": {}{}"#, "[".repeat(100_000), "]".repeat(100_000)),
            &format!(
                r#""x": {}1{}"#,
                r#"{"x":"#.repeat(100_000),
                "}".repeat(100_000)
            ),
        ] {
            let text = format!(r#"{{{unknown},"a":1}}"#);
            assert_eq!(read(&text).unwrap(), [("a", "1")]);
        }
    }

    #[test]
    fn the_marker_of_serde_json_is_an_ordinary_name() {
        let marker = "$serde_json::private::RawValue";
        let hidden = format!(r#"{{"{marker}":"{{\"a\":1}}"}}"#);
        assert_eq!(read(&hidden).unwrap(), [(marker, r#""{\"a\":1}""#)]);
        let member = format!(r#"{{"a":{hidden}}}"#);
        let object = Object::read(&member, &KNOWN).unwrap();
        let read: TextOrElse = serde_json::from_str(object.member("a").unwrap().get()).unwrap();
        assert_eq!(read.text(), None);
    }

    #[test]
    fn the_error_says_why_a_text_is_not_an_object() {
        for text in ["[]", "7", "null", "true", r#""x""#, &"[".repeat(100_000)] {
            assert_eq!(read(text), Err(NotAnObject::AnotherType), "{text:.9}");
        }
        for text in ["", " ", "{", r#"{"a""#, r#"{"a":[[[["#] {
            assert_eq!(read(text), Err(NotAnObject::EndsEarly), "{text}");
        }
        let at = |line, column| Err(NotAnObject::Malformed { line, column });
        assert_eq!(read("{'a':1}"), at(1, 2));
        assert_eq!(read("{\"a\":1,\n}"), at(2, 1));
        assert_eq!(read("{} {"), at(1, 4));
        assert_eq!(read("nonsense"), at(1, 2));
    }

    #[test]
    fn the_number_of_members_is_limited() {
        let of = |count: u32| {
            let unknown: Vec<_> = (1..count).map(|n| format!(r#""{n}":0"#)).collect();
            format!(r#"{{{},"a":1}}"#, unknown.join(","))
        };
        assert_eq!(read(&of(MAX_MEMBERS)).unwrap(), [("a", "1")]);
        assert_eq!(read(&of(MAX_MEMBERS + 1)), Err(NotAnObject::TooManyMembers));
        assert_eq!(
            read(r#"{"a":1} 7"#),
            Err(NotAnObject::Malformed { line: 1, column: 9 })
        );
    }

    #[test]
    fn the_strings_of_a_list_are_passed_one_by_one() {
        let texts = |list: &str| {
            let list: &RawValue = serde_json::from_str(list).unwrap();
            let mut texts = Vec::new();
            let taken = each_text(list, |text| match text {
                "bad" => Err("it is bad"),
                text => {
                    texts.push(text.to_owned());
                    Ok(())
                }
            });
            taken.map(|()| texts)
        };
        assert_eq!(texts(r#"["a","\u0062"]"#).unwrap(), ["a", "b"]);
        assert_eq!(texts(r#"["a","bad",7]"#), Err(Some("it is bad")));
        for other in [
            "null",
            "{}",
            "[7]",
            "[null]",
            r#"["\ud800"]"#,
            "[1e999]",
            r#"[{"a":"b"}]"#,
        ] {
            assert_eq!(texts(other), Err(None), "{other}");
        }
    }
}
