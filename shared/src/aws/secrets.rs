//! Secrets in Secrets Manager. Environment variables name them and never hold one.
//!
//! Secrets can be changed while instances run. An instance uses what it has read for ten minutes, then reads again. It
//! reads earlier if the value turns out to be outdated. Secrets Manager also keeps the version before the current one
//! (`AWSPREVIOUS`: "Secret versions", Secrets Manager user guide).

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use aws_sdk_secretsmanager::{
    error::SdkError,
    operation::get_secret_value::{GetSecretValueError, GetSecretValueOutput},
};
use futures_util::{future::BoxFuture, lock::Mutex as AsyncMutex};

use crate::{
    aws::clients::{self, Connection},
    error::{ApiError, Cause},
    log,
    time::{MINUTE, Timestamp},
};

/// How long an instance uses a secret before it reads it again, in milliseconds.
const USED_FOR: i64 = 10 * MINUTE;

/// The shortest time between two early reads, in milliseconds, so that callers who send rubbish do not cause more.
const EARLY_READS_APART: i64 = MINUTE;

const PREVIOUS: &str = "AWSPREVIOUS";

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
        stage: Option<&str>,
    ) -> BoxFuture<'static, Result<GetSecretValueOutput, ReadError>> {
        let client = clients::secrets_manager(&self.connection, self.endpoint.as_deref());
        let request = client.get_secret_value().secret_id(id);
        Box::pin(request.set_version_stage(stage.map(str::to_owned)).send())
    }
}

/// A secret, and the value that is made from it.
pub(crate) struct Secret<T> {
    manager: SecretsManager,
    id: Option<String>,
    /// Describes the secret in the log, as in "the signing secret".
    what: &'static str,
    make: fn(&str) -> Result<T, &'static str>,
    kept: Mutex<Kept<T>>,
    /// When the last read for [`Secret::open_stored`] began. Locked while one is under way.
    read_for_stored: AsyncMutex<Option<Instant>>,
}

/// What an instance has read.
struct Kept<T> {
    current: Option<Version<T>>,
    previous: Previous<T>,
    read_at: Timestamp,
    read_early_at: Timestamp,
}

/// The version before the current one.
enum Previous<T> {
    /// Not read since the current one was. If a read failed, it was at this time.
    Unknown(Timestamp),
    Known(Option<Arc<T>>),
}

struct Version<T> {
    id: String,
    value: Arc<T>,
}

impl<T> Kept<T> {
    fn usable(&self, now: Timestamp) -> Option<Arc<T>> {
        let current = self.current.as_ref()?;
        let is_fresh = self.read_at.is_within(USED_FOR, now);
        is_fresh.then(|| Arc::clone(&current.value))
    }

    fn is(&self, version: &str) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|current| current.id == version)
    }

    /// Keeps what was read. Returns whether it is another version.
    fn keep(&mut self, read: Version<T>, now: Timestamp) -> bool {
        self.read_at = now;
        if self.is(&read.id) {
            return false;
        }
        self.current = Some(read);
        self.previous = Previous::Unknown(Timestamp::EPOCH);
        true
    }
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
            kept: Mutex::new(Kept {
                current: None,
                previous: Previous::Unknown(Timestamp::EPOCH),
                read_at: Timestamp::EPOCH,
                read_early_at: Timestamp::EPOCH,
            }),
            read_for_stored: AsyncMutex::new(None),
        }
    }

    /// The current value. The first call reads the secret from Secrets Manager, and so does a call after ten minutes.
    /// If that later read fails, the old value stays in use.
    ///
    /// # Errors
    ///
    /// `500` if Secrets Manager does not answer or the secret is unusable. The next call reads it again.
    pub(crate) async fn get(&self) -> Result<Arc<T>, ApiError> {
        self.current().await.map_err(ApiError::internal)
    }

    /// Reads the secret before the first event. A failure is only logged: the first call that needs the secret tries
    /// again.
    pub(crate) async fn read_at_start(&self) {
        if let Err(cause) = self.current().await {
            log::warn(&cause.to_string());
        }
    }

    /// Reads the secret again because it turned out to be outdated. `None` if there is no newer version, if Secrets
    /// Manager does not answer, or if an early read was less than a minute ago.
    pub(crate) async fn read_early(&self) -> Option<Arc<T>> {
        let now = Timestamp::now();
        {
            let mut kept = self.kept();
            if kept.read_early_at.is_within(EARLY_READS_APART, now) {
                return None;
            }
            kept.read_early_at = now;
        }
        match self.read_current().await {
            Ok(read) => {
                let value = Arc::clone(&read.value);
                self.kept().keep(read, now).then_some(value)
            }
            Err(cause) => {
                log::warn(&cause.to_string());
                None
            }
        }
    }

    /// What `open` finds with the current value, the one before it, or one that is newer than what this instance knows:
    /// for what a caller presents, who may have made it up. So it is not always worth a read, and `None` may also mean
    /// that Secrets Manager did not answer.
    ///
    /// # Errors
    ///
    /// `500` if the current value cannot be read.
    pub(crate) async fn open<R>(
        &self,
        open: impl Fn(&T) -> Option<R>,
    ) -> Result<Option<R>, ApiError> {
        if let Some(found) = open(&*self.get().await?) {
            return Ok(Some(found));
        }
        if let Some(found) = self.previous().await.and_then(|previous| open(&previous)) {
            return Ok(Some(found));
        }
        Ok(self.read_early().await.and_then(|newer| open(&newer)))
    }

    /// As [`Self::open`], but for what the table holds, which no caller has made up. `None` is certain: neither the
    /// current value nor the one before it opens this, as they were when it was asked for or later.
    ///
    /// # Errors
    ///
    /// `500` if one of the values cannot be read.
    pub(crate) async fn open_stored<R>(
        &self,
        open: impl Fn(&T) -> Option<R>,
    ) -> Result<Option<R>, ApiError> {
        let asked = Instant::now();
        if let Some(found) = open(&*self.get().await?) {
            return Ok(Some(found));
        }
        let opened = async {
            if let Some(found) = self.previous_now().await?.and_then(|value| open(&value)) {
                return Ok(Some(found));
            }
            self.read_since(asked).await?;
            if let Some(found) = open(&*self.current().await?) {
                return Ok(Some(found));
            }
            Ok(self.previous_now().await?.and_then(|value| open(&value)))
        };
        opened
            .await
            .map_err(|cause: Cause| ApiError::internal(cause))
    }

    /// Reads the current version, unless another call has begun to since then. Those who ask meanwhile wait.
    async fn read_since(&self, asked: Instant) -> Result<(), Cause> {
        let mut last = self.read_for_stored.lock().await;
        if last.is_some_and(|began| began >= asked) {
            return Ok(());
        }
        let (began, now) = (Instant::now(), Timestamp::now());
        let read = self.read_current().await?;
        self.kept().keep(read, now);
        *last = Some(began);
        Ok(())
    }

    async fn current(&self) -> Result<Arc<T>, Cause> {
        let now = Timestamp::now();
        if let Some(value) = self.kept().usable(now) {
            return Ok(value);
        }
        let read = self.read_current().await;
        let mut kept = self.kept();
        match (read, &kept.current) {
            (Ok(read), _) => {
                let value = Arc::clone(&read.value);
                kept.keep(read, now);
                Ok(value)
            }
            (Err(cause), Some(old)) => {
                log::warn(&format!("{cause}; the old value stays in use"));
                let value = Arc::clone(&old.value);
                kept.read_at = now;
                Ok(value)
            }
            (Err(cause), None) => Err(cause),
        }
    }

    /// The value before the current one. `None` if there is none, if Secrets Manager does not answer, or if it did not
    /// less than a minute ago.
    async fn previous(&self) -> Option<Arc<T>> {
        let now = Timestamp::now();
        if let Previous::Unknown(failed) = &self.kept().previous
            && failed.is_within(EARLY_READS_APART, now)
        {
            return None;
        }
        self.previous_now().await.unwrap_or_else(|cause| {
            log::warn(&cause.to_string());
            None
        })
    }

    /// The value before the current one. `None` if there is none.
    async fn previous_now(&self) -> Result<Option<Arc<T>>, Cause> {
        let now = Timestamp::now();
        let current = {
            let kept = self.kept();
            match (&kept.previous, &kept.current) {
                (Previous::Known(known), _) => return Ok(known.clone()),
                (Previous::Unknown(_), None) => return Ok(None),
                (Previous::Unknown(_), Some(current)) => current.id.clone(),
            }
        };
        let read = self.read_previous().await;
        let mut kept = self.kept();
        // Otherwise there is a newer version by now, which has another one before it.
        if kept.is(&current) {
            kept.previous = match &read {
                Ok(previous) => Previous::Known(previous.clone()),
                Err(_) => Previous::Unknown(now),
            };
        }
        read
    }

    async fn read_current(&self) -> Result<Version<T>, Cause> {
        let id = self.id()?;
        let mut read = self.manager.read(id, None).await;
        if let (Err(error), Some(name)) = (&read, name_in(id))
            && is_missing(error)
        {
            read = self.manager.read(name, None).await;
        }
        let read = read.map_err(|error| Cause::of_service(&self.attempted(), &error))?;
        let value = self.value_in(&read)?;
        let id = read.version_id().unwrap_or_default().to_owned();
        Ok(Version { id, value })
    }

    /// `None` if there was no version before the current one.
    async fn read_previous(&self) -> Result<Option<Arc<T>>, Cause> {
        match self.manager.read(self.id()?, Some(PREVIOUS)).await {
            Ok(read) => self.value_in(&read).map(Some),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(Cause::of_service(&self.attempted(), &error)),
        }
    }

    fn id(&self) -> Result<&str, Cause> {
        let id = self.id.as_deref();
        id.ok_or_else(|| self.failed("none is configured"))
    }

    fn value_in(&self, read: &GetSecretValueOutput) -> Result<Arc<T>, Cause> {
        let text = read
            .secret_string()
            .ok_or_else(|| self.failed("it is no text"))?;
        let value = (self.make)(text).map_err(|why| self.failed(why))?;
        Ok(Arc::new(value))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept<T>> {
        // Nothing in it is left half changed.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempted(&self) -> String {
        format!("read {}", self.what)
    }

    fn failed(&self, why: &str) -> Cause {
        Cause::of(&self.attempted(), why)
    }
}

type ReadError = SdkError<GetSecretValueError>;

/// Whether there is no such secret, or no such version of it.
fn is_missing(error: &ReadError) -> bool {
    let error = error.as_service_error();
    error.is_some_and(GetSecretValueError::is_resource_not_found_exception)
}

/// The last part of a secret's ARN.
///
/// An ARN may lack the hyphen and the six characters at its end. If its name ends in such a hyphen and characters too,
/// Secrets Manager takes it for a whole ARN and finds nothing ("Secret ARN", `GetSecretValue`, Secrets Manager API
/// reference). As a name, the last part is then found.
fn name_in(arn: &str) -> Option<&str> {
    arn.split_once(":secret:").map(|(_, name)| name)
}
