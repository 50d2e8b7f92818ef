//! Issuers' published keys: fetched, kept for some minutes, asked for again when a token names a key that they lack.
//!
//! What is kept is one record per key set, in the edge cache where the platform has one, else in the KV store. The record says
//! when the issuer was last asked: a token that names an unknown key has it asked again once in [`UNKNOWN_SECONDS`] and no more
//! often, whatever tokens come. While the issuer cannot be reached, its last good set serves for [`HOLD_SECONDS`].
//!
//! In the store a record carries a MAC over itself and where it was fetched from, so that who can write to the store
//! alone cannot make keys.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sluice_document::members;
use sluice_gate::{
    Unix,
    grant::{
        JwksConfig, Presented,
        jwks::{KeySet, MAX_SET},
        jwt::Issuers,
    },
};

use crate::{
    Error, Host,
    config::Config,
    host::{Fetch, Keep, Timeouts},
    origin::{Origin, document},
    secrets,
};

/// For how long a set is used before it is fetched again, seconds: how late a withdrawn key may still open.
const FRESH_SECONDS: u64 = 300;
/// How often an unknown `kid` may have the issuer asked again, seconds.
const UNKNOWN_SECONDS: u64 = 30;
/// How long an issuer that failed is left alone, seconds.
const RETRY_SECONDS: u64 = 10;
/// For how long the last good set serves while no newer one can be had, seconds from when it was fetched.
const HOLD_SECONDS: u64 = 3_600;
/// For how long the platform may answer a fetch from its cache: of many that come at once, one asks.
const COLLAPSE_SECONDS: u64 = 5;
/// How long to wait for an issuer, milliseconds.
const TIMEOUTS: Timeouts = Timeouts { connect: 2_000, first_byte: 5_000, between_bytes: 5_000 };

/// What is kept of a key set.
#[derive(Clone, Default, Serialize)]
struct Record {
    /// When the set was fetched; 0 where none ever was.
    fetched: Unix,
    /// When it was last asked for, whatever came of it.
    asked: Unix,
    /// The set as it came.
    set: String,
    /// Over all of it, base64url.
    mac: String,
}

members!(Record { fetched, asked, set, mac });

/// Adds the published keys that the token needs to those of its issuer.
pub(crate) async fn add<H: Host>(
    host: &H,
    config: &Config,
    issuers: &mut Issuers,
    presented: &Presented<'_>,
) -> Result<(), Error> {
    let Some(token) = presented.bearer else { return Ok(()) };
    let Some((jwks, kid)) = issuers.of(token).and_then(|keys| keys.wanted(token)) else { return Ok(()) };
    let set = key_set(host, config, jwks, &kid, presented.now).await?;
    if let Some(keys) = issuers.of_mut(token) {
        keys.add_set(set);
    }
    Ok(())
}

/// The key set, as new as it must be for that `kid`.
async fn key_set<H: Host>(host: &H, config: &Config, jwks: &JwksConfig, kid: &str, now: Unix) -> Result<KeySet, Error> {
    let kept = Kept::new(host, jwks).await?;
    let record = kept.read(now).await.unwrap_or_default();
    let age = |time: Unix| now.saturating_sub(time);
    let serves = age(record.fetched) < HOLD_SECONDS;
    let set = serves.then(|| KeySet::parse(record.set.as_bytes()).ok()).flatten();
    let is_fresh = set.is_some() && age(record.fetched) < FRESH_SECONDS;
    let is_unknown = set.as_ref().is_some_and(|set| !set.lists(kid));
    let pause = if is_fresh { UNKNOWN_SECONDS } else { RETRY_SECONDS };
    if (is_fresh && !is_unknown) || age(record.asked) < pause {
        return set.ok_or_else(|| Error::Origin("the issuer's key set could not be had a moment ago".to_owned()));
    }
    // Said before it is done: who comes in the meantime goes by what is there. Where nothing is, all ask.
    if set.is_some() {
        kept.write(Record { asked: now, ..record.clone() }).await;
    }
    match fetch(host, config, jwks, is_unknown).await {
        Ok((text, fresh)) => {
            kept.write(Record { fetched: now, asked: now, set: text, ..Record::default() }).await;
            Ok(fresh)
        }
        Err(error) => {
            kept.write(Record { asked: now, ..record }).await;
            set.ok_or(error)
        }
    }
}

/// From the origin, or from the issuer itself, to whom the origin's secret is nobody's business.
async fn fetch<H: Host>(
    host: &H,
    config: &Config,
    jwks: &JwksConfig,
    refresh: bool,
) -> Result<(String, KeySet), Error> {
    let read = |bytes: &[u8]| {
        let set = KeySet::parse(bytes).map_err(|error| Error::Origin(error.to_string()))?;
        let text = core::str::from_utf8(bytes).map_err(|_| Error::Origin("the key set is no text".to_owned()))?;
        Ok((text.to_owned(), set))
    };
    match (&jwks.name, &jwks.url) {
        (Some(name), _) => {
            Origin::new(host, &config.origin).await?.key_set(name, refresh, COLLAPSE_SECONDS, MAX_SET, read).await
        }
        (None, Some(url)) => {
            let fetch = Fetch {
                backend: jwks.backend.clone(),
                url: url.clone(),
                secret: None,
                post: None,
                range: None,
                keep: Some(Keep { seconds: COLLAPSE_SECONDS, surrogate_keys: vec!["jwks".to_owned()] }),
                timeouts: TIMEOUTS,
            };
            let fetched = host.fetch(&fetch).await?;
            let read = document(fetched, MAX_SET, read).await?;
            Ok(read.ok_or_else(|| Error::Origin("the issuer has nothing at jwks.url".to_owned()))?.value)
        }
        (None, None) => Err(Error::Internal("configuration: viewer: jwks names no place".to_owned())),
    }
}

/// Where a set is kept.
struct Kept<'a, H> {
    host: &'a H,
    key: String,
    mac: Hmac<Sha256>,
}

impl<'a, H: Host> Kept<'a, H> {
    async fn new(host: &'a H, jwks: &JwksConfig) -> Result<Self, Error> {
        // No name has a colon, every URL has one.
        let place = jwks.name.as_deref().or(jwks.url.as_deref()).unwrap_or_default();
        let roots = secrets::roots(host).await?;
        let mut mac = Hmac::<Sha256>::new_from_slice(roots.key_set_key()).expect("HMAC takes a key of any length");
        mac.update(&Sha256::digest(place));
        let key = format!("jwks/{}", URL_SAFE_NO_PAD.encode(&Sha256::digest(place)[..16]));
        Ok(Self { host, key, mac })
    }

    async fn read(&self, now: Unix) -> Option<Record> {
        let bytes = match self.host.cache_get(&self.key).await {
            Some(bytes) => bytes,
            // A store that does not answer costs a fetch.
            None => self.host.kv_get(&self.key).await.ok().flatten()?.value,
        };
        let record: Record = serde_json::from_slice(&bytes).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(&record.mac).ok()?;
        self.of(&record).verify_slice(&tag).ok()?;
        // Clocks differ a little. What is of tomorrow would stop all asking until then.
        (record.asked.max(record.fetched) <= now + UNKNOWN_SECONDS).then_some(record)
    }

    async fn write(&self, mut record: Record) {
        record.mac = URL_SAFE_NO_PAD.encode(self.of(&record).finalize().into_bytes());
        let Ok(bytes) = serde_json::to_vec(&record) else { return };
        self.host.cache_put(&self.key, &bytes, HOLD_SECONDS).await;
        // What the edge cache does not keep, the store does. A store that does not answer costs a fetch.
        if self.host.cache_get(&self.key).await.is_none() {
            let _ = self.host.kv_put(&self.key, &bytes, HOLD_SECONDS).await;
        }
    }

    fn of(&self, record: &Record) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(&record.fetched.to_be_bytes());
        mac.update(&record.asked.to_be_bytes());
        mac.update(record.set.as_bytes());
        mac
    }
}
