mod renewal;
mod restrictions;

use core::net::IpAddr;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{cbor::Value, *};
use crate::{
    ClientFacts, Deny, Unix,
    grant::{Account, Lookup},
    rights::Region,
};

pub(super) const NOW: Unix = 1_800_000_000;
/// The key of the vectors.
const KEY: &str = "hex:403697de87af64611c1d32a05dab0fe1fcb715a86ab435f1ec99192d79569388";
const END: i64 = NOW as i64 + 3600;

pub(super) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

/// Keys whose secret `cat` is the vectors'.
pub(super) fn keys_of(config: Json) -> Result<CatKeys, CatKeysError> {
    let config: CatConfig = serde_json::from_value(config).expect("a configuration");
    CatKeys::new(&config, |name| match name {
        "cat" => Some(KEY.as_bytes()),
        "short" => Some(&KEY.as_bytes()[..66]),
        "odd" => Some(b"hex:0"),
        _ => None,
    })
}

fn keys() -> CatKeys {
    keys_of(json!({"keys": [{"kid": "k", "alg": "HS256", "secret": "cat"}], "tier": "gold"})).expect("keys")
}

/// A request, and the client that it comes from.
pub(super) struct Shown {
    pub(super) url: Option<&'static str>,
    pub(super) method: &'static str,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) address: &'static str,
    pub(super) country: Option<[u8; 2]>,
    pub(super) region: Option<Region>,
    pub(super) now: Unix,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            url: Some("https://tv.example/v1/film/cbcs/main.m3u8"),
            method: "GET",
            headers: Vec::new(),
            address: "192.0.2.7",
            country: Some(*b"DE"),
            region: None,
            now: NOW,
        }
    }
}

struct Named<'a>(Vec<(&'a str, &'a str)>);

impl Lookup for Named<'_> {
    fn each(&self, name: &str, take: &mut dyn FnMut(&str)) {
        self.0.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).for_each(|(_, value)| take(value));
    }
}

impl Shown {
    pub(super) fn judge(&self, keys: &CatKeys, token: &str) -> Result<Grant, GrantError> {
        self.with(keys, self.url, &[(HEADER, token)], &[])
    }

    fn with(
        &self,
        keys: &CatKeys,
        url: Option<&str>,
        headers: &[(&str, &str)],
        cookies: &[(&str, &str)],
    ) -> Result<Grant, GrantError> {
        let address: IpAddr = self.address.parse().expect("an address");
        let request = Presented {
            url,
            method: self.method,
            bearer: None,
            headers: &Named(self.headers.iter().chain(headers).copied().collect()),
            cookies: &Named(cookies.to_vec()),
            client: &ClientFacts {
                country: self.country,
                region: self.region,
                address: Some(address),
                ..ClientFacts::default()
            },
            now: self.now,
        };
        assert_eq!(keys.is_presented(&request), keys.verify(&request) != Err(TokenError::Missing.into()));
        keys.verify(&request)
    }
}

fn token_of(claims: &Value<'_>) -> String {
    mint(CatAlgorithm::Hs256, b"k", claims, |message| Some(hs256(&unhex(&KEY[4..]), message))).expect("a token")
}

/// A token that ends at [`END`], with these claims as well.
fn token(claims: Vec<(i64, Value<'_>)>) -> String {
    let given = |label| claims.iter().any(|(known, _)| *known == label);
    let mut all = claims.clone();
    for (label, value) in [(2, Value::Text("anna")), (4, Value::Int(END))] {
        if !given(label) {
            all.push((label, value));
        }
    }
    token_of(&Value::Map(all.into_iter().map(|(label, value)| (Value::Int(label), value)).collect()))
}

fn judged(claims: Vec<(i64, Value<'_>)>) -> Result<Grant, GrantError> {
    Shown::default().judge(&keys(), &token(claims))
}

fn map(entries: Vec<(i64, Value<'_>)>) -> Value<'_> {
    Value::Map(entries.into_iter().map(|(label, value)| (Value::Int(label), value)).collect())
}

fn texts<'a>(items: &[&'a str]) -> Value<'a> {
    Value::Array(items.iter().map(|item| Value::Text(item)).collect())
}

const INVALID: Result<Grant, GrantError> = Err(GrantError::Token(TokenError::Invalid));

fn unsupported(what: &str) -> Result<Grant, GrantError> {
    Err(GrantError::Unsupported(what.to_owned()))
}

#[test]
fn a_token_grants_what_it_says() {
    let grant = judged(vec![(6, Value::Int(NOW as i64 - 5))]).expect("a grant");
    let expected = Grant {
        account: Account::Named("anna".to_owned()),
        tier: "gold".to_owned(),
        titles: None,
        ends: END as u64,
        device: None,
        device_class: None,
        stream_limit: None,
        persistent: false,
        issued: Some(NOW - 5),
        net: None,
        places: None,
        replay: None,
        renewal: None,
        signed_by: "k".to_owned(),
    };
    assert_eq!(grant, expected);
}

#[test]
fn one_token_and_one_only_in_header_query_or_cookie() {
    let (keys, shown, token) = (keys(), Shown::default(), token(vec![]));
    let query = format!("https://tv.example/v1/film/?a=b&CAT={token}&c");
    let header = (HEADER, token.as_str());
    let named = |keys: &CatKeys, url: Option<&str>, headers: &[(&str, &str)], cookies: &[(&str, &str)]| {
        shown.with(keys, url, headers, cookies).map(|grant| grant.account)
    };
    let anna = Ok(Account::Named("anna".to_owned()));
    assert_eq!(named(&keys, None, &[header], &[]), anna);
    assert_eq!(named(&keys, Some(&query), &[], &[]), anna);
    assert_eq!(named(&keys, None, &[], &[header]), anna);
    let invalid = Err(TokenError::Invalid.into());
    for (url, headers, cookies) in [
        (None, vec![header, header], vec![]),
        (None, vec![header], vec![header]),
        (None, vec![], vec![header, header]),
        (Some(query.as_str()), vec![header], vec![]),
        (Some(query.as_str()), vec![], vec![header]),
        (Some("https://h/?CAT="), vec![], vec![]),
        (Some("https://h/?CAT"), vec![header], vec![]),
        (None, vec![(HEADER, "")], vec![]),
    ] {
        assert_eq!(named(&keys, url, &headers, &cookies), invalid, "{url:?} {headers:?} {cookies:?}");
    }
    let twice = format!("{query}&CAT={token}");
    assert_eq!(named(&keys, Some(&twice), &[], &[]), invalid);
    assert_eq!(named(&keys, Some("https://h/?cat=x"), &[], &[]), Err(TokenError::Missing.into()));
    let config = json!({"keys": [{"kid": "k", "alg": "HS256", "secret": "cat"}], "parameter": "t", "cookie": "c"});
    let keys = keys_of(config).expect("keys");
    assert_eq!(named(&keys, Some(&format!("https://h/?t={token}")), &[], &[]), anna);
    assert_eq!(named(&keys, None, &[], &[("c", &token)]), anna);
    assert_eq!(named(&keys, Some(&query), &[], &[header]), Err(TokenError::Missing.into()));
}

#[test]
fn a_token_has_one_spelling_and_a_length() {
    let (keys, shown, sound) = (keys(), Shown::default(), token(vec![]));
    let padded = format!("{sound}{}", "=".repeat((4 - sound.len() % 4) % 4 + 1));
    for bad in [padded, format!("{sound}."), format!(" {sound}"), sound.replace('_', "/"), sound.to_lowercase()] {
        assert!(bad == sound || shown.judge(&keys, &bad) == INVALID, "{bad}");
    }
    let long = "x".repeat(9000);
    let claims = map(vec![(1, Value::Text(&long)), (4, Value::Int(END))]);
    assert!(matches!(mint(CatAlgorithm::Hs256, b"k", &claims, |_| Some(vec![0; 32])), Err(MintError::TooLong(_))));
    assert_eq!(shown.judge(&keys, &"A".repeat(MAX_TOKEN + 4)), INVALID);
    assert_eq!(mint(CatAlgorithm::Hs256, b"k", &Value::Null, |_| None), Err(MintError::Claims));
    assert_eq!(mint(CatAlgorithm::Hs256, b"k", &map(vec![]), |_| None), Err(MintError::Unsigned));
}

#[test]
fn the_envelope_is_strict() {
    let (keys, shown) = (keys(), Shown::default());
    let payload = map(vec![(2, Value::Text("anna")), (4, Value::Int(END))]).to_vec();
    let secret = unhex(&KEY[4..]);
    let made = |structure, protected: &[u8], unprotected: Vec<(i64, Value<'_>)>| {
        let tag = hs256(&secret, &cose::to_be_authenticated(structure, protected, &payload));
        let Value::Map(unprotected) = map(unprotected) else { unreachable!("a map") };
        shown.judge(&keys, &URL_SAFE_NO_PAD.encode(cose::wrap(structure, protected, unprotected, &payload, &tag)))
    };
    let mac0 = cose::Structure::Mac0;
    let kid = || Value::Bytes(b"k");
    assert!(made(mac0, &cose::protected(5, b"k"), vec![]).is_ok());
    assert!(made(mac0, &map(vec![(1, Value::Int(5))]).to_vec(), vec![(4, kid()), (3, Value::Null)]).is_ok());
    assert_eq!(made(cose::Structure::Sign1, &cose::protected(5, b"k"), vec![]), INVALID);
    assert_eq!(made(mac0, &cose::protected(5, b"other"), vec![]), INVALID);
    assert_eq!(made(mac0, &cose::protected(-7, b"k"), vec![]), INVALID);
    assert_eq!(made(mac0, &cose::protected(99, b"k"), vec![]), unsupported("alg 99"));
    assert_eq!(made(mac0, &[], vec![(1, Value::Int(5)), (4, kid())]), INVALID);
    assert_eq!(made(mac0, &map(vec![(1, Value::Text("HS256"))]).to_vec(), vec![(4, kid())]), INVALID);
    // In both headers: the same, or something else.
    assert_eq!(made(mac0, &cose::protected(5, b"k"), vec![(4, kid())]), INVALID);
    assert_eq!(made(mac0, &cose::protected(5, b"k"), vec![(1, Value::Int(-7))]), INVALID);
    assert_eq!(made(mac0, &cose::protected(5, b"k"), vec![(2, Value::Array(vec![]))]), unsupported("crit"));
    assert_eq!(made(mac0, &[0x80], vec![(4, kid())]), INVALID);
    let bytes = URL_SAFE_NO_PAD.decode(token(vec![])).expect("base64url");
    let shows = |bytes: &[u8]| shown.judge(&keys, &URL_SAFE_NO_PAD.encode(bytes));
    // Without its tags, with one twice, with something behind it.
    assert!(shows(&bytes).is_ok() && shows(&bytes[2..]).is_ok());
    assert_eq!(shows(&bytes[3..]), INVALID);
    assert_eq!(shows(&[&[0xd8, 61], bytes.as_slice()].concat()), unsupported("CBOR tag 61"));
    assert_eq!(shows(&[bytes.as_slice(), &[0]].concat()), INVALID);
    for cut in 0..bytes.len() {
        assert_eq!(shows(&bytes[..cut]), INVALID, "{cut}");
    }
}

#[test]
fn whose_and_when() {
    let config = json!({
        "issuer": "i", "audience": "a", "keys": [{"kid": "k", "alg": "HS256", "secret": "cat"}], "leeway_seconds": 10,
    });
    let strict = keys_of(config).expect("keys");
    let shown = Shown::default();
    let of = |claims| shown.judge(&strict, &token(claims));
    let (i, a) = (|| (1, Value::Text("i")), || (3, Value::Text("a")));
    assert!(of(vec![i(), a()]).is_ok() && of(vec![i(), (3, texts(&["b", "a"]))]).is_ok());
    for claims in [
        vec![a()],
        vec![i()],
        vec![(1, Value::Text("I")), a()],
        vec![(1, Value::Bytes(b"i")), a()],
        vec![i(), (3, Value::Text("b"))],
        vec![i(), (3, texts(&[]))],
        vec![i(), (3, Value::Bytes(b"a"))],
    ] {
        assert_eq!(of(claims.clone()), INVALID, "{claims:?}");
    }
    // An audience where none is configured.
    assert_eq!(judged(vec![a()]), INVALID);
    let at = NOW as i64;
    for (label, value, good) in [
        (5, Value::Int(at + 10), true),
        (5, Value::Int(at + 11), false),
        (5, Value::Float(NOW as f64 + 10.5), false),
        (6, Value::Float(NOW as f64 + 9.5), true),
        (6, Value::Int(at + 11), false),
        (5, Value::Text("0"), false),
        (6, Value::Int(-1), false),
        (4, Value::Float(END as f64 + 0.5), true),
        (4, Value::Float(f64::NAN), false),
        (4, Value::Float(f64::INFINITY), false),
        (4, Value::Int(-1), false),
        (4, Value::Null, false),
        (4, Value::Tag(1, Box::new(Value::Int(END))), false),
        (2, Value::Text(""), false),
        (2, Value::Text("a\nb"), false),
        (2, Value::Int(1), false),
    ] {
        assert_eq!(judged(vec![(label, value.clone())]).is_ok(), good, "{label} {value:?}");
    }
    assert_eq!(judged(vec![(4, Value::Int(at))]), Err(TokenError::Expired.into()));
    assert_eq!(judged(vec![(4, Value::Float(NOW as f64 + 0.9))]), Err(TokenError::Expired.into()));
    assert!(judged(vec![(4, Value::Int(at + 1))]).is_ok());
    // What is restricted by more than its end is told so, or refused, before its end is.
    assert_eq!(judged(vec![(4, Value::Int(at)), (999, Value::Null)]), unsupported("claim 999"));
}

#[test]
fn a_wrong_configuration_says_what_is_wrong() {
    let says = |config: Json| keys_of(config).err().expect("an error").to_string();
    let key = |kid: &str| json!({"kid": kid, "alg": "HS256", "secret": "cat"});
    let listed = |keys: Vec<Json>| says(json!({ "keys": keys }));
    assert!(listed(vec![]).contains("empty"));
    assert!(listed(["a", "b", "c", "d", "e"].map(key).to_vec()).contains("at most 4"));
    assert!(listed(vec![key("")]).contains("empty"));
    assert!(listed(vec![key("hex:0")]).contains("hex"));
    assert!(listed(vec![key("a"), key("hex:61")]).contains("twice"));
    assert!(listed(vec![json!({"kid": "a", "alg": "HS256", "secret": "none"})]).contains("not deployed"));
    assert!(listed(vec![json!({"kid": "a", "alg": "HS256", "secret": "odd"})]).contains("hex digits"));
    assert!(listed(vec![json!({"kid": "a", "alg": "HS256", "secret": "short"})]).contains("at least 32"));
    assert!(listed(vec![json!({"kid": "a", "alg": "HS256", "public_key": "x"})]).contains("takes secret"));
    assert!(listed(vec![json!({"kid": "a", "alg": "PS256", "secret": "cat"})]).contains("takes public_key"));
    assert!(listed(vec![json!({"kid": "a", "alg": "ES256", "public_key": "x"})]).contains("PEM"));
    assert!(says(json!({"keys": [key("a")], "leeway_seconds": 301})).contains("300"));
    assert!(says(json!({"keys": [key("a")], "parameter": "a b"})).contains("parameter"));
    assert!(says(json!({"keys": [key("a")], "cookie": ""})).contains("cookie"));
    assert!(serde_json::from_value::<CatConfig>(json!({"keys": [], "kid": "x"})).is_err());
    assert!(serde_json::from_value::<CatConfig>(json!({"keys": [{"kid": "a", "alg": "RS256"}]})).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_refused_and_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), text: String) {
        let (keys, shown) = (keys(), Shown::default());
        prop_assert!(shown.judge(&keys, &URL_SAFE_NO_PAD.encode(&bytes)).is_err());
        prop_assert!(shown.judge(&keys, &text).is_err());
        // As claims that are authenticated.
        let protected = cose::protected(5, b"k");
        let tag = hs256(&unhex(&KEY[4..]), &cose::to_be_authenticated(cose::Structure::Mac0, &protected, &bytes));
        let token = cose::wrap(cose::Structure::Mac0, &protected, vec![], &bytes, &tag);
        prop_assert!(shown.judge(&keys, &URL_SAFE_NO_PAD.encode(token)).is_err());
    }

    #[test]
    fn a_byte_that_is_changed_is_refused(at: prop::sample::Index, by in 1..=255u8) {
        let mut bytes = URL_SAFE_NO_PAD.decode(token(vec![])).expect("base64url");
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        prop_assert!(Shown::default().judge(&keys(), &URL_SAFE_NO_PAD.encode(&bytes)).is_err());
    }
}
