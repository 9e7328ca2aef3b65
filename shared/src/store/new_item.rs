//! Writes an item that may exist already.

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{ReturnConsumedCapacity, builders::PutBuilder},
};

use crate::store::{database::Database, sent, store_error::StoreError};

impl Database {
    /// Puts an item on its condition, by itself. Returns `false` if the condition failed. 1 unit for every 1 KB.
    pub(super) async fn put_new(
        &self,
        attempted: &'static str,
        put: PutBuilder,
    ) -> Result<bool, StoreError> {
        let put = put.table_name(&*self.table).build();
        let put = put.map_err(|error| StoreError::because(attempted, &error.to_string()))?;
        let put = self
            .client
            .put_item()
            .table_name(put.table_name)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_values(put.expression_attribute_values)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match self.meter.call(sent::put(put)).await {
            Ok(written) => {
                self.meter.write(written.consumed_capacity());
                Ok(true)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => {
                    self.meter.failed_write(1);
                    Ok(false)
                }
                _ => Err(StoreError::new(attempted, &error)),
            },
        }
    }
}
