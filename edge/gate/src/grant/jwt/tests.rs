use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

use super::vectors::{HS256_KEY, public_pem, sign, unbase64};
use super::*;
use crate::grant::{Account, Algorithm, ViewerConfig};

const NOW: Unix = 1_000_000;
const ALL: [Algorithm; 5] = Algorithm::ALL;
const INVALID: GrantError = GrantError::Token(TokenError::Invalid);
const EXPIRED: GrantError = GrantError::Token(TokenError::Expired);

fn config(keys: Value) -> ViewerConfig {
    let config =
        json!({"issuer": "https://accounts.example", "audience": "sluice", "leeway_seconds": 10, "keys": keys});
    serde_json::from_value(config).expect("configuration")
}

fn key(algorithm: Algorithm) -> Value {
    match algorithm {
        Algorithm::Hs256 => json!({"kid": "k", "alg": "HS256", "secret": "viewer"}),
        _ => json!({"kid": "k", "alg": algorithm, "public_key": public_pem(algorithm)}),
    }
}

fn keys_of(config: &ViewerConfig) -> Result<ViewerKeys, KeysError> {
    let secret = unbase64(HS256_KEY);
    ViewerKeys::new(config, |name| match name {
        "viewer" => Some(secret.as_slice()),
        "short" => Some(&secret[..31]),
        _ => None,
    })
}

fn keys(algorithm: Algorithm) -> ViewerKeys {
    keys_of(&config(json!([key(algorithm)]))).expect("keys")
}

fn claims() -> Value {
    json!({"iss": "https://accounts.example", "aud": "sluice", "sub": "anna", "exp": NOW + 100, "tier": "basic"})
}

/// The claims with some replaced (by null: taken out).
fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().expect("object") {
        match value {
            Value::Null => claims.as_object_mut().expect("object").remove(name),
            value => claims.as_object_mut().expect("object").insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn signed(algorithm: Algorithm, header: &str, payload: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = sign(algorithm, &message);
    format!("{message}.{signature}")
}

fn token(algorithm: Algorithm, claims: &Value) -> String {
    signed(algorithm, &json!({"alg": algorithm, "kid": "k"}).to_string(), &claims.to_string())
}

fn judged(claims: Value) -> Result<Grant, GrantError> {
    verify(&keys(Algorithm::Hs256), &token(Algorithm::Hs256, &claims), NOW)
}

#[test]
fn a_sound_token_grants_what_it_says_in_each_algorithm() {
    let full = with(
        json!({"titles": ["final", "trailer"], "device": "tv", "device_class": "television", "stream_limit": 2, "nbf": NOW, "iat": NOW - 5}),
    );
    for algorithm in ALL {
        let grant = verify(&keys(algorithm), &token(algorithm, &full), NOW).expect("grant");
        let expected = Grant {
            account: Account::Named("anna".to_owned()),
            tier: "basic".to_owned(),
            titles: Some(vec!["final".to_owned(), "trailer".to_owned()]),
            ends: NOW + 100,
            device: Some("tv".to_owned()),
            device_class: Some("television".to_owned()),
            net: None,
            stream_limit: Some(2),
            persistent: false,
            issued: Some(NOW - 5),
            places: None,
            replay: None,
            renewal: None,
            signed_by: "k".to_owned(),
        };
        assert_eq!(grant, expected, "{algorithm:?}");
        assert!(grant.allows("final") && !grant.allows("other"));
    }
    let plain = judged(with(json!({"tier": null}))).expect("grant");
    assert!(plain.tier.is_empty() && plain.allows("anything"));
}

#[test]
fn claims_for_other_uses_stand_by_the_same_rules() {
    let of = |claims: &Value, now| super::claims(&keys(Algorithm::Es256), &token(Algorithm::Es256, claims), now);
    // Nothing of a viewer is in it.
    let plain = json!({"iss": claims()["iss"], "aud": claims()["aud"], "exp": NOW + 9, "roles": ["one"]});
    assert_eq!(of(&plain, NOW).expect("claims")["roles"], json!(["one"]));
    assert_eq!(of(&plain, NOW + 9), Err(TokenError::Expired));
    for (name, value) in [
        ("iss", json!("other")),
        ("aud", json!("other")),
        ("nbf", json!(NOW + 99)),
        ("iat", json!(NOW + 99)),
        ("exp", json!("x")),
    ] {
        let mut wrong = plain.clone();
        wrong[name] = value;
        assert_eq!(of(&wrong, NOW), Err(TokenError::Invalid), "{name}");
    }
    let foreign = token(Algorithm::Hs256, &plain);
    assert_eq!(super::claims(&keys(Algorithm::Es256), &foreign, NOW), Err(TokenError::Invalid));
    assert_eq!(super::claims(&keys(Algorithm::Es256), "", NOW), Err(TokenError::Missing));
}

#[test]
fn a_token_names_its_key() {
    let token = token(Algorithm::Es256, &claims());
    assert_eq!(kid(&token).as_deref(), Some("k"));
    for none in ["", "a", "a.b.c", "e30.e30.", &format!(".{token}"), &"a".repeat(MAX_TOKEN + 1)] {
        assert_eq!(kid(none), None, "{none}");
    }
    assert_eq!(kid(&signed(Algorithm::Hs256, r#"{"kid":"a","kid":"b"}"#, "{}")), None);
}

#[test]
fn headers_that_are_refused_though_their_signature_holds() {
    for header in [
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"HS256","kid":"other"}"#,
        r#"{"alg":"HS256","kid":null}"#,
        r#"{"alg":"HS256","kid":["k"]}"#,
        r#"{"kid":"k"}"#,
        r#"{"alg":"HS256","kid":"k","crit":["exp"]}"#,
        r#"{"alg":"HS256","kid":"k","crit":["b64"],"b64":false}"#,
        r#"{"alg":"HS256","kid":"k","crit":[]}"#,
        r#"{"alg":"HS256","kid":"k","crit":null}"#,
        r#"{"alg":"HS256","kid":"other","kid":"k"}"#,
        r#"{"alg":"none","alg":"HS256","kid":"k"}"#,
        r#"{"alg":"HS256","kid":"k","x":{"y":1,"y":2}}"#,
        r#"[]"#,
        "",
    ] {
        let token = signed(Algorithm::Hs256, header, &claims().to_string());
        assert_eq!(verify(&keys(Algorithm::Hs256), &token, NOW), Err(INVALID), "{header}");
    }
    // What is not understood and not critical is passed over.
    let token = signed(Algorithm::Hs256, r#"{"typ":"JWT","alg":"HS256","kid":"k","x":1}"#, &claims().to_string());
    assert!(verify(&keys(Algorithm::Hs256), &token, NOW).is_ok());
}

#[test]
fn claims_named_twice_are_refused() {
    for twice in [r#","sub":"bert"}"#, r#","exp":9999999}"#, r#","x":{"y":1,"y":1}}"#] {
        let payload = claims().to_string().strip_suffix('}').expect("object").to_owned() + twice;
        let token = signed(Algorithm::Hs256, r#"{"alg":"HS256","kid":"k"}"#, &payload);
        assert_eq!(verify(&keys(Algorithm::Hs256), &token, NOW), Err(INVALID), "{twice}");
    }
}

#[test]
fn times_are_those_of_the_clock_that_is_given() {
    let ends = |exp: Value| judged(with(json!({"exp": exp}))).map(|grant| grant.ends);
    assert_eq!(ends(json!(NOW + 1)), Ok(NOW + 1));
    assert_eq!(ends(json!(NOW)), Err(EXPIRED));
    assert_eq!(ends(json!(NOW as f64 + 1.9)), Ok(NOW + 1));
    assert_eq!(ends(json!(NOW as f64 + 0.9)), Err(EXPIRED));
    assert_eq!(ends(json!(u64::MAX)), Ok(u64::MAX));
    for bad in [json!(null), json!("1000100"), json!(-1), json!(1e300), json!([NOW + 1]), json!(true)] {
        assert_eq!(ends(bad.clone()), Err(INVALID), "{bad}");
    }
    for start in ["nbf", "iat"] {
        assert!(judged(with(json!({start: NOW + 10}))).is_ok());
        assert_eq!(judged(with(json!({start: NOW + 11}))), Err(INVALID));
        assert_eq!(judged(with(json!({start: NOW as f64 + 10.5}))), Err(INVALID));
        assert_eq!(judged(with(json!({start: "now"}))), Err(INVALID));
    }
    // Expired is said only of a token that is sound in all else.
    assert_eq!(judged(with(json!({"exp": NOW - 1, "aud": "other"}))), Err(INVALID));
}

#[test]
fn issuer_and_audience_are_the_configured_ones() {
    assert!(judged(with(json!({"aud": ["other", "sluice"]}))).is_ok());
    for (claim, value) in [
        ("iss", json!(null)),
        ("iss", json!("https://accounts.example/")),
        ("iss", json!(["https://accounts.example"])),
        ("aud", json!(null)),
        ("aud", json!("other")),
        ("aud", json!([])),
        ("aud", json!(["other"])),
        ("aud", json!({"sluice": 1})),
    ] {
        assert_eq!(judged(with(json!({claim: value.clone()}))), Err(INVALID), "{claim} {value}");
    }
    let open: ViewerConfig = serde_json::from_value(json!({"keys": [key(Algorithm::Hs256)]})).expect("configuration");
    let open = keys_of(&open).expect("keys");
    let judged = |claims: Value| verify(&open, &token(Algorithm::Hs256, &claims), NOW).map(|_| ());
    assert_eq!(judged(with(json!({"aud": null, "iss": "anyone"}))), Ok(()));
    assert_eq!(judged(with(json!({"aud": "other"}))), Err(INVALID));
}

#[test]
fn a_claim_of_another_form_is_not_passed_over() {
    for changes in [
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": 7}),
        json!({"sub": "a\u{0}b"}),
        json!({"sub": "a".repeat(257)}),
        json!({"tier": 7}),
        json!({"tier": ["basic"]}),
        json!({"titles": "final"}),
        json!({"titles": ["final", 7]}),
        json!({"titles": {"final": true}}),
        json!({"device": 7}),
        json!({"stream_limit": "two"}),
        json!({"stream_limit": ""}),
        json!({"stream_limit": "-2"}),
        json!({"stream_limit": 2.0}),
        json!({"stream_limit": -1}),
        json!({"stream_limit": 4294967296u64}),
    ] {
        assert_eq!(judged(with(changes.clone())), Err(INVALID), "{changes}");
    }
    let nothing = judged(with(json!({"titles": []}))).expect("grant");
    assert!(!nothing.allows("final"));
    // A null is a form too.
    let mut nulled = claims();
    nulled["titles"] = Value::Null;
    assert_eq!(judged(nulled), Err(INVALID));
}

#[test]
fn claim_names_are_configurable() {
    let mut named = config(json!([key(Algorithm::Hs256)]));
    named.claims =
        serde_json::from_value(json!({"tier": "plan", "titles": "https://tv.example/titles"})).expect("claims");
    let claims = with(json!({"plan": "gold", "https://tv.example/titles": ["final"]}));
    let grant = verify(&keys_of(&named).expect("keys"), &token(Algorithm::Hs256, &claims), NOW).expect("grant");
    assert_eq!((grant.tier.as_str(), grant.titles), ("gold", Some(vec!["final".to_owned()])));
}

#[test]
fn minted_tokens_verify() {
    let secret = unbase64(HS256_KEY);
    let claims = ViewerClaims {
        iss: Some("https://accounts.example".to_owned()),
        aud: Some("sluice".to_owned()),
        sub: "anna".to_owned(),
        exp: NOW + 1,
        ..ViewerClaims::default()
    };
    let token = mint_hs256("k", &secret, &claims).expect("token");
    let account = verify(&keys(Algorithm::Hs256), &token, NOW).expect("grant").account;
    assert_eq!(account, Account::Named("anna".to_owned()));
    assert_eq!(mint_hs256("k", &secret[..31], &claims), Err(MintError::ShortSecret(31)));
    assert_eq!(mint_hs256("k", &secret, &"text"), Err(MintError::Claims));
    let long = ViewerClaims { titles: Some(vec!["t".repeat(64); 200]), ..claims };
    assert!(matches!(mint_hs256("k", &secret, &long), Err(MintError::TooLong(_))));
}

#[test]
fn a_token_of_the_wrong_shape_is_refused() {
    let keys = keys(Algorithm::Hs256);
    assert_eq!(verify(&keys, "", NOW), Err(TokenError::Missing.into()));
    let sound = token(Algorithm::Hs256, &claims());
    let padded = with(json!({"x": "x".repeat(MAX_TOKEN)}));
    let long = token(Algorithm::Hs256, &padded);
    for bad in [
        ".",
        "..",
        "...",
        "a.b.c",
        &format!("{sound}."),
        &format!(".{sound}"),
        &format!("{sound}="),
        &format!(" {sound}"),
        &long,
    ] {
        assert_eq!(verify(&keys, bad, NOW), Err(INVALID), "{bad:.40}");
    }
}

proptest! {
    #[test]
    fn any_text_is_judged(text in "\\PC{0,80}|[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}") {
        prop_assert!(verify(&keys(Algorithm::Hs256), &text, NOW).is_err());
    }

    #[test]
    fn any_signed_bytes_are_judged(header: Vec<u8>, payload: Vec<u8>) {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let token = format!("{message}.{}", sign(Algorithm::Hs256, &message));
        prop_assert!(verify(&keys(Algorithm::Hs256), &token, NOW).is_err());
    }
}

mod attacks;
mod configured;
mod issuers;
mod mapping;
mod sets;
mod signatures;
