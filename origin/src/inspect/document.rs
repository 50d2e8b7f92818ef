use std::fmt::Write;

use anyhow::{Context, bail};
use serde::Deserialize;
use sluice_gate::rights::Rights;
use sluice_packager::title::{Descriptor, TrackRecord, plan};

#[derive(Deserialize)]
struct WithRights {
    rights: Rights,
}

/// A descriptor or a track record.
pub(super) fn json(bytes: &[u8]) -> anyhow::Result<String> {
    let value: serde_json::Value = serde_json::from_slice(bytes)?;
    if value.get("tracks").is_some() {
        descriptor(bytes)
    } else if value.get("timeline").is_some() {
        record(bytes)
    } else {
        bail!("JSON, but neither a descriptor nor a track record")
    }
}

fn descriptor(bytes: &[u8]) -> anyhow::Result<String> {
    let descriptor: Descriptor = serde_json::from_slice(bytes)?;
    let WithRights { rights } = serde_json::from_slice(bytes).context("rights")?;
    let mut out = String::new();
    writeln!(out, "descriptor of {} version {}", descriptor.title, descriptor.version)?;
    writeln!(out, "rights: {}", serde_json::to_string(&rights)?)?;
    match &descriptor.key_policy {
        None => writeln!(out, "unprotected")?,
        Some(policy) => {
            let systems: Vec<&str> = policy.systems.iter().map(|system| system.as_str()).collect();
            writeln!(out, "key systems: {}", systems.join(" "))?;
            for keys in &policy.schemes {
                writeln!(
                    out,
                    "{}: video key id {}, audio key id {}",
                    keys.scheme.as_str(),
                    keys.video.uuid(),
                    keys.audio.uuid()
                )?;
                for key in &keys.classes {
                    writeln!(out, "  {} key id {}", key.class.as_str(), key.kid.uuid())?;
                }
            }
        }
    }
    for track in &descriptor.tracks {
        let seconds = track.timeline.duration() as f64 / f64::from(track.timescale.max(1));
        write!(
            out,
            "{}: {} {}, {} segments, {seconds:.3} s, peak {} average {} bit/s",
            track.id,
            serde_json::to_string(&track.kind)?.trim_matches('"'),
            track.codec,
            track.timeline.count(),
            track.peak_bandwidth,
            track.average_bandwidth
        )?;
        if let Some(video) = track.video {
            let (frames, per) = video.frame_rate;
            write!(out, ", {}x{} at {frames}/{per}", video.width, video.height)?;
            if let Some(range) = video.range {
                write!(out, ", {}", range.as_str())?;
            }
            if let Some(level) = track.hdcp {
                write!(out, ", HDCP {}", level.as_str())?;
            }
        }
        if let Some(role) = track.role {
            write!(out, ", {}", role.as_str())?;
        }
        if let Some(audio) = track.audio {
            write!(out, ", {} channels at {} Hz", audio.channels, audio.sample_rate)?;
        }
        if let Some(language) = &track.language {
            write!(out, ", {language}")?;
        }
        if track.default {
            write!(out, ", default")?;
        }
        out.push('\n');
    }
    Ok(out)
}

fn record(bytes: &[u8]) -> anyhow::Result<String> {
    let record: TrackRecord = serde_json::from_slice(bytes)?;
    let mut out = String::new();
    writeln!(out, "record of track {} version {}, number {}", record.track, record.version, record.number)?;
    if record.unprotected_title {
        writeln!(out, "unprotected title")?;
    }
    for entry in &record.kids {
        writeln!(out, "{}: key id {}", entry.scheme.as_str(), entry.kid.uuid())?;
    }
    writeln!(out, "timescale {}, begins at {}", record.timescale, record.timeline.start)?;
    for run in &record.timeline.runs {
        writeln!(out, "{} segments of {} with {} plan entries each", run.n, run.d, run.f)?;
    }
    Ok(out)
}

/// A plan.
pub(super) fn plan(bytes: &[u8]) -> anyhow::Result<String> {
    let entries = plan::read(bytes)?;
    let mut out =
        format!("plan of {} entries: clear, cenc, cbcs, duration, first picture in cenc, in cbcs\n", entries.len());
    for (index, entry) in entries.iter().enumerate() {
        writeln!(
            out,
            "{index}: {} {} {} {} {} {}",
            entry.clear, entry.cenc, entry.cbcs, entry.duration, entry.first_picture_cenc, entry.first_picture_cbcs
        )?;
    }
    Ok(out)
}
