use sluice_document::words;

use crate::Unix;

/// What a KV store promises of its writes, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ordering {
    /// The last writer wins, and a read may be stale for a bounded time. There is no comparing.
    Eventual,
    /// A write can be made to fail unless the key is at the generation that was read; reads may be stale.
    Generation,
    /// As `Generation`, and a read sees every write that was answered before it.
    Strict,
}

words!(Ordering { Eventual => "eventual", Generation => "generation", Strict => "strict" });

/// A value of the KV store and the generation it was read at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The value.
    pub value: Vec<u8>,
    /// `None` where the store has no generations.
    pub generation: Option<u64>,
}

/// Why the KV store does not serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Cannot be reached, or refuses. Of a write: whether it was made is not known.
    #[error("the store is unavailable")]
    Unavailable,
    /// Too many writes to one key. This one was not made.
    #[error("the store asks to write less often")]
    Throttled,
    /// The generation has moved on. The write was not made.
    #[error("the value was changed by somebody else")]
    Conflict,
    /// The platform has no such operation.
    #[error("the store cannot do this")]
    Unsupported,
}

/// The KV store and the clock, as an argument: the app hands in its platform's, the simulator one that it schedules.
#[expect(async_fn_in_trait, reason = "one implementation per binary, called statically, on one thread")]
pub trait Store {
    /// The time, by the clock of this point of presence.
    fn now(&self) -> Unix;

    /// A value, or `None` where the key is absent.
    async fn get(&self, key: &str) -> Result<Option<Stored>, StoreError>;

    /// Writes a value; the last writer wins. It may be cleared away after `seconds`.
    async fn put(&self, key: &str, value: &[u8], seconds: u64) -> Result<(), StoreError>;

    /// Writes a value if the key still is at `generation` (`None`: if it is absent).
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it is not; [`StoreError::Unsupported`] where the store has no generations.
    async fn put_if(&self, key: &str, value: &[u8], generation: Option<u64>, seconds: u64) -> Result<(), StoreError>;
}
