//! Sessions from the tokens of CDNs, which others made.

use http::Method;
use serde_json::{Value, json};

use super::support::{Answer, MemoryHost};

const ENDS: u64 = 1_800_000_000;
const BODY: &[u8] = br#"{"title":"film","device":"tv"}"#;

macro_rules! vectors {
    ($path:literal) => {
        include_str!(concat!("../../../gate/src/grant/", $path))
    };
}

/// A host that takes both kinds, a second before the vectors end, and a client that they may be used from.
fn host() -> MemoryHost {
    let host = MemoryHost::new();
    let key = |id: &str, pem: &str| json!({"id": id, "public_key": pem});
    let keys = [
        key("KRSA", vectors!("cloudfront/vectors/rsa.pub.pem")),
        key("KP256", vectors!("cloudfront/vectors/p256.pub.pem")),
    ];
    host.config.borrow_mut()["public_url"] = "https://tv.example".into();
    host.config.borrow_mut()["cloudfront"] = json!({"keys": keys});
    host.config.borrow_mut()["edgeauth"] = json!({"name": "hdnts", "keys": ["akamai_key"]});
    host.client.borrow_mut().address = Some([192, 0, 2, 7].into());
    host.now.set(ENDS - 1);
    host
}

/// The token of that name, as what follows a `?` and as what a `Cookie` header has.
fn token(file: &str, name: &str) -> (String, String) {
    let vectors: Value = serde_json::from_str(file).expect("vectors");
    let vectors = vectors.as_array().or_else(|| vectors["vectors"].as_array()).expect("vectors").clone();
    let vector = vectors.iter().find(|vector| vector["name"] == name).expect("a vector");
    if let Some(token) = vector["token"].as_str() {
        return (format!("hdnts={token}"), format!("hdnts={token}"));
    }
    let query = vector["url"].as_str().and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let cookies = vector["cookies"].as_object().into_iter().flatten();
    let cookies: Vec<String> = cookies.map(|(name, value)| format!("{name}={}", text(value))).collect();
    (query.to_owned(), cookies.join("; "))
}

fn created(host: &MemoryHost, query: &str, cookie: &str) -> Answer {
    host.call(
        Method::POST,
        &format!("/v1/sessions?{query}"),
        &[("cookie", cookie), ("content-type", "application/json")],
        BODY,
    )
}

/// A segment by a session's handle.
fn segment(created: &Answer) -> String {
    let folder = created.json()["hls"][0]["url"].as_str().expect("a URL").replace("https://tv.example", "");
    folder.replace("cbcs/main.m3u8", "cenc/t-en/1.vtt?v=1").replace("cenc/main.m3u8", "cenc/t-en/1.vtt?v=1")
}

#[test]
fn a_cdns_token_opens_a_session_that_ends_with_it() {
    let (botocore, aws) = (vectors!("cloudfront/vectors/botocore.json"), vectors!("cloudfront/vectors/aws-sdk.json"));
    let akamai = vectors!("edgeauth/vectors/akamai-edgeauth.json");
    for (file, name, by_query) in [
        (botocore, "botocore, custom, RSA with SHA-1", true),
        (botocore, "botocore, custom, ECDSA with SHA-256", true),
        (aws, "@aws-sdk/cloudfront-signer, canned cookies, ECDSA with SHA1", false),
        (aws, "@aws-sdk/cloudfront-signer, custom cookies, RSA with SHA256", false),
        (akamai, "one ACL, as it is", true),
        (akamai, "one ACL, as it is", false),
    ] {
        let host = host();
        let (query, cookie) = match (by_query, token(file, name)) {
            (true, (query, _)) => (query, String::new()),
            (false, (_, cookie)) => (String::new(), cookie),
        };
        let answer = created(&host, &query, &cookie);
        assert_eq!(answer.status, 201, "{name}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.json()["ends"], ENDS, "{name}");
        let logged = host.log.borrow().join("\n");
        assert!(!logged.contains("Signature") && !logged.contains("hmac"), "a token is a credential: {logged}");
        let segment = segment(&answer);
        assert_eq!(host.get(&segment, &[]).status, 200, "{name}");
        host.pass(1);
        assert_eq!(host.get(&segment, &[]).status, 401, "{name}");
        assert_eq!(created(&host, &query, &cookie).problem(), (401, "token_expired".to_owned()), "{name}");
    }
}

#[test]
fn a_cdns_token_for_something_else_is_refused() {
    let host = host();
    let (query, _) = token(vectors!("cloudfront/vectors/botocore.json"), "botocore, custom, RSA with SHA-1");
    let other = host.call(
        Method::POST,
        &format!("/v1/sessions?{query}"),
        &[("content-type", "application/json")],
        br#"{"title":"other"}"#,
    );
    assert_eq!(other.problem(), (403, "title_mismatch".to_owned()));
    host.client.borrow_mut().address = Some([198, 51, 100, 7].into());
    assert_eq!(created(&host, &query, "").problem(), (403, "address_mismatch".to_owned()));
    let altered = query.replacen("Signature=", "Signature=A", 1);
    assert_eq!(created(&host, &altered, "").problem(), (401, "token_invalid".to_owned()));
    let (query, _) = token(vectors!("edgeauth/vectors/akamai-edgeauth.json"), "sha1");
    assert_eq!(created(&host, &query, "").problem(), (401, "token_invalid".to_owned()));
    assert!(host.log.borrow().iter().any(|line| line.contains("SHA-1")), "{:?}", host.log.borrow());
}

#[test]
fn a_signed_manifest_leads_to_itself_by_a_handle() {
    let botocore = vectors!("cloudfront/vectors/botocore.json");
    let akamai = vectors!("edgeauth/vectors/akamai-edgeauth.json");
    for (file, name, path, own) in [
        (botocore, "botocore, canned, RSA with SHA-1", "/v1/film/cbcs/main.m3u8", "?ks=widevine"),
        (botocore, "botocore, canned, ECDSA with SHA-1", "/v1/film/cbcs/main.m3u8", "?ks=widevine"),
        (akamai, "URL, as it is", "/v1/film/cenc/manifest.mpd", ""),
    ] {
        let host = host();
        host.config.borrow_mut()["manifest_grants"] = true.into();
        let (query, _) = token(file, name);
        let answer = host.get(&format!("{path}?{query}"), &[]);
        assert_eq!(answer.status, 307, "{name}: {}", String::from_utf8_lossy(&answer.body));
        let location = answer.header("location").expect("location").replace("https://tv.example", "");
        assert!(location.starts_with("/~") && location.ends_with(&format!("{path}{own}")), "{location}");
        assert_eq!(host.get(&location, &[]).status, 200, "{name}");
        // It was signed for that manifest and no other.
        let other = path.replace("cbcs/main.m3u8", "cenc/main.m3u8").replace("cenc/manifest.mpd", "cbcs/manifest.mpd");
        assert_eq!(host.get(&format!("{other}?{query}"), &[]).problem(), (401, "token_invalid".to_owned()), "{name}");
    }
}

#[test]
fn a_wrong_configuration_opens_nothing_and_is_told_to_the_log() {
    for (kind, config, said) in [
        ("cloudfront", json!({"keys": []}), "configuration: cloudfront: keys is empty"),
        ("edgeauth", json!({"keys": ["akamai_key"], "name": ""}), "configuration: edgeauth: name"),
        ("edgeauth", json!({"keys": ["missing"]}), "missing is not deployed"),
    ] {
        let host = host();
        host.config.borrow_mut()[kind] = config;
        assert_eq!(host.create("ann", "tv").problem(), (500, "internal".to_owned()));
        assert!(host.log.borrow().iter().any(|line| line.contains(said)), "{:?}", host.log.borrow());
    }
}

#[test]
fn a_listed_key_of_a_cdn_opens_nothing_and_its_sessions_end() {
    let (botocore, aws) = (vectors!("cloudfront/vectors/botocore.json"), vectors!("cloudfront/vectors/aws-sdk.json"));
    let akamai = vectors!("edgeauth/vectors/akamai-edgeauth.json");
    for (file, name, by_query, key) in [
        (botocore, "botocore, custom, RSA with SHA-1", true, "KRSA"),
        (botocore, "botocore, custom, ECDSA with SHA-256", true, "KP256"),
        (aws, "@aws-sdk/cloudfront-signer, custom cookies, RSA with SHA256", false, "KRSA"),
        (akamai, "one ACL, as it is", true, "akamai_key"),
    ] {
        let host = host();
        let (query, cookie) = token(file, name);
        let (query, cookie) = if by_query { (query, String::new()) } else { (String::new(), cookie) };
        let list = |key: &str| host.config.borrow_mut()["denylist"] = json!({"kids": [key]});
        list("K");
        let answer = created(&host, &query, &cookie);
        assert_eq!(answer.status, 201, "{name}: {}", String::from_utf8_lossy(&answer.body));
        let segment = segment(&answer);
        assert_eq!(host.get(&segment, &[]).status, 200, "{name}");
        list(key);
        assert_eq!(created(&host, &query, &cookie).problem(), (401, "token_invalid".to_owned()), "{name}");
        assert_eq!(host.get(&segment, &[]).problem(), (410, "session_ended".to_owned()), "{name}");
    }
    // On a manifest's URL, too.
    let host = host();
    host.config.borrow_mut()["manifest_grants"] = true.into();
    let (query, _) = token(botocore, "botocore, canned, RSA with SHA-1");
    let manifest = format!("/v1/film/cbcs/main.m3u8?{query}");
    assert_eq!(host.get(&manifest, &[]).status, 307);
    host.config.borrow_mut()["denylist"] = json!({"kids": ["KRSA"]});
    assert_eq!(host.get(&manifest, &[]).problem(), (401, "token_invalid".to_owned()));
}
