use std::fmt::{self, Write};

use serde::Serialize;

use super::{
    key::HlsKey,
    line::{Attributes, Line, Numbered},
    variant::{Rendition, Variant},
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
