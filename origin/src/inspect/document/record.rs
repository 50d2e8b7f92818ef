use std::fmt::{self, Write};

use serde::Serialize;
use sluice_packager::title::{DeliveryKid, PsshPlaces, Run, TrackRecord};

/// A track's record.
#[derive(Clone, Debug, Serialize)]
pub struct RecordReport {
    /// The track's id.
    pub track: String,
    /// The version of the clear bytes.
    pub version: String,
    /// The track's number in its title.
    pub number: u64,
    /// Whether the title is unprotected.
    pub unprotected_title: bool,
    /// Its key id in each delivery.
    pub key_ids: Vec<RecordKey>,
    /// Where `pssh` boxes stand in the media, as the document has it; absent: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pssh: Option<PsshPlaces>,
    /// Ticks per second.
    pub timescale: u32,
    /// Decode time of the first segment.
    pub start: u64,
    /// Segments of the same duration, one run after another.
    pub runs: Vec<Run>,
}

/// The track's key id in a delivery.
#[derive(Clone, Debug, Serialize)]
pub struct RecordKey {
    /// `cenc`, `cbcs` or `aes128`.
    pub scheme: &'static str,
    /// UUID.
    pub key_id: String,
}

pub(super) fn record(bytes: &[u8]) -> anyhow::Result<RecordReport> {
    let record: TrackRecord = serde_json::from_slice(bytes)?;
    let key = |entry: &DeliveryKid| RecordKey { scheme: entry.scheme.as_str(), key_id: entry.kid.uuid() };
    Ok(RecordReport {
        track: record.track.to_string(),
        version: record.version.to_string(),
        number: record.number.into(),
        unprotected_title: record.unprotected_title,
        key_ids: record.kids.iter().map(key).collect(),
        pssh: record.pssh,
        timescale: record.timescale,
        start: record.timeline.start,
        runs: record.timeline.runs.clone(),
    })
}

impl RecordReport {
    pub(in crate::inspect) fn write(&self, f: &mut impl Write) -> fmt::Result {
        writeln!(f, "record of track {} version {}, number {}", self.track, self.version, self.number)?;
        if self.unprotected_title {
            writeln!(f, "unprotected title")?;
        }
        for RecordKey { scheme, key_id } in &self.key_ids {
            writeln!(f, "{scheme}: key id {key_id}")?;
        }
        if let Some(PsshPlaces { init, moof, systems, room }) = &self.pssh {
            let places: Vec<_> = [(*init, "init segment"), (*moof, "fragments")]
                .into_iter()
                .filter(|(is, _)| *is)
                .map(|(_, place)| place)
                .collect();
            let systems: Vec<_> = systems.iter().map(|system| system.as_str()).collect();
            write!(f, "pssh boxes in {}: {}", places.join(" and "), systems.join(" "))?;
            match room {
                Some(room) => writeln!(f, ", the key provider's, room for {room} bytes of each")?,
                None => writeln!(f)?,
            }
        }
        writeln!(f, "timescale {}, begins at {}", self.timescale, self.start)?;
        for run in &self.runs {
            writeln!(f, "{} segments of {} with {} plan entries each", run.n, run.d, run.f)?;
        }
        Ok(())
    }
}
