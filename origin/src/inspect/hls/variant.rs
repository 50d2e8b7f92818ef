use std::fmt::{self, Write};

use serde::Serialize;

use super::line::Attributes;
use crate::inspect::redact;

/// A variant, of I-frames too.
#[derive(Clone, Debug, Serialize)]
pub struct Variant {
    /// Its line, from 1.
    pub line: usize,
    /// Bits per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<u64>,
    /// Bits per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_bandwidth: Option<u64>,
    /// As it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codecs: Option<String>,
    /// `1920x1080`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// As it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<String>,
    /// `SDR`, `HLG`, `PQ`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_range: Option<String>,
    /// `TYPE-0`, `TYPE-1`, `NONE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdcp_level: Option<String>,
    /// Group of its audio renditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<String>,
    /// Group of its video renditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<String>,
    /// Group of its subtitles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitles: Option<String>,
    /// Group of its closed captions, or `NONE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_captions: Option<String>,
    /// The pathway of content steering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pathway_id: Option<String>,
    /// Without what may be secret in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

/// A rendition.
#[derive(Clone, Debug, Serialize)]
pub struct Rendition {
    /// Its line, from 1.
    pub line: usize,
    /// `AUDIO`, `VIDEO`, `SUBTITLES`, `CLOSED-CAPTIONS`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its group.
    pub group_id: String,
    /// As it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// As it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<String>,
    /// As it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub characteristics: Option<String>,
    /// `DEFAULT`
    pub default: bool,
    /// `AUTOSELECT`
    pub autoselect: bool,
    /// `FORCED`
    pub forced: bool,
    /// Without what may be secret in it; absent where the variants carry it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

impl Variant {
    pub(super) fn of(attributes: &Attributes<'_>, line: usize) -> Self {
        Self {
            line,
            bandwidth: attributes.number("BANDWIDTH"),
            average_bandwidth: attributes.number("AVERAGE-BANDWIDTH"),
            codecs: attributes.text("CODECS"),
            resolution: attributes.text("RESOLUTION"),
            frame_rate: attributes.text("FRAME-RATE"),
            video_range: attributes.text("VIDEO-RANGE"),
            hdcp_level: attributes.text("HDCP-LEVEL"),
            audio: attributes.text("AUDIO"),
            video: attributes.text("VIDEO"),
            subtitles: attributes.text("SUBTITLES"),
            closed_captions: attributes.text("CLOSED-CAPTIONS"),
            pathway_id: attributes.text("PATHWAY-ID"),
            uri: None,
        }
    }

    pub(super) fn write(&self, f: &mut impl Write) -> fmt::Result {
        write!(f, "  line {}: {} bit/s", self.line, self.bandwidth.unwrap_or(0))?;
        if let Some(average) = self.average_bandwidth {
            write!(f, " (average {average})")?;
        }
        for (name, value) in [
            ("", &self.resolution),
            ("at ", &self.frame_rate),
            ("", &self.codecs),
            ("", &self.video_range),
            ("HDCP ", &self.hdcp_level),
            ("audio ", &self.audio),
            ("video ", &self.video),
            ("subtitles ", &self.subtitles),
            ("captions ", &self.closed_captions),
            ("pathway ", &self.pathway_id),
            ("", &self.uri),
        ] {
            if let Some(value) = value {
                write!(f, ", {name}{value}")?;
            }
        }
        writeln!(f)
    }
}

impl Rendition {
    pub(super) fn of(attributes: &Attributes<'_>, line: usize) -> Self {
        Self {
            line,
            kind: attributes.text("TYPE").unwrap_or_default(),
            group_id: attributes.text("GROUP-ID").unwrap_or_default(),
            name: attributes.text("NAME"),
            language: attributes.text("LANGUAGE"),
            channels: attributes.text("CHANNELS"),
            characteristics: attributes.text("CHARACTERISTICS"),
            default: attributes.yes("DEFAULT"),
            autoselect: attributes.yes("AUTOSELECT"),
            forced: attributes.yes("FORCED"),
            uri: attributes.get("URI").map(redact::url),
        }
    }

    pub(super) fn write(&self, f: &mut impl Write) -> fmt::Result {
        write!(f, "  line {}: {} {}", self.line, self.kind, self.group_id)?;
        for (name, value) in [
            ("", &self.name),
            ("", &self.language),
            ("channels ", &self.channels),
            ("", &self.characteristics),
            ("", &self.uri),
        ] {
            if let Some(value) = value {
                write!(f, ", {name}{value}")?;
            }
        }
        for (set, name) in [(self.default, "default"), (self.autoselect, "autoselect"), (self.forced, "forced")] {
            if set {
                write!(f, ", {name}")?;
            }
        }
        writeln!(f)
    }
}
