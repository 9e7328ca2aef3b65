//! The rules of a schema in words: types, allowed values, lengths and ranges.

use serde_yaml_ng::Value;

use crate::{
    document::{sequence, text},
    html::escaped,
};

pub(crate) fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        several => sequence(several).iter().map(text).collect(),
    }
}

/// The rules as HTML. The rules for the entries of a list are not included.
pub(crate) fn rules(schema: &Value) -> Vec<String> {
    let mut rules = Vec::new();
    let others = types(schema).into_iter().filter(|name| *name != "array");
    let others: Vec<_> = others.collect();
    if !others.is_empty() {
        rules.push(others.join(" or "));
    }
    let values = sequence(&schema["enum"])
        .iter()
        .chain(Some(&schema["const"]));
    let values: Vec<_> = values.filter(|value| !value.is_null()).map(code).collect();
    if !values.is_empty() {
        rules.push(values.join(" · "));
    }
    for (least, most, unit) in [
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " entries"),
        ("minimum", "maximum", ""),
    ] {
        rules.extend(match (schema[least].as_u64(), schema[most].as_u64()) {
            (Some(least), Some(most)) => Some(format!("{least} to {most}{unit}")),
            (None, Some(most)) => Some(format!("at most {most}{unit}")),
            (Some(least), None) if unit.is_empty() => Some(format!("at least {least}")),
            _ => None,
        });
    }
    if let Some(default) = schema.get("default") {
        rules.push(format!("default {}", code(default)));
    }
    rules
}

/// A value as JSON, without quotes.
fn code(value: &Value) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    format!("<code>{}</code>", escaped(json.trim_matches('"')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(schema: &str) -> String {
        rules(&serde_yaml_ng::from_str(schema).unwrap()).join(", ")
    }

    #[test]
    fn rules_are_in_words() {
        for (schema, words) in [
            (
                "{ type: string, minLength: 1, maxLength: 9 }",
                "string, 1 to 9 characters",
            ),
            ("{ type: [string, 'null'] }", "string or null"),
            ("{ type: array, maxItems: 10 }", "at most 10 entries"),
            ("{ type: integer, minimum: 1 }", "integer, at least 1"),
            (
                "{ enum: [a, <b>, null], default: a }",
                "<code>a</code> · <code>&lt;b&gt;</code>, default <code>a</code>",
            ),
            ("{ const: true }", "<code>true</code>"),
        ] {
            assert_eq!(words_of(schema), words);
        }
    }
}
