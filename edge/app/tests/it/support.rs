//! A host in memory: its clock is set by hand, its origin is a table, its store counts and can fail.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
};

use http::{HeaderValue, Method};
use serde_json::{Value, json};
use sluice_app::{
    Host, Request,
    host::{
        Admission, ByteStream, Client, Fetch, FetchError, Fetched, Ordering, Post, StoreError, Stored, Unavailable,
    },
};
use sluice_gate::log::Line;
use sluice_packager::{
    keys::{ContentKey, Kid, wrap},
    title::Delivery,
};
use zeroize::Zeroizing;

pub(crate) use crate::answer::Answer;

pub(crate) const START: u64 = 1_900_000_000;
pub(crate) const LEASE: u64 = 30;
pub(crate) const VIEWER_SECRET: &str = "a secret of the viewers' token service, long enough";
pub(crate) const ADMIN_SECRET: &str = "a secret of the administrators' tokens, long enough";
pub(crate) const CAT_SECRET: &str = "a secret of the issuer of tokens, long enough";
pub(crate) const AXINOM_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub(crate) const LICENSE_SECRET: &str = "what a licence server shows, long enough";
pub(crate) const LICENSE_SECRET_PREVIOUS: &str = "what it showed before that, long enough";
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
    pub(crate) tells_anonymizers: Cell<bool>,
    /// What was counted in which bucket, where the platform counts.
    pub(crate) counts: RefCell<Option<BTreeMap<String, u32>>>,
    /// What the store promises: with `Eventual` it cannot compare.
    pub(crate) ordering: Cell<Ordering>,
    /// Writes to keys that begin so are asked to come less often.
    pub(crate) throttled: RefCell<Option<&'static str>>,
    pub(crate) kv: RefCell<BTreeMap<String, (Vec<u8>, u64)>>,
    cache: RefCell<BTreeMap<String, (u64, Vec<u8>)>>,
    pub(crate) log: RefCell<Vec<String>>,
    /// What was fetched, in order.
    pub(crate) fetches: RefCell<Vec<String>>,
    /// What the last request to the origin with a range asked for.
    pub(crate) range: Cell<Option<(u64, u64)>>,
    /// Whether requests are answered as by an edge cache.
    pub(crate) keeps: Cell<bool>,
    /// What the origin was asked for.
    pub(crate) asked: RefCell<Vec<String>>,
    /// What was posted, in order, to which URL.
    pub(crate) posted: RefCell<Vec<(String, Post)>>,
    /// Milliseconds that a request takes.
    pub(crate) takes: Cell<u64>,
    elapsed: Cell<u64>,
    random: Cell<u8>,
    /// Whether the edge's root is not deployed.
    pub(crate) rootless: Cell<bool>,
    /// Happens once, before the next write of a session's record.
    pub(crate) meanwhile: RefCell<Option<Meanwhile>>,
}

pub(crate) type Meanwhile = Box<dyn FnOnce(&MemoryHost)>;

/// What the origin has at a path.
#[derive(Clone)]
pub(crate) enum Object {
    Bytes(Vec<u8>),
    /// With a content type.
    Typed(&'static str, Vec<u8>),
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

    fn elapsed(&self) -> u64 {
        self.elapsed.get()
    }

    fn random(&self, out: &mut [u8]) {
        self.random.set(self.random.get().wrapping_add(1));
        out.fill(self.random.get());
    }

    fn client(&self) -> Client {
        *self.client.borrow()
    }

    async fn config(&self) -> Result<Option<String>, Unavailable> {
        Ok(Some(self.config.borrow().to_string()))
    }

    async fn secret(&self, name: &str) -> Result<Option<Zeroizing<String>>, Unavailable> {
        let secret = match name {
            "lease_root" if self.rootless.get() => return Ok(None),
            "lease_root" => "ab".repeat(32),
            "origin_secret" => "origin".to_owned(),
            "kek" => format!("1:{}", "0c".repeat(32)),
            "viewer_secret" => VIEWER_SECRET.to_owned(),
            "admin_secret" => ADMIN_SECRET.to_owned(),
            "cat_secret" => CAT_SECRET.to_owned(),
            "proxy_secret" => "trusted".to_owned(),
            "axinom_key" => AXINOM_KEY.to_owned(),
            "pallycon_site_key" => "k".repeat(32),
            "drmtoday_secret" => "ab".repeat(32),
            "license_secret" => LICENSE_SECRET.to_owned(),
            "license_secret_previous" => LICENSE_SECRET_PREVIOUS.to_owned(),
            "short" => "too short".to_owned(),
            "akamai_key" => "52a152a152a152a152a152a152a152a1".to_owned(),
            _ => return Ok(None),
        };
        Ok(Some(Zeroizing::new(secret)))
    }

    async fn fetch(&self, fetch: &Fetch) -> Result<Fetched<MemoryBody>, FetchError> {
        self.fetches.borrow_mut().push(fetch.url.clone());
        self.elapsed.set(self.elapsed.get() + self.takes.get());
        if let Some(post) = &fetch.post {
            assert_eq!(fetch.keep, None, "what is posted is kept by nobody");
            self.posted.borrow_mut().push((fetch.url.clone(), post.clone()));
        }
        let secret = fetch.secret.as_ref().map(|secret| secret.as_str());
        // What is not under the origin is an object by its whole URL.
        let path = match fetch.url.strip_prefix("http://origin") {
            Some(path) => {
                assert_eq!(secret, Some("origin"), "every request to the origin carries its secret");
                path
            }
            None => {
                assert_eq!(secret, None, "the origin's secret is for the origin");
                fetch.url.as_str()
            }
        };
        self.asked.borrow_mut().push(path.to_owned());
        let object = self.objects.borrow().get(path).cloned().unwrap_or(Object::Status(404));
        let whole = |status, length: usize, chunks: Vec<Result<Vec<u8>, FetchError>>| {
            Ok(Fetched { status, length: Some(length as u64), content_type: None, body: MemoryBody(chunks.into()) })
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
            Object::Typed(content_type, bytes) => {
                let fetched = whole(200, bytes.len(), vec![Ok(bytes)])?;
                Ok(Fetched { content_type: Some(content_type.to_owned()), ..fetched })
            }
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

    fn ordering(&self) -> Ordering {
        self.ordering.get()
    }

    async fn kv_get(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.reads.set(self.reads.get() + 1);
        if self.store_down.get() {
            return Err(StoreError::Unavailable);
        }
        let compares = self.ordering.get() != Ordering::Eventual;
        let kv = self.kv.borrow();
        Ok(kv
            .get(key)
            .map(|(value, generation)| Stored { value: value.clone(), generation: compares.then_some(*generation) }))
    }

    async fn kv_put(&self, key: &str, value: &[u8], _seconds: u64) -> Result<(), StoreError> {
        self.meanwhile(key);
        self.writes.set(self.writes.get() + 1);
        if self.store_down.get() {
            return Err(StoreError::Unavailable);
        }
        if self.throttled.borrow().is_some_and(|prefix| key.starts_with(prefix)) {
            return Err(StoreError::Throttled);
        }
        self.kv.borrow_mut().insert(key.to_owned(), (value.to_vec(), self.writes.get().into()));
        Ok(())
    }

    async fn kv_put_if(
        &self,
        key: &str,
        value: &[u8],
        generation: Option<u64>,
        seconds: u64,
    ) -> Result<(), StoreError> {
        if self.ordering.get() == Ordering::Eventual {
            return Err(StoreError::Unsupported);
        }
        self.meanwhile(key);
        if self.kv.borrow().get(key).map(|(_, generation)| *generation) != generation {
            return Err(StoreError::Conflict);
        }
        self.kv_put(key, value, seconds).await
    }

    async fn kv_delete(&self, key: &str) -> Result<(), StoreError> {
        self.kv.borrow_mut().remove(key);
        Ok(())
    }

    fn tells_anonymizers(&self) -> bool {
        self.tells_anonymizers.get()
    }

    fn counts_events(&self) -> bool {
        self.counts.borrow().is_some()
    }

    async fn admit(&self, bucket: &str, per_minute: u32) -> Admission {
        let mut counts = self.counts.borrow_mut();
        let Some(counts) = counts.as_mut() else { return Admission::Unsupported };
        let count = counts.entry(bucket.to_owned()).or_default();
        *count += 1;
        if *count > per_minute { Admission::Limited } else { Admission::Admitted }
    }

    fn log(&self, line: &str) {
        self.log.borrow_mut().push(line.to_owned());
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
                "admin": {"tokens": {"audience": "edge-admin", "keys": [{"kid": "ops", "alg": "HS256", "secret": "admin_secret"}]}},
                "cors": {"origins": ["https://tv.example"]},
                "proxy": {"secret": "proxy_secret", "secret_header": "x-proxy", "country_header": "x-country"}
            })),
            tells_anonymizers: Cell::new(false),
            counts: RefCell::default(),
            ordering: Cell::new(Ordering::Strict),
            throttled: RefCell::default(),
            kv: RefCell::default(),
            cache: RefCell::default(),
            log: RefCell::default(),
            fetches: RefCell::default(),
            range: Cell::default(),
            keeps: Cell::new(true),
            asked: RefCell::default(),
            posted: RefCell::default(),
            takes: Cell::new(0),
            elapsed: Cell::new(0),
            random: Cell::new(0),
            rootless: Cell::new(false),
            meanwhile: RefCell::default(),
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

    /// All values of the store, as text.
    pub(crate) fn stored(&self) -> Vec<String> {
        self.kv.borrow().values().map(|(value, _)| String::from_utf8_lossy(value).into_owned()).collect()
    }

    fn meanwhile(&self, key: &str) {
        if key.starts_with("sess/")
            && let Some(happens) = self.meanwhile.take()
        {
            happens(self);
        }
    }

    /// Takes a key out of the store, as a reader that it has not reached sees it.
    pub(crate) fn forget(&self, key: &str) {
        self.kv.borrow_mut().remove(key);
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
            let mut headers = response.headers.clone();
            if let Some((name, value)) = response.chosen() {
                headers.append(name.parse::<http::HeaderName>().expect("a name"), value.clone());
            }
            Answer { status: response.status.as_u16(), headers, body, aborted }
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

    /// An administrator's JWT that may revoke, with the members changed.
    pub(crate) fn administrator(&self, changes: &Value) -> String {
        let mut claims =
            json!({"aud": "edge-admin", "sub": "ops", "roles": ["sluice-revoke"], "exp": self.now.get() + 60});
        for (name, value) in changes.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        sluice_gate::grant::jwt::mint_hs256("ops", ADMIN_SECRET.as_bytes(), &claims).expect("claims")
    }

    /// `POST /v1/revocations` by an administrator.
    pub(crate) fn revoke(&self, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.administrator(&json!({})));
        self.call(Method::POST, "/v1/revocations", &[("authorization", &bearer)], body.to_string().as_bytes())
    }

    /// The lines of the decision log, every one of which has a right MAC.
    pub(crate) fn decisions(&self) -> Vec<Line> {
        let roots = sluice_gate::Roots::new(&[0xab; 32], None).expect("roots");
        let lines = self.log.borrow();
        lines.iter().map(|line| sluice_gate::log::open(&roots, line).expect("a line of the log")).collect()
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
