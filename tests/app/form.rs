//! The rules for the fields of a body, by kind: what an endpoint must refuse and accept, and what it must store.

use serde_json::{Value, json};

use super::Call;

pub const NO_TEXT: &str = "{} must be a string.";
const EMPTY: &str = "{} must not be empty.";

/// Texts without a visible character.
pub const NOTHING: [&str; 7] = [
    "",
    " \t\n ",
    "\u{0}\u{85}",
    "\u{200b}",
    "\u{2060}\u{feff}",
    "\u{3164}",
    "\u{202e} \u{200f}",
];

/// Texts that are sent, each with what is stored: without control characters, in NFC.
pub const CLEANED: [(&str, &str); 4] = [
    ("a\u{b}b\u{c}c\td\r\ne", "a\nb\nc\td\r\ne"),
    ("a\u{0}b\u{1b}[1mc\u{7f}\u{85}\u{9b}d", "ab[1mcd"),
    ("Cafe\u{301} \u{1112}\u{1161}\u{11ab}", "Café 한"),
    (
        "\u{202e}👩\u{200d}👧\u{200b}.",
        "\u{202e}👩\u{200d}👧\u{200b}.",
    ),
];

/// An endpoint, a valid body for it, and the kinds of its fields.
pub struct Form<'a> {
    pub call: Call<'a>,
    pub good: Value,
    /// Names of fields, each with its maximum number of characters.
    pub lines: &'static [(&'static str, usize)],
    pub optional_lines: &'static [(&'static str, usize)],
    pub bodies: &'static [(&'static str, usize)],
    pub emails: &'static [&'static str],
}

impl Form<'_> {
    /// Sends the body with one field changed, and returns the message and the `param` of the error.
    async fn refused(&self, field: &str, value: &Value) -> (String, Option<String>) {
        let mut body = self.good.clone();
        body[field] = value.clone();
        let refused = self.call.clone().json(&body).await_status(400).await;
        assert_eq!(refused.code(), "VALIDATION_ERROR");
        (
            refused.message().to_owned(),
            refused.param().map(str::to_owned),
        )
    }

    pub async fn accepted(&self, field: &str, value: &Value) -> Value {
        let mut body = self.good.clone();
        body[field] = value.clone();
        let accepted = self.call.clone().json(&body).send().await;
        assert!(accepted.status < 300, "{field}: {accepted:?}");
        accepted.data().clone()
    }

    pub async fn check(&self, field: &'static str, cases: &[(Value, &str)]) {
        for (value, message) in cases {
            let shown: String = value.to_string().chars().take(40).collect();
            let expected = (
                message.replace("{}", &format!("`{field}`")),
                Some(field.to_owned()),
            );
            assert_eq!(
                self.refused(field, value).await,
                expected,
                "{field} {shown}"
            );
        }
    }

    /// Checks all fields but those with rules of their own.
    pub async fn check_all(&self) {
        self.check_lines().await;
        self.check_bodies().await;
        self.check_emails().await;
        self.check_surrogates().await;
    }

    async fn check_lines(&self) {
        for &(field, max) in self.lines {
            let length = format!("{{}} must have at most {max} characters.");
            let cases = [
                (Value::Null, "{} is required."),
                (json!(7), NO_TEXT),
                (json!(["x"]), NO_TEXT),
                (json!("x".repeat(max + 1)), &length),
                (json!("𝒳".repeat(max + 1)), &length),
            ];
            self.check(field, &cases).await;
            self.check(field, &NOTHING.map(|text| (json!(text), EMPTY)))
                .await;
            for fine in [
                format!(" {} ", "𝒳".repeat(max)),
                "e\u{301}".repeat(max),
                format!("x{}", "\u{1}".repeat(max)),
            ] {
                self.accepted(field, &json!(fine)).await;
            }
            self.check_cleaned(field).await;
        }
        for &(field, max) in self.optional_lines {
            let length = format!("{{}} must have at most {max} characters.");
            let cases = [
                (json!(7), NO_TEXT),
                (json!({}), NO_TEXT),
                (json!("𝒳".repeat(max + 1)), length.as_str()),
            ];
            self.check(field, &cases).await;
            for fine in [Value::Null, json!("𝒳".repeat(max))] {
                self.accepted(field, &fine).await;
            }
            for nothing in NOTHING {
                let made = self.accepted(field, &json!(nothing)).await;
                assert!(
                    kept(&made, field).is_none_or(Value::is_null),
                    "{field} {nothing:?}: {made}"
                );
            }
            self.check_cleaned(field).await;
        }
    }

    async fn check_bodies(&self) {
        for &(field, max) in self.bodies {
            let length = format!("{{}} must have at most {max} characters.");
            let cases = [
                (Value::Null, "{} is required."),
                (json!(false), NO_TEXT),
                (json!("𝒳".repeat(max + 1)), length.as_str()),
            ];
            self.check(field, &cases).await;
            self.check(field, &NOTHING.map(|text| (json!(text), EMPTY)))
                .await;
            self.check_cleaned(field).await;
            for fine in [
                format!(" a\r\n\tb\n{}", "é"),
                "𝒳".repeat(max),
                "\u{202e}👩‍👩‍👧".to_owned(),
            ] {
                self.accepted(field, &json!(fine)).await;
            }
        }
    }

    /// Checks what is stored of a text, if the response shows it.
    async fn check_cleaned(&self, field: &str) {
        for (sent, expected) in CLEANED {
            let made = self.accepted(field, &json!(sent)).await;
            if let Some(kept) = kept(&made, field) {
                assert_eq!(kept, expected, "{field}: {made}");
            }
        }
    }

    async fn check_emails(&self) {
        for &field in self.emails {
            const NO_ADDRESS: &str = "{} must be an e-mail address, such as `kim@example.com`.";
            let long = format!("{}@example.com", "a".repeat(65));
            let mut cases = vec![(Value::Null, "{} is required."), (json!(7), NO_TEXT)];
            for wrong in [
                "",
                "kim",
                "@",
                "kim@",
                "@example.com",
                "kim@example",
                "kim@@example.com",
                "kim lee@example.com",
                "Kim <kim@example.com>",
                "kim@example.com,lee@example.com",
                "kim@[127.0.0.1]",
                "kim@example.com\nBcc: x@example.com",
                "kim\u{0}@example.com",
                "kim@exam\u{7f}ple.com",
                "kim@!#$%&'*+/=?^_`{|}~.com",
                "kim@b.1",
                "kim@127.0.0.1",
                &long,
            ] {
                cases.push((json!(wrong), NO_ADDRESS));
            }
            self.check(field, &cases).await;
            for fine in [
                " kim@example.com ",
                "k.i+m@a.b.example",
                "\"k m\"@example.com",
                "संपर्क@डाटामेल.भारत",
                "ติดต่อ@ตัวอย่าง.ไทย",
                "jose\u{301}@example.com",
                "\u{200b}kim@example.com\u{feff}",
            ] {
                let made = self.accepted(field, &json!(fine)).await;
                if let Some(kept) = kept(&made, field) {
                    assert_eq!(kept, fine.trim_matches([' ', '\u{200b}', '\u{feff}']));
                }
            }
        }
    }

    /// Half a surrogate pair is no character; the error names its field.
    async fn check_surrogates(&self) {
        for &(field, _) in &[self.lines, self.optional_lines, self.bodies].concat() {
            let mut body = self.good.clone();
            body[field] = "SURROGATE".into();
            let body = body.to_string().replace("SURROGATE", "a\\ud83d b");
            let refused = self.call.clone().body(&body).await_status(400).await;
            assert_eq!(
                refused.message(),
                format!(
                    "`{field}` has half a surrogate pair (`\\ud800` to `\\udfff`), which is no character. Send the \
                     whole pair."
                )
            );
            assert_eq!(refused.param(), Some(field));
        }
    }
}

/// The value of a field in the response, or in the message that the response contains.
fn kept<'a>(made: &'a Value, field: &str) -> Option<&'a Value> {
    made.get(field).or_else(|| made.get("message")?.get(field))
}
