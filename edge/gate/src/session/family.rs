use core::fmt;

use super::{Store, StoreError, slot::Reading, slot::Slot, tenancy};
use crate::{AccountId, Unix};

/// The highest limit that is enforced as it is: a higher one is enforced as this. It bounds the reads of an admission.
pub const MAX_LIMIT: u8 = 16;
/// How many slots above the limit are looked at: sessions that were admitted under a higher limit count there.
pub const SPARE: u8 = 2;
/// How many sessions of an account without a limit are listed. More may run; the list forgets the oldest.
pub const LISTED: u8 = 8;

/// The slots that one limit is counted by, or in which sessions without a limit are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family<'a> {
    /// All sessions of an account that has a limit: `s/{account in hex}/{index}`.
    Account(&'a AccountId),
    /// An account's sessions of a title that has a limit: `t/{account in hex}/{title}/{index}`.
    Title(&'a AccountId, &'a str),
    /// Sessions of an account without a limit, for its list of them: `l/{account in hex}/{index}`.
    Listing(&'a AccountId),
}

impl Family<'_> {
    /// How many slots a claim under `limit` looks at.
    pub(super) fn reach(&self, limit: u8) -> u8 {
        match self {
            Self::Account(_) | Self::Title(..) => limit.saturating_add(SPARE),
            Self::Listing(_) => limit,
        }
    }

    /// The store's key of a slot.
    pub fn key(&self, index: u8) -> String {
        format!("{self}/{index}")
    }
}

impl fmt::Display for Family<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => write!(f, "s/{account}"),
            Self::Title(account, title) => write!(f, "t/{account}/{title}"),
            Self::Listing(account) => write!(f, "l/{account}"),
        }
    }
}

/// The sessions of an account whose right lasts at `now`: all that hold a slot under a limit of `limit`, and of those without one the [`LISTED`] last.
///
/// # Errors
/// As of the store.
pub async fn sessions<S: Store>(
    store: &S,
    account: &AccountId,
    limit: Option<u32>,
    now: Unix,
) -> Result<Vec<Slot>, StoreError> {
    let mut readings = read(store, &Family::Account(account), clamp(limit.unwrap_or(0)) + SPARE).await?;
    readings.extend(read(store, &Family::Listing(account), LISTED).await?);
    Ok(readings.into_iter().filter_map(|reading| reading.slot).filter(|slot| slot.is_live(now)).collect())
}

/// The first `count` slots of a family.
pub(super) async fn read<S: Store>(store: &S, family: &Family<'_>, count: u8) -> Result<Vec<Reading>, StoreError> {
    let mut readings = Vec::with_capacity(count.into());
    for index in 0..count {
        readings.push(tenancy::read(store, &family.key(index)).await?);
    }
    Ok(readings)
}

pub(super) fn clamp(limit: u32) -> u8 {
    u8::try_from(limit).map_or(MAX_LIMIT, |limit| limit.min(MAX_LIMIT))
}
