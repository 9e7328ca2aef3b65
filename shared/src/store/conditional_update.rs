//! A conditional update of one item: alone, or in a transaction.

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
};

/// An update, as its expressions and their values.
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

/// How one attempt to count came out.
pub(super) enum Count {
    /// Counted; the item as it is now.
    Done(Item),
    /// Not counted, because the condition failed; the item as it is, if there is one.
    Failed(Option<Item>),
    /// Not counted: another write was under way, or the service too busy.
    InTheWay,
}

pub(super) fn in_transaction(key: Item, expressions: Expressions) -> UpdateBuilder {
    Update::builder()
        .set_key(Some(key))
        .update_expression(expressions.update())
        .condition_expression(expressions.condition())
        .set_expression_attribute_values(Some(expressions.values.into_iter().collect()))
}

/// Sends a conditional write that counts something.
pub(super) async fn send(
    database: &Database,
    key: &Item,
    expressions: Expressions,
) -> Result<Count, StoreError> {
    let update = update(database, key, expressions);
    done(database, database.meter.call(update.send()).await)
}

/// The same, and never a second time: where its answer is lost, it may have been done or not.
pub(super) async fn send_once(
    database: &Database,
    key: &Item,
    expressions: Expressions,
) -> Result<Count, StoreError> {
    let once = Config::builder().retry_config(RetryConfig::disabled());
    let update = update(database, key, expressions).customize();
    let update = update.config_override(once).send();
    done(database, database.meter.call(update).await)
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

fn done(
    database: &Database,
    answer: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
) -> Result<Count, StoreError> {
    match answer {
        Ok(updated) => {
            database.meter.write(updated.consumed_capacity());
            Ok(Count::Done(updated.attributes.unwrap_or_default()))
        }
        Err(error) => not_counted(database, &error),
    }
}

fn not_counted(
    database: &Database,
    error: &SdkError<UpdateItemError>,
) -> Result<Count, StoreError> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
            database.meter.failed_write(1);
            Ok(Count::Failed(failed.item().cloned()))
        }
        Some(
            UpdateItemError::TransactionConflictException(_)
            | UpdateItemError::ProvisionedThroughputExceededException(_)
            | UpdateItemError::ThrottlingException(_),
        ) => Ok(Count::InTheWay),
        _ => Err(StoreError::new("count a call", error)),
    }
}
