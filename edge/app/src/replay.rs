//! Grants that count once: what named one that was shown stands in the store until it would be over anyway.

use sluice_gate::{Unix, grant::Replay};

use crate::{Error, Host, host::StoreError};

/// Whether a grant was shown before; it is from now on.
///
/// The store's conditional write makes that one answer of many at a time. Where the store has none it is read and then written, so that of
/// requests in parallel, and on a store that tells late what was written elsewhere, several may come through.
///
/// # Errors
/// [`Error::Replayed`] where it was and that refuses it. [`Error::StoreUnavailable`] where the store cannot tell.
pub(crate) async fn was_shown<H: Host>(host: &H, replay: &Replay, now: Unix) -> Result<bool, Error> {
    let mut key = String::from("replay/");
    for byte in replay.id {
        key.push_str(&format!("{byte:02x}"));
    }
    let seconds = replay.until.saturating_sub(now).max(60);
    let shown = match host.kv_put_if(&key, b"1", None, seconds).await {
        Ok(()) => false,
        Err(StoreError::Conflict) => true,
        Err(StoreError::Unsupported) => {
            let shown = host.kv_get(&key).await?.is_some();
            if !shown {
                host.kv_put(&key, b"1", seconds).await?;
            }
            shown
        }
        Err(error) => return Err(error.into()),
    };
    if shown && replay.refuse { Err(Error::Replayed) } else { Ok(shown) }
}
