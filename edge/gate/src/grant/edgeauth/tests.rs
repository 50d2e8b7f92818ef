use proptest::prelude::*;
use serde_json::{Value, json};

use super::{super::testing::Request, *};

const EXP: u64 = 1_800_000_000;

fn file() -> Value {
    serde_json::from_str(include_str!("vectors/akamai-edgeauth.json")).expect("vectors")
}

/// A token that somebody else made, and how the edge must be configured for it.
#[derive(Debug)]
struct Vector {
    name: String,
    token: String,
    path: String,
    config: EdgeAuthConfig,
    st: Option<u64>,
    ip: Option<String>,
    id: Option<String>,
    data: Option<String>,
}

impl Vector {
    fn request(&self) -> Request {
        let url = format!("https://tv.example{}?x=1&hdnts={}", self.path, self.token);
        Request::new(&url, EXP - 1).from(self.ip.as_deref())
    }

    fn judged(&self, request: &Request) -> Result<Grant, GrantError> {
        keys(&self.config).verify(&request.presented())
    }
}

fn vectors() -> Vec<Vector> {
    let vector = |json: &Value| {
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let salt = text("salt").map(|_| "salt");
        let config = json!({"name": "hdnts", "keys": ["key"], "salt": salt, "escape_early": json["escaped"]});
        assert_eq!(json["exp"], EXP);
        Vector {
            name: text("name").expect("a name"),
            token: text("token").expect("a token"),
            path: text("path").expect("a path"),
            config: serde_json::from_value(config).expect("configuration"),
            st: json["st"].as_u64(),
            ip: text("ip"),
            id: text("id"),
            data: text("data"),
        }
    };
    let vectors: Vec<Vector> = file()["vectors"].as_array().expect("vectors").iter().map(vector).collect();
    assert_eq!(vectors.len(), 13);
    vectors
}

/// Those that are made with SHA-256.
fn sound() -> impl Iterator<Item = Vector> {
    vectors().into_iter().filter(|vector| !matches!(vector.name.as_str(), "sha1" | "md5"))
}

fn keys_of(config: &EdgeAuthConfig) -> Result<EdgeAuthKeys, EdgeAuthError> {
    let file = file();
    let key = file["key"].as_str().expect("a key");
    EdgeAuthKeys::new(config, |name| match name {
        "key" => Some(key.as_bytes()),
        "upper" => Some(b" 52A152A152A152A152A152A152A152A1\n"),
        "next" => Some(b"00112233445566778899aabbccddeeff"),
        "short" => Some(b"00112233445566778899aabbccddee"),
        "odd" => Some(b"00112233445566778899aabbccddeef"),
        "text" => Some(b"a key that is not hex digits, at"),
        "salt" => Some(b"a pinch"),
        "line" => Some(b"a pinch\n"),
        _ => None,
    })
}

fn keys(config: &EdgeAuthConfig) -> EdgeAuthKeys {
    keys_of(config).expect("keys")
}

fn config(json: Value) -> EdgeAuthConfig {
    serde_json::from_value(json).expect("configuration")
}

const INVALID: Result<Grant, GrantError> = Err(GrantError::Token(TokenError::Invalid));

/// A token that we make ourselves.
fn signed(text: &str, beyond: &str) -> String {
    let mut hmac =
        Hmac::<Sha256>::new_from_slice(&pairs(file()["key"].as_str().expect("a key").as_bytes()).expect("hex"))
            .expect("HMAC");
    hmac.update(format!("{text}{beyond}").as_bytes());
    let tag: String = hmac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{text}~hmac={tag}")
}

#[test]
fn what_akamais_library_signs_grants_what_it_says() {
    for mut vector in sound() {
        let request = vector.request();
        assert!(keys(&vector.config).is_presented(&request.presented()), "{vector:?}");
        let grant = vector.judged(&request).unwrap_or_else(|error| panic!("{vector:?}: {error}"));
        let net = vector.ip.as_deref().map(|ip| Net::host(ip.parse().expect("an address")));
        assert_eq!((grant.ends, grant.net, &grant.titles), (EXP, net, &None), "{vector:?}");
        assert!(matches!(grant.account, Account::Token(_)));
        assert_eq!(vector.judged(&request.clone().at(EXP)), Err(TokenError::Expired.into()), "{vector:?}");
        if let Some(st) = vector.st {
            assert!(vector.judged(&request.clone().at(st)).is_ok(), "{vector:?}");
            assert_eq!(vector.judged(&request.clone().at(st - 1)), INVALID, "{vector:?}");
        }
        for address in [Some("192.0.2.8"), Some("2001:db8::8"), None] {
            let outcome = vector.judged(&request.clone().from(address));
            let bound = vector.ip.is_some();
            assert_eq!(
                outcome,
                if bound { Err(Deny::AddressMismatch.into()) } else { Ok(grant.clone()) },
                "{vector:?}"
            );
        }
        for (field, name) in [(AccountField::Id, vector.id.clone()), (AccountField::Data, vector.data.clone())] {
            vector.config.account = Some(field);
            let account = vector.judged(&request).map(|grant| grant.account);
            let expected = name.map(Account::Named).ok_or(GrantError::Token(TokenError::Invalid));
            assert_eq!(account, expected, "{vector:?}");
        }
    }
}

#[test]
fn older_hashes_are_refused_by_name() {
    for (vector, named) in
        vectors().iter().filter(|vector| matches!(vector.name.as_str(), "sha1" | "md5")).zip(["SHA-1", "MD5"])
    {
        let outcome = vector.judged(&vector.request());
        assert!(matches!(&outcome, Err(GrantError::Unsupported(what)) if what.contains(named)), "{outcome:?}");
    }
}

#[test]
fn another_url_is_not_covered() {
    for vector in sound() {
        let everything = vector.token.contains("acl=/*");
        for path in [
            "/v1/other/main.m3u8",
            "/v1/film",
            "/V1/film/",
            "/v1/other/../film/",
            "/v1/film/../other/",
            "/v1/film/%2e%2e/other/",
            "/v1//film/",
            "/v1/%66ilm/",
            "/v1/film/..%2fother/",
        ] {
            let outcome =
                vector.judged(&vector.request().url(&format!("https://tv.example{path}?hdnts={}", vector.token)));
            let allowed =
                path == "/v1/other/main.m3u8" && vector.name.contains("several") || path == "/v1/film" && everything;
            let plain = !path.contains("..") && !path.contains("//") && !path.contains('%');
            let refused = outcome == INVALID || outcome == Err(Deny::TitleMismatch.into());
            assert!(refused || allowed || everything && plain, "{vector:?}: {path}: {outcome:?}");
        }
        let mut holder = vector.request().cookie("hdnts", &vector.token);
        holder.url = None;
        assert_eq!(vector.judged(&holder).is_ok(), vector.token.contains("acl="), "{vector:?}");
    }
}

#[test]
fn every_altered_bit_is_refused() {
    for vector in sound() {
        let keys = keys(&vector.config);
        for at in 0..vector.token.len() {
            for bit in 0..7 {
                let mut bytes = vector.token.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let token = String::from_utf8(bytes).expect("ASCII");
                for request in [
                    Request::new(&format!("https://tv.example{}", vector.path), EXP - 1).cookie("hdnts", &token),
                    vector.request().url(&format!("https://tv.example{}?hdnts={token}", vector.path)),
                ] {
                    let outcome = keys.verify(&request.from(vector.ip.as_deref()).presented());
                    assert!(outcome.is_err(), "{}: byte {at}, bit {bit}", vector.name);
                }
            }
        }
    }
}

#[test]
fn a_token_is_found_where_it_may_be_and_once() {
    let vector = sound().next().expect("a vector");
    let url = format!("https://tv.example{}", vector.path);
    let keys = keys(&vector.config);
    let plain = Request::new(&url, 1);
    assert!(!keys.is_presented(&plain.presented()));
    assert_eq!(keys.verify(&plain.presented()), Err(TokenError::Missing.into()));
    let mut header = plain.clone();
    header.headers.0.push(("hdnts".to_owned(), vector.token.clone()));
    let in_query = format!("{url}?hdnts={}", vector.token);
    for sound in [header.clone(), plain.clone().cookie("hdnts", &vector.token), plain.clone().url(&in_query)] {
        assert!(keys.is_presented(&sound.presented()) && keys.verify(&sound.presented()).is_ok());
    }
    // The query has the say.
    assert_eq!(keys.verify(&header.clone().url(&format!("{url}?hdnts=x")).presented()), INVALID);
    header.headers.0.push(("hdnts".to_owned(), vector.token.clone()));
    let twice = plain.clone().url(&format!("{in_query}&hdnts={}", vector.token));
    let cookies = plain.clone().cookie("hdnts", &vector.token).cookie("hdnts", &vector.token);
    for twice in [header, twice, cookies] {
        assert!(keys.is_presented(&twice.presented()));
        assert_eq!(keys.verify(&twice.presented()), INVALID);
    }
    let other = plain.url(&format!("{url}?hdnea={0}&hdnts2={0}", vector.token)).cookie("HDNTS", &vector.token);
    assert!(!keys.is_presented(&other.presented()));
}

#[test]
fn two_keys_serve_at_a_time() {
    let vector = sound().next().expect("a vector");
    let judged =
        |keys_: Value| keys(&config(json!({"name": "hdnts", "keys": keys_}))).verify(&vector.request().presented());
    assert!(judged(json!(["key"])).is_ok());
    assert!(judged(json!(["next", "upper"])).is_ok());
    assert_eq!(judged(json!(["next"])), INVALID);
    let salted = keys(&config(json!({"name": "hdnts", "keys": ["key"], "salt": "salt"})));
    assert_eq!(salted.verify(&vector.request().presented()), INVALID);
}

#[test]
fn what_is_signed_is_still_read_with_care() {
    let keys = keys(&config(json!({"keys": ["key"], "account": "id"})));
    let judged =
        |token: &str| keys.verify(&Request::new("https://h/v1/film/", 1).cookie("__token__", token).presented());
    assert!(judged(&signed("exp=2~acl=/v1/*~id=anna", "")).is_ok());
    assert!(judged(&signed("exp=2~id=anna", "~url=/v1/film/")).is_ok());
    // What the MAC of one form covers is not a token of the other.
    assert!(judged(&signed("exp=2~id=anna~url=/v1/film/", "")).is_err());
    assert!(judged(&signed("exp=2~acl=/v1/*~id=anna~salt=s", "")).is_err());
    assert_eq!(judged(&signed("exp=2~acl=/v1/*", "")), INVALID);
    assert_eq!(judged(&signed(&format!("exp=2~acl=/v1/*~id={}", "a".repeat(257)), "")), INVALID);
    assert_eq!(judged(&signed("exp=2~acl=/v1/*~id=a\u{1}b", "")), INVALID);
    assert_eq!(judged(&signed("acl=/v1/*~id=anna", "")), INVALID);
    assert_eq!(judged(&signed(&format!("exp=2~acl=/v1/*~id=a~data={}", "a".repeat(MAX_TOKEN)), "")), INVALID);
    let upper = signed("exp=2~acl=/v1/*~id=anna", "");
    let (text, tag) = upper.split_once("~hmac=").expect("a token");
    assert_eq!(judged(&format!("{text}~hmac={}", tag.to_ascii_uppercase())), INVALID);
    assert_eq!(judged(&format!("{upper}~hmac={tag}")), INVALID);
    assert_eq!(judged(tag), INVALID);
}

#[test]
fn a_wrong_configuration_says_what_is_wrong() {
    let says = |json: Value| keys_of(&config(json)).err().expect("refused").to_string();
    assert!(says(json!({"keys": []})).contains("empty"));
    assert!(says(json!({"keys": ["key", "key", "key"]})).contains("3 keys"));
    assert!(says(json!({"keys": ["key"], "name": ""})).contains("name"));
    assert!(says(json!({"keys": ["key"], "name": "a=b"})).contains("a=b"));
    assert!(says(json!({"keys": ["other"]})).contains("not deployed"));
    assert!(says(json!({"keys": ["odd"]})).contains("hex digits"));
    assert!(says(json!({"keys": ["text"]})).contains("hex digits"));
    assert!(says(json!({"keys": ["short"]})).contains("15 bytes"));
    assert!(says(json!({"keys": ["key"], "salt": "other"})).contains("not deployed"));
    assert!(says(json!({"keys": ["key"], "salt": "line"})).contains("line ends"));
    assert!(serde_json::from_value::<EdgeAuthConfig>(json!({"keys": ["key"], "account": "ip"})).is_err());
    let names = config(json!({"keys": ["a", "b"], "salt": "c"}));
    assert_eq!(names.secret_names().collect::<Vec<_>>(), ["a", "b", "c"]);
}

proptest! {
    #[test]
    fn any_token_is_judged(token in "\\PC{0,60}|(exp=[0-9]{1,9}~acl=/\\*)?~hmac=[0-9a-f]{32,64}") {
        let keys = keys(&config(json!({"keys": ["key"]})));
        let request = Request::new("https://h/v1/film/", 1).cookie("__token__", &token);
        prop_assert!(keys.verify(&request.presented()).is_err());
    }

    #[test]
    fn any_signed_text_is_judged(text in "\\PC{0,40}|((ip|st|exp|acl|id|data)=[0-9/*.]{0,6}~){0,6}exp=9") {
        let keys = keys(&config(json!({"keys": ["key"]})));
        let request = Request::new("https://h/v1/film/", 1).cookie("__token__", &signed(&text, ""));
        if let Ok(grant) = keys.verify(&request.presented()) {
            let ends = format!("exp={}", grant.ends);
            prop_assert!(text.split('~').any(|field| field.starts_with("exp=") && field.trim_start_matches("exp=").trim_start_matches('0') == &ends[4..]));
        }
    }
}
