//! Keys of the configuration.

use super::{
    super::vectors::{ed25519_pem, pem, rsa_pem},
    *,
};

#[test]
fn two_keys_serve_at_a_time() {
    let second = json!({"kid": "l", "alg": "EdDSA", "public_key": public_pem(Algorithm::EdDsa)});
    let keys = keys_of(&config(json!([key(Algorithm::Hs256), second]))).expect("keys");
    let header = |kid: &str, alg: &str| json!({"alg": alg, "kid": kid}).to_string();
    let ask =
        |algorithm, header: String| verify(&keys, &signed(algorithm, &header, &claims().to_string()), NOW).is_ok();
    assert!(ask(Algorithm::Hs256, header("k", "HS256")));
    assert!(ask(Algorithm::EdDsa, header("l", "EdDSA")));
    assert!(!ask(Algorithm::EdDsa, header("k", "EdDSA")));
    assert!(!ask(Algorithm::Hs256, header("l", "HS256")));
}

#[test]
fn wrong_keys_say_what_is_wrong() {
    let says = |keys: Value| keys_of(&config(keys)).err().expect("refused").to_string();
    let public = |alg: &str, pem: String| json!([{"kid": "k", "alg": alg, "public_key": pem}]);
    let third = |kid: &str| json!({"kid": kid, "alg": "HS256", "secret": "viewer"});
    assert!(says(json!([])).contains("empty"));
    assert!(says(json!([third("a"), third("b"), third("c")])).contains("3 keys"));
    assert!(says(json!([third("a"), third("a")])).contains("listed twice"));
    assert!(says(json!([third("")])).contains("empty kid"));
    assert!(says(json!([{"kid": "k", "alg": "HS256"}])).contains("takes secret"));
    assert!(says(public("HS256", public_pem(Algorithm::Rs256))).contains("takes secret"));
    assert!(says(json!([{"kid": "k", "alg": "RS256", "secret": "viewer"}])).contains("takes public_key"));
    assert!(says(json!([{"kid": "k", "alg": "HS256", "secret": "other"}])).contains("not deployed"));
    assert!(says(json!([{"kid": "k", "alg": "HS256", "secret": "short"}])).contains("31 bytes"));
    let factorable = rsa::BigUint::from_bytes_be(&[0xff; 128]);
    assert!(says(public("RS256", rsa_pem(factorable))).contains("1024 bits"));
    assert!(says(public("RS256", "AAAA".to_owned())).contains("not a PEM"));
    assert!(says(public("RS256", pem(b"\x30\x00"))).contains("not a sound key"));
    for (alg, other) in [("RS256", Algorithm::Es256), ("ES256", Algorithm::EdDsa), ("EdDSA", Algorithm::Rs256)] {
        assert!(says(public(alg, public_pem(other))).contains("not a sound key"), "{alg}");
    }
    // The neutral element: every signature of zeros would hold.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert!(says(public("EdDSA", ed25519_pem(&neutral))).contains("not a sound key"));
    let mut slow = config(json!([key(Algorithm::Hs256)]));
    slow.leeway_seconds = 301;
    assert!(keys_of(&slow).err().expect("refused").to_string().contains("301"));
}
