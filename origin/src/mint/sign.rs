use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding,
        RsaKeyPair,
    },
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use sluice_gate::grant::Algorithm;

/// Why a key does not sign.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Not PEM, or no private key in it.
    #[error("the key file has no private key in PEM")]
    Pem,
    /// An EC key in its older form.
    #[error("the key is a SEC 1 key (BEGIN EC PRIVATE KEY); convert it: openssl pkcs8 -topk8 -nocrypt -in FILE")]
    Sec1,
    /// A key of another kind, or too short.
    #[error("the private key does not serve for {algorithm}: {reason}", algorithm = .algorithm.as_str())]
    Key {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
        /// What the key is not.
        reason: String,
    },
    /// No randomness.
    #[error("signing failed, most likely for lack of randomness")]
    Failed,
}

/// A private key and the one algorithm that it signs with. Shared secrets (HS256) are no private keys.
pub enum SigningKey {
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits and more.
    Rs256(RsaKeyPair),
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes, 2048 bits and more.
    Ps256(RsaKeyPair),
    /// ECDSA on P-256 with SHA-256.
    Es256(EcdsaKeyPair),
    /// Ed25519.
    EdDsa(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads a private key: PEM, PKCS #8, or PKCS #1 for RSA.
    ///
    /// # Errors
    /// [`SignError`], which says what the key is not.
    pub fn from_pem(algorithm: Algorithm, pem: &[u8]) -> Result<Self, SignError> {
        let refused = |reason: &dyn std::fmt::Display| SignError::Key { algorithm, reason: reason.to_string() };
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| SignError::Pem)?;
        let pkcs8 = match (&der, algorithm) {
            (PrivateKeyDer::Pkcs8(der), _) => der.secret_pkcs8_der(),
            (PrivateKeyDer::Pkcs1(der), Algorithm::Rs256 | Algorithm::Ps256) => {
                let key = RsaKeyPair::from_der(der.secret_pkcs1_der()).map_err(|error| refused(&error))?;
                return Ok(if algorithm == Algorithm::Rs256 { Self::Rs256(key) } else { Self::Ps256(key) });
            }
            (PrivateKeyDer::Sec1(_), Algorithm::Es256) => return Err(SignError::Sec1),
            _ => return Err(refused(&"it is of another kind")),
        };
        match algorithm {
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(pkcs8).map(Self::Rs256).map_err(|error| refused(&error)),
            Algorithm::Ps256 => RsaKeyPair::from_pkcs8(pkcs8).map(Self::Ps256).map_err(|error| refused(&error)),
            Algorithm::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new())
                .map(Self::Es256)
                .map_err(|error| refused(&error)),
            Algorithm::EdDsa => {
                // OpenSSL writes version 1, without the public key.
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map(Self::EdDsa).map_err(|error| refused(&error))
            }
            Algorithm::Hs256 => Err(refused(&"HS256 takes a shared secret")),
        }
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rs256(_) => Algorithm::Rs256,
            Self::Ps256(_) => Algorithm::Ps256,
            Self::Es256(_) => Algorithm::Es256,
            Self::EdDsa(_) => Algorithm::EdDsa,
        }
    }

    /// The signature as JWS has it (RFC 7518, 3.3 and 3.4; RFC 8037, 3.1).
    ///
    /// # Errors
    /// [`SignError::Failed`]
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let random = SystemRandom::new();
        match self {
            Self::Rs256(key) => rsa_signature(key, &RSA_PKCS1_SHA256, message),
            Self::Ps256(key) => rsa_signature(key, &RSA_PSS_SHA256, message),
            Self::Es256(key) => {
                key.sign(&random, message).map(|signature| signature.as_ref().to_vec()).map_err(|_| SignError::Failed)
            }
            Self::EdDsa(key) => Ok(key.sign(message).as_ref().to_vec()),
        }
    }
}

fn rsa_signature(key: &RsaKeyPair, padding: &'static dyn RsaEncoding, message: &[u8]) -> Result<Vec<u8>, SignError> {
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(|_| SignError::Failed)?;
    Ok(signature)
}
