//! A host in memory: its clock is set by hand, its origin is a table, its store counts and can fail.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
};

use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};
use sluice_app::{
    Host, Request,
    host::{Admission, ByteStream, Client, Fetch, FetchError, Fetched, StoreError, Stored, Unavailable},
};
use sluice_packager::{
    keys::{ContentKey, Kid, wrap},
    title::Delivery,
};
use zeroize::Zeroizing;

pub(crate) const START: u64 = 1_900_000_000;
pub(crate) const LEASE: u64 = 30;
pub(crate) const VIEWER_SECRET: &str = "a secret of the viewers' token service, long enough";
pub(crate) const KID: Kid = Kid([0x11; 16]);
pub(crate) const KEY: [u8; 16] = [0x22; 16];

pub(crate) struct MemoryHost {
    pub(crate) now: Cell<u64>,
    pub(crate) client: RefCell<Client>,
    pub(crate) has_cache: Cell<bool>,
    pub(crate) store_down: Cell<bool>,
    pub(crate) reads: Cell<u32>,
    pub(crate) writes: Cell<u32>,
    pub(crate) objects: RefCell<BTreeMap<String, Object>>,
    pub(crate) config: RefCell<Value>,
    kv: RefCell<BTreeMap<String, Vec<u8>>>,
    cache: RefCell<BTreeMap<String, (u64, Vec<u8>)>>,
    pub(crate) log: RefCell<Vec<String>>,
    /// What the last request to the origin with a range asked for.
    pub(crate) range: Cell<Option<(u64, u64)>>,
    /// Whether requests are answered as by an edge cache.
    pub(crate) keeps: Cell<bool>,
    /// What the origin was asked for.
    pub(crate) asked: RefCell<Vec<String>>,
    random: Cell<u8>,
}

/// What the origin has at a path.
#[derive(Clone)]
pub(crate) enum Object {
    Bytes(Vec<u8>),
    Status(u16),
    Fails(FetchError),
    /// These bytes, then that.
    Breaks(Vec<u8>, FetchError),
    /// Fewer bytes than its length says.
    Short(Vec<u8>),
}

pub(crate) struct MemoryBody(VecDeque<Result<Vec<u8>, FetchError>>);

impl ByteStream for MemoryBody {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, FetchError> {
        self.0.pop_front().transpose()
    }

    fn reject(&mut self) {
        self.0.clear();
    }
}

impl Host for MemoryHost {
    type Body = MemoryBody;

    fn now(&self) -> u64 {
        self.now.get()
    }

    fn random(&self, out: &mut [u8]) {
        self.random.set(self.random.get() + 1);
        out.fill(self.random.get());
    }

    fn client(&self) -> Client {
        self.client.borrow().clone()
    }

    async fn config(&self) -> Result<Option<String>, Unavailable> {
        Ok(Some(self.config.borrow().to_string()))
    }

    async fn secret(&self, name: &str) -> Result<Option<Zeroizing<String>>, Unavailable> {
        let secret = match name {
            "lease_root" => "ab".repeat(32),
            "origin_secret" => "origin".to_owned(),
            "kek" => format!("1:{}", "0c".repeat(32)),
            "viewer_secret" => VIEWER_SECRET.to_owned(),
            "proxy_secret" => "trusted".to_owned(),
            _ => return Ok(None),
        };
        Ok(Some(Zeroizing::new(secret)))
    }

    async fn fetch(&self, fetch: &Fetch) -> Result<Fetched<MemoryBody>, FetchError> {
        assert_eq!(fetch.secret.as_str(), "origin", "every request to the origin carries its secret");
        let path = fetch.url.strip_prefix("http://origin").expect("the configured origin");
        self.asked.borrow_mut().push(path.to_owned());
        let object = self.objects.borrow().get(path).cloned().unwrap_or(Object::Status(404));
        let whole = |status, length: usize, chunks: Vec<Result<Vec<u8>, FetchError>>| {
            Ok(Fetched { status, length: Some(length as u64), body: MemoryBody(chunks.into()) })
        };
        match object {
            Object::Bytes(bytes) if fetch.range.is_some() => {
                let (first, last) = fetch.range.unwrap_or_default();
                self.range.set(fetch.range);
                let last = last.min(bytes.len() as u64 - 1) as usize;
                let part = &bytes[first as usize..=last];
                whole(206, part.len(), part.chunks(7).map(|chunk| Ok(chunk.to_vec())).collect())
            }
            Object::Bytes(bytes) => whole(200, bytes.len(), bytes.chunks(7).map(|chunk| Ok(chunk.to_vec())).collect()),
            Object::Status(status) => whole(status, 0, Vec::new()),
            Object::Fails(error) => Err(error),
            Object::Breaks(bytes, error) => whole(200, bytes.len() + 1, vec![Ok(bytes), Err(error)]),
            Object::Short(bytes) => whole(200, bytes.len() + 1, vec![Ok(bytes)]),
        }
    }

    fn keeps(&self) -> bool {
        self.keeps.get()
    }

    async fn cache_get(&self, key: &str) -> Option<Vec<u8>> {
        let cache = self.cache.borrow();
        let (until, value) = cache.get(key)?;
        (*until > self.now()).then(|| value.clone())
    }

    async fn cache_put(&self, key: &str, value: &[u8], seconds: u64) {
        if self.has_cache.get() {
            self.cache.borrow_mut().insert(key.to_owned(), (self.now() + seconds, value.to_vec()));
        }
    }

    async fn kv_get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.reads.set(self.reads.get() + 1);
        if self.store_down.get() {
            return Err(StoreError::Unavailable);
        }
        Ok(self.kv.borrow().get(key).map(|value| Stored { value: value.clone(), generation: None }))
    }

    async fn kv_put(&self, key: &str, value: &[u8], _seconds: u64) -> Result<(), StoreError> {
        self.writes.set(self.writes.get() + 1);
        if self.store_down.get() {
            return Err(StoreError::Unavailable);
        }
        self.kv.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    async fn kv_put_if(&self, _: &str, _: &[u8], _: Option<u64>, _: u64) -> Result<(), StoreError> {
        Err(StoreError::Unsupported)
    }

    async fn kv_delete(&self, key: &str) -> Result<(), StoreError> {
        self.kv.borrow_mut().remove(key);
        Ok(())
    }

    async fn admit(&self, _bucket: &str, _per_minute: u32) -> Admission {
        Admission::Unsupported
    }

    fn log(&self, line: &str) {
        self.log.borrow_mut().push(line.to_owned());
    }
}

/// A response taken whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the body broke off.
    pub(crate) aborted: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// Status and code of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        (self.status, self.json()["code"].as_str().expect("a code").to_owned())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The lease that the response sets as a cookie.
    pub(crate) fn cookie(&self) -> Option<String> {
        let (pair, _) = self.header("set-cookie")?.split_once(';')?;
        Some(pair.to_owned())
    }
}

/// The title `film`: an audio and a text track of two segments, and the key policy and rights given.
pub(crate) fn descriptor(systems: &[&str], rights: Value) -> Value {
    json!({
        "v": 1, "title": "film", "version": "1",
        "tracks": [{
            "id": "a-en", "kind": "audio", "codec": "mp4a.40.2", "timescale": 48000, "peak_bandwidth": 100_000,
            "average_bandwidth": 100_000, "audio": {"channels": 2, "sample_rate": 48000},
            "timeline": {"start": 0, "runs": [{"d": 192_000, "n": 2, "f": 1}]}
        }, {
            "id": "t-en", "kind": "text", "codec": "wvtt", "timescale": 1000, "peak_bandwidth": 100, "average_bandwidth": 100,
            "language": "en", "default": true, "timeline": {"start": 0, "runs": [{"d": 4000, "n": 2}]}
        }],
        "key_policy": {"systems": systems, "schemes": [
            {"scheme": "cenc", "keys": [{"kid": KID, "scope": "video"}, {"kid": KID, "scope": "audio"}]},
            {"scheme": "cbcs", "keys": [{"kid": Kid([0x33; 16]), "scope": "video"}, {"kid": Kid([0x34; 16]), "scope": "audio"}]}
        ]},
        "rights": rights
    })
}

impl MemoryHost {
    /// The title published, its keys at the origin, an edge without a cache.
    pub(crate) fn new() -> Self {
        let host = Self {
            now: Cell::new(START),
            client: RefCell::default(),
            has_cache: Cell::new(false),
            store_down: Cell::new(false),
            reads: Cell::new(0),
            writes: Cell::new(0),
            objects: RefCell::default(),
            config: RefCell::new(json!({
                "v": 1, "origin": {"url": "http://origin"}, "public_url": "https://edge.example", "lease_seconds": LEASE,
                "viewer": {"issuer": "test", "keys": [{"kid": "k1", "alg": "HS256", "secret": "viewer_secret"}]},
                "cors": {"origins": ["https://tv.example"]},
                "proxy": {"secret": "proxy_secret", "secret_header": "x-proxy", "country_header": "x-country"}
            })),
            kv: RefCell::default(),
            cache: RefCell::default(),
            log: RefCell::default(),
            range: Cell::default(),
            keeps: Cell::new(true),
            asked: RefCell::default(),
            random: Cell::new(0),
        };
        host.describe(&descriptor(&["clearkey", "identity", "widevine"], json!({"state": "published"})));
        let record = json!({
            "v": 1, "track": "t-en", "version": "1", "kind": "text", "number": 0, "timescale": 1000,
            "timeline": {"start": 0, "runs": [{"d": 4000, "n": 2}]}
        });
        host.put("/titles/film/1/t-en/record.json", record.to_string().into_bytes());
        for number in 1..=2 {
            host.put(
                &format!("/titles/film/1/t-en/{number}.vtt"),
                format!("WEBVTT\n\ncue of segment {number}\n").into_bytes(),
            );
        }
        let kek = wrap::KeyEncryptionKey::new(1, [0x0c; 32]);
        let wrapped = wrap::wrap(&kek, [5; 12], "film", &KID, Delivery::Cenc, &ContentKey::new(KEY));
        let keys = json!({"keys": [{"kid": KID, "period": 0, "track_type": "VIDEO", "wrapped": wrapped}]});
        host.put("/titles/film/1/keys/cenc", keys.to_string().into_bytes());
        host
    }

    pub(crate) fn put(&self, path: &str, bytes: Vec<u8>) {
        self.set(path, Object::Bytes(bytes));
    }

    pub(crate) fn set(&self, path: &str, object: Object) {
        self.objects.borrow_mut().insert(path.to_owned(), object);
    }

    pub(crate) fn describe(&self, descriptor: &Value) {
        self.put("/titles/film/descriptor.json", descriptor.to_string().into_bytes());
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds);
    }

    pub(crate) fn call(&self, method: Method, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), HeaderValue::try_from(*value).expect("value")))
            .collect();
        let request = Request {
            method,
            target: target.to_owned(),
            authority: "edge.example".to_owned(),
            secure: true,
            headers,
            body: body.to_vec(),
        };
        pollster::block_on(async {
            let mut response = sluice_app::handle(self, &request).await;
            let (mut body, mut aborted) = (Vec::new(), false);
            loop {
                match response.body.next().await {
                    Ok(Some(chunk)) => body.extend(chunk),
                    Ok(None) => break,
                    Err(_) => {
                        aborted = true;
                        break;
                    }
                }
            }
            Answer { status: response.status.as_u16(), headers: response.headers, body, aborted }
        })
    }

    pub(crate) fn get(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.call(Method::GET, target, headers, b"")
    }

    /// A viewer's JWT for `account`.
    pub(crate) fn viewer(&self, account: &str) -> String {
        let claims = json!({"iss": "test", "sub": account, "tier": "premium", "iat": self.now.get(), "exp": self.now.get() + 3600});
        self.viewer_with(&claims)
    }

    pub(crate) fn viewer_with(&self, claims: &Value) -> String {
        sluice_gate::grant::jwt::mint_hs256("k1", VIEWER_SECRET.as_bytes(), claims).expect("claims")
    }

    pub(crate) fn create(&self, account: &str, device: &str) -> Answer {
        let bearer = format!("Bearer {}", self.viewer(account));
        let body = json!({"title": "film", "device": device}).to_string();
        self.call(Method::POST, "/v1/sessions", &[("authorization", &bearer)], body.as_bytes())
    }

    /// A session's folder under its handle: `/~…/v1/film`.
    pub(crate) fn handle_path(created: &Answer) -> String {
        let url = created.json()["hls"][0]["url"].as_str().expect("url").to_owned();
        let path = url.strip_prefix("https://edge.example").expect("public URL");
        path.rsplitn(3, '/').nth(2).expect("folder").to_owned()
    }
}
