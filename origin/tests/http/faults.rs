//! What the SPEKE client makes of a provider that fails, and of answers that somebody else made.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::Response,
    routing::post,
};
use serde_json::Value;
use sluice_origin::{
    Running,
    config::{Auth, CertificateConfig, KeysConfig, KeyserverConfig, SecretRef, SigV4Config},
    cpix::{
        Answer, AnswerError, CertificateError, DeliveryError, KeyRequest, LARGEST, RequestedKey, SpekeVersion,
        TrackType, XmlError,
    },
    keyserver,
    speke::{SpekeClient, SpekeError},
};
use sluice_packager::{
    keys::Kid,
    title::{KeySystem, Scheme},
};

const CHUNK: usize = 64 * 1024;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../cpix/answers.json")).expect("JSON")
}

/// What the answers of answers.json are to.
fn request(systems: &[KeySystem], scheme: Scheme) -> KeyRequest {
    let key = |byte, tracks| RequestedKey { kid: Kid([byte; 16]), tracks, period: 0 };
    let keys = vec![key(1, TrackType::Video), key(2, TrackType::Audio)];
    KeyRequest { content_id: "final".to_owned(), scheme, keys, systems: systems.to_vec() }
}

fn plain() -> KeyRequest {
    request(&[KeySystem::Widevine, KeySystem::Playready, KeySystem::Fairplay], Scheme::Cbcs)
}

fn encrypted() -> KeyRequest {
    request(&[KeySystem::Clearkey], Scheme::Cenc)
}

/// A provider that answers each exchange with what `answer` makes; the headers that it was shown last, and how often it was asked.
struct Provider {
    server: Running,
    asked: Arc<AtomicUsize>,
    shown: Arc<Mutex<HeaderMap>>,
}

impl Provider {
    async fn start<F: Future<Output = Response> + Send + 'static>(
        answer: impl Fn(usize) -> F + Clone + Send + Sync + 'static,
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (asked, shown) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(HeaderMap::new())));
        let handler = {
            let (asked, shown) = (Arc::clone(&asked), Arc::clone(&shown));
            move |headers: HeaderMap, _: Bytes| {
                *shown.lock().expect("not poisoned") = headers;
                answer(asked.fetch_add(1, Ordering::Relaxed))
            }
        };
        let router = Router::new().route("/speke", post(handler));
        let server = Running::start("127.0.0.1:0".parse().expect("an address"), router).await.expect("a server");
        Self { server, asked, shown }
    }

    async fn fetch(&self, request: &KeyRequest, change: impl FnOnce(&mut KeysConfig)) -> Result<Answer, SpekeError> {
        let url = format!("http://{}/speke", self.server.addr);
        let mut config = KeysConfig { attempts: 2, ..KeysConfig::new(url, SecretRef::value("unused here")) };
        change(&mut config);
        SpekeClient::new(&config)?.fetch(request).await
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn answer(version: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/xml"));
    response.headers_mut().insert("x-speke-version", HeaderValue::from_static(version));
    response
}

fn status(status: StatusCode, retry_after: Option<&'static str>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    if let Some(seconds) = retry_after {
        response.headers_mut().insert("retry-after", HeaderValue::from_static(seconds));
    }
    response
}

/// The outcome of an exchange whose answer is `text`.
async fn answered(
    text: String,
    request: &KeyRequest,
    change: impl FnOnce(&mut KeysConfig),
) -> Result<Answer, SpekeError> {
    let provider = Provider::start(move |_| std::future::ready(answer("2.0", text.clone()))).await;
    let outcome = provider.fetch(request, change).await;
    assert_eq!(provider.asked(), 1, "what is wrong with an answer does not pass");
    outcome
}

fn text(name: &str) -> String {
    vectors()[name].as_str().expect("text").to_owned()
}

#[tokio::test]
async fn failures_that_pass_are_tried_again_within_the_deadline() {
    let fails = async |code: StatusCode, retry_after: Option<&'static str>| {
        let provider = Provider::start(move |_| std::future::ready(status(code, retry_after))).await;
        let outcome = provider.fetch(&plain(), |_| {}).await;
        assert!(matches!(outcome, Err(SpekeError::Status(status)) if status == code));
        provider.asked()
    };
    assert_eq!(fails(StatusCode::INTERNAL_SERVER_ERROR, None).await, 2);
    assert_eq!(fails(StatusCode::TOO_MANY_REQUESTS, Some("0")).await, 2);
    // Asked to come back after the deadline: there is no use in waiting for it.
    assert_eq!(fails(StatusCode::SERVICE_UNAVAILABLE, Some("3600")).await, 1);
    assert_eq!(fails(StatusCode::BAD_REQUEST, None).await, 1);
    let recovers = Provider::start(|n| {
        let good = if n == 0 { status(StatusCode::BAD_GATEWAY, None) } else { answer("2.0", text("plain")) };
        std::future::ready(good)
    })
    .await;
    assert_eq!(recovers.fetch(&plain(), |_| {}).await.expect("the second try").keys.len(), 2);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_given_up() {
    let silent = Provider::start(|_| std::future::pending()).await;
    let outcome = silent.fetch(&plain(), |config| config.timeout_seconds = 1).await;
    assert!(matches!(outcome, Err(SpekeError::Timeout)));
    assert_eq!(silent.asked(), 1);
}

#[tokio::test]
async fn answers_that_contradict_are_refused() {
    let one = Kid([1; 16]);
    let good = text("plain");
    assert_eq!(answered(good.clone(), &plain(), |_| {}).await.expect("good").signalling.len(), 6);
    let key = good.split_once("PlainValue>").and_then(|(_, rest)| rest.split_once('<')).expect("a key").0;
    let pssh = good.split_once("<PSSH>").and_then(|(_, rest)| rest.split_once('<')).expect("a box").0;
    let other = pssh.replace("YWNtZ", "YWNtY");
    assert_ne!(pssh, other);
    let cases = [
        (good.replace(&one.uuid(), &Kid([3; 16]).uuid()), "03030303030303030303030303030303, which was not asked for"),
        (good.replace("<AudioFilter/>", ""), "usage rule of key id 02020202020202020202020202020202"),
        (good.replacen(key, "AAAAAAAAAAAAAAAAAAAA", 1), "key id 01010101010101010101010101010101 is not 16 bytes"),
        (good.replacen(pssh, &other, 1), "ContentProtectionData differs"),
        (format!("<a>{}", "garbage & <"), "well-formed"),
        (String::new(), "well-formed"),
    ];
    for (changed, expected) in cases {
        assert_ne!(changed, good, "{expected}");
        let error = answered(changed, &plain(), |_| {}).await.err().expect(expected).to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains(key), "{error}");
    }
}

#[tokio::test]
async fn documents_that_expand_nest_or_go_on_are_cut_off() {
    let xml = async |text: String| match answered(text, &plain(), |_| {}).await {
        Err(SpekeError::Answer(AnswerError::Xml(error))) => error,
        other => panic!("{:?}", other.err()),
    };
    let entities: String =
        (1..12).map(|n| format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10))).collect();
    assert_eq!(xml(format!("<!DOCTYPE x [<!ENTITY e0 \"lol\">{entities}]><x>&e11;</x>")).await, XmlError::Doctype);
    assert_eq!(xml("<x>&lol;</x>".to_owned()).await, XmlError::Entity);
    assert_eq!(xml("<x>".repeat(100_000)).await, XmlError::TooLarge);
    let attributes: String = (0..10_000).map(|n| format!(" a{n}=\"\"")).collect();
    assert_eq!(xml(format!("<x{attributes}/>")).await, XmlError::TooLarge);

    let sent = Arc::new(AtomicUsize::new(0));
    for declared in [false, true] {
        let counter = Arc::clone(&sent);
        let provider = Provider::start(move |_| {
            let counter = Arc::clone(&counter);
            let chunks = (0..100 * 1024 * 1024 / CHUNK).map(move |_| {
                counter.fetch_add(CHUNK, Ordering::Relaxed);
                Ok::<_, std::io::Error>(vec![b' '; CHUNK])
            });
            let mut response = answer("2.0", Body::from_stream(futures::stream::iter(chunks)));
            if declared {
                response.headers_mut().insert("content-length", HeaderValue::from(100 * 1024 * 1024));
            }
            std::future::ready(response)
        })
        .await;
        assert!(matches!(provider.fetch(&plain(), |_| {}).await, Err(SpekeError::TooLarge)));
        assert_eq!(provider.asked(), 1);
    }
    // What is on its way in two connections' buffers, at most.
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent > LARGEST && sent < 50 * 1024 * 1024, "{sent}");
}

fn recipient(certificate: &str, private_key: &str) -> CertificateConfig {
    CertificateConfig {
        certificate: SecretRef::value(text(certificate)),
        private_key: SecretRef::value(text(private_key)),
    }
}

#[tokio::test]
async fn keys_are_encrypted_for_the_origin_or_refused() {
    let good = text("encrypted");
    let fetch = async |text: String, pair: Option<CertificateConfig>| {
        answered(text, &encrypted(), |config| config.encrypted_keys = pair).await
    };
    let pair = || Some(recipient("certificate", "private_key"));
    let answer = fetch(good.clone(), pair()).await.expect("a good answer");
    for (kid, key) in &answer.keys {
        assert_eq!(vectors()["keys"][kid.to_string()], Kid(*key.expose()).to_string());
    }
    let mac = good.split_once("ValueMAC>").and_then(|(_, rest)| rest.split_once('<')).expect("a MAC").0;
    let changed = format!("{}{}", if mac.starts_with('A') { 'B' } else { 'A' }, &mac[1..]);
    let bad = fetch(good.replacen(mac, &changed, 1), pair()).await;
    assert!(matches!(bad, Err(SpekeError::Answer(AnswerError::Mac(kid))) if kid == Kid([1; 16])));
    let others = fetch(good.clone(), Some(recipient("other_certificate", "other_private_key"))).await;
    assert!(matches!(others, Err(SpekeError::Answer(AnswerError::Delivery(DeliveryError::Recipient)))));
    let unasked = fetch(good, None).await;
    assert!(matches!(unasked, Err(SpekeError::Answer(AnswerError::Encrypted(_)))));
}

#[test]
fn an_expired_certificate_stops_the_client() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = KeysConfig {
        encrypted_keys: Some(recipient("expired", "private_key")),
        ..KeysConfig::new("https://drm.example/speke", SecretRef::value("unused here"))
    };
    let error = SpekeClient::new(&config).err().expect("refused");
    assert!(matches!(error, SpekeError::Certificate(CertificateError::Expired(_))), "{error}");
    assert!(error.to_string().contains("expired"), "{error}");
}

#[tokio::test]
async fn version_2_1_is_taken_where_it_was_asked_for() {
    let newer = text("plain")
        .replace("version=\"2.3\"", "version=\"2.4\"")
        .replace("playlist=\"master\"", "playlist=\"multiVariant\"");
    let provider = Provider::start(move |_| std::future::ready(answer("2.1", newer.clone()))).await;
    let outcome = provider.fetch(&plain(), |config| config.version = SpekeVersion::V2_1).await;
    assert_eq!(outcome.expect("a good answer").keys.len(), 2);
    assert_eq!(provider.shown.lock().expect("not poisoned")["x-speke-version"], "2.1");
    assert!(matches!(provider.fetch(&plain(), |_| {}).await, Err(SpekeError::Version("2.0"))));
    let older = Provider::start(move |_| std::future::ready(answer("2.1", text("plain")))).await;
    let outcome = older.fetch(&plain(), |config| config.version = SpekeVersion::V2_1).await;
    assert!(matches!(outcome, Err(SpekeError::Answer(AnswerError::Root("CPIX@version")))));
}

#[tokio::test]
async fn credentials_are_shown_in_the_headers_that_were_configured() {
    let provider = Provider::start(|_| std::future::ready(answer("2.0", text("plain")))).await;
    let shown = async |auth: Auth| {
        provider.fetch(&plain(), |config| config.auth = auth).await.expect("a good answer");
        provider.shown.lock().expect("not poisoned").clone()
    };
    let key = shown(Auth::Header { name: "X-Api-Key".to_owned(), value: SecretRef::value("a key") }).await;
    assert_eq!(key["x-api-key"], "a key");
    assert!(!key.contains_key("authorization"));
    let signed = shown(Auth::SigV4(SigV4Config {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: SecretRef::value("a secret"),
        session_token: Some(SecretRef::value("a token")),
        region: "eu-west-1".to_owned(),
        service: "execute-api".to_owned(),
    }))
    .await;
    let authorization = signed["authorization"].to_str().expect("text");
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{authorization}");
    let headers = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-speke-version";
    assert!(
        authorization.contains("/eu-west-1/execute-api/aws4_request") && authorization.contains(headers),
        "{authorization}"
    );
    assert_eq!(
        (&signed["x-amz-security-token"], signed["x-amz-date"].len()),
        (&HeaderValue::from_static("a token"), 16)
    );
    let broken = Auth::Bearer(SecretRef::value("two\nlines"));
    assert!(matches!(provider.fetch(&plain(), |config| config.auth = broken).await, Err(SpekeError::Credentials(_))));
}

#[test]
fn the_key_server_does_not_stand_open_for_credentials_that_it_cannot_compare() {
    let listen = "127.0.0.1:0".parse().expect("an address");
    let auth = Auth::Header { name: "X-Api-Key".to_owned(), value: SecretRef::value("a key") };
    let config = KeyserverConfig { auth, ..KeyserverConfig::new(listen) };
    let error = keyserver::router(&config).expect_err("refused").to_string();
    assert!(error.contains("basic and bearer"), "{error}");
}

#[tokio::test]
async fn the_key_servers_encrypted_keys_are_those_it_derives() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listen = "127.0.0.1:0".parse().expect("an address");
    let server = keyserver::start(KeyserverConfig::new(listen)).await.expect("a key server");
    for (request, version) in [(plain(), SpekeVersion::V2_0), (encrypted(), SpekeVersion::V2_1)] {
        let config = KeysConfig {
            version,
            encrypted_keys: Some(recipient("certificate", "private_key")),
            ..KeysConfig::new(format!("http://{}{}", server.addr, keyserver::PATH), SecretRef::value("unused here"))
        };
        let answer = SpekeClient::new(&config).expect("a client").fetch(&request).await.expect("keys");
        assert_eq!(answer.keys.len(), 2);
        for (kid, key) in &answer.keys {
            assert_eq!(key.expose(), keyserver::MasterSecret::built_in().content_key(kid).expose());
        }
    }
}
