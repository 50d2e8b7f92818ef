use anyhow::{Context, Result, ensure};
use http::{HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use sluice_app::{Request, handle};

use crate::{
    host::{MemoryHost, ORIGIN},
    tokens::{SECRET, Signed},
};

/// The app on a platform that costs nothing.
pub(crate) struct Edge(MemoryHost);

/// The edge's time: tokens and leases of the measurements are good then.
pub(crate) const NOW: u64 = 1_900_000_000;
/// The root of leases.
pub(crate) const ROOT: [u8; 32] = [0xab; 32];
/// The one title, protected.
pub(crate) const TITLE: &str = "film";

impl Edge {
    /// An edge that takes tokens of one kind of grant.
    pub(crate) fn new(signed: &Signed) -> Self {
        let mut key = json!({ "kid": "perf", "alg": signed.algorithm });
        match signed.public_key {
            Some(pem) => key["public_key"] = pem.into(),
            None => key["secret"] = "viewer_secret".into(),
        }
        let config = json!({
            "v": 1,
            "name": "perf",
            "origin": { "url": ORIGIN },
            "viewer": { "issuer": "https://accounts.example", "keys": [key] },
        });
        let hex = |byte: u8| format!("{byte:02x}").repeat(32);
        Self(MemoryHost {
            config: config.to_string(),
            secrets: [
                ("lease_root", hex(0xab)),
                ("account_secret", hex(0xcd)),
                ("origin_secret", "origin".to_owned()),
                ("viewer_secret", SECRET.to_owned()),
            ]
            .into(),
            objects: [(format!("/titles/{TITLE}/descriptor.json"), descriptor().to_string().into_bytes())].into(),
            now: NOW,
            ..MemoryHost::default()
        })
    }

    /// The status of an answer, once its body is read.
    pub(crate) fn answer(&self, request: &Request) -> Result<u16> {
        pollster::block_on(async {
            let mut response = handle(&self.0, request).await;
            while response.body.next().await?.is_some() {}
            Ok(response.status.as_u16())
        })
    }

    /// As [`Edge::answer`], and an error for another status.
    pub(crate) fn expect(&self, request: &Request, status: u16) -> Result<()> {
        let found = self.answer(request)?;
        ensure!(found == status, "{} {}: {found} in place of {status}", request.method, request.target);
        Ok(())
    }

    /// Forgets all sessions.
    pub(crate) fn forget(&self) {
        self.0.kv.borrow_mut().clear();
    }
}

/// A request with one header.
pub(crate) fn request(method: Method, target: &str, header: (HeaderName, &str), body: &Value) -> Result<Request> {
    let (name, value) = header;
    let value = HeaderValue::from_str(value).context("a header")?;
    let headers = [(name.to_string(), value)].into_iter().collect();
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    Ok(Request { method, target: target.to_owned(), authority: "edge.example".to_owned(), secure: true, headers, body })
}

/// A title of three renditions and two languages with a full set of rights.
fn descriptor() -> Value {
    let kid = |byte: u8| format!("{byte:02x}").repeat(16);
    let timeline = json!({ "start": 0, "runs": [{ "d": 51_200, "n": 1800, "f": 4 }] });
    let mut tracks: Vec<Value> = [("v1080", 1920, 1080), ("v720", 1280, 720), ("v360", 640, 360)]
        .into_iter()
        .map(|(id, width, height)| {
            json!({
                "id": id, "kind": "video", "codec": "avc1.640028", "timescale": 12_800,
                "peak_bandwidth": 6_000_000, "average_bandwidth": 4_000_000,
                "video": { "width": width, "height": height, "frame_rate": [25, 1] }, "timeline": timeline,
            })
        })
        .collect();
    for language in ["en", "fr"] {
        tracks.push(json!({
            "id": format!("a-{language}"), "kind": "audio", "codec": "mp4a.40.2", "timescale": 12_800,
            "peak_bandwidth": 140_000, "average_bandwidth": 128_000, "language": language, "default": language == "en",
            "audio": { "channels": 2, "sample_rate": 48_000 }, "timeline": timeline,
        }));
    }
    let keys =
        |first: u8| json!([{ "kid": kid(first), "scope": "video" }, { "kid": kid(first + 1), "scope": "audio" }]);
    json!({
        "v": 1, "title": TITLE, "version": "k7wq2mzt5a", "tracks": tracks,
        "rights": { "state": "published", "windows": [{ "from": NOW - 1000, "until": NOW + 100_000_000 }],
            "tiers": [{ "name": "basic", "max_height": 720 }, { "name": "premium" }], "stream_limit": 3 },
        "key_policy": { "systems": ["widevine", "playready", "fairplay"],
            "schemes": [{ "scheme": "cenc", "keys": keys(1) }, { "scheme": "cbcs", "keys": keys(3) }] },
    })
}
