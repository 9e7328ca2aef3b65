//! Reads and writes DynamoDB attributes. No type of the SDK leaves the store.

use std::{collections::HashMap, str::FromStr};

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{store::store_error::StoreError, time::Timestamp};

pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) fn key(partition: &str, sort: &str) -> Item {
    Item::from([
        ("pk".to_owned(), text(partition)),
        ("sk".to_owned(), text(sort)),
    ])
}

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn number(value: impl Into<i64>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

pub(super) fn flag(value: bool) -> AttributeValue {
    AttributeValue::Bool(value)
}

pub(super) fn texts(values: &[String]) -> AttributeValue {
    AttributeValue::L(values.iter().map(|value| text(value)).collect())
}

pub(super) fn moment(value: Timestamp) -> AttributeValue {
    number(value.as_millis())
}

/// Reads attributes by name. The error for a missing or malformed attribute names it.
pub(super) trait Read {
    fn text(&self, name: &str) -> Result<&str, StoreError>;
    fn text_if_any(&self, name: &str) -> Result<Option<&str>, StoreError>;
    fn texts(&self, name: &str) -> Result<Vec<String>, StoreError>;
    fn word<W: FromStr>(&self, name: &str) -> Result<W, StoreError>;
    fn flag(&self, name: &str) -> Result<bool, StoreError>;
    fn number(&self, name: &str) -> Result<i64, StoreError>;
    fn number_if_any(&self, name: &str) -> Result<Option<i64>, StoreError>;
    fn moment(&self, name: &str) -> Result<Timestamp, StoreError>;
    fn moment_if_any(&self, name: &str) -> Result<Option<Timestamp>, StoreError>;
}

impl Read for Item {
    fn text(&self, name: &str) -> Result<&str, StoreError> {
        let value = self.get(name).and_then(|value| value.as_s().ok());
        value.map(String::as_str).ok_or_else(|| broken(name))
    }

    fn text_if_any(&self, name: &str) -> Result<Option<&str>, StoreError> {
        self.contains_key(name).then(|| self.text(name)).transpose()
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let values = self.get(name).and_then(|value| value.as_l().ok());
        let texts = values.and_then(|values| {
            let texts = values.iter().map(|value| value.as_s().ok().cloned());
            texts.collect()
        });
        texts.ok_or_else(|| broken(name))
    }

    fn word<W: FromStr>(&self, name: &str) -> Result<W, StoreError> {
        self.text(name)?.parse().map_err(|_| broken(name))
    }

    fn flag(&self, name: &str) -> Result<bool, StoreError> {
        let value = self.get(name).and_then(|value| value.as_bool().ok());
        value.copied().ok_or_else(|| broken(name))
    }

    fn number(&self, name: &str) -> Result<i64, StoreError> {
        let value = self.get(name).and_then(|value| value.as_n().ok());
        value
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| broken(name))
    }

    fn number_if_any(&self, name: &str) -> Result<Option<i64>, StoreError> {
        self.contains_key(name)
            .then(|| self.number(name))
            .transpose()
    }

    fn moment(&self, name: &str) -> Result<Timestamp, StoreError> {
        self.number(name).map(Timestamp::from_millis)
    }

    fn moment_if_any(&self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        self.contains_key(name)
            .then(|| self.moment(name))
            .transpose()
    }
}

/// The item was written by something else, or before the attribute existed.
pub(super) fn broken(attribute: &str) -> StoreError {
    StoreError::because(
        "read an item",
        &format!("`{attribute}` is missing or malformed"),
    )
}
