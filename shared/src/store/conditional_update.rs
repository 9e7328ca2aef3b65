//! A conditional update of one item, by itself or in a transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    config::{Config, retry::RetryConfig},
    error::SdkError,
    operation::update_item::{
        UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder,
    },
    types::{
        AttributeValue, ReturnConsumedCapacity, ReturnValue,
        ReturnValuesOnConditionCheckFailure as OnFailure, Update, builders::UpdateBuilder,
    },
};

use crate::store::{
    attributes::Item, database::Database, retry::pause, sent, store_error::StoreError,
};

#[derive(Clone, Default)]
pub(super) struct Expressions {
    pub(super) set: Vec<String>,
    pub(super) remove: Vec<String>,
    pub(super) add: Vec<String>,
    pub(super) conditions: Vec<String>,
    values: Vec<(String, AttributeValue)>,
}

impl Expressions {
    pub(super) fn value(&mut self, name: String, value: AttributeValue) {
        self.values.push((name, value));
    }

    fn update(&self) -> String {
        let clause = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        clause("SET", &self.set) + &clause("REMOVE", &self.remove) + &clause("ADD", &self.add)
    }

    fn condition(&self) -> String {
        self.conditions.join(" AND ")
    }

    fn values(self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.into_iter().collect())
    }
}

pub(super) enum UpdateResult {
    /// With the item after the update.
    Done(Item),
    /// Nothing was written. With the item as it is, if there is one (`ReturnValuesOnConditionCheckFailure`, DynamoDB
    /// API reference).
    ConditionFailed(Option<Item>),
    /// Nothing was written: a transaction was writing the item, or the service was too busy.
    Contended,
}

pub(super) fn in_transaction(key: Item, expressions: Expressions) -> UpdateBuilder {
    Update::builder()
        .set_key(Some(key))
        .update_expression(expressions.update())
        .condition_expression(expressions.condition())
        .set_expression_attribute_values(expressions.values())
}

pub(super) async fn send(
    database: &Database,
    key: &Item,
    expressions: Expressions,
) -> Result<UpdateResult, StoreError> {
    let update = update(database, key, expressions);
    result_of(database, database.meter.call(sent::update(update)).await)
}

/// How many times [`send_until_done`] tries.
const ATTEMPTS: u32 = 5;

/// Like [`send`], but tries again if others are in the way for a moment. Returns the item after the update; if the
/// condition failed, the item as it is, if there is one.
///
/// # Errors
///
/// [`StoreError::Contended`] if others are always in the way.
pub(super) async fn send_until_done(
    database: &Database,
    key: &Item,
    expressions: Expressions,
) -> Result<Result<Item, Option<Item>>, StoreError> {
    until_done(async || send(database, key, expressions.clone()).await).await
}

/// Like [`send_until_done`], but as [`send_once`]: for an update that must not be made twice.
pub(super) async fn send_once_until_done(
    database: &Database,
    key: &Item,
    expressions: Expressions,
) -> Result<Result<Item, Option<Item>>, StoreError> {
    until_done(async || send_once(database, key, expressions.clone()).await).await
}

async fn until_done(
    send: impl AsyncFn() -> Result<UpdateResult, StoreError>,
) -> Result<Result<Item, Option<Item>>, StoreError> {
    for attempt in 1..=ATTEMPTS {
        match send().await? {
            UpdateResult::Done(item) => return Ok(Ok(item)),
            UpdateResult::ConditionFailed(item) => return Ok(Err(item)),
            UpdateResult::Contended => pause(attempt).await,
        }
    }
    Err(StoreError::Contended)
}

/// Like [`send`], but without the SDK's retries. If the response is lost, the update may or may not have been made.
pub(super) async fn send_once(
    database: &Database,
    key: &Item,
    expressions: Expressions,
) -> Result<UpdateResult, StoreError> {
    let once = Config::builder().retry_config(RetryConfig::disabled());
    let update = update(database, key, expressions).customize();
    let update = sent::customized_update(update.config_override(once));
    result_of(database, database.meter.call(update).await)
}

fn update(database: &Database, key: &Item, expressions: Expressions) -> UpdateItemFluentBuilder {
    database
        .client
        .update_item()
        .table_name(&*database.table)
        .set_key(Some(key.clone()))
        .update_expression(expressions.update())
        .condition_expression(expressions.condition())
        .set_expression_attribute_values(expressions.values())
        .return_values(ReturnValue::AllNew)
        .return_values_on_condition_check_failure(OnFailure::AllOld)
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
}

fn result_of(
    database: &Database,
    answer: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
) -> Result<UpdateResult, StoreError> {
    match answer {
        Ok(updated) => {
            database.meter.write(updated.consumed_capacity());
            Ok(UpdateResult::Done(updated.attributes.unwrap_or_default()))
        }
        Err(error) => result_of_failure(database, &error),
    }
}

fn result_of_failure(
    database: &Database,
    error: &SdkError<UpdateItemError>,
) -> Result<UpdateResult, StoreError> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
            database.meter.failed_write(1);
            Ok(UpdateResult::ConditionFailed(failed.item().cloned()))
        }
        Some(
            UpdateItemError::TransactionConflictException(_)
            | UpdateItemError::ProvisionedThroughputExceededException(_)
            | UpdateItemError::ThrottlingException(_),
        ) => Ok(UpdateResult::Contended),
        _ => Err(StoreError::new("update an item", error)),
    }
}
