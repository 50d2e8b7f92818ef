//! SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) in DER, of the three kinds that are used. The crates' own reader of it is sixteen kilobytes of module, and serves as
//! the oracle in tests.

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// rsaEncryption, NULL (RFC 3279, 2.3.1).
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// id-ecPublicKey, secp256r1 (RFC 5480, 2.1.1).
const P256: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
/// id-Ed25519, without parameters (RFC 8410, 3).
const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";

/// Modulus and exponent of an RSA key (RFC 8017, A.1.1), big-endian.
pub(super) fn rsa(der: &[u8]) -> Option<(&[u8], &[u8])> {
    integers(subject_public_key(der, RSA)?)
}

/// A sequence of two integers that are not negative, big-endian: an RSA key, an ECDSA signature (RFC 3279, 2.2.3).
pub(super) fn integers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = value(INTEGER, whole(SEQUENCE, der)?)?;
    Some((unsigned(first)?, unsigned(whole(INTEGER, rest)?)?))
}

/// A point of P-256 (SEC 1, 2.3.3), not looked at.
pub(super) fn p256(der: &[u8]) -> Option<&[u8]> {
    subject_public_key(der, P256)
}

/// An Ed25519 key, not looked at.
pub(super) fn ed25519(der: &[u8]) -> Option<&[u8; 32]> {
    subject_public_key(der, ED25519)?.try_into().ok()
}

/// The bits of a key of that algorithm.
fn subject_public_key<'a>(der: &'a [u8], algorithm: &[u8]) -> Option<&'a [u8]> {
    let (found, rest) = value(SEQUENCE, whole(SEQUENCE, der)?)?;
    let (unused, key) = whole(BIT_STRING, rest)?.split_first()?;
    (found == algorithm && *unused == 0).then_some(key)
}

/// A value of that tag, and nothing behind it.
fn whole(tag: u8, der: &[u8]) -> Option<&[u8]> {
    let (value, rest) = value(tag, der)?;
    rest.is_empty().then_some(value)
}

/// A value of that tag, its length in as few bytes as it takes, and what is behind it.
fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match der {
        [found, length @ 0..=0x7f, rest @ ..] if *found == tag => (usize::from(*length), rest),
        [found, 0x81, length @ 0x80..=0xff, rest @ ..] if *found == tag => (usize::from(*length), rest),
        // As long as no key is.
        [found, 0x82, high @ 1..=0xff, low, rest @ ..] if *found == tag => {
            (usize::from(*high) << 8 | usize::from(*low), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// An integer that is not negative, in as few bytes as it takes.
fn unsigned(integer: &[u8]) -> Option<&[u8]> {
    match integer {
        [0] => Some(integer),
        [0, digits @ ..] if digits.first().is_some_and(|first| *first >= 0x80) => Some(digits),
        [1..=0x7f, ..] => Some(integer),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ::rsa::{
        BigUint, RsaPublicKey,
        pkcs8::{DecodePublicKey, EncodePublicKey, spki::SubjectPublicKeyInfoRef},
        traits::PublicKeyParts,
    };
    use proptest::prelude::*;

    use super::*;

    /// What bytes are as a key of each kind.
    type Read = (Option<(BigUint, BigUint)>, Option<::p256::PublicKey>, Option<Vec<u8>>);

    fn documents() -> [Vec<u8>; 4] {
        let modulus = BigUint::from_bytes_be(&[0x9b; 256]) + 4u8;
        let rsa = RsaPublicKey::new(modulus, 65_537u32.into()).expect("key").to_public_key_der().expect("DER");
        let point = ::p256::SecretKey::from_slice(&[7; 32]).expect("key").public_key();
        let short = ::p256::elliptic_curve::sec1::ToEncodedPoint::to_encoded_point(&point, true);
        let uncompressed = point.to_public_key_der().expect("DER").into_vec();
        let compressed = [&b"\x30\x39\x30\x13"[..], P256, b"\x03\x22\x00", short.as_bytes()];
        let ed = [&b"\x30\x2a\x30\x05"[..], ED25519, b"\x03\x21\x00", &[5; 32]];
        [rsa.into_vec(), uncompressed, compressed.concat(), ed.concat()]
    }

    /// As the crates read it.
    fn oracle(der: &[u8]) -> Read {
        let rsa = RsaPublicKey::from_public_key_der(der).ok().map(|key| (key.n().clone(), key.e().clone()));
        let ed = SubjectPublicKeyInfoRef::try_from(der)
            .ok()
            .filter(|info| info.algorithm.oid.to_string() == "1.3.101.112" && info.algorithm.parameters.is_none());
        let ed = ed.and_then(|info| Some(info.subject_public_key.as_bytes()?.to_vec())).filter(|key| key.len() == 32);
        (rsa, ::p256::PublicKey::from_public_key_der(der).ok(), ed)
    }

    fn ours(der: &[u8]) -> Read {
        let rsa = rsa(der).and_then(|(n, e)| {
            let key = RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e)).ok()?;
            Some((key.n().clone(), key.e().clone()))
        });
        let p256 = p256(der).and_then(|point| ::p256::PublicKey::from_sec1_bytes(point).ok());
        (rsa, p256, ed25519(der).map(|key| key.to_vec()))
    }

    #[test]
    fn sound_keys_read() {
        for der in documents() {
            let read = ours(&der);
            assert!(read.0.is_some() || read.1.is_some() || read.2.is_some());
            assert_eq!(read, oracle(&der));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_changed_the_crates_agree(
            which in 0..4usize, at: prop::sample::Index, head in 0..40usize, byte: u8, kind in 0..4u8, early: bool,
        ) {
            let mut der = documents()[which].clone();
            let at = if early { head.min(der.len() - 1) } else { at.index(der.len()) };
            match kind {
                0 => der[at] = byte,
                1 => der[at] = der[at].wrapping_add(byte % 3).wrapping_sub(1),
                2 => der.insert(at, byte),
                _ => { der.remove(at); }
            }
            prop_assert_eq!(ours(&der), oracle(&der));
        }
    }
}
