use sluice_packager::{
    cenc::{self, IvSource, Variant},
    keys::{ContentKey, Kid},
    title::{self, plan::Entry},
};
use zeroize::Zeroizing;

use crate::bindings::exports::sluice::packager::protect::{
    Error, Fragment, IvSource as WitIvSource, Scheme, SegmentPlan,
};

impl From<cenc::Error> for Error {
    fn from(error: cenc::Error) -> Self {
        Self::Media(error.to_string())
    }
}

impl From<Scheme> for title::Scheme {
    fn from(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Cenc => Self::Cenc,
            Scheme::Cbcs => Self::Cbcs,
        }
    }
}

impl From<cenc::SegmentPlan> for SegmentPlan {
    fn from(plan: cenc::SegmentPlan) -> Self {
        let fragments = plan.entries.iter();
        Self {
            fragments: fragments
                .map(|entry| Fragment { clear: entry.clear, cenc: entry.cenc, cbcs: entry.cbcs })
                .collect(),
            decode_time: plan.decode_time,
        }
    }
}

/// The entries of a plan. What a protector does not read is not part of the contract, and is 0.
pub(crate) fn entries(fragments: &[Fragment]) -> Vec<Entry> {
    let entry = |fragment: &Fragment| Entry {
        clear: fragment.clear,
        cenc: fragment.cenc,
        cbcs: fragment.cbcs,
        duration: 0,
        first_picture_cenc: 0,
        first_picture_cbcs: 0,
    };
    fragments.iter().map(entry).collect()
}

pub(crate) fn iv_source(ivs: WitIvSource) -> Result<IvSource, Error> {
    Ok(match ivs {
        WitIvSource::Derived(ivs) => IvSource::Derived {
            track: ivs.track,
            variant: Variant::new(ivs.variant)
                .ok_or_else(|| Error::Argument(format!("variant: {} is not within 0 to 15", ivs.variant)))?,
        },
        WitIvSource::Counter(first) => IvSource::Counter(first),
        WitIvSource::Constant(iv) => IvSource::Constant(sixteen("constant IV", &iv)?),
    })
}

pub(crate) fn kid(bytes: &[u8]) -> Result<Kid, Error> {
    sixteen("key id", bytes).map(Kid)
}

/// The content key. What it came in is overwritten.
pub(crate) fn key(bytes: Vec<u8>) -> Result<ContentKey, Error> {
    let bytes = Zeroizing::new(bytes);
    Ok(ContentKey::new(*Zeroizing::new(sixteen("content key", &bytes)?)))
}

pub(crate) fn sixteen(what: &str, bytes: &[u8]) -> Result<[u8; 16], Error> {
    bytes.try_into().map_err(|_| Error::Argument(format!("{what}: {} bytes, 16 are wanted", bytes.len())))
}
