use std::fmt::{self, Write};

use serde::Serialize;

use super::{
    key::HlsKey,
    line::{Attributes, Line, Numbered},
};
use crate::inspect::{
    redact,
    report::{Content, Report, Warning},
};

/// A multivariant playlist.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MultivariantPlaylist {
    /// `EXT-X-VERSION`, 1 where it is absent.
    pub version: u32,
    /// Whether every segment of every variant can be decoded by itself.
    pub independent_segments: bool,
    /// `EXT-X-STREAM-INF`
    pub variants: Vec<Variant>,
    /// `EXT-X-I-FRAME-STREAM-INF`
    pub iframe_variants: Vec<Variant>,
    /// `EXT-X-MEDIA`
    pub renditions: Vec<Rendition>,
    /// `EXT-X-SESSION-KEY`
    pub session_keys: Vec<HlsKey>,
    /// The steering server of `EXT-X-CONTENT-STEERING`, without what may be secret in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steering: Option<String>,
}

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

pub(super) fn explain(lines: &[Numbered<'_>]) -> Report {
    let mut playlist = MultivariantPlaylist { version: 1, ..MultivariantPlaylist::default() };
    let (mut warnings, mut errors) = (Vec::new(), Vec::new());
    let mut open: Option<Variant> = None;
    for Numbered { number, what } in lines {
        let (name, value) = match what {
            Line::Uri(uri) => {
                match open.take() {
                    Some(variant) => playlist.variants.push(Variant { uri: Some(redact::url(uri)), ..variant }),
                    None => {
                        let text = "a URI without EXT-X-STREAM-INF before it";
                        warnings.push(Warning::new("uri_without_variant", &format!("line {number}"), text));
                    }
                }
                continue;
            }
            Line::Tag(name, value) => (*name, *value),
        };
        let tags = [
            "EXT-X-STREAM-INF",
            "EXT-X-I-FRAME-STREAM-INF",
            "EXT-X-MEDIA",
            "EXT-X-SESSION-KEY",
            "EXT-X-CONTENT-STEERING",
        ];
        let (attributes, rest) =
            if tags.contains(&name) { Attributes::parse(value) } else { (Attributes::default(), None) };
        if rest.is_some() {
            errors.push(format!("line {number}: {name} has a malformed attribute list"));
        }
        match name {
            "EXT-X-VERSION" => match value.trim().parse() {
                Ok(version) => playlist.version = version,
                Err(_) => errors.push(format!("line {number}: {name} is not a number")),
            },
            "EXT-X-INDEPENDENT-SEGMENTS" => playlist.independent_segments = true,
            "EXT-X-STREAM-INF" => {
                if let Some(variant) = open.replace(Variant::of(&attributes, *number)) {
                    let text = "EXT-X-STREAM-INF without a URI on the next line";
                    warnings.push(Warning::new("variant_uri", &format!("line {}", variant.line), text));
                }
            }
            "EXT-X-I-FRAME-STREAM-INF" => {
                let uri = attributes.get("URI").map(redact::url);
                playlist.iframe_variants.push(Variant { uri, ..Variant::of(&attributes, *number) });
            }
            "EXT-X-MEDIA" => playlist.renditions.push(Rendition::of(&attributes, *number)),
            "EXT-X-SESSION-KEY" => {
                let key = HlsKey::of(&attributes, *number, &mut warnings);
                if key.method == "NONE" {
                    let text = "METHOD=NONE, which EXT-X-SESSION-KEY may not have";
                    warnings.push(Warning::new("session_key_none", &format!("line {number}"), text));
                }
                playlist.session_keys.push(key);
            }
            "EXT-X-CONTENT-STEERING" => playlist.steering = attributes.get("SERVER-URI").map(redact::url),
            _ => {}
        }
    }
    if let Some(variant) = open {
        let text = "EXT-X-STREAM-INF without a URI after it";
        warnings.push(Warning::new("variant_uri", &format!("line {}", variant.line), text));
    }
    playlist.check(&mut warnings);
    super::report(Content::HlsMultivariant(playlist), warnings, errors)
}

impl Variant {
    fn of(attributes: &Attributes<'_>, line: usize) -> Self {
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

    fn write(&self, f: &mut impl Write) -> fmt::Result {
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
    fn of(attributes: &Attributes<'_>, line: usize) -> Self {
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

    fn write(&self, f: &mut impl Write) -> fmt::Result {
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

impl MultivariantPlaylist {
    fn check(&self, warnings: &mut Vec<Warning>) {
        for variant in self.variants.iter().chain(&self.iframe_variants) {
            let at = format!("line {}", variant.line);
            let mut warn = |code, text: String| warnings.push(Warning::new(code, &at, text));
            if variant.codecs.is_none() {
                warn("codecs_missing", "a variant without CODECS: Apple's players stall".to_owned());
            }
            if variant.bandwidth.is_none() {
                warn("bandwidth_missing", "a variant without BANDWIDTH, which is required".to_owned());
            }
            let groups = [
                ("AUDIO", &variant.audio),
                ("VIDEO", &variant.video),
                ("SUBTITLES", &variant.subtitles),
                ("CLOSED-CAPTIONS", &variant.closed_captions),
            ];
            for (kind, group) in groups {
                let Some(group) = group.as_ref().filter(|group| *group != "NONE") else { continue };
                if !self.renditions.iter().any(|rendition| rendition.kind == kind && rendition.group_id == *group) {
                    warn("group_missing", format!("{kind} names the group {group}, which no EXT-X-MEDIA is of"));
                }
            }
        }
        for rendition in &self.renditions {
            let at = format!("line {}", rendition.line);
            if rendition.name.is_none() || rendition.group_id.is_empty() || rendition.kind.is_empty() {
                warnings.push(Warning::new("media_incomplete", &at, "EXT-X-MEDIA without TYPE, GROUP-ID or NAME"));
            }
            if rendition.kind == "SUBTITLES" && rendition.uri.is_none() {
                warnings.push(Warning::new("media_uri", &at, "subtitles without URI"));
            }
        }
        if self.variants.is_empty() {
            warnings.push(Warning::new("no_variants", "playlist", "no variants"));
        }
    }

    pub(in crate::inspect) fn write(&self, f: &mut impl Write) -> fmt::Result {
        let independent = if self.independent_segments { ", segments are independent" } else { "" };
        writeln!(f, "HLS multivariant playlist, version {}{independent}", self.version)?;
        if let Some(server) = &self.steering {
            writeln!(f, "content steering by {server}")?;
        }
        writeln!(f, "variants:")?;
        self.variants.iter().try_for_each(|variant| variant.write(f))?;
        if !self.iframe_variants.is_empty() {
            writeln!(f, "I-frame variants:")?;
        }
        self.iframe_variants.iter().try_for_each(|variant| variant.write(f))?;
        if !self.renditions.is_empty() {
            writeln!(f, "renditions:")?;
        }
        self.renditions.iter().try_for_each(|rendition| rendition.write(f))?;
        writeln!(f, "{}", if self.session_keys.is_empty() { "no session keys" } else { "session keys:" })?;
        self.session_keys.iter().try_for_each(|key| key.write(f, 2))
    }
}
