//! Secrets in Secrets Manager. Environment variables name them and never hold one.

use aws_sdk_secretsmanager::{
    error::SdkError,
    operation::get_secret_value::{GetSecretValueError, GetSecretValueOutput},
};
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use crate::{
    aws::clients::{self, Connection},
    error::{ApiError, Cause},
};

#[derive(Clone)]
pub(crate) struct SecretsManager {
    connection: Connection,
    endpoint: Option<String>,
}

impl SecretsManager {
    pub(crate) fn new(connection: &Connection, endpoint: Option<&str>) -> Self {
        Self {
            connection: connection.clone(),
            endpoint: endpoint.map(str::to_owned),
        }
    }

    /// Boxed, like the requests to DynamoDB: see `crate::store::sent`.
    fn read(
        &self,
        id: &str,
    ) -> BoxFuture<'static, Result<GetSecretValueOutput, SdkError<GetSecretValueError>>> {
        let client = clients::secrets_manager(&self.connection, self.endpoint.as_deref());
        Box::pin(client.get_secret_value().secret_id(id).send())
    }
}

/// A secret that an instance reads once, and the value that is made from it.
pub(crate) struct Secret<T> {
    manager: SecretsManager,
    id: Option<String>,
    /// Describes the secret in the log, as in "the signing secret".
    what: &'static str,
    make: fn(&str) -> Result<T, &'static str>,
    value: OnceCell<T>,
}

impl<T> Secret<T> {
    /// `id` is a name or an ARN. `make` turns the secret into the value, or says why it cannot.
    pub(crate) fn new(
        manager: &SecretsManager,
        id: Option<&str>,
        what: &'static str,
        make: fn(&str) -> Result<T, &'static str>,
    ) -> Self {
        Self {
            manager: manager.clone(),
            id: id.map(str::to_owned),
            what,
            make,
            value: OnceCell::new(),
        }
    }

    /// The value. The first call reads the secret from Secrets Manager.
    ///
    /// # Errors
    ///
    /// `500` if Secrets Manager does not answer or the secret is unusable. The next call reads it again.
    pub(crate) async fn get(&self) -> Result<&T, ApiError> {
        let read = self.value.get_or_try_init(|| self.read());
        read.await.map_err(ApiError::internal)
    }

    /// Reads the secret before the first event. A failure is only logged: the first call that needs the secret tries
    /// again.
    pub(crate) async fn read_at_start(&self) {
        if let Err(cause) = self.value.get_or_try_init(|| self.read()).await {
            crate::log::warn(&cause.to_string());
        }
    }

    async fn read(&self) -> Result<T, Cause> {
        let attempted = format!("read {}", self.what);
        let failed = |what: &str| Cause::of(&attempted, what);
        let id = self
            .id
            .as_ref()
            .ok_or_else(|| failed("none is configured"))?;
        let read = self.manager.read(id).await;
        let read = read.map_err(|e| Cause::of_service(&attempted, &e))?;
        let text = read
            .secret_string()
            .ok_or_else(|| failed("it is no text"))?;
        (self.make)(text).map_err(failed)
    }
}
