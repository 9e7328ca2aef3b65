//! The `curl` command of an operation, with the document's examples.

use serde_yaml_ng::Value;

use crate::document::{Document, Operation, text};

pub(crate) fn command(document: &Document, operation: &Operation<'_>) -> String {
    let mut path = operation.path.to_owned();
    let mut query = Vec::new();
    for parameter in &operation.parameters {
        let (name, example) = (text(&parameter["name"]), text(&parameter["example"]));
        match text(&parameter["in"]) {
            "path" => path = path.replace(&format!("{{{name}}}"), example),
            "query" if !example.is_empty() => query.push(format!("{name}={example}")),
            _ => {}
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let body = &operation.value["requestBody"]["content"]["application/json"]["example"];
    let mut words = vec![format!("\"$SUPPUO_URL{path}\"")];
    let without_body = if body.is_null() { "get" } else { "post" };
    if operation.method != without_body {
        words.insert(0, format!("-X {}", operation.method.to_uppercase()));
    }
    if document.is_authenticated(operation) {
        words.push("-H \"Authorization: Bearer $SUPPUO_TOKEN\"".to_owned());
    }
    if !body.is_null() {
        words.push(format!("-d {}", quoted(body)));
    }
    format!("curl {}", words.join(" \\\n  "))
}

/// JSON as one quoted word of a shell.
fn quoted(body: &Value) -> String {
    let json = serde_json::to_string(body).unwrap_or_default();
    format!("'{}'", json.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command_of(text: &str) -> String {
        let document = Document::of(text);
        let operations = document.operations("T");
        command(&document, &operations[0])
    }

    #[test]
    fn a_command_has_the_examples_and_the_credential() {
        let list = "
security: [{ key: [] }]
paths:
  /things:
    get:
      tags: [T]
      parameters:
        - { name: q, in: query, example: red }
        - { name: limit, in: query }
";
        assert_eq!(
            command_of(list),
            "curl \"$SUPPUO_URL/things?q=red\" \\\n  -H \"Authorization: Bearer $SUPPUO_TOKEN\""
        );
    }

    #[test]
    fn a_body_is_quoted_as_one_shell_word() {
        let change = "
paths:
  /things/{id}:
    parameters: [{ name: id, in: path, example: t_1 }]
    patch:
      tags: [T]
      security: []
      requestBody: { content: { application/json: { example: { name: it's } } } }
";
        assert_eq!(
            command_of(change),
            "curl -X PATCH \\\n  \"$SUPPUO_URL/things/t_1\" \\\n  -d '{\"name\":\"it'\\''s\"}'"
        );
    }
}
