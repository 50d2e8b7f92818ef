use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use serde::Serialize;
use sluice_packager::{
    keys::{ContentKey, Kid, wrap::wrap},
    title::{Delivery, Descriptor, KeyScope, KeySystem, Scheme, TitleKey, TrackId, TrackKind},
};

use super::kek::{FORM, parse_kek};
use crate::{
    config::{KeysConfig, Secret, SecretError},
    cpix::{KeyRequest, RequestedKey, TrackType},
    speke::{SpekeClient, SpekeError},
};

/// Most titles, times schemes, whose keys are held.
const MOST_HELD: u64 = 10_000;

/// Why there are no keys to give.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The title's key policy does not list the delivery, or it is one whose keys SPEKE cannot ask for.
    #[error("the title is not offered in this delivery")]
    NotOffered,
    /// The provider gave none, and none are held.
    #[error("the key provider gave no keys and none are held: {0}")]
    Unavailable(String),
    /// The key-encryption key cannot be had.
    #[error(transparent)]
    Kek(#[from] SecretError),
    /// No randomness for a nonce.
    #[error("the operating system gave no randomness")]
    Random,
}

/// A content key as edges get it.
#[derive(Clone, Debug, Serialize)]
pub struct WrappedKey {
    /// 32 hex digits.
    pub kid: Kid,
    /// The key period; 0 where keys do not rotate.
    pub period: u32,
    /// `VIDEO`, `AUDIO`, a resolution class, `ALL` where all have one key; a track's own key has its id.
    pub track_type: String,
    /// [`sluice_packager::keys::wrap`]
    pub wrapped: String,
}

/// What keys are held by. The key ids belong to it, so that a title that is indexed anew never gets the old ones.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Wanted {
    version: String,
    request: KeyRequest,
}

type Held = Arc<Vec<(Kid, ContentKey)>>;

/// Asks the provider for keys, one exchange at a time per title and scheme, and holds them.
///
/// Keys are zeroized when they leave the caches and the last answer that uses them is done.
pub struct KeyService {
    client: SpekeClient,
    kek: Secret,
    /// Not yet due to be asked for again.
    fresh: Cache<Wanted, Held>,
    /// Still to be served while the provider is down.
    held: Cache<Wanted, Held>,
    /// Failed just now: the provider is left alone.
    failed: Cache<Wanted, Arc<str>>,
}

impl KeyService {
    /// Sets the service up; asks the provider nothing yet.
    ///
    /// # Errors
    /// [`SpekeError`] where the client cannot be set up.
    pub fn new(config: &KeysConfig) -> Result<Self, SpekeError> {
        fn cache<V: Clone + Send + Sync + 'static>(life: Duration) -> Cache<Wanted, V> {
            Cache::builder().max_capacity(MOST_HELD).time_to_live(life).build()
        }
        Ok(Self {
            client: SpekeClient::new(config)?,
            kek: Secret::new(config.kek.clone()),
            fresh: cache(Duration::from_secs(config.refresh_seconds)),
            held: cache(config.longest_hold()),
            failed: cache(Duration::from_secs(config.backoff_seconds)),
        })
    }

    /// Whether the key-encryption key is there and of the right form.
    ///
    /// # Errors
    /// [`SecretError`]
    pub fn check_kek(&self) -> Result<(), SecretError> {
        parse_kek(&self.kek.read()?).map(drop).ok_or_else(|| self.kek.malformed(FORM))
    }

    /// The keys of a title in a delivery, each wrapped under a fresh nonce. No two calls give the same bytes.
    ///
    /// # Errors
    /// [`KeyError`]
    pub async fn wrapped(&self, descriptor: &Descriptor, delivery: Delivery) -> Result<Vec<WrappedKey>, KeyError> {
        let wanted = wanted(descriptor, delivery).ok_or(KeyError::NotOffered)?;
        let kek = parse_kek(&self.kek.read()?).ok_or_else(|| self.kek.malformed(FORM))?;
        let keys = self.keys(&wanted).await?;
        // Answers are in the order asked for.
        keys.iter()
            .zip(&wanted.request.keys)
            .map(|((kid, key), asked)| {
                // 96 random bits: SP 800-38D allows 2^32 of them under one key-encryption key.
                let mut nonce = [0; 12];
                getrandom::fill(&mut nonce).map_err(|_| KeyError::Random)?;
                let wrapped = wrap(&kek, nonce, &wanted.request.content_id, kid, delivery, key);
                let track_type = asked.tracks.as_str().to_owned();
                Ok(WrappedKey { kid: *kid, period: asked.period, track_type, wrapped })
            })
            .collect()
    }

    async fn keys(&self, wanted: &Wanted) -> Result<Held, KeyError> {
        if let Some(keys) = self.fresh.get(wanted).await {
            return Ok(keys);
        }
        let reason = match self.failed.get(wanted).await {
            Some(reason) => reason,
            None => match self.fresh.try_get_with_by_ref(wanted, self.ask(wanted)).await {
                Ok(keys) => return Ok(keys),
                Err(reason) => Arc::clone(&*reason),
            },
        };
        match self.held.get(wanted).await {
            Some(keys) => {
                tracing::warn!(content_id = wanted.request.content_id, reason = &*reason, "serving keys already held");
                Ok(keys)
            }
            None => Err(KeyError::Unavailable(reason.to_string())),
        }
    }

    /// One exchange, at most one at a time for the same keys.
    async fn ask(&self, wanted: &Wanted) -> Result<Held, Arc<str>> {
        match self.client.fetch(&wanted.request).await {
            Ok(answer) => {
                let keys = Arc::new(answer.keys);
                self.held.insert(wanted.clone(), Arc::clone(&keys)).await;
                Ok(keys)
            }
            Err(error) => {
                let reason: Arc<str> = error.to_string().into();
                tracing::error!(content_id = wanted.request.content_id, reason = &*reason, "no keys from the provider");
                self.failed.insert(wanted.clone(), Arc::clone(&reason)).await;
                Err(reason)
            }
        }
    }
}

/// The exchange that a delivery of a title needs. SPEKE has no name for the encryption of whole segments, and wants one: `cbcs` comes
/// nearest, with key ids that are the delivery's own, and without signalling.
fn wanted(descriptor: &Descriptor, delivery: Delivery) -> Option<Wanted> {
    let policy = descriptor.key_policy.as_ref()?;
    let kids = policy.keys(delivery)?;
    let (scheme, systems) = match (delivery.scheme(), delivery) {
        (Some(scheme), _) => (scheme, policy.systems.clone()),
        (None, Delivery::Aes128) => (Scheme::Cbcs, vec![KeySystem::Identity]),
        (None, _) => return None,
    };
    let video = |id: &TrackId| descriptor.track(id).is_some_and(|track| track.kind == TrackKind::Video);
    let mut keys: Vec<RequestedKey> = Vec::new();
    for TitleKey { kid, scope, period } in &kids.keys {
        let tracks = match scope {
            KeyScope::Video => TrackType::Video,
            KeyScope::Audio => TrackType::Audio,
            KeyScope::Class(class) => TrackType::Class(*class),
            KeyScope::Track(id) => TrackType::Track { id: id.to_string(), video: video(id) },
        };
        match keys.iter_mut().find(|key| key.kid == *kid) {
            // One key for all.
            Some(known) => known.tracks = TrackType::All,
            None => keys.push(RequestedKey { kid: *kid, tracks, period: *period }),
        }
    }
    let request = KeyRequest { content_id: descriptor.title.to_string(), scheme, keys, systems };
    Some(Wanted { version: descriptor.version.to_string(), request })
}
