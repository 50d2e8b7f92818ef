//! The published vectors, and signers with their keys for the other tests.

use base64::engine::general_purpose::STANDARD;
use p256::pkcs8::EncodePublicKey;
use rsa::{
    BigUint, RsaPrivateKey, RsaPublicKey,
    signature::{RandomizedSigner, SignatureEncoding, Signer},
};
use sha2::Sha256;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey};

use super::*;
use crate::grant::{Algorithm, public_key};

/// RFC 7515, A.1.1.
pub(super) const HS256_KEY: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
/// RFC 7515, A.2.1.
pub(super) const RS256_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RS256_D: &str = "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
const RS256_P: &str = "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc";
/// RFC 7515, A.3.1.
pub(super) const ES256_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
pub(super) const ES256_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const ES256_D: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
/// RFC 8037, A.1.
const EDDSA_D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
pub(super) const EDDSA_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

pub(super) fn unbase64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

fn number(text: &str) -> BigUint {
    BigUint::from_bytes_be(&unbase64(text))
}

pub(super) fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}

/// An Ed25519 key in SubjectPublicKeyInfo (RFC 8410, 4: a fixed head and the key).
pub(super) fn ed25519_pem(key: &[u8; 32]) -> String {
    pem(&[&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], key.as_slice()].concat())
}

pub(super) fn rsa_pem(n: BigUint) -> String {
    pem(RsaPublicKey::new(n, 65_537u32.into()).expect("key").to_public_key_der().expect("der").as_bytes())
}

/// The vectors' public keys.
pub(super) fn public_pem(algorithm: Algorithm) -> String {
    match algorithm {
        Algorithm::Hs256 => String::new(),
        Algorithm::Rs256 | Algorithm::Ps256 => rsa_pem(number(RS256_N)),
        Algorithm::Es256 => {
            let point = [&[4], unbase64(ES256_X).as_slice(), &unbase64(ES256_Y)].concat();
            let key = p256::PublicKey::from_sec1_bytes(&point).expect("point");
            pem(key.to_public_key_der().expect("der").as_bytes())
        }
        Algorithm::EdDsa => ed25519_pem(unbase64(EDDSA_X).as_slice().try_into().expect("32 bytes")),
    }
}

/// Signs with the vectors' private keys.
pub(super) fn sign(algorithm: Algorithm, message: &str) -> String {
    let message = message.as_bytes();
    let signature = match algorithm {
        Algorithm::Hs256 => {
            provider::install();
            return crypto::sign(message, &EncodingKey::from_secret(&unbase64(HS256_KEY)), algorithm.into())
                .expect("tag");
        }
        Algorithm::Rs256 => rsa::pkcs1v15::SigningKey::<Sha256>::new(rsa_key()).sign(message).to_vec(),
        Algorithm::Ps256 => pss(message, 32),
        Algorithm::Es256 => {
            let key = p256::ecdsa::SigningKey::from_slice(&unbase64(ES256_D)).expect("key");
            let signature: p256::ecdsa::Signature = key.sign(message);
            signature.to_vec()
        }
        Algorithm::EdDsa => {
            let key = ed25519_dalek::SigningKey::from_bytes(unbase64(EDDSA_D).as_slice().try_into().expect("32 bytes"));
            ed25519_dalek::Signer::sign(&key, message).to_vec()
        }
    };
    URL_SAFE_NO_PAD.encode(signature)
}

fn rsa_key() -> RsaPrivateKey {
    let (n, p) = (number(RS256_N), number(RS256_P));
    let primes = vec![&n / &p, p];
    RsaPrivateKey::from_components(n, 65_537u32.into(), number(RS256_D), primes).expect("key")
}

/// With a salt of that length.
pub(super) fn pss(message: &[u8], salt: usize) -> Vec<u8> {
    let key = rsa::pss::SigningKey::<Sha256>::new_with_salt_len(rsa_key(), salt);
    key.sign_with_rng(&mut Salt, message).to_vec()
}

/// A salt that is the same each time.
struct Salt;

impl rsa::rand_core::RngCore for Salt {
    fn next_u32(&mut self) -> u32 {
        0x5a17_5a17
    }

    fn next_u64(&mut self) -> u64 {
        0x5a17_5a17_5a17_5a17
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        out.fill(0x5a);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl rsa::rand_core::CryptoRng for Salt {}

fn holds(algorithm: Algorithm, message: &str, signature: &str) -> bool {
    provider::install();
    let key = match algorithm {
        Algorithm::Hs256 => DecodingKey::from_secret(&unbase64(HS256_KEY)),
        _ => public_key::parse(&public_pem(algorithm), algorithm).expect("public key"),
    };
    crypto::verify(signature, message.as_bytes(), &key, algorithm.into()).expect("verifier")
}

/// RFC 7515, A.1, A.2, A.3; RFC 8037, A.4.
#[test]
fn published_signatures_hold_and_altered_ones_do_not() {
    let vectors = [
        (
            Algorithm::Hs256,
            format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}"),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
        (
            Algorithm::Rs256,
            format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}"),
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        ),
        (
            Algorithm::Es256,
            format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}"),
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        (
            Algorithm::EdDsa,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".to_owned(),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ];
    for (algorithm, message, signature) in vectors {
        assert!(holds(algorithm, &message, signature), "{algorithm:?}");
        assert!(!holds(algorithm, &format!("{message}A"), signature), "{algorithm:?}: another message");
        for at in [0, 20, 40] {
            let mut bytes = unbase64(signature);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1;
                assert!(!holds(algorithm, &message, &URL_SAFE_NO_PAD.encode(&bytes)), "{algorithm:?}: byte {at}");
            }
        }
        for length in [0, 1, unbase64(signature).len() - 1] {
            assert!(
                !holds(algorithm, &message, &URL_SAFE_NO_PAD.encode(&unbase64(signature)[..length])),
                "{algorithm:?}: {length}"
            );
        }
        // What is deterministic is made again to the byte (ECDSA by RFC 6979, where the vector used a random nonce).
        let made = sign(algorithm, &message);
        assert!(if algorithm == Algorithm::Es256 { holds(algorithm, &message, &made) } else { made == signature });
    }
}
