use std::fmt::{self, Display, Write};

use serde::Serialize;

use super::{
    bmff::Media,
    dash::Mpd,
    document::{DescriptorReport, PlanReport, RecordReport},
    hls::{MediaPlaylist, MultivariantPlaylist},
    token::TokenReport,
};

/// Version of the JSON document. Fields are added under the same version; renamed or removed under a new one.
const VERSION: u32 = 1;

/// All that `sluice inspect` says: the text is written from it, `--json` is it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of this document: 1.
    pub v: u32,
    /// What was inspected: the file, or the URL without what may be secret in it. Absent for a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Bytes of it. Absent for a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// What it is, as `kind`, and its facts.
    #[serde(flatten)]
    pub content: Content,
    /// What is likely to break players, or not to be meant.
    pub warnings: Vec<Warning>,
    /// What is damaged: after it, less was read than there is.
    pub errors: Vec<String>,
}

/// What was inspected.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// An ISO BMFF file: init segment, media segment, single file.
    Isobmff(Media),
    /// An HLS multivariant playlist.
    HlsMultivariant(MultivariantPlaylist),
    /// An HLS media playlist, of I-frames too.
    HlsMedia(MediaPlaylist),
    /// A DASH MPD.
    Mpd(Mpd),
    /// A viewer's JWT, a Common Access Token, a lease or a handle.
    Token(TokenReport),
    /// A title's descriptor.
    Descriptor(DescriptorReport),
    /// A track's record.
    Record(RecordReport),
    /// A track's plan.
    Plan(PlanReport),
}

/// A warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What is warned of; does not change between releases.
    pub code: &'static str,
    /// Where: a box, a line, an element.
    pub at: String,
    /// The same in words.
    pub text: String,
}

impl Warning {
    pub(super) fn new(code: &'static str, at: &str, text: impl Into<String>) -> Self {
        Self { code, at: at.to_owned(), text: text.into() }
    }
}

impl Report {
    pub(super) fn of(content: Content) -> Self {
        Self { v: VERSION, target: None, size: None, content, warnings: Vec::new(), errors: Vec::new() }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        match &self.content {
            Content::Isobmff(media) => media.write(&mut out),
            Content::HlsMultivariant(playlist) => playlist.write(&mut out),
            Content::HlsMedia(playlist) => playlist.write(&mut out),
            Content::Mpd(mpd) => mpd.write(&mut out),
            Content::Token(token) => token.write(&mut out),
            Content::Descriptor(descriptor) => descriptor.write(&mut out),
            Content::Record(record) => record.write(&mut out),
            Content::Plan(plan) => plan.write(&mut out),
        }?;
        if !self.warnings.is_empty() {
            writeln!(out)?;
        }
        for Warning { code, at, text } in &self.warnings {
            writeln!(out, "warning: {at}: {text} [{code}]")?;
        }
        f.write_str(&out)
    }
}
