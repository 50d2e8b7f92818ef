//! Tokens that others made: RFC 8392's, and those of three other implementations (`testdata/README.md`).

use serde_json::Value as Json;

use super::{tests::*, *};
use crate::{
    Deny, Net,
    grant::{Account, Renewal},
};

/// RFC 8392, A.2.3: x, y.
const P256: &str = "143329cce7868e416927599cf65a34f3ce2ffda55a7eca69ed8919a394d42f0f60f7f1a780d8a783bfb7a2dd6b2796e8128dbbcef9d3d168db9529971a36e7b9";
/// RFC 8392, A.3: a signed CWT.
const SIGNED: &str = "d28443a10126a104524173796d6d657472696345434453413235365850a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b7158405427c1ff28d23fbad1f29c4c7c6a555e601d6fa29f9179bc3d7438bacaca5acd08c8d4d4f96131680c429a01f85951ecee743a52b9b63632c57209120e1c9e30";
/// RFC 8392, A.4: a MACed CWT, HMAC 256/64.
const MACED: &str = "d83dd18443a10104a1044c53796d6d65747269633235365850a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b7148093101ef6d789200";

/// An uncompressed point of P-256, in SubjectPublicKeyInfo (RFC 5480, 2).
fn p256_pem(point: &str) -> String {
    use base64::engine::general_purpose::STANDARD;
    let der = unhex(&format!("3059301306072a8648ce3d020106082a8648ce3d03010703420004{point}"));
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}

#[test]
fn the_examples_of_rfc_8392() {
    let config = serde_json::json!({
        "issuer": "coap://as.example.com", "audience": "coap://light.example.com",
        "keys": [
            {"kid": "AsymmetricECDSA256", "alg": "ES256", "public_key": p256_pem(P256)},
            {"kid": "Symmetric256", "alg": "HS256", "secret": "cat"},
        ],
    });
    let keys = keys_of(config).expect("keys");
    let shown = Shown { now: 1_444_000_000, ..Shown::default() };
    let signed = URL_SAFE_NO_PAD.encode(unhex(SIGNED));
    let grant = shown.judge(&keys, &signed).expect("it verifies");
    assert_eq!((grant.account, grant.ends), (Account::Named("erikw".to_owned()), 1_444_064_944));
    assert_eq!(grant.issued, Some(1_443_944_944));
    let late = Shown { now: 1_444_064_944, ..Shown::default() };
    assert_eq!(late.judge(&keys, &signed), Err(TokenError::Expired.into()));
    let early = Shown { now: 1_443_944_900, ..Shown::default() };
    assert_eq!(early.judge(&keys, &signed), Err(TokenError::Invalid.into()));
    let maced = URL_SAFE_NO_PAD.encode(unhex(MACED));
    assert_eq!(shown.judge(&keys, &maced), Err(GrantError::Unsupported("alg HMAC 256/64".to_owned())));
}

struct File {
    document: Json,
}

impl File {
    fn read(text: &str) -> Self {
        Self { document: serde_json::from_str(text).expect("JSON") }
    }

    fn token(&self, name: &str) -> &str {
        self.document["tokens"][name].as_str().unwrap_or_else(|| panic!("no token {name}"))
    }

    fn names(&self) -> Vec<&str> {
        self.document["tokens"].as_object().expect("tokens").keys().map(String::as_str).collect()
    }
}

fn unsupported(what: &str) -> GrantError {
    GrantError::Unsupported(what.to_owned())
}

/// What is expected of a token: that what is said of its grant holds, or an error.
type Expected = Result<fn(&Grant) -> bool, GrantError>;

fn each(file: &File, keys: &CatKeys, shown: &Shown, expected: &[(&str, Expected)]) {
    for (name, expected) in expected {
        match (shown.judge(keys, file.token(name)), expected) {
            (Ok(grant), Ok(holds)) => assert!(holds(&grant), "{name}: {grant:?}"),
            (Err(error), Err(expected)) => assert_eq!(error, *expected, "{name}"),
            (judged, _) => panic!("{name}: {judged:?}"),
        }
    }
    for name in file.names() {
        assert!(expected.iter().any(|(known, _)| *known == name), "{name} is not judged");
    }
}

fn renewed(grant: &Grant, name: &str, cookie: Option<&str>) -> bool {
    grant.renewal.as_ref().is_some_and(|renewal: &Renewal| renewal.name == name && renewal.cookie.as_deref() == cookie)
}

#[test]
fn tokens_of_node_cat() {
    let file = File::read(include_str!("testdata/node-cat.json"));
    let keys = keys_of(serde_json::json!({
        "issuer": "eyevinn", "audience": "sluice", "keys": [{"kid": "Symmetric256", "alg": "HS256", "secret": "cat"}],
    }))
    .expect("keys");
    let shown = Shown { headers: vec![("x-player", "ours")], ..Shown::default() };
    let named = |grant: &Grant| grant.account == Account::Named("jonas".to_owned()) && grant.ends == 1_800_003_600;
    let mismatch = || GrantError::Denied(Deny::TitleMismatch);
    let expected: Vec<(&str, Expected)> = vec![
        ("base", Ok(named)),
        (
            "all",
            Ok(|grant| {
                grant.net == Some(Net::V4([192, 0, 2]))
                    && grant.places.as_deref() == Some(&["DE".to_owned(), "US-CA".to_owned()])
                    && grant.replay.as_ref().is_some_and(|replay| replay.refuse && replay.until == 1_800_003_600)
                    && renewed(grant, HEADER, None)
            }),
        ),
        ("catr cookie", Ok(|grant| renewed(grant, "cat", Some("Path=/v1; Secure")))),
        (
            "catr header",
            Ok(|grant| {
                renewed(grant, "X-Cat", None) && grant.renewal.as_ref().is_some_and(|it| it.token.ends_with("; a=b"))
            }),
        ),
        ("catr early", Ok(|grant| grant.renewal.is_none())),
        ("catr redirect", Err(unsupported("catr by redirect"))),
        ("catnip address", Ok(|grant| grant.net == Some(Net::V4Host([192, 0, 2, 7])))),
        ("catnip v6", Err(GrantError::Denied(Deny::AddressMismatch))),
        ("catu file", Ok(named)),
        ("catu query", Err(mismatch())),
        ("catu regex", Err(unsupported("a match by regular expression"))),
        // A byte string in the standard and in other implementations.
        ("catu sha256 in hex", Err(TokenError::Invalid.into())),
        ("catreplay reuse", Ok(|grant| grant.replay.as_ref().is_some_and(|replay| !replay.refuse))),
        ("no sub", Ok(|grant| matches!(grant.account, Account::Token(_)))),
        ("no exp", Err(TokenError::Invalid.into())),
        ("catpor", Err(unsupported("catpor"))),
        ("geohash", Err(unsupported("geohash"))),
        ("catgeocoord", Err(unsupported("catgeocoord"))),
        ("cattpk", Err(unsupported("cattpk"))),
        ("catalpn", Err(unsupported("catalpn"))),
        ("catifdata", Err(unsupported("catifdata"))),
        ("catif", Err(unsupported("catif"))),
        ("catv 2", Err(unsupported("another catv than 1"))),
        // Its payload is text: the digits of a map.
        ("untagged, its payload in hex", Err(TokenError::Invalid.into())),
    ];
    each(&file, &keys, &shown, &expected);
    let query = Shown { url: Some("https://tv.example/v1/film/cbcs/main.m3u8?a=1&b=2"), ..Shown::default() };
    assert!(query.judge(&keys, file.token("catu query")).is_ok());
    let v6 = Shown { address: "2001:db8:1:2::7", ..shown };
    let host = Net::V6Host([0x20, 1, 0xd, 0xb8, 0, 1, 0, 2]);
    assert_eq!(v6.judge(&keys, file.token("catnip v6")).expect("a grant").net, Some(host));
    assert_eq!(v6.judge(&keys, file.token("all")).expect("a grant").net, Some(Net::V6([0x20, 1, 0xd, 0xb8, 0, 1])));
}

#[test]
fn tokens_of_the_crate() {
    let file = File::read(include_str!("testdata/crate.json"));
    let keys = keys_of(serde_json::json!({
        "issuer": "issuer", "audience": "sluice", "keys": [{"kid": "crate", "alg": "HS256", "secret": "cat"}],
    }))
    .expect("keys");
    let named = |grant: &Grant| grant.account == Account::Named("anna".to_owned()) && grant.replay.is_none();
    let expected: Vec<(&str, Expected)> = vec![
        ("base", Ok(named)),
        ("kid unprotected, bytes", Ok(named)),
        ("catu", Ok(named)),
        ("catu file", Ok(named)),
        ("catu sha256", Ok(named)),
        ("catu sha512-256", Ok(named)),
        ("catu regex", Err(unsupported("a match by regular expression"))),
        ("catm", Ok(named)),
        ("catm POST", Err(Deny::NotEntitled.into())),
        ("catreplay prohibited", Ok(|grant| grant.replay.as_ref().is_some_and(|replay| replay.refuse))),
        ("catreplay permitted", Ok(named)),
        ("catreplay reuse", Ok(|grant| grant.replay.as_ref().is_some_and(|replay| !replay.refuse))),
        ("catr cookie", Ok(|grant| renewed(grant, "cat", Some("Path=/v1; Secure")))),
        ("catr header", Ok(|grant| renewed(grant, "X-Cat", None))),
        ("catr redirect", Err(unsupported("catr by redirect"))),
        ("cattprint", Err(unsupported("cattprint"))),
        ("private claim", Err(unsupported("claim -70000"))),
    ];
    each(&file, &keys, &Shown::default(), &expected);
    // Another file than the digests are of.
    let other = Shown { url: Some("https://tv.example/v1/film/cenc/main.m3u8"), ..Shown::default() };
    for name in ["catu sha256", "catu sha512-256"] {
        assert_eq!(other.judge(&keys, file.token(name)), Err(Deny::TitleMismatch.into()), "{name}");
    }
}

#[test]
fn tokens_of_python_cwt_in_every_algorithm() {
    let file = File::read(include_str!("testdata/python-cwt.json"));
    let public = |name: &str| file.document["public"][name].as_str().expect("PEM").to_owned();
    let secret = unhex(file.document["secret"].as_str().expect("hex"));
    let config: CatConfig = serde_json::from_value(serde_json::json!({
        "issuer": "issuer", "audience": "sluice",
        "keys": [
            {"kid": "mac", "alg": "HS256", "secret": "cat"},
            {"kid": "hex:70323536", "alg": "ES256", "public_key": public("p256")},
            {"kid": "rsa", "alg": "PS256", "public_key": public("rsa")},
        ],
    }))
    .expect("a configuration");
    let keys = CatKeys::new(&config, |_| Some(secret.as_slice())).expect("keys");
    let named = |grant: &Grant| grant.account == Account::Named("anna".to_owned());
    let mut expected: Vec<(&str, Expected)> = vec![
        ("HS256/64", Err(unsupported("alg HMAC 256/64"))),
        ("HS384", Err(unsupported("alg HMAC 384/384"))),
        ("HS512", Err(unsupported("alg HMAC 512/512"))),
        ("HS256, alg unprotected", Err(TokenError::Invalid.into())),
        ("HS256, crit", Err(unsupported("crit"))),
        ("HS256, no kid", Err(TokenError::Invalid.into())),
        ("ES384", Err(unsupported("alg ES384"))),
        ("ES512", Err(unsupported("alg ES512"))),
        ("ES256K", Err(unsupported("alg ES256K"))),
        ("EdDSA", Err(unsupported("alg EdDSA"))),
        ("PS384", Err(unsupported("alg PS384"))),
        ("PS512", Err(unsupported("alg PS512"))),
        ("RS256", Err(unsupported("alg RS256"))),
        ("COSE_Sign", Err(unsupported("CBOR tag 98"))),
        ("COSE_Mac", Err(unsupported("CBOR tag 97"))),
        ("COSE_Encrypt0", Err(unsupported("CBOR tag 16"))),
    ];
    let sound =
        ["HS256", "HS256, CWT tag left out", "HS256, kid unprotected", "ES256", "PS256", "ES256, kid unprotected"];
    expected.extend(sound.map(|name| (name, Ok(named as fn(&Grant) -> bool))));
    each(&file, &keys, &Shown::default(), &expected);
    for name in sound {
        flipped(&keys, file.token(name));
    }
}

/// One bit is changed, anywhere: the token is refused, or it was in what is not authenticated and grants the same.
fn flipped(keys: &CatKeys, token: &str) {
    let bytes = URL_SAFE_NO_PAD.decode(token).expect("base64url");
    let (message, shown) = (cose::parse(&bytes).expect("a message"), Shown::default());
    let grant = shown.judge(keys, token).expect("a grant");
    let mut same = 0;
    for at in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[at / 8] ^= 1 << (at % 8);
        if let Ok(other) = shown.judge(keys, &URL_SAFE_NO_PAD.encode(&changed)) {
            let read = cose::parse(&changed).expect("a message");
            assert_eq!((read.structure, read.protected), (message.structure, message.protected), "bit {at}");
            assert_eq!((read.payload, read.tag), (message.payload, message.tag), "bit {at}");
            assert_ne!(read.unprotected_header, message.unprotected_header, "bit {at}");
            assert_eq!(other, grant, "bit {at}");
            same += 1;
        }
    }
    // There, what is not the key's id is not looked at, and its id may be text.
    let unprotected = message.unprotected_header.entries().is_some_and(|entries| !entries.is_empty());
    assert_eq!(same > 0, unprotected, "{same} changes were accepted");
}
