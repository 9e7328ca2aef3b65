//! Reads `openapi.yaml`, and keeps its order.

use std::{error::Error, fs, path::Path};

use serde_yaml_ng::Value;

pub(crate) struct Document(Value);

pub(crate) struct Operation<'a> {
    pub(crate) path: &'a str,
    /// In lower case.
    pub(crate) method: &'a str,
    pub(crate) value: &'a Value,
    /// The parameters of the path, then those of the operation.
    pub(crate) parameters: Vec<&'a Value>,
}

impl Document {
    pub(crate) fn read(file: &Path) -> Result<Self, Box<dyn Error>> {
        Ok(Self(serde_yaml_ng::from_str(&fs::read_to_string(file)?)?))
    }

    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Self(serde_yaml_ng::from_str(text).unwrap_or_default())
    }

    pub(crate) fn json(&self) -> Result<String, Box<dyn Error>> {
        Ok(serde_json::to_string(&self.0)?)
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    /// The value that a `$ref` refers to, or the value itself if it is not a `$ref`.
    pub(crate) fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else {
            return value;
        };
        let parts = reference.trim_start_matches("#/").split('/');
        let found = parts.fold(&self.0, |value, part| &value[part]);
        self.resolved(found)
    }

    /// The operations of a tag, in the document's order, without `OPTIONS` and `HEAD`.
    pub(crate) fn operations<'a>(&'a self, tag: &str) -> Vec<Operation<'a>> {
        let mut all = Vec::new();
        for (path, item) in members(&self.0["paths"]) {
            for (method, value) in members(item) {
                let mut tags = sequence(&value["tags"]).iter();
                let has_tag = tags.any(|of| of.as_str() == Some(tag));
                if has_tag && !["head", "options"].contains(&method) {
                    let both = [&item["parameters"], &value["parameters"]];
                    let parameters = both.into_iter().flat_map(sequence);
                    all.push(Operation {
                        path,
                        method,
                        value,
                        parameters: parameters.map(|one| self.resolved(one)).collect(),
                    });
                }
            }
        }
        all
    }

    /// What the API sends to others (`webhooks`), by name: the operations of a tag.
    pub(crate) fn webhooks<'a>(&'a self, tag: &str) -> Vec<(&'a str, &'a Value)> {
        let all = members(&self.0["webhooks"]).map(|(name, item)| (name, &item["post"]));
        let of_tag = all.filter(|(_, value)| {
            let mut tags = sequence(&value["tags"]).iter();
            tags.any(|of| of.as_str() == Some(tag))
        });
        of_tag.collect()
    }

    /// Whether an operation needs a credential.
    pub(crate) fn is_authenticated(&self, operation: &Operation<'_>) -> bool {
        let own = &operation.value["security"];
        let security = if own.is_null() {
            &self.0["security"]
        } else {
            own
        };
        !sequence(security).is_empty()
    }

    /// The fields of an object's schema, and whether each is required. Fields of the schema that it extends come first.
    pub(crate) fn fields<'a>(&'a self, schema: &'a Value) -> Vec<(&'a str, &'a Value, bool)> {
        let mut fields = match schema["$ref"].as_str() {
            // The recursion ends: `resolved` returns a schema without a `$ref`.
            Some(_) => self.fields(self.resolved(schema)),
            None => Vec::new(),
        };
        let required = sequence(&schema["required"]);
        fields.extend(members(&schema["properties"]).map(|(name, field)| {
            let is_required = required.iter().any(|one| one.as_str() == Some(name));
            (name, field, is_required)
        }));
        fields
    }
}

/// The members of an object, in their order.
pub(crate) fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let entries = value.as_mapping().into_iter().flatten();
    entries.filter_map(|(name, value)| Some((name.as_str()?, value)))
}

pub(crate) fn sequence(value: &Value) -> &[Value] {
    value.as_sequence().map_or(&[], Vec::as_slice)
}

/// A text; empty if the value is not one.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
