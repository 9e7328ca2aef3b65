//! A conditional update of one item, by itself or in a transaction.

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
    attributes::Item,
    database::{Database, StoreError},
    sent,
};

#[derive(Default)]
pub(super) struct Expressions {
    pub(super) set: Vec<String>,
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
        clause("SET", &self.set) + &clause("ADD", &self.add)
    }

    fn condition(&self) -> String {
        self.conditions.join(" AND ")
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
        .set_expression_attribute_values(Some(expressions.values.into_iter().collect()))
}

pub(super) async fn send(
    database: &Database,
    key: &Item,
    expressions: Expressions,
) -> Result<UpdateResult, StoreError> {
    let update = update(database, key, expressions);
    result_of(database, database.meter.call(sent::update(update)).await)
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
        .set_expression_attribute_values(Some(expressions.values.into_iter().collect()))
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
        _ => Err(StoreError::new("count a call", error)),
    }
}
