//! ES256 (RFC 7518 section 3.4) for `jsonwebtoken`, by the cryptography that TLS has brought along: `ring`.
//!
//! The crate's own providers bring RSA, P-384 and Ed25519, of which nothing here may ever be believed: without them a
//! binary is a tenth smaller; and `ring` is faster (see `bench/`).

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

/// Makes it the process's provider, if it is not.
pub(crate) fn install() {
    // Refused where it has been installed before, which is as good.
    let _ = ES256.install_default();
}

/// A point of P-256, uncompressed (SEC 1 section 2.3.3). That it is on the curve is checked with each signature.
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
