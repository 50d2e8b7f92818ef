//! Several issuers.

use super::{sets::jwk, *};
use crate::grant::{IssuersConfig, jwks::KeySet};

fn issuers(config: Value) -> Result<Issuers, KeysError> {
    let secret = unbase64(HS256_KEY);
    let config: IssuersConfig = serde_json::from_value(config).expect("configuration");
    Issuers::new(&config, |_| Some(secret.as_slice()))
}

fn of(issuer: &str, algorithm: Algorithm) -> Value {
    json!({"issuer": issuer, "audience": "sluice", "keys": [key(algorithm)]})
}

fn says(config: Value) -> String {
    issuers(config).err().expect("refused").to_string()
}

#[test]
fn each_token_is_verified_by_its_own_issuers_keys() {
    let two = issuers(json!([of("a", Algorithm::EdDsa), of("b", Algorithm::Es256)])).expect("issuers");
    let ask = |issuer: Value, algorithm| {
        let token = token(algorithm, &with(json!({"iss": issuer})));
        two.of(&token).map(|keys| verify(keys, &token, NOW).is_ok())
    };
    assert_eq!(ask(json!("a"), Algorithm::EdDsa), Some(true));
    assert_eq!(ask(json!("b"), Algorithm::Es256), Some(true));
    // The other's key under the same kid.
    assert_eq!(ask(json!("a"), Algorithm::Es256), Some(false));
    assert_eq!(ask(json!("b"), Algorithm::EdDsa), Some(false));
    for nobody in [json!("c"), json!(""), json!(null), json!(["a"]), json!(1), json!("a ")] {
        assert_eq!(ask(nobody.clone(), Algorithm::EdDsa), None, "{nobody}");
    }
    for text in ["", ".", "a.b.c"] {
        assert!(two.of(text).is_none());
    }
    // One alone is not chosen by name: its own check tells.
    let one = issuers(of("a", Algorithm::EdDsa)).expect("issuers");
    let foreign = token(Algorithm::EdDsa, &with(json!({"iss": "b"})));
    assert_eq!(one.of(&foreign).map(|keys| verify(keys, &foreign, NOW)), Some(Err(INVALID)));
}

#[test]
fn one_object_is_an_array_of_one() {
    for config in [of("a", Algorithm::Hs256), json!([of("a", Algorithm::Hs256)])] {
        let token = token(Algorithm::Hs256, &with(json!({"iss": "a"})));
        let issuers = issuers(config).expect("issuers");
        assert!(verify(issuers.of(&token).expect("keys"), &token, NOW).is_ok());
    }
    for bad in [json!("a"), json!(1), json!(null), json!([1]), json!([[]]), json!({"keyz": []})] {
        assert!(serde_json::from_value::<IssuersConfig>(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn published_keys_are_of_one_issuer() {
    let jwks = |issuer: &str| json!({"issuer": issuer, "audience": "sluice", "jwks": {"name": issuer}});
    let mut two = issuers(json!([jwks("a"), jwks("b")])).expect("issuers");
    let set = json!({"keys": [jwk(Algorithm::EdDsa)]}).to_string();
    let ours = token(Algorithm::EdDsa, &with(json!({"iss": "a"})));
    let theirs = token(Algorithm::EdDsa, &with(json!({"iss": "b"})));
    two.of_mut(&ours).expect("keys").add_set(KeySet::parse(set.as_bytes()).expect("a key set"));
    let judged = |token: &str| verify(two.of(token).expect("keys"), token, NOW).map(|_| ());
    assert_eq!(judged(&ours), Ok(()));
    assert_eq!(judged(&theirs), Err(INVALID));
    assert_eq!(
        two.of(&theirs).and_then(|keys| keys.wanted(&theirs)).and_then(|(jwks, _)| jwks.name.as_deref()),
        Some("b")
    );
}

#[test]
fn wrong_configurations_say_what_is_wrong() {
    let named = |issuer: &str| of(issuer, Algorithm::Hs256);
    assert!(says(json!([])).contains("0 issuers"));
    assert!(says(json!([named("a"), named("b"), named("c"), named("d"), named("e")])).contains("5 issuers"));
    assert!(says(json!([named("a"), {"keys": [key(Algorithm::Hs256)]}])).contains("no issuer"));
    assert!(says(json!([named("a"), named("a")])).contains("\"a\" is listed twice"));
    let jwks = |jwks: Value| json!({"issuer": "a", "jwks": jwks});
    assert!(says(json!({"issuer": "a"})).contains("no jwks"));
    assert!(says(jwks(json!({}))).contains("name"));
    assert!(says(jwks(json!({"name": "a", "url": "https://a/b"}))).contains("one of them only"));
    assert!(says(json!({"jwks": {"name": "a"}})).contains("jwks needs issuer"));
    for name in ["", "A", "a/b", "..", "-a", "a:b", &"a".repeat(65)] {
        assert!(says(jwks(json!({"name": name}))).contains("jwks.name"), "{name}");
    }
    for url in [
        "http://a/b",
        "https://a",
        "https:///b",
        "a/b",
        "ftp://a/b",
        "https://a/b c",
        "https://a/b#c",
        "https://u@a/b",
        "HTTPS://a/b",
        "https://a\\b/c",
    ] {
        assert!(says(jwks(json!({"url": url}))).contains("jwks.url"), "{url}");
    }
    for algs in [json!([]), json!(["HS256"]), json!(["RS256", "HS256"])] {
        assert!(says(jwks(json!({"name": "a", "algs": algs}))).contains("jwks.algs"), "{algs}");
    }
    for good in [
        json!({"name": "main"}),
        json!({"name": "a-b_1"}),
        json!({"url": "https://a.example:8443/b?c=d", "backend": "b"}),
    ] {
        assert!(issuers(jwks(good.clone())).is_ok(), "{good}");
    }
    let third: Vec<_> =
        ["a", "b", "c"].iter().map(|kid| json!({"kid": kid, "alg": "HS256", "secret": "viewer"})).collect();
    assert!(says(json!({"issuer": "a", "keys": third, "jwks": {"name": "a"}})).contains("3 keys"));
    for claims in
        [json!({"account": {"claim": "sub", "map": []}}), json!({"device": {"claim": "d", "map": [["a", "b"]]}})]
    {
        let mut config = named("a");
        config["claims"] = claims;
        assert!(says(config).contains("takes no map"));
    }
    let mut config = named("a");
    config["claims"] = json!({"region": {"claim": "c", "map": [["Germany", "DE"], ["Bavaria", "Bavaria"]]}});
    assert!(says(config).contains("\"Bavaria\", which is no place"));
}
