//! Settings of a resource. What is not read is not implemented here, and is refused.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Error;

pub(super) struct Settings<'a> {
    /// The resource's name in the template.
    pub(super) name: &'a str,
    left: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Settings<'a> {
    pub(super) fn of(name: &'a str, properties: &'a Value) -> Self {
        let left = properties.as_object().into_iter().flatten();
        let left = left.map(|(name, value)| (name.as_str(), value)).collect();
        Self { name, left }
    }

    pub(super) fn take(&mut self, setting: &str) -> Option<&'a Value> {
        self.left.remove(setting)
    }

    pub(super) fn text(&mut self, setting: &str) -> Result<&'a str, Error> {
        let value = self.take(setting);
        let text = value.and_then(Value::as_str);
        text.ok_or_else(|| self.error(setting, "must be a text"))
    }

    /// A whole number, or `default` if there is none.
    pub(super) fn number(&mut self, setting: &str, default: i64) -> Result<i64, Error> {
        match self.take(setting) {
            None => Ok(default),
            Some(value) => value
                .as_i64()
                .ok_or_else(|| self.error(setting, "must be a whole number")),
        }
    }

    pub(super) fn flag(&mut self, setting: &str) -> Result<bool, Error> {
        match self.take(setting) {
            None => Ok(false),
            Some(value) => value
                .as_bool()
                .ok_or_else(|| self.error(setting, "must be true or false")),
        }
    }

    /// Refuses each other value of a setting than this one.
    pub(super) fn only(&mut self, setting: &str, implemented: &Value) -> Result<(), Error> {
        match self.take(setting) {
            Some(value) if value == implemented => Ok(()),
            found => {
                let found = found.unwrap_or(&Value::Null);
                Err(self.error(
                    setting,
                    &format!("{found} is not implemented, only {implemented}"),
                ))
            }
        }
    }

    /// Refuses the settings that have not been read.
    pub(super) fn end(self) -> Result<(), Error> {
        match self.left.keys().next() {
            Some(setting) => Err(self.error(setting, "is not implemented")),
            None => Ok(()),
        }
    }

    pub(super) fn error(&self, setting: &str, what: &str) -> Error {
        format!("template.yaml, {}: {setting} {what}", self.name).into()
    }
}
