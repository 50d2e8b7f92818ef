use std::sync::Arc;

use serde::Serialize;
use sluice_packager::{
    keys::{
        Kid,
        wrap::{KeyEncryptionKey, wrap},
    },
    title::{Delivery, Descriptor},
};

use super::{Event, Observer, Provider, held::Held, kek::Keks, store::Store, traces::wipe, wanted::Wanted};
use crate::{
    config::{KeysConfig, SecretError},
    cpix::SystemSignalling,
    speke::{SpekeClient, SpekeError},
};

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

/// Asks the provider for keys, one exchange at a time per title and delivery, holds them, and asks again before they are too old.
///
/// Keys are zeroized when they leave the memory and the last answer that uses them is done. Dropping the service ends its work in the background.
pub struct KeyService {
    store: Arc<Store>,
    keks: Keks,
    observer: Arc<dyn Observer>,
}

impl KeyService {
    /// Sets the service up; asks the provider nothing yet. Needs a runtime, for its work in the background.
    ///
    /// # Errors
    /// [`SpekeError`] where the client cannot be set up.
    pub fn new(config: &KeysConfig, observer: Arc<dyn Observer>) -> Result<Self, SpekeError> {
        Ok(Self::with_provider(config, Arc::new(SpekeClient::new(config)?), observer))
    }

    /// The same with another way to a provider.
    pub fn with_provider(config: &KeysConfig, provider: Arc<dyn Provider>, observer: Arc<dyn Observer>) -> Self {
        let store = Store::start(config, provider, Arc::clone(&observer));
        Self { store, keks: Keks::new(config), observer }
    }

    /// Whether the key-encryption keys are there and of the right form.
    ///
    /// # Errors
    /// [`SecretError`]
    pub fn check_kek(&self) -> Result<(), SecretError> {
        self.keks.present().map(drop)
    }

    /// The provider's name, for people and logs.
    pub fn provider(&self) -> &str {
        self.store.provider()
    }

    /// The keys of a title in a delivery, each wrapped under every key-encryption key of the present, the newest first, each time with a fresh nonce.
    /// No two calls give the same bytes. `edge`: who asks, for the chain of custody.
    ///
    /// # Errors
    /// [`KeyError`]
    pub async fn wrapped(
        &self,
        descriptor: &Descriptor,
        delivery: Delivery,
        edge: &str,
    ) -> Result<Vec<WrappedKey>, KeyError> {
        let wanted = Wanted::new(descriptor, delivery).ok_or(KeyError::NotOffered)?;
        let (title, kids) = (&*wanted.request.content_id, wanted.kids());
        let refused = |error: &KeyError| {
            let reason = &*error.to_string();
            self.observer.observe(&Event::Refused { title, delivery, kids: &kids, edge, reason });
        };
        let present = self.keks.present().map_err(KeyError::from).inspect_err(refused)?;
        if let (true, Some((number, _))) = (present.changed, present.keks.first()) {
            self.observer.observe(&Event::Kek { number: *number });
        }
        let held = self.store.held(&wanted).await.inspect_err(refused)?;
        let keys = wrap_all(&wanted, &held, &present.keks);
        wipe();
        let keys = keys.inspect_err(refused)?;
        let keks: Vec<u8> = present.keks.iter().map(|(number, _)| *number).collect();
        let kids: Vec<Kid> = kids.iter().filter(|kid| held.key(kid).is_some()).copied().collect();
        self.observer.observe(&Event::Wrapped { title, delivery, kids: &kids, keks: &keks, edge });
        Ok(keys)
    }

    /// What the provider said of the title's key systems.
    ///
    /// # Errors
    /// [`KeyError`]
    pub async fn signalling(
        &self,
        descriptor: &Descriptor,
        delivery: Delivery,
    ) -> Result<Vec<SystemSignalling>, KeyError> {
        let wanted = Wanted::new(descriptor, delivery).ok_or(KeyError::NotOffered)?;
        Ok(self.store.held(&wanted).await?.signalling().to_vec())
    }

    /// Forgets all keys.
    pub fn evict(&self) {
        self.store.evict();
    }

    #[cfg(test)]
    pub(super) fn known(&self) -> usize {
        self.store.known()
    }

    /// Its metrics.
    pub(crate) fn expose(&self, out: &mut String) {
        self.store.expose(out);
    }
}

/// Each key under each key-encryption key. With a frame of its own, which is wiped afterwards: ciphers take what they encrypt in pieces.
#[inline(never)]
fn wrap_all(wanted: &Wanted, held: &Held, keks: &[(u8, KeyEncryptionKey)]) -> Result<Vec<WrappedKey>, KeyError> {
    let Wanted { place, request } = wanted;
    let mut keys = Vec::with_capacity(request.keys.len() * keks.len());
    for (_, kek) in keks {
        for asked in &request.keys {
            let Some(key) = held.key(&asked.kid) else { continue };
            // 96 random bits: SP 800-38D allows 2^32 of them under one key-encryption key.
            let mut nonce = [0; 12];
            getrandom::fill(&mut nonce).map_err(|_| KeyError::Random)?;
            let wrapped = wrap(kek, nonce, &request.content_id, &asked.kid, place.delivery, key);
            let track_type = asked.tracks.as_str().to_owned();
            keys.push(WrappedKey { kid: asked.kid, period: asked.period, track_type, wrapped });
        }
    }
    Ok(keys)
}
