//! ES256 (RFC 7518 section 3.4) for `jsonwebtoken`, by `ring`, which TLS uses already.
//!
//! The crate's own providers also accept RSA, P-384 and Ed25519, which must never be accepted here. Without them a
//! binary is a tenth smaller, and `ring` is faster: docs/decisions/0004-ring-and-not-aws-lc.md.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
    signature::{Error, Verifier},
};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

/// Verifies ES256, refuses everything else, and signs nothing.
static ES256: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::ES256 => Ok(Box::new(PublicKey::of(key)?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes [`ES256`] the provider of the process.
pub(crate) fn install() {
    // An error means that it is installed already.
    let _ = ES256.install_default();
}

/// An uncompressed point (SEC 1 section 2.3.3). Whether it is on the curve P-256 is checked with each signature.
struct PublicKey(UnparsedPublicKey<Vec<u8>>);

impl PublicKey {
    fn of(key: &DecodingKey) -> Result<Self> {
        let point = key.try_get_as_bytes()?.to_owned();
        Ok(Self(UnparsedPublicKey::new(
            &ECDSA_P256_SHA256_FIXED,
            point,
        )))
    }
}

impl Verifier<Vec<u8>> for PublicKey {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.verify(message, signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for PublicKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}
