//! The seam between the app and a platform.
//!
//! Everything the app cannot know by itself (time, randomness, the client, bytes from elsewhere) comes
//! through [`Host`]. An adapter is this trait plus the loop that writes a [`crate::Body`] out.
//!
//! How each platform implements it:
//!
//! | | Spin (`edge/spin`) | Fastly (`edge/fastly`) | Workers (`edge/js`) |
//! |---|---|---|---|
//! | futures | `wasi:io` pollables under spin-sdk's executor | the calls are synchronous: every future is ready at once, polled by one `poll` | promises by `JsFuture` |
//! | [`Host::fetch`] | `wasi:http/outgoing-handler`; [`Keep`] is left to the caching proxy between edge and origin | core cache transaction keyed by URL and range: the first to miss fetches, the platform pours the body into the cache by itself, and all, the first too, read it from there as it comes; what breaks on the way is purged | cache API match, else `fetch`; put by `waitUntil` once complete |
//! | [`Host::keeps`] | no: a segment's record, plan and keys come in one answer | yes | yes |
//! | [`ByteStream`] | `input-stream` read | `Body::read_chunk` | `ReadableStreamDefaultReader::read` |
//! | [`Host::cache_get`], [`Host::cache_put`] | nothing kept: always a miss | core cache, keys of their own | cache API under a synthetic URL |
//! | KV | `fermyon:spin/key-value`: no generations; built with `wasi-keyvalue`, `wasi:keyvalue`: compare-and-swap, a generation is what this request read | KV Store, generation match | Workers KV: no generations |
//! | [`Host::ordering`] | `Eventual`; built with `wasi-keyvalue`, `Generation` | `Generation`; the platform documents generations and not where it orders the writes that match one, so a deployment that must not rely on it configures `eventual` | `Eventual` |
//! | [`Host::secret`] | variables | secret store | `env` bindings |
//! | [`Host::config`] | variable `sluice_config` | config store, item `sluice_config` | `env.SLUICE_CONFIG` |
//! | [`Host::client`] | `spin-client-addr`; no geography | `client_ip_addr`, geo lookup, which knows regions and anonymisers | `cf-connecting-ip`, `request.cf` |
//! | [`Host::admit`] | none: `Unsupported` | a rate counter, over a minute | rate limit binding |
//! | [`Host::log`] | standard output | named log endpoint | `console.log` |
//! | abort of a body | the outgoing body is dropped unfinished | the streaming body is dropped without `finish` | `controller.error` |
//!
//! Nothing may rely on state between requests: an instance may be fresh for each.

use sluice_gate::Unix;
pub use sluice_gate::session::{Ordering, StoreError, Stored};
/// What a platform tells of the client, and the part of it that is a region.
pub use sluice_gate::{ClientFacts as Client, rights::Region};
use zeroize::Zeroizing;

/// A platform, for the length of one request.
///
/// Futures need not be `Send`: a WASM instance has one thread.
#[expect(async_fn_in_trait, reason = "one implementation per binary, called statically, on one thread")]
pub trait Host {
    /// A response body from the origin.
    type Body: ByteStream;

    /// The time.
    fn now(&self) -> Unix;

    /// Milliseconds on a clock that does not go back: how long something took is what two readings differ by.
    fn elapsed(&self) -> u64 {
        self.now().saturating_mul(1000)
    }

    /// Fills `out` with bytes fit for keys and ids.
    fn random(&self, out: &mut [u8]);

    /// What the platform itself tells of the client. Never taken from a header that a client can set.
    fn client(&self) -> Client;

    /// Whether the platform knows networks that hide their users, so that [`Client::anonymizer`] is `None` only where it failed to.
    fn tells_anonymizers(&self) -> bool {
        false
    }

    /// The configuration document (JSON), or `None` where none is deployed.
    async fn config(&self) -> Result<Option<String>, Unavailable>;

    /// A secret by name, or `None` where there is none of that name.
    async fn secret(&self, name: &str) -> Result<Option<Zeroizing<String>>, Unavailable>;

    /// A request to the origin, to an issuer for its key set, or to a licence server; the response's body is a stream.
    ///
    /// With [`Fetch::keep`] a platform that has an edge cache answers from it and lets one of many concurrent
    /// misses ask the origin. It keeps only complete bodies of status 200 and 206.
    async fn fetch(&self, fetch: &Fetch) -> Result<Fetched<Self::Body>, FetchError>;

    /// Whether [`Host::fetch`] answers from an edge cache. Where it does, documents that many requests need are asked for one by one, as each is kept
    /// by itself; where it does not, those of a request are asked for together.
    fn keeps(&self) -> bool {
        true
    }

    /// A small value kept at this point of presence, or `None`. Losing it costs time, never correctness.
    async fn cache_get(&self, key: &str) -> Option<Vec<u8>>;

    /// Keeps a small value for `seconds`, where the platform can.
    async fn cache_put(&self, key: &str, value: &[u8], seconds: u64);

    /// What the KV store promises of its writes. Anything but [`Ordering::Eventual`] needs [`Host::kv_put_if`].
    fn ordering(&self) -> Ordering;

    /// A value of the KV store.
    async fn kv_get(&self, key: &str) -> Result<Option<Stored>, StoreError>;

    /// Writes a value; the last writer wins. `seconds` is a hint for the store's own clearing up: readers go by
    /// the times inside the value.
    async fn kv_put(&self, key: &str, value: &[u8], seconds: u64) -> Result<(), StoreError>;

    /// Writes a value if the key still is at `generation` (`None`: if it is absent).
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it is not; [`StoreError::Unsupported`] where the store has no generations.
    async fn kv_put_if(&self, key: &str, value: &[u8], generation: Option<u64>, seconds: u64)
    -> Result<(), StoreError>;

    /// Deletes a key; absent is no error.
    async fn kv_delete(&self, key: &str) -> Result<(), StoreError>;

    /// Whether the platform can count events, so that [`Host::admit`] is not [`Admission::Unsupported`].
    fn counts_events(&self) -> bool {
        false
    }

    /// Counts one event of `bucket` against `per_minute`.
    async fn admit(&self, bucket: &str, per_minute: u32) -> Admission;

    /// Writes one line of the decision log.
    fn log(&self, line: &str);
}

/// Bytes that arrive.
#[expect(async_fn_in_trait, reason = "see Host")]
pub trait ByteStream {
    /// The next bytes, never empty; `None` at the end.
    ///
    /// # Errors
    /// [`FetchError::Timeout`] between bytes, [`FetchError::Cut`] where the body ends early.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, FetchError>;

    /// What came is whole and cannot be used: a platform that kept it gives it to nobody else. What breaks off it drops by itself.
    fn reject(&mut self);
}

/// A request to the origin, or to another server that the configuration names.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The platform's name of the backend, where it has such names (Fastly).
    pub backend: String,
    /// Absolute URL.
    pub url: String,
    /// `X-Origin-Secret`: for the origin, and for nobody else.
    pub secret: Option<Zeroizing<String>>,
    /// What makes it a `POST`; without it, it is a `GET`. Nothing of a `POST` is kept.
    pub post: Option<Post>,
    /// First and last byte, inclusive.
    pub range: Option<(u64, u64)>,
    /// Whether and how long an edge cache may keep the response.
    pub keep: Option<Keep>,
    /// How long to wait.
    pub timeouts: Timeouts,
}

/// What a `POST` carries.
#[derive(Clone)]
pub struct Post {
    /// Headers; the values are visible ASCII and spaces. They may hold tokens.
    pub headers: Vec<(&'static str, String)>,
    /// The body, at most [`crate::MAX_BODY`] bytes.
    pub body: Vec<u8>,
}

// A token is nobody's to print.
impl core::fmt::Debug for Post {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Post").field("body", &self.body.len()).finish_non_exhaustive()
    }
}

/// Permission to keep a response at the edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// For how long.
    pub seconds: u64,
    /// By which the platform can purge it: title and title version.
    pub surrogate_keys: Vec<String>,
}

/// How long to wait for the origin, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until connected.
    pub connect: u64,
    /// Until the response's head.
    pub first_byte: u64,
    /// Between two chunks of its body.
    pub between_bytes: u64,
}

/// A response of the origin, its head read.
#[derive(Debug)]
pub struct Fetched<B> {
    /// HTTP status.
    pub status: u16,
    /// `Content-Length`, where sent.
    pub length: Option<u64>,
    /// `Content-Type`, where sent; of what comes from an edge cache perhaps not known.
    pub content_type: Option<String>,
    /// The body.
    pub body: B,
}

/// Why bytes do not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// No connection, or no HTTP.
    #[error("the origin cannot be reached")]
    Unreachable,
    /// One of [`Timeouts`] passed.
    #[error("the origin does not answer in time")]
    Timeout,
    /// The body ended before its length, or its connection broke.
    #[error("the origin's response was cut off")]
    Cut,
}

/// The platform's configuration or secret store does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the platform's configuration or secret store is unavailable")]
pub struct Unavailable;

/// What a rate limiter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Below the rate.
    Admitted,
    /// Above it.
    Limited,
    /// The platform has no rate limiter.
    Unsupported,
}
