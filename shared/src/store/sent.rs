//! The requests to DynamoDB, as they are sent.
//!
//! Each returns a boxed future, and is not `async` itself: the code of an `async` function is compiled where it is
//! awaited, which is in each function again, and what `send` brings along is most of the SDK. A box puts it here, once.

use aws_sdk_dynamodb::{
    client::customize::CustomizableOperation,
    error::SdkError,
    operation::{
        batch_get_item::{
            BatchGetItemError, BatchGetItemOutput, builders::BatchGetItemFluentBuilder,
        },
        get_item::{GetItemError, GetItemOutput, builders::GetItemFluentBuilder},
        put_item::{PutItemError, PutItemOutput, builders::PutItemFluentBuilder},
        query::{QueryError, QueryOutput, builders::QueryFluentBuilder},
        transact_write_items::{
            TransactWriteItemsError, TransactWriteItemsOutput,
            builders::TransactWriteItemsFluentBuilder,
        },
        update_item::{UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder},
    },
};
use futures_util::future::BoxFuture;

type Sent<T, E> = BoxFuture<'static, Result<T, SdkError<E>>>;

pub(super) fn get(request: GetItemFluentBuilder) -> Sent<GetItemOutput, GetItemError> {
    Box::pin(request.send())
}

pub(super) fn get_all(
    request: BatchGetItemFluentBuilder,
) -> Sent<BatchGetItemOutput, BatchGetItemError> {
    Box::pin(request.send())
}

pub(super) fn query(request: QueryFluentBuilder) -> Sent<QueryOutput, QueryError> {
    Box::pin(request.send())
}

pub(super) fn put(request: PutItemFluentBuilder) -> Sent<PutItemOutput, PutItemError> {
    Box::pin(request.send())
}

pub(super) fn update(request: UpdateItemFluentBuilder) -> Sent<UpdateItemOutput, UpdateItemError> {
    Box::pin(request.send())
}

pub(super) fn customized_update(
    request: CustomizableOperation<UpdateItemOutput, UpdateItemError, UpdateItemFluentBuilder>,
) -> Sent<UpdateItemOutput, UpdateItemError> {
    Box::pin(request.send())
}

pub(super) fn transaction(
    request: TransactWriteItemsFluentBuilder,
) -> Sent<TransactWriteItemsOutput, TransactWriteItemsError> {
    Box::pin(request.send())
}
