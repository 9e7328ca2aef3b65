//! Sends a delivery: signs its body and calls the receiver.

use std::sync::Arc;

use hyper::{
    HeaderMap,
    header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT},
};
use secrecy::ExposeSecret;

use crate::{
    aws::signing_secret::SigningSecret,
    domain::{
        sealing_key::SealedText,
        signing_keys::SigningKeys,
        webhook_delivery::{Attempt, DeliveryStatus, time_to_next_attempt},
        webhook_secret::{Signatures, WebhookSecret},
        webhook_url::{Targets, UrlFault, WebhookUrl},
    },
    error::{ApiError, Cause},
    ids::{DeliveryId, WebhookSubscriptionId},
    store::{
        outbox::StoredEvent, receiver_health::ReceiverFailure, webhook_items::StoredSubscription,
    },
    time::Timestamp,
    webhooks::receiver_http::{Outcome, ReceiverHttp},
};

const SECRET_IS_LOST: &str = "The subscription's secret cannot be read. Rotate it.";
const URL_IS_REFUSED: &str = "The subscription's URL is no longer allowed. Change it.";

/// What sends deliveries, and makes what signs them.
pub struct WebhookSender {
    receivers: ReceiverHttp,
    targets: Targets,
    signing_secret: Arc<SigningSecret>,
}

impl std::fmt::Debug for WebhookSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSender")
    }
}

/// The secrets of a subscription, in clear, the newest first.
pub(crate) struct OpenedSecrets {
    secrets: Vec<WebhookSecret>,
    /// The current one and the previous one, each sealed anew if an old signing secret sealed it.
    pub(crate) resealed: [Option<SealedText>; 2],
}

/// An attempt that was made, before it is written.
pub(crate) struct Sent {
    pub(crate) attempted_at: Timestamp,
    pub(crate) response_code: Option<u16>,
    pub(crate) duration_ms: i64,
    /// Why it failed, in fixed words.
    pub(crate) error: Option<String>,
    /// `None` is success.
    pub(crate) failure: Option<ReceiverFailure>,
    /// In seconds.
    retry_after: Option<i64>,
}

impl Sent {
    pub(crate) fn is_gone(&self) -> bool {
        self.response_code == Some(410)
    }

    /// When the next attempt is due after this one, which failed. `None` after the last one.
    pub(crate) fn next_attempt_at(&self, number: u32) -> Option<Timestamp> {
        let wait = time_to_next_attempt(number, self.retry_after)?;
        Some(self.ended_at().plus_millis(wait))
    }

    pub(crate) fn ended_at(&self) -> Timestamp {
        self.attempted_at.plus_millis(self.duration_ms)
    }

    /// The attempt for the log.
    pub(crate) fn attempt(&self, number: u32, next_retry_at: Option<Timestamp>) -> Attempt {
        Attempt {
            attempt_number: number,
            status: match self.failure {
                None => DeliveryStatus::Succeeded,
                Some(_) => DeliveryStatus::Failed,
            },
            response_code: self.response_code,
            duration_ms: self.duration_ms,
            error: self.error.clone(),
            next_retry_at,
            attempted_at: self.attempted_at,
        }
    }

    /// An attempt that failed before anything was sent.
    fn not_made(why: &str) -> Self {
        Self {
            attempted_at: Timestamp::now(),
            response_code: None,
            duration_ms: 0,
            error: Some(why.to_owned()),
            failure: Some(ReceiverFailure::Answered),
            retry_after: None,
        }
    }
}

impl WebhookSender {
    pub(crate) fn new(targets: Targets, signing_secret: Arc<SigningSecret>) -> Result<Self, Cause> {
        Ok(Self {
            receivers: ReceiverHttp::new(targets)?,
            targets,
            signing_secret,
        })
    }

    /// A URL that may be called, as it was sent in the field `url`.
    ///
    /// # Errors
    ///
    /// `400` if it breaks a rule, or if its host leads to an address that is not public.
    pub async fn url(&self, text: &str) -> Result<WebhookUrl, ApiError> {
        let refused = |fault: UrlFault| ApiError::invalid_field("url", fault.message());
        let url = WebhookUrl::parse(text, self.targets).map_err(refused)?;
        self.receivers.check(&url).await.map_err(refused)?;
        Ok(url)
    }

    /// A new secret for this subscription, in clear and as the table has it.
    ///
    /// # Errors
    ///
    /// `500` if the signing secret cannot be read.
    pub async fn new_secret(
        &self,
        id: &WebhookSubscriptionId,
    ) -> Result<(WebhookSecret, SealedText), ApiError> {
        let secret = WebhookSecret::generate();
        let sealed = self.seal(id, &secret).await?;
        Ok((secret, sealed))
    }

    async fn seal(
        &self,
        id: &WebhookSubscriptionId,
        secret: &WebhookSecret,
    ) -> Result<SealedText, ApiError> {
        let keys = self.signing_secret.get().await?;
        keys.webhook_secrets
            .seal(id.as_str(), secret.expose_secret())
    }

    /// The secrets that sign at this moment. `None` if the current one cannot be opened.
    ///
    /// # Errors
    ///
    /// `500` if the signing secret cannot be read.
    pub(crate) async fn open_secrets(
        &self,
        stored: &StoredSubscription,
    ) -> Result<Option<OpenedSecrets>, ApiError> {
        let id = &stored.subscription.id;
        let Some(current) = self.open(id, &stored.secret).await? else {
            return Ok(None);
        };
        let overlap = stored.previous_secret.as_ref();
        let overlap = overlap.filter(|(_, until)| *until > Timestamp::now());
        let previous = match overlap {
            Some((sealed, _)) => self.open(id, sealed).await?,
            None => None,
        };
        let mut resealed = [self.reseal(id, &stored.secret, &current).await?, None];
        if let (Some((sealed, _)), Some(previous)) = (overlap, &previous) {
            resealed[1] = self.reseal(id, sealed, previous).await?;
        }
        Ok(Some(OpenedSecrets {
            secrets: [current].into_iter().chain(previous).collect(),
            resealed,
        }))
    }

    /// The secret, sealed by the current signing secret. `None` if that sealed it before.
    async fn reseal(
        &self,
        id: &WebhookSubscriptionId,
        sealed: &SealedText,
        secret: &WebhookSecret,
    ) -> Result<Option<SealedText>, ApiError> {
        let keys = self.signing_secret.get().await?;
        if keys.webhook_secrets.sealed(sealed) {
            return Ok(None);
        }
        self.seal(id, secret).await.map(Some)
    }

    async fn open(
        &self,
        id: &WebhookSubscriptionId,
        sealed: &SealedText,
    ) -> Result<Option<WebhookSecret>, ApiError> {
        let open = |keys: &SigningKeys| keys.webhook_secrets.open(id.as_str(), sealed);
        let opened = self.signing_secret.open_stored(open).await?;
        Ok(opened.map(WebhookSecret::from_stored))
    }

    /// Makes an attempt. `number` is from 1.
    ///
    /// # Errors
    ///
    /// `500` if it cannot be signed.
    pub(crate) async fn send(
        &self,
        stored: &StoredSubscription,
        secrets: Option<&OpenedSecrets>,
        event: &StoredEvent,
        number: u32,
    ) -> Result<Sent, ApiError> {
        let Some(secrets) = secrets else {
            return Ok(Sent::not_made(SECRET_IS_LOST));
        };
        let Ok(url) = WebhookUrl::parse(&stored.subscription.url, self.targets) else {
            return Ok(Sent::not_made(URL_IS_REFUSED));
        };
        let now = Timestamp::now();
        let (body, seconds) = (event.body(), now.as_millis().div_euclid(1000));
        let signatures = Signatures::of(&secrets.secrets, &event.id, seconds, &body)?;
        let delivery = DeliveryId::of(&stored.subscription.id, &event.id);
        let headers = [
            ("suppuo-event-id", event.id.as_str()),
            ("suppuo-event-type", &event.event_type),
            ("suppuo-delivery-id", delivery.as_str()),
            ("suppuo-delivery-attempt", &number.to_string()),
            ("suppuo-signature", &signatures.suppuo),
            ("webhook-id", event.id.as_str()),
            ("webhook-timestamp", &seconds.to_string()),
            ("webhook-signature", &signatures.standard),
        ];
        let mut all = HeaderMap::with_capacity(headers.len() + 2);
        all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        all.insert(USER_AGENT, HeaderValue::from_static("Suppuo-Webhooks/1.0"));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(ApiError::internal)?;
            all.insert(HeaderName::from_static(name), value);
        }
        Ok(sent(now, self.receivers.post(&url, all, body).await))
    }
}

fn sent(attempted_at: Timestamp, outcome: Outcome) -> Sent {
    let duration_ms = i64::try_from(outcome.duration.as_millis()).unwrap_or(i64::MAX);
    let ended_at = attempted_at.plus_millis(duration_ms);
    let retry_after = outcome.retry_after.map(|after| {
        let wait = after
            .moment(ended_at)
            .as_millis()
            .saturating_sub(ended_at.as_millis());
        wait.saturating_add(999) / 1000
    });
    Sent {
        attempted_at,
        response_code: outcome.response_code,
        duration_ms,
        error: outcome.failure.map(|failure| failure.to_string()),
        failure: outcome.failure.map(|failure| {
            if failure.is_silent() {
                ReceiverFailure::Silent
            } else {
                ReceiverFailure::Answered
            }
        }),
        retry_after,
    }
}
