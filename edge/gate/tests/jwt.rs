//! Tokens and key sets that PyJWT and jose made, and tokens of the shapes that issuers document (`jwt/README.md`).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sluice_gate::{
    Deny, TokenError,
    grant::{
        Account, GrantError, IssuersConfig, ViewerConfig,
        jwks::KeySet,
        jwt::{Issuers, ViewerKeys, claims, verify},
    },
};

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn set(value: &Value) -> KeySet {
    KeySet::parse(value.to_string().as_bytes()).expect("a key set")
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().expect(member)
}

fn items<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map(Vec::as_slice).expect(member)
}

/// Every algorithm that the tools sign with: ours hold, the others are refused by their names.
fn judge(document: &str) {
    let document = read(document);
    let now = document["now"].as_u64().expect("now");
    let secret = URL_SAFE_NO_PAD.decode(text(&document, "secret")).expect("a secret");
    let config = json!({
        "issuer": "https://accounts.example", "audience": "sluice", "jwks": {"name": "main"},
        "keys": [{"kid": "configured", "alg": "HS256", "secret": "s"}]
    });
    let config: ViewerConfig = serde_json::from_value(config).expect("a configuration");
    let mut keys = ViewerKeys::new(&config, |_| Some(secret.as_slice())).expect("keys");
    keys.add_set(set(&document["jwks"]));
    for made in items(&document, "accepted") {
        let token = text(made, "token");
        let grant = verify(&keys, token, now).unwrap_or_else(|error| panic!("{}: {error}", made["name"]));
        assert_eq!((grant.account, grant.tier.as_str()), (Account::Named("anna".to_owned()), "premium"));
        let claims = claims(&keys, token, now).expect("claims");
        assert_eq!(claims["sub"], "anna");
        assert_eq!(verify(&keys, token, now + 3600), Err(TokenError::Expired.into()));
        assert_eq!(verify(&keys, token, now - 11), Err(TokenError::Invalid.into()), "not valid yet");
        // By its own key and no other.
        let mut none = ViewerKeys::new(&config, |_| Some(&[7; 32])).expect("keys");
        none.add_set(KeySet::default());
        assert_eq!(verify(&none, token, now), Err(TokenError::Invalid.into()), "{}", made["name"]);
    }
    for made in items(&document, "refused") {
        let expected = match made["says"].as_str() {
            Some(says) => GrantError::Unsupported(says.to_owned()),
            None => TokenError::Invalid.into(),
        };
        assert_eq!(verify(&keys, text(made, "token"), now), Err(expected), "{}", made["name"]);
        assert_eq!(claims(&keys, text(made, "token"), now), Err(TokenError::Invalid), "{}", made["name"]);
    }
}

#[test]
fn of_pyjwt() {
    judge(include_str!("jwt/pyjwt.json"));
}

#[test]
fn of_jose() {
    judge(include_str!("jwt/jose.json"));
}

#[test]
fn of_issuers_shapes_by_their_configurations() {
    let document = read(include_str!("jwt/issuers.json"));
    let now = document["now"].as_u64().expect("now");
    for issuer in items(&document, "issuers") {
        let name = text(issuer, "name");
        let config = |viewer: &Value| serde_json::from_value::<IssuersConfig>(viewer.clone()).expect(name);
        let judged = |viewer: &Value, now| {
            let mut issuers = Issuers::new(&config(viewer), |_| None).expect(name);
            let token = text(issuer, "token");
            let (jwks, kid) = issuers.of(token).and_then(|keys| keys.wanted(token)).expect("a published key");
            assert_eq!((jwks.name.is_some(), kid.len()), (true, 43));
            let keys = issuers.of_mut(token).expect("keys");
            keys.add_set(set(&issuer["jwks"]));
            verify(keys, token, now)
        };
        let viewer = &issuer["viewer"];
        let grant = judged(viewer, now).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = &issuer["grant"];
        let list = |member: &str| {
            expected[member]
                .as_array()
                .map(|all| all.iter().map(|one| one.as_str().expect("text").to_owned()).collect())
        };
        assert_eq!(grant.account, Account::Named(text(expected, "account").to_owned()), "{name}");
        assert_eq!(grant.tier, text(expected, "tier"), "{name}");
        assert_eq!(grant.titles, list("titles"), "{name}");
        assert_eq!(grant.places, list("places"), "{name}");
        assert_eq!(grant.ends, expected["ends"].as_u64().unwrap_or(now + 3590), "{name}");
        assert_eq!(grant.stream_limit.map(u64::from), expected["stream_limit"].as_u64(), "{name}");
        assert_eq!(grant.device_class.as_deref(), expected["device_class"].as_str(), "{name}");
        // Its window is its own.
        if grant.ends < now + 3590 {
            assert_eq!(judged(viewer, grant.ends), Err(Deny::RightsWindow.into()), "{name}");
        }
        // Each of the values that are required counts, and so do the issuer and the audience.
        for required in viewer["require"].as_object().expect("require").keys() {
            let mut other = viewer.clone();
            other["require"][required] = "other".into();
            assert_eq!(judged(&other, now), Err(TokenError::Invalid.into()), "{name}: {required}");
        }
        for member in ["issuer", "audience"] {
            let mut other = viewer.clone();
            other[member] = "other".into();
            assert_eq!(judged(&other, now), Err(TokenError::Invalid.into()), "{name}: {member}");
        }
    }
    // All of them at once: each token finds its issuer, and nobody else's.
    let several: Vec<_> = [0, 1, 2, 4].into_iter().map(|at| items(&document, "issuers")[at].clone()).collect();
    let viewers: Value = several.iter().map(|issuer| issuer["viewer"].clone()).collect();
    let config: IssuersConfig = serde_json::from_value(viewers).expect("a configuration");
    for issuer in &several {
        let token = text(issuer, "token");
        for published in &several {
            let mut issuers = Issuers::new(&config, |_| None).expect("issuers");
            let keys = issuers.of_mut(token).expect("keys");
            keys.add_set(set(&published["jwks"]));
            assert_eq!(verify(keys, token, now).is_ok(), issuer["name"] == published["name"], "{}", issuer["name"]);
        }
    }
}
