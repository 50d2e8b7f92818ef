//! Published key sets.

use super::*;
use crate::grant::jwks::{KeySet, KeySetError, MAX_SET};

const RS256_N: &str = super::super::vectors::RS256_N;
const ES256: (&str, &str) = (super::super::vectors::ES256_X, super::super::vectors::ES256_Y);
const EDDSA_X: &str = super::super::vectors::EDDSA_X;

/// The public half of the vectors' keys.
pub(super) fn jwk(algorithm: Algorithm) -> Value {
    match algorithm {
        Algorithm::Hs256 => json!({"kid": "k", "kty": "oct", "k": HS256_KEY}),
        Algorithm::Rs256 => json!({"kid": "k", "kty": "RSA", "n": RS256_N, "e": "AQAB"}),
        Algorithm::Ps256 => json!({"kid": "k", "kty": "RSA", "n": RS256_N, "e": "AQAB", "alg": "PS256"}),
        Algorithm::Es256 => json!({"kid": "k", "kty": "EC", "crv": "P-256", "x": ES256.0, "y": ES256.1}),
        Algorithm::EdDsa => json!({"kid": "k", "kty": "OKP", "crv": "Ed25519", "x": EDDSA_X}),
    }
}

pub(super) fn published(keys: &[Value], algs: Option<Value>) -> ViewerKeys {
    let mut config = json!({
        "issuer": "https://accounts.example", "audience": "sluice", "leeway_seconds": 10, "jwks": {"name": "main"}
    });
    if let Some(algs) = algs {
        config["jwks"]["algs"] = algs;
    }
    let mut built = keys_of(&serde_json::from_value(config).expect("configuration")).expect("keys");
    built.add_set(KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).expect("a key set"));
    built
}

/// The key with some members replaced (by null: taken out).
fn with(algorithm: Algorithm, changes: Value) -> Value {
    let mut key = jwk(algorithm);
    for (name, value) in changes.as_object().expect("object") {
        match value {
            Value::Null => key.as_object_mut().expect("object").remove(name),
            value => key.as_object_mut().expect("object").insert(name.clone(), value.clone()),
        };
    }
    key
}

fn judged(used: Algorithm, keys: &[Value], algs: Option<Value>) -> Result<(), GrantError> {
    verify(&published(keys, algs), &token(used, &claims()), NOW).map(|_| ())
}

fn unsupported(what: &str) -> Result<(), GrantError> {
    Err(GrantError::Unsupported(what.to_owned()))
}

#[test]
fn published_keys_verify_in_each_algorithm_but_hs256() {
    for algorithm in ALL {
        let expected = if algorithm == Algorithm::Hs256 { unsupported("a key of kty oct") } else { Ok(()) };
        assert_eq!(judged(algorithm, &[jwk(algorithm)], None), expected, "{algorithm:?}");
    }
}

#[test]
fn a_key_has_one_algorithm() {
    use Algorithm::{EdDsa, Es256, Ps256, Rs256};
    // What it says itself, what the configuration chooses, RS256.
    assert_eq!(judged(Ps256, &[jwk(Rs256)], None), Err(INVALID));
    assert_eq!(judged(Rs256, &[jwk(Ps256)], None), Err(INVALID));
    assert_eq!(judged(Ps256, &[jwk(Rs256)], Some(json!(["PS256"]))), Ok(()));
    assert_eq!(judged(Rs256, &[jwk(Rs256)], Some(json!(["PS256", "RS256"]))), Err(INVALID));
    assert_eq!(judged(Ps256, &[jwk(Rs256)], Some(json!(["ES256", "PS256", "RS256"]))), Ok(()));
    // What the configuration does not list.
    assert_eq!(judged(Ps256, &[jwk(Ps256)], Some(json!(["RS256"]))), unsupported("a key for alg PS256"));
    assert_eq!(
        judged(Es256, &[jwk(Es256)], Some(json!(["RS256"]))),
        unsupported("a key whose alg is missing or of another form")
    );
    assert_eq!(judged(EdDsa, &[jwk(EdDsa)], Some(json!(["ES256", "EdDSA"]))), Ok(()));
    // What does not fit the key.
    for (algorithm, alg) in
        [(Rs256, "ES256"), (Es256, "RS256"), (EdDsa, "ES256"), (Rs256, "HS256"), (Rs256, "none"), (Rs256, "RS384")]
    {
        let key = with(algorithm, json!({"alg": alg}));
        assert_eq!(judged(algorithm, &[key], None), unsupported(&format!("a key for alg {alg}")), "{algorithm:?}");
    }
}

#[test]
fn keys_that_do_not_serve_are_refused_by_the_reason() {
    use Algorithm::{EdDsa, Es256, Ps256, Rs256};
    let member = |name| unsupported(&format!("a key whose {name} is missing or of another form"));
    let purpose = || unsupported("a key that is not for verifying signatures");
    let unsound = |alg| unsupported(&format!("a key that is not a sound key for its alg ({alg})"));
    for (algorithm, changes, expected) in [
        (Rs256, json!({"kty": null}), member("kty")),
        (Rs256, json!({"kty": "rsa"}), unsupported("a key of kty rsa")),
        (Rs256, json!({"kty": 1}), member("kty")),
        (Rs256, json!({"n": null}), member("n")),
        (Rs256, json!({"e": "AQAB="}), member("e")),
        (Rs256, json!({"e": "AA"}), unsound("RS256")),
        (Rs256, json!({"e": "AQ"}), unsound("RS256")),
        (Rs256, json!({"n": ""}), unsound("RS256")),
        (Rs256, json!({"n": "/+"}), member("n")),
        (Rs256, json!({"alg": 1}), member("alg")),
        (Rs256, json!({"alg": ["RS256"]}), member("alg")),
        (Rs256, json!({"use": "enc"}), purpose()),
        (Rs256, json!({"use": "SIG"}), purpose()),
        (Rs256, json!({"use": ["sig"]}), member("use")),
        (Rs256, json!({"key_ops": ["sign"]}), purpose()),
        (Rs256, json!({"key_ops": []}), purpose()),
        (Rs256, json!({"key_ops": "verify"}), member("key_ops")),
        (Rs256, json!({"use": "sig", "key_ops": ["encrypt"]}), purpose()),
        (Ps256, json!({"d": "AQAB"}), unsupported("a key that is published with its private half")),
        (Es256, json!({"crv": null}), member("crv")),
        (Es256, json!({"crv": "P-384"}), unsupported("a key of crv P-384")),
        (Es256, json!({"crv": "secp256k1"}), unsupported("a key of crv secp256k1")),
        (Es256, json!({"kty": "OKP"}), unsupported("a key of crv P-256")),
        (Es256, json!({"y": ES256.0}), unsound("ES256")),
        (Es256, json!({"x": &ES256.0[..40]}), unsound("ES256")),
        (EdDsa, json!({"crv": "Ed448"}), unsupported("a key of crv Ed448")),
        (EdDsa, json!({"crv": "X25519"}), unsupported("a key of crv X25519")),
        (EdDsa, json!({"x": &EDDSA_X[..40]}), unsound("EdDSA")),
        // The neutral element, under which every signature of zeros would hold.
        (EdDsa, json!({"x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}), unsound("EdDSA")),
    ] {
        assert_eq!(judged(algorithm, &[with(algorithm, changes.clone())], None), expected, "{changes}");
    }
    let factorable = URL_SAFE_NO_PAD.encode([0xff; 128]);
    let expected = unsupported("a key that is an RSA key of 1024 bits where at least 2048 are needed");
    assert_eq!(judged(Rs256, &[with(Rs256, json!({"n": factorable}))], None), expected);
    // With the members that issuers add, and for verifying among other things.
    let rich = json!({"use": "sig", "key_ops": ["sign", "verify"], "x5t": "a", "x5c": ["MIIB"], "issuer": "i"});
    assert_eq!(judged(Rs256, &[with(Rs256, rich)], None), Ok(()));
}

#[test]
fn a_kid_that_is_listed_twice_is_nobodys() {
    use Algorithm::{EdDsa, Es256};
    let twice = unsupported("a kid that the key set lists more than once");
    assert_eq!(judged(EdDsa, &[jwk(EdDsa), jwk(Es256)], None), twice);
    assert_eq!(judged(EdDsa, &[with(Es256, json!({"use": "enc"})), jwk(EdDsa)], None), twice);
    // Others, and keys without a kid, are no matter.
    let others = [
        with(Es256, json!({"kid": "l"})),
        with(Es256, json!({"kid": "l"})),
        with(Es256, json!({"kid": null})),
        json!({}),
    ];
    assert_eq!(judged(EdDsa, &[others.as_slice(), &[jwk(EdDsa)]].concat(), None), Ok(()));
    assert_eq!(judged(EdDsa, &others, None), Err(INVALID));
}

#[test]
fn a_configured_key_is_not_replaced_by_a_published_one() {
    let config = json!({
        "issuer": "https://accounts.example", "audience": "sluice", "keys": [key(Algorithm::Hs256)], "jwks": {"name": "main"}
    });
    let mut keys = keys_of(&serde_json::from_value(config).expect("configuration")).expect("keys");
    let (configured, foreign) = (token(Algorithm::Hs256, &claims()), token(Algorithm::EdDsa, &claims()));
    assert!(keys.wanted(&configured).is_none(), "its key is there");
    keys.add_set(KeySet::parse(json!({"keys": [jwk(Algorithm::EdDsa)]}).to_string().as_bytes()).expect("a key set"));
    assert!(verify(&keys, &configured, NOW).is_ok());
    assert_eq!(verify(&keys, &foreign, NOW), Err(INVALID));
}

#[test]
fn a_set_is_asked_for_only_where_it_can_help() {
    let keys = published(&[], None);
    let wanted = |header: Value| {
        let token = signed(Algorithm::Hs256, &header.to_string(), "{}");
        keys.wanted(&token).map(|(_, kid)| kid)
    };
    assert_eq!(wanted(json!({"alg": "RS256", "kid": "k"})), Some("k".to_owned()));
    for header in [
        json!({"alg": "RS256"}),
        json!({"alg": "RS256", "kid": ""}),
        json!({"alg": "RS256", "kid": 1}),
        json!({"alg": "RS384", "kid": "k"}),
        json!({"alg": "none", "kid": "k"}),
        json!({"kid": "k"}),
    ] {
        assert_eq!(wanted(header.clone()), None, "{header}");
    }
    assert!(keys.wanted("a.b.c").is_none());
}

#[test]
fn what_is_no_key_set_is_refused() {
    let says = |bytes: &[u8]| KeySet::parse(bytes).map(|_| ());
    for good in [r#"{"keys":[]}"#, r#"{"keys":[{}],"other":{"keys":1}}"#, r#"{"keys":[{"kid":1},{"kid":null}]}"#] {
        assert_eq!(says(good.as_bytes()), Ok(()), "{good}");
    }
    for bad in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"keys":null}"#,
        r#"{"keys":{}}"#,
        r#"{"keys":[1]}"#,
        r#"{"keys":[[]]}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[{"kid":"a","kid":"b"}]}"#,
        r#"{"keys":[]} x"#,
        "<html>",
        "\u{feff}{\"keys\":[]}",
    ] {
        assert_eq!(says(bad.as_bytes()), Err(KeySetError::Form), "{bad}");
    }
    assert_eq!(says(&[b'{', 0xff, b'}']), Err(KeySetError::Form));
    let many = |count: usize| json!({"keys": vec![json!({}); count]}).to_string();
    assert_eq!(says(many(32).as_bytes()), Ok(()));
    assert_eq!(says(many(33).as_bytes()), Err(KeySetError::TooMany(33)));
    let mut long = br#"{"keys":[]}"#.to_vec();
    long.resize(MAX_SET, b' ');
    assert_eq!(says(&long), Ok(()));
    long.push(b' ');
    assert_eq!(says(&long), Err(KeySetError::TooLong(MAX_SET + 1)));
    let deep = format!(r#"{{"keys":[{}"#, "[".repeat(MAX_SET - 100));
    assert_eq!(says(deep.as_bytes()), Err(KeySetError::Form));
}

proptest! {
    #[test]
    fn any_bytes_are_judged(bytes: Vec<u8>, text in "\\PC{0,80}") {
        let _ = KeySet::parse(&bytes);
        let _ = KeySet::parse(text.as_bytes());
    }

    /// A key with a changed byte verifies nothing, or is still the same key.
    #[test]
    fn an_altered_key_is_no_key(which in 1..5usize, at: prop::sample::Index, byte: u8) {
        let algorithm = ALL[which];
        let sound = json!({"keys": [jwk(algorithm)]}).to_string();
        let mut altered = sound.clone().into_bytes();
        let at = at.index(altered.len());
        altered[at] = byte;
        let Ok(set) = KeySet::parse(&altered) else { return Ok(()) };
        let mut keys = published(&[], None);
        keys.add_set(set);
        let judged = verify(&keys, &token(algorithm, &claims()), NOW);
        prop_assert!(judged.is_err() || altered == sound.as_bytes() || is_no_matter(&altered, algorithm));
    }
}

/// Whether the members that make the key are the same: one that is not looked at was renamed, or spare bits changed.
fn is_no_matter(altered: &[u8], algorithm: Algorithm) -> bool {
    let read: Value = serde_json::from_slice(altered).expect("JSON");
    let (read, sound) = (&read["keys"][0], jwk(algorithm));
    ["kid", "kty", "n", "e", "crv", "x", "y"].iter().all(|member| read[*member] == sound[*member])
}
