//! The queue of what was given up, for an operator to look at: SQS. An alarm tells that it is not empty.

use aws_sdk_sqs::{
    error::SdkError,
    operation::send_message::{SendMessageError, SendMessageOutput},
};
use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::{
    aws::clients::{self, Connection},
    error::Cause,
};

const ATTEMPTED: &str = "keep what was given up";

pub(crate) struct FailureQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl FailureQueue {
    pub(crate) fn new(connection: &Connection, endpoint: Option<&str>, url: &str) -> Self {
        Self {
            client: clients::sqs(connection, endpoint),
            url: url.to_owned(),
        }
    }

    /// Keeps a message for 14 days. It has ids only.
    ///
    /// # Errors
    ///
    /// The service did not take it.
    pub(crate) async fn keep(&self, message: &impl Serialize) -> Result<(), Cause> {
        let body = serde_json::to_string(message);
        let body = body.map_err(|error| Cause::new(ATTEMPTED, &error))?;
        let sent = self.request(body).await;
        sent.map(drop)
            .map_err(|error| Cause::of_service(ATTEMPTED, &error))
    }

    /// Boxed, like the requests to DynamoDB: see `crate::store::sent`.
    fn request(
        &self,
        message: String,
    ) -> BoxFuture<'static, Result<SendMessageOutput, SdkError<SendMessageError>>> {
        let request = self.client.send_message().queue_url(&self.url);
        Box::pin(request.message_body(message).send())
    }
}
