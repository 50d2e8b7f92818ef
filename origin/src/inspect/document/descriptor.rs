use std::fmt::{self, Write};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sluice_gate::rights::Rights;
use sluice_packager::title::{
    Audio, Descriptor, HdcpLevel, KeyPolicy, KeyScope, Role, SchemeKeys, SignalledBy, TitleKey, Track, TrackKind, Video,
};

/// A title's descriptor.
#[derive(Clone, Debug, Serialize)]
pub struct DescriptorReport {
    /// The title.
    pub title: String,
    /// The version of the clear bytes.
    pub version: String,
    /// Who may watch it, as the document has it.
    pub rights: serde_json::Value,
    /// Key systems that the title allows; empty for an unprotected title.
    pub key_systems: Vec<&'static str>,
    /// Who says how they are told of the keys: `own` (the edge) or `provider`; absent for an unprotected title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signalling: Option<&'static str>,
    /// Key ids per delivery.
    pub deliveries: Vec<SchemeReport>,
    /// The tracks.
    pub tracks: Vec<TrackReport>,
}

/// The keys of one delivery.
#[derive(Clone, Debug, Serialize)]
pub struct SchemeReport {
    /// `cenc`, `cbcs` or `aes128`.
    pub scheme: &'static str,
    /// In the document's order.
    pub keys: Vec<KeyReport>,
}

/// A key, without its value: documents have none.
#[derive(Clone, Debug, Serialize)]
pub struct KeyReport {
    /// What it protects: `video`, `audio`, a resolution class (`sd`, `hd`, …), or `track ID`.
    pub scope: String,
    /// The key period, from 0.
    pub period: u32,
    /// UUID.
    pub key_id: String,
}

/// A track of a title.
#[derive(Clone, Debug, Serialize)]
pub struct TrackReport {
    /// The track's id.
    pub id: String,
    /// `video`, `audio`, `text` or `thumbnail`.
    #[serde(rename = "type")]
    pub kind: TrackKind,
    /// RFC 6381.
    pub codec: String,
    /// How many segments.
    pub segments: u64,
    /// Seconds.
    pub duration: f64,
    /// Bits per second.
    pub peak_bandwidth: u32,
    /// Bits per second.
    pub average_bandwidth: u32,
    /// What it is for among its kind, where the document tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The copy protection that the picture asks of a display's link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdcp: Option<HdcpLevel>,
    /// Video only, as the document has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<Video>,
    /// Audio only, as the document has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<Audio>,
    /// BCP 47.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether players choose it without being asked.
    pub default: bool,
}

#[derive(Deserialize)]
struct WithRights {
    rights: Rights,
}

pub(super) fn descriptor(bytes: &[u8]) -> anyhow::Result<DescriptorReport> {
    let descriptor: Descriptor = serde_json::from_slice(bytes)?;
    let WithRights { rights } = serde_json::from_slice(bytes).context("rights")?;
    let policy = descriptor.key_policy.as_ref();
    let systems = policy.map(|policy| policy.systems.iter().map(|system| system.as_str()).collect::<Vec<_>>());
    Ok(DescriptorReport {
        title: descriptor.title.to_string(),
        version: descriptor.version.to_string(),
        rights: serde_json::to_value(&rights)?,
        key_systems: systems.unwrap_or_default(),
        signalling: policy.map(|policy| policy.signalling.as_str()),
        deliveries: policy.map(deliveries).unwrap_or_default(),
        tracks: descriptor.tracks.iter().map(track).collect(),
    })
}

fn deliveries(policy: &KeyPolicy) -> Vec<SchemeReport> {
    let key = |key: &TitleKey| KeyReport {
        scope: match &key.scope {
            KeyScope::Video => "video".to_owned(),
            KeyScope::Audio => "audio".to_owned(),
            KeyScope::Class(class) => class.as_str().to_owned(),
            KeyScope::Track(track) => format!("track {track}"),
        },
        period: key.period,
        key_id: key.kid.uuid(),
    };
    let of =
        |keys: &SchemeKeys| SchemeReport { scheme: keys.scheme.as_str(), keys: keys.keys.iter().map(key).collect() };
    policy.schemes.iter().map(of).collect()
}

fn track(track: &Track) -> TrackReport {
    TrackReport {
        id: track.id.to_string(),
        kind: track.kind,
        codec: track.codec.clone(),
        segments: track.timeline.count().into(),
        duration: track.timeline.duration() as f64 / f64::from(track.timescale.max(1)),
        peak_bandwidth: track.peak_bandwidth,
        average_bandwidth: track.average_bandwidth,
        role: track.role,
        hdcp: track.hdcp,
        video: track.video,
        audio: track.audio,
        language: track.language.clone(),
        default: track.default,
    }
}

impl DescriptorReport {
    pub(in crate::inspect) fn write(&self, f: &mut impl Write) -> fmt::Result {
        writeln!(f, "descriptor of {} version {}", self.title, self.version)?;
        writeln!(f, "rights: {}", self.rights)?;
        if self.deliveries.is_empty() {
            writeln!(f, "unprotected")?;
        } else {
            let provider = if self.signalling == Some(SignalledBy::Provider.as_str()) {
                ", as the key provider signals them"
            } else {
                ""
            };
            writeln!(f, "key systems: {}{provider}", self.key_systems.join(" "))?;
        }
        for SchemeReport { scheme, keys } in &self.deliveries {
            writeln!(f, "{scheme}:")?;
            let rotate = keys.iter().any(|key| key.period > 0);
            for KeyReport { scope, period, key_id } in keys {
                let period = if rotate { format!(" in key period {period}") } else { String::new() };
                writeln!(f, "  {scope} key id{period}: {key_id}")?;
            }
        }
        self.tracks.iter().try_for_each(|track| track.write(f))
    }
}

impl TrackReport {
    fn write(&self, f: &mut impl Write) -> fmt::Result {
        let kind = match self.kind {
            TrackKind::Video => "video",
            TrackKind::Audio => "audio",
            TrackKind::Text => "text",
            TrackKind::Thumbnail => "thumbnails",
        };
        write!(f, "{}: {kind} {}, {} segments, {:.3} s, ", self.id, self.codec, self.segments, self.duration)?;
        write!(f, "peak {} average {} bit/s", self.peak_bandwidth, self.average_bandwidth)?;
        if let Some(video) = self.video {
            let (frames, per) = video.frame_rate;
            write!(f, ", {}x{} at {frames}/{per}", video.width, video.height)?;
            if let Some(range) = video.range {
                write!(f, ", {}", range.as_str())?;
            }
        }
        if let Some(level) = self.hdcp {
            write!(f, ", HDCP {}", level.as_str())?;
        }
        if let Some(role) = self.role {
            write!(f, ", {}", role.as_str())?;
        }
        if let Some(audio) = self.audio {
            write!(f, ", {} channels at {} Hz", audio.channels, audio.sample_rate)?;
        }
        if let Some(language) = &self.language {
            write!(f, ", {language}")?;
        }
        writeln!(f, "{}", if self.default { ", default" } else { "" })
    }
}
