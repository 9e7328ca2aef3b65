//! Secrets, which Secrets Manager keeps. The environment names them and never holds one.

use aws_sdk_secretsmanager::Client;
use tokio::sync::OnceCell;

use crate::{
    aws::clients::{self, Connection},
    error::{ApiError, Cause},
};

/// Reads the secrets of a deployment.
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

    fn client(&self) -> Client {
        clients::secrets_manager(&self.connection, self.endpoint.as_deref())
    }
}

/// One secret, which an instance reads once, and what is made of it.
pub(crate) struct Secret<T> {
    manager: SecretsManager,
    id: Option<String>,
    /// What it is, for the log: "the signing secret".
    what: &'static str,
    make: fn(&str) -> Result<T, &'static str>,
    value: OnceCell<T>,
}

impl<T> Secret<T> {
    /// The secret of this name or ARN. `make` says what is wrong with one that it cannot use.
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

    /// What was made of it; the first time, Secrets Manager is asked.
    ///
    /// # Errors
    ///
    /// `500` where it does not answer, or with no usable secret. The next call asks again.
    pub(crate) async fn get(&self) -> Result<&T, ApiError> {
        let read = self.value.get_or_try_init(|| self.read());
        read.await.map_err(ApiError::internal)
    }

    /// Reads it before the first event. A failure is the log's to know; the first call that needs it tries again.
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
        let read = self
            .manager
            .client()
            .get_secret_value()
            .secret_id(id)
            .send();
        let read = read.await.map_err(|e| Cause::of_service(&attempted, &e))?;
        let text = read
            .secret_string()
            .ok_or_else(|| failed("it is no text"))?;
        (self.make)(text).map_err(failed)
    }
}
