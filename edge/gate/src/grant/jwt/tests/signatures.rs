//! Signatures: the pinned algorithm's, unaltered, and no other.

use super::*;

#[test]
fn every_altered_bit_of_a_token_is_refused_in_each_algorithm() {
    for algorithm in ALL {
        let keys = keys(algorithm);
        let sound = token(algorithm, &claims());
        assert!(verify(&keys, &sound, NOW).is_ok(), "{algorithm:?}");
        for at in 0..sound.len() {
            for bit in 0..7 {
                let mut altered = sound.clone().into_bytes();
                altered[at] ^= 1 << bit;
                let altered = String::from_utf8(altered).expect("ASCII");
                assert!(verify(&keys, &altered, NOW).is_err(), "{algorithm:?}: byte {at}, bit {bit}");
            }
        }
        // And of the signature's bytes, in one spelling and cut or lengthened.
        let (message, signature) = sound.rsplit_once('.').expect("parts");
        let signature = unbase64(signature);
        let refused =
            |bytes: &[u8]| verify(&keys, &format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes)), NOW).is_err();
        for at in 0..signature.len() * 8 {
            let mut altered = signature.clone();
            altered[at / 8] ^= 1 << (at % 8);
            assert!(refused(&altered), "{algorithm:?}: bit {at}");
        }
        for altered in [
            &signature[1..],
            &signature[..signature.len() - 1],
            &[&[0], &signature[..]].concat(),
            &[&signature[..], &[0]].concat(),
            &[],
        ] {
            assert!(refused(altered), "{algorithm:?}: {} bytes", altered.len());
        }
    }
}

#[test]
fn a_salt_of_another_length_is_refused() {
    let message = {
        let sound = token(Algorithm::Ps256, &claims());
        sound.rsplit_once('.').expect("parts").0.to_owned()
    };
    let judged = |salt| {
        let signature = URL_SAFE_NO_PAD.encode(super::super::vectors::pss(message.as_bytes(), salt));
        verify(&keys(Algorithm::Ps256), &format!("{message}.{signature}"), NOW).is_ok()
    };
    for salt in [0, 20, 31, 33, 64, 222] {
        assert!(!judged(salt), "{salt}");
    }
    assert!(judged(32));
}

#[test]
fn the_pinned_algorithm_is_the_only_one() {
    for pinned in ALL {
        for used in ALL.into_iter().filter(|used| *used != pinned) {
            assert_eq!(verify(&keys(pinned), &token(used, &claims()), NOW), Err(INVALID), "{pinned:?} {used:?}");
            // The signature of one algorithm under the name of the other.
            let header = json!({"alg": pinned, "kid": "k"}).to_string();
            assert_eq!(verify(&keys(pinned), &signed(used, &header, &claims().to_string()), NOW), Err(INVALID));
        }
    }
}

#[test]
fn a_public_key_is_no_hmac_secret() {
    for pinned in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
        let public = public_pem(pinned);
        for secret in [public.as_bytes(), public.trim().as_bytes()] {
            let forged = mint_hs256("k", secret, &claims()).expect("token");
            assert_eq!(verify(&keys(pinned), &forged, NOW), Err(INVALID), "{pinned:?}");
        }
    }
}

#[test]
fn an_unsigned_token_is_refused() {
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({"alg": algorithm, "kid": "k"}).to_string();
        let sound = signed(Algorithm::Hs256, &header, &claims().to_string());
        let message = sound.rsplit_once('.').expect("parts").0;
        for token in [sound.clone(), format!("{message}."), message.to_owned(), format!("{message}.AAAA")] {
            let judged = verify(&keys(Algorithm::Hs256), &token, NOW);
            let named = GrantError::Unsupported(format!("alg {algorithm}"));
            assert!(judged == Err(INVALID) || judged == Err(named), "{algorithm}: {token}");
        }
    }
    let sound = token(Algorithm::Hs256, &claims());
    let unsigned = format!("{}.", sound.rsplit_once('.').expect("parts").0);
    assert_eq!(verify(&keys(Algorithm::Hs256), &unsigned, NOW), Err(INVALID));
}
