//! The secret of a webhook subscription, and the signatures that it makes.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::{error::ApiError, ids::EventId, random};

const BYTES: usize = 24;

/// `whsec_` and 48 lower-case hex characters, which are base64, too: Standard Webhooks reads them as that.
///
/// `Debug` does not show it, and it has neither `Display` nor `Serialize`: see [`ExposeSecret`].
#[derive(Debug)]
pub struct WebhookSecret(SecretString);

impl WebhookSecret {
    const PREFIX: &str = "whsec_";

    #[must_use]
    pub fn generate() -> Self {
        let hex = base16ct::lower::encode_string(&random::bytes::<BYTES>());
        Self((Self::PREFIX.to_owned() + &hex).into())
    }

    pub(crate) fn from_stored(text: String) -> Self {
        Self(text.into())
    }

    /// Of `{t}.{body}`, by the secret's text.
    fn sign(&self, seconds: i64, body: &str) -> Result<String, ApiError> {
        let parts = [&seconds.to_string(), ".", body];
        let code = hmac(self.expose_secret().as_bytes(), &parts)?;
        Ok(base16ct::lower::encode_string(&code))
    }

    /// Of `{id}.{t}.{body}`, by the bytes that base64 makes of what follows the prefix (Standard Webhooks 1.0,
    /// "Signature scheme").
    fn sign_as_standard(
        &self,
        event: &EventId,
        seconds: i64,
        body: &str,
    ) -> Result<String, ApiError> {
        let text = self.expose_secret().strip_prefix(Self::PREFIX);
        let key = text.and_then(|text| BASE64_STANDARD.decode(text).ok());
        let key = key.ok_or_else(|| ApiError::internal("a webhook secret is not in its form"))?;
        let parts = [event.as_str(), ".", &seconds.to_string(), ".", body];
        Ok(BASE64_STANDARD.encode(hmac(&key, &parts)?))
    }
}

fn hmac(key: &[u8], parts: &[&str]) -> Result<[u8; 32], ApiError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(ApiError::internal)?;
    for part in parts {
        mac.update(part.as_bytes());
    }
    Ok(mac.finalize().into_bytes().into())
}

/// For the answers that show it once, and to seal it.
impl ExposeSecret<str> for WebhookSecret {
    fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The values of the two headers that sign a delivery.
pub struct Signatures {
    /// `Suppuo-Signature`
    pub suppuo: String,
    /// `webhook-signature`
    pub standard: String,
}

impl Signatures {
    /// Signs with each secret, the newest first. `seconds` is the time of the attempt since the epoch.
    ///
    /// # Errors
    ///
    /// `500` if a secret does not have its form.
    pub fn of(
        secrets: &[WebhookSecret],
        event: &EventId,
        seconds: i64,
        body: &str,
    ) -> Result<Self, ApiError> {
        let mut suppuo = format!("t={seconds}");
        let mut standard = Vec::with_capacity(secrets.len());
        for secret in secrets {
            suppuo += ",v1=";
            suppuo += &secret.sign(seconds, body)?;
            standard.push(format!(
                "v1,{}",
                secret.sign_as_standard(event, seconds, body)?
            ));
        }
        Ok(Self {
            suppuo,
            standard: standard.join(" "),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are Python's `hmac`, and `standardwebhooks` 1.1.
    #[test]
    fn a_delivery_is_signed_by_both_schemes_with_each_secret() {
        let secret =
            |digit: &str| WebhookSecret::from_stored(format!("whsec_{}", digit.repeat(48)));
        let event = EventId::parse("evt_01jzzzzzzzzzzzzzzzzzzzzzzz").unwrap();
        let body = r#"{"id":"evt_01jzzzzzzzzzzzzzzzzzzzzzzz"}"#;
        let signed =
            Signatures::of(&[secret("a"), secret("0")], &event, 1_781_146_800, body).unwrap();
        let suppuo: Vec<_> = signed.suppuo.split(',').collect();
        let standard: Vec<_> = signed.standard.split(' ').collect();
        assert_eq!(suppuo, SUPPUO);
        assert_eq!(standard, STANDARD);
    }

    const SUPPUO: [&str; 3] = [
        "t=1781146800",
        "v1=7425f000c2d6257fa99aa9bdc88af74128b1859e6c3e0e33d8a1b19d6a7b375e",
        "v1=12c1207a204ef20b29ec10a4ef635e4d0eaf26932c1c865517a9396ad62630d2",
    ];
    const STANDARD: [&str; 2] = [
        "v1,YjFdk8YFpssSjBTzQL/RaV14rYr7SUnqiADT+Zh9jDg=",
        "v1,sEtD5GBpKk/oMqd9NE3DFvcIjbxdXetEEjo/HGrYBXQ=",
    ];

    #[test]
    fn a_secret_has_its_form_and_debug_does_not_show_it() {
        let secret = WebhookSecret::generate();
        let hex = secret.expose_secret().strip_prefix("whsec_").unwrap();
        assert!(
            hex.len() == 48
                && hex
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        );
        assert_eq!(
            format!("{secret:?}"),
            "WebhookSecret(SecretBox<str>([REDACTED]))"
        );
    }
}
