//! The documents that indexing writes.

mod descriptor;
mod plan;
mod record;

use anyhow::bail;

pub use descriptor::{DescriptorReport, KeyReport, SchemeReport, TrackReport};
pub use plan::{PlanReport, PlanRow};
pub use record::{RecordKey, RecordReport};

pub(super) use plan::plan;

use super::report::Content;

/// A descriptor or a track record.
pub(super) fn json(bytes: &[u8]) -> anyhow::Result<Content> {
    let value: serde_json::Value = serde_json::from_slice(bytes)?;
    if value.get("tracks").is_some() {
        descriptor::descriptor(bytes).map(Content::Descriptor)
    } else if value.get("timeline").is_some() {
        record::record(bytes).map(Content::Record)
    } else {
        bail!("JSON, but neither a descriptor (tracks) nor a track record (timeline)")
    }
}
