use base64::engine::{Engine, general_purpose::STANDARD};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer},
    pkcs8::DecodePrivateKey,
};
use proptest::prelude::*;
use serde_json::{Value, json};

mod bits;

use super::{super::testing::Request, *};
use crate::Net;

const RSA: &str = include_str!("vectors/rsa.pub.pem");
const P256: &str = include_str!("vectors/p256.pub.pem");
const FOLDER: &str = "https://tv.example/v1/film/";
const ENDS: u64 = 1_800_000_000;

fn keys(sha1: bool) -> CloudFrontKeys {
    let keys = json!([{"id": "KRSA", "public_key": RSA}, {"id": "KP256", "public_key": P256}]);
    let config = serde_json::from_value(json!({"keys": keys, "sha1": sha1})).expect("configuration");
    CloudFrontKeys::new(&config).expect("keys")
}

/// A token that somebody else made.
struct Vector {
    name: String,
    request: Request,
    after: Option<u64>,
    client: Option<String>,
}

fn vectors() -> Vec<Vector> {
    let files = [include_str!("vectors/botocore.json"), include_str!("vectors/aws-sdk.json")];
    let all = files.iter().flat_map(|file| serde_json::from_str::<Vec<Value>>(file).expect("vectors"));
    let vector = |json: Value| {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let client = json["client"].as_str().map(str::to_owned);
        let mut request = Request::new(&text(&json["url"]), ENDS - 1).from(client.as_deref());
        for (name, value) in json["cookies"].as_object().into_iter().flatten() {
            request = request.cookie(name, &text(value));
        }
        assert_eq!(json["ends"], ENDS);
        Vector { name: text(&json["name"]), request, after: json["after"].as_u64(), client }
    };
    let vectors: Vec<Vector> = all.map(vector).collect();
    assert_eq!(vectors.len(), 26);
    vectors
}

fn judged(request: &Request) -> Result<Grant, GrantError> {
    keys(true).verify(&request.presented())
}

const INVALID: Result<Grant, GrantError> = Err(GrantError::Token(TokenError::Invalid));

#[test]
fn what_others_sign_grants_what_it_says() {
    for Vector { name, request, after, client } in vectors() {
        assert!(keys(true).is_presented(&request.presented()), "{name}");
        let grant = judged(&request).unwrap_or_else(|error| panic!("{name}: {error}"));
        let net = client.is_some().then_some(match name.contains("botocore, custom") && after.is_some() {
            true => Net::V4([192, 0, 2]),
            false => Net::V4Host([192, 0, 2, 7]),
        });
        assert_eq!((grant.ends, grant.net, &grant.titles), (ENDS, net, &None), "{name}");
        assert_eq!(judged(&request.clone().at(ENDS)), Err(TokenError::Expired.into()), "{name}");
        if let Some(after) = after {
            assert!(judged(&request.clone().at(after + 1)).is_ok(), "{name}");
            assert_eq!(judged(&request.clone().at(after)), INVALID, "{name}");
        }
        let elsewhere = ["192.0.3.7", "2001:db8::7"].map(Some).into_iter().chain([None]);
        for address in elsewhere.filter(|_| client.is_some()) {
            let outcome = judged(&request.clone().from(address));
            assert_eq!(outcome, Err(Deny::AddressMismatch.into()), "{name} from {address:?}");
        }
    }
}

#[test]
fn another_url_is_not_covered() {
    for Vector { name, request, .. } in vectors() {
        let url = request.url.clone().expect("a URL");
        let everything = name.contains("everything");
        for (from, to) in [
            ("/film/", "/other/"),
            ("/film/", "/film2/"),
            ("/film/", "/Film/"),
            ("tv.example", "tv.example.test"),
            ("https", "ftp"),
            ("/film/", "/other/../film/"),
            ("/film/", "/film/../other/"),
            ("/film/", "/film//"),
            ("/film/", "/%66ilm/"),
            ("/film/", "/film/%2e%2e/other/"),
            ("/film/", "/film/..%2fother/"),
        ] {
            let outcome = judged(&request.clone().url(&url.replacen(from, to, 1)));
            let refused = outcome == INVALID || outcome == Err(Deny::TitleMismatch.into());
            assert!(refused || everything, "{name}: {to}: {outcome:?}");
        }
        // Only the holder is asked for.
        let mut holder = request.clone();
        holder.url = None;
        let known = !request.cookies.0.is_empty();
        assert_eq!(keys(true).is_presented(&holder.presented()), known, "{name}");
        assert_eq!(judged(&holder).is_ok(), known && !name.contains("canned"), "{name}");
    }
}

#[test]
fn a_part_that_is_missing_or_twice_is_refused() {
    for Vector { name, request, .. } in vectors() {
        let url = request.url.clone().expect("a URL");
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        let pairs: Vec<&str> = query.split('&').collect();
        let own = ["Policy", "Expires", "Signature", "Key-Pair-Id", "Hash-Algorithm"];
        for (at, pair) in pairs.iter().enumerate().filter(|(_, pair)| own.iter().any(|own| pair.starts_with(own))) {
            let twice = format!("{url}&{pair}");
            assert_eq!(judged(&request.clone().url(&twice)), INVALID, "{name}: {pair} twice");
            let rest: Vec<&str> = [&pairs[..at], &pairs[at + 1..]].concat();
            let rest = format!("{path}?{}", rest.join("&"));
            assert_eq!(judged(&request.clone().url(&rest)), INVALID, "{name} without {pair}");
        }
        for at in 0..request.cookies.0.len() {
            let mut changed = request.clone();
            changed.cookies.0.push(request.cookies.0[at].clone());
            assert_eq!(judged(&changed), INVALID, "{name}: a cookie twice");
            changed.cookies.0.pop();
            changed.cookies.0.remove(at);
            assert_eq!(judged(&changed), INVALID, "{name}: a cookie missing");
        }
        // Both kinds of policy at once.
        if request.cookies.0.is_empty() {
            let other = if url.contains("Policy=") { "Expires=1800000000" } else { "Policy=e30_" };
            assert_eq!(judged(&request.clone().url(&format!("{url}&{other}"))), INVALID, "{name}");
        }
    }
}

#[test]
fn a_signed_url_has_the_say_over_cookies() {
    let all = vectors();
    let cookies = all.iter().find(|vector| vector.name.contains("cookies for everything")).expect("a vector");
    for parameter in ["Expires=1", "Policy", "Signature=x", "Key-Pair-Id=KRSA", "Hash-Algorithm=SHA256"] {
        let request = cookies.request.clone().url(&format!("{FOLDER}?{parameter}"));
        assert!(keys(true).is_presented(&request.presented()));
        assert_eq!(judged(&request), INVALID, "{parameter}");
    }
    let url = all.iter().find(|vector| vector.name.contains("botocore, canned")).expect("a vector");
    let mut both = url.request.clone();
    both.cookies.0 = vec![("CloudFront-Signature".to_owned(), "x".to_owned()); 2];
    assert!(judged(&both).is_ok());
}

#[test]
fn sha1_can_be_switched_off() {
    for Vector { name, request, .. } in vectors() {
        let outcome = keys(false).verify(&request.presented());
        let sha1 = name.contains("SHA-1") || name.contains("SHA1");
        assert_eq!(matches!(outcome, Err(GrantError::Unsupported(_))), sha1, "{name}");
        assert_eq!(outcome.is_ok(), !sha1, "{name}");
        if let (true, false) = (request.cookies.0.is_empty(), name.contains("SHA-256") || name.contains("SHA256")) {
            let named = |hash: &str| {
                let url = format!("{}&Hash-Algorithm={hash}", request.url.as_deref().expect("a URL"));
                judged(&request.clone().url(&url))
            };
            assert!(named("SHA1").is_ok(), "{name}");
            for other in ["SHA256", "SHA512", "sha1", "MD5", ""] {
                assert_eq!(named(other), INVALID, "{name}: {other}");
            }
        }
    }
}

fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes).replace('+', "-").replace('=', "_").replace('/', "~")
}

fn signing_key() -> SigningKey {
    let pem = include_str!("vectors/p256.pem");
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    SigningKey::from_pkcs8_der(&STANDARD.decode(body).expect("base64")).expect("a key")
}

fn with(policy: &str, signature: &[u8]) -> Request {
    let request = Request::new(FOLDER, ENDS - 1).cookie("CloudFront-Policy", &encode(policy.as_bytes()));
    let request = request.cookie("CloudFront-Signature", &encode(signature)).cookie("CloudFront-Key-Pair-Id", "KP256");
    request.cookie("CloudFront-Hash-Algorithm", "SHA256")
}

/// Signed with the key of the vectors.
fn signed(policy: &str) -> Request {
    let signature: Signature = signing_key().sign(policy.as_bytes());
    with(policy, signature.to_der().as_bytes())
}

fn policy(resource: &str) -> String {
    json!({"Statement": [{"Resource": resource, "Condition": {"DateLessThan": {"AWS:EpochTime": ENDS}}}]}).to_string()
}

#[test]
fn the_same_policy_is_the_same_holder_however_it_is_signed() {
    let text = policy("*");
    let signature: Signature = signing_key().sign(text.as_bytes());
    // (r, n - s) holds where (r, s) does, and everybody can make it.
    let mirrored = Signature::from_scalars(*signature.r(), -*signature.s()).expect("a signature");
    let [one, other] = [signature, mirrored].map(|signature| {
        let grant = judged(&with(&text, signature.to_der().as_bytes())).expect("a grant");
        grant.account
    });
    assert_eq!(one, other);
    assert_ne!(one, judged(&signed(&policy("https://*"))).expect("a grant").account);
}

#[test]
fn a_signature_has_one_spelling() {
    let text = policy("*");
    let signature: Signature = signing_key().sign(text.as_bytes());
    let der = signature.to_der().as_bytes().to_vec();
    assert!(judged(&with(&text, &der)).is_ok());
    let longer = |bytes: &[u8]| [&[0x30, bytes.len() as u8 + 2, 0x02, bytes.len() as u8], bytes].concat();
    for bad in [
        signature.to_bytes().to_vec(),
        [&der[..], &[0]].concat(),
        der[..der.len() - 1].to_vec(),
        [&[0x30, 0x81], &der[1..]].concat(),
        longer(&[0; 40]),
        Vec::new(),
    ] {
        assert_eq!(judged(&with(&text, &bad)), INVALID, "{bad:02x?}");
    }
}

#[test]
fn what_is_signed_is_still_read_with_care() {
    assert!(judged(&signed(&policy("https://tv.example/v1/film/*"))).is_ok());
    assert_eq!(judged(&signed(&policy("https://tv.example/v1/f*?x=1"))), Err(Deny::TitleMismatch.into()));
    assert_eq!(judged(&signed("{}")), INVALID);
    assert_eq!(judged(&signed("")), INVALID);
    let twice = policy("https://other.example/*").replace("\"Resource\"", "\"Resource\":\"*\",\"Resource\"");
    assert_eq!(judged(&signed(&twice)), INVALID);
    let unknown = policy("*").replace("\"Condition\"", "\"NotResource\":\"*\",\"Condition\"");
    assert!(matches!(judged(&signed(&unknown)), Err(GrantError::Unsupported(what)) if what.contains("NotResource")));
    assert_eq!(judged(&signed(&policy(&"a".repeat(4096)))), INVALID);
}

#[test]
fn a_wrong_configuration_says_what_is_wrong() {
    let says = |keys: Value| {
        let config = serde_json::from_value(json!({"keys": keys})).expect("configuration");
        CloudFrontKeys::new(&config).err().expect("refused").to_string()
    };
    let key = |id: &str, pem: &str| json!({"id": id, "public_key": pem});
    assert!(says(json!([])).contains("empty"));
    let nine: Vec<Value> = (0..9).map(|at| key(&format!("K{at}"), P256)).collect();
    assert!(says(json!(nine)).contains("9 keys"));
    assert!(says(json!([key("", RSA)])).contains("letters and digits"));
    assert!(says(json!([key("K-1", RSA)])).contains("K-1"));
    assert!(says(json!([key("K", RSA), key("K", P256)])).contains("listed twice"));
    assert!(says(json!([key("K", "AAAA")])).contains("not a PEM"));
    assert!(says(json!([key("K", include_str!("vectors/rsa.pem"))])).contains("BEGIN PUBLIC KEY"));
    let ed25519 = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----";
    assert!(says(json!([key("K", ed25519)])).contains("neither"));
    let config = serde_json::from_value::<CloudFrontConfig>(json!({"keys": [], "sha-1": false}));
    assert!(config.expect_err("refused").to_string().contains("sha-1"));
}

proptest! {
    #[test]
    fn any_parameters_are_judged(query in "((Policy|Expires|Signature|Key-Pair-Id|Hash-Algorithm|x)=?[A-Za-z0-9~_-]{0,12}&?){0,6}") {
        let url = format!("{FOLDER}?{query}");
        prop_assert!(judged(&Request::new(&url, 1)).is_err());
    }

    #[test]
    fn any_cookies_are_judged(values in prop::collection::vec(("Policy|Expires|Signature|Key-Pair-Id|Hash-Algorithm", "\\PC{0,12}|KRSA|SHA1|e30_"), 0..6)) {
        let request = values.iter().fold(Request::new(FOLDER, 1), |request, (name, value)| request.cookie(&format!("CloudFront-{name}"), value));
        prop_assert!(judged(&request).is_err());
    }
}
