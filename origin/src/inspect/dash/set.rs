use std::fmt::{self, Write};

use serde::Serialize;

use super::{
    addressing::{Addressing, Levels},
    protection::ContentProtection,
};
use crate::inspect::{redact, text::printable};

/// An adaptation set.
#[derive(Clone, Debug, Serialize)]
pub struct AdaptationSet {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `contentType`, or the first half of the MIME type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// MIME type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// RFC 6381, of all its representations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codecs: Option<String>,
    /// BCP 47.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// `Role@value`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// `Label`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// `EssentialProperty` and `SupplementalProperty`: `schemeIdUri value`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<String>,
    /// How all its representations are protected.
    pub protection: Vec<ContentProtection>,
    /// Its representations.
    pub representations: Vec<Representation>,
}

/// A representation.
#[derive(Clone, Debug, Serialize)]
pub struct Representation {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Bits per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<u64>,
    /// RFC 6381, its own or its set's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codecs: Option<String>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u64>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// Per second, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<String>,
    /// Hz, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_sampling_rate: Option<String>,
    /// `AudioChannelConfiguration@value`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<String>,
    /// Its own protection, beside its set's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protection: Vec<ContentProtection>,
    /// `BaseURL` elements of its own, without what may be secret in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub base_urls: Vec<String>,
    /// How its segments are found.
    pub addressing: Addressing,
}

fn text(value: &Option<String>) -> Option<String> {
    value.as_deref().map(printable)
}

impl AdaptationSet {
    pub(super) fn of(
        set: &dash_mpd_core::AdaptationSet,
        period: &dash_mpd_core::Period,
        duration: Option<f64>,
    ) -> Self {
        let mime_type = set.mimeType.as_ref().or(set.representations.first().and_then(|first| first.mimeType.as_ref()));
        let content_type = set.contentType.as_deref().or(mime_type.and_then(|mime| mime.split('/').next()));
        let property = |scheme: &str, value: &Option<String>| {
            printable(format!("{scheme} {}", value.as_deref().unwrap_or_default()).trim())
        };
        let essential = set.essential_property.iter().map(|given| property(&given.schemeIdUri, &given.value));
        let supplemental = set.supplemental_property.iter().map(|given| property(&given.schemeIdUri, &given.value));
        Self {
            id: text(&set.id),
            content_type: content_type.map(printable),
            mime_type: mime_type.map(|mime| printable(mime)),
            codecs: text(&set.codecs),
            language: text(&set.lang),
            roles: set.Role.iter().filter_map(|role| text(&role.value)).collect(),
            labels: set.Label.iter().map(|label| printable(&label.content)).collect(),
            properties: essential.chain(supplemental).collect(),
            protection: set.ContentProtection.iter().map(ContentProtection::of).collect(),
            representations: set
                .representations
                .iter()
                .map(|representation| Representation::of(representation, set, period, duration))
                .collect(),
        }
    }

    pub(super) fn write(&self, f: &mut impl Write, index: usize, list: bool) -> fmt::Result {
        let id = self.id.clone().unwrap_or_else(|| format!("#{}", index + 1));
        write!(f, "  set {id}")?;
        for value in [&self.content_type, &self.mime_type, &self.codecs, &self.language].into_iter().flatten() {
            write!(f, ", {value}")?;
        }
        for (name, values) in [("role", &self.roles), ("label", &self.labels)] {
            if !values.is_empty() {
                write!(f, ", {name} {}", values.join(" "))?;
            }
        }
        writeln!(f)?;
        self.properties.iter().try_for_each(|property| writeln!(f, "    property {property}"))?;
        if self.protection.is_empty() && self.representations.iter().all(|own| own.protection.is_empty()) {
            writeln!(f, "    not protected")?;
        }
        self.protection.iter().try_for_each(|protection| protection.write(f, 4))?;
        self.representations.iter().try_for_each(|representation| representation.write(f, list))
    }
}

impl Representation {
    fn of(
        own: &dash_mpd_core::Representation,
        set: &dash_mpd_core::AdaptationSet,
        period: &dash_mpd_core::Period,
        duration: Option<f64>,
    ) -> Self {
        let levels = Levels {
            templates: [&period.SegmentTemplate, &set.SegmentTemplate, &own.SegmentTemplate].map(Option::as_ref),
            bases: [&period.SegmentBase, &set.SegmentBase, &own.SegmentBase].map(Option::as_ref),
            lists: [&period.SegmentList, &set.SegmentList, &own.SegmentList].map(Option::as_ref),
        };
        let channels = own.AudioChannelConfiguration.first().or(set.AudioChannelConfiguration.first());
        Self {
            id: text(&own.id),
            bandwidth: own.bandwidth,
            codecs: text(&own.codecs).or(text(&set.codecs)),
            width: own.width.or(set.width),
            height: own.height.or(set.height),
            frame_rate: text(&own.frameRate).or(text(&set.frameRate)),
            audio_sampling_rate: text(&own.audioSamplingRate).or(text(&set.audioSamplingRate)),
            channels: channels.and_then(|channels| text(&channels.value)),
            protection: own.ContentProtection.iter().map(ContentProtection::of).collect(),
            base_urls: own.BaseURL.iter().map(|url| redact::url(&url.base)).collect(),
            addressing: Addressing::of(&levels, duration),
        }
    }

    fn write(&self, f: &mut impl Write, list: bool) -> fmt::Result {
        write!(f, "    {}: ", self.id.as_deref().unwrap_or("representation"))?;
        match self.bandwidth {
            Some(bandwidth) => write!(f, "{bandwidth} bit/s")?,
            None => write!(f, "no bandwidth")?,
        }
        if let Some(codecs) = &self.codecs {
            write!(f, ", {codecs}")?;
        }
        if let Some((width, height)) = self.width.zip(self.height) {
            write!(f, ", {width}x{height}")?;
        }
        for (name, value, unit) in
            [("at ", &self.frame_rate, ""), ("", &self.audio_sampling_rate, " Hz"), ("", &self.channels, " channels")]
        {
            if let Some(value) = value {
                write!(f, ", {name}{value}{unit}")?;
            }
        }
        writeln!(f)?;
        self.base_urls.iter().try_for_each(|url| writeln!(f, "      base URL {url}"))?;
        self.protection.iter().try_for_each(|protection| protection.write(f, 6))?;
        self.addressing.write(f, 6, list)
    }
}
