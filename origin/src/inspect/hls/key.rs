use std::fmt::{self, Write};

use serde::Serialize;
use sluice_packager::drm::{clearkey, fairplay};

use super::line::Attributes;
use crate::inspect::{drm::Signalling, redact, report::Warning, text::printable};

/// An `EXT-X-KEY` or `EXT-X-SESSION-KEY` (rfc8216bis, 4.4.4.4 and 4.4.6.5).
#[derive(Clone, Debug, Serialize)]
pub struct HlsKey {
    /// Its line, from 1.
    pub line: usize,
    /// `NONE`, `AES-128`, `SAMPLE-AES`, `SAMPLE-AES-CTR`.
    pub method: String,
    /// `identity` where it is absent.
    pub keyformat: String,
    /// Without what may be secret in it; of `data:` the length alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// As it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iv: Option<String>,
    /// The attribute `KEYID`, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// What the URI tells the key system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signalling: Option<Signalling>,
}

/// The keys of segments one after another: those of the `EXT-X-KEY` tags that stand together.
#[derive(Clone, Debug, Serialize)]
pub struct KeySet {
    /// The first segment, from 0.
    pub first_segment: usize,
    /// How many segments they are for.
    pub segments: usize,
    /// One per key system.
    pub keys: Vec<HlsKey>,
}

impl HlsKey {
    pub(super) fn of(attributes: &Attributes<'_>, line: usize, warnings: &mut Vec<Warning>) -> Self {
        let at = format!("line {line}");
        let method = attributes.text("METHOD").unwrap_or_default();
        let keyformat = attributes.get("KEYFORMAT").unwrap_or(clearkey::IDENTITY);
        let uri = attributes.get("URI");
        let mut warn = |code, text: &str| warnings.push(Warning::new(code, &at, text));
        match method.as_str() {
            "NONE" | "AES-128" | "SAMPLE-AES" | "SAMPLE-AES-CTR" => {}
            "" => warn("key_method", "a key without METHOD"),
            _ => warn("key_method", "a METHOD that rfc8216bis does not know"),
        }
        if method != "NONE" && uri.is_none() {
            warn("key_uri", "a key without URI");
        }
        let fairplay = keyformat == fairplay::KEYFORMAT;
        if fairplay && method == "SAMPLE-AES-CTR" {
            warn("fairplay_ctr", "FairPlay under SAMPLE-AES-CTR: FairPlay knows cbcs (SAMPLE-AES) alone");
        }
        if fairplay && uri.is_some_and(|uri| !uri.starts_with("skd://")) {
            warn("fairplay_uri", "FairPlay without an skd:// URI");
        }
        if keyformat == clearkey::IDENTITY && uri.is_some_and(|uri| uri.starts_with("data:")) {
            warn(
                "key_in_playlist",
                "players take a data: URI of identity for the key itself: whoever reads the playlist would have it",
            );
        }
        if let Some(iv) = attributes.get("IV") {
            let digits = iv.strip_prefix("0x").or_else(|| iv.strip_prefix("0X"));
            if digits.is_none_or(|digits| digits.len() > 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
                warn("key_iv", "an IV that is not 0x and at most 32 hex digits");
            }
        }
        let signalling = uri.and_then(|uri| Signalling::hls(keyformat, uri));
        if signalling.as_ref().is_some_and(|signalling| signalling.error.is_some()) {
            warn("key_data", "the data of the URI cannot be decoded");
        }
        Self {
            line,
            method,
            keyformat: printable(keyformat),
            uri: uri.map(redact::url),
            // Shown where it is what it says: something else in its place might be a key.
            iv: attributes.text("IV").filter(|iv| iv.starts_with("0x") || iv.starts_with("0X")),
            key_id: attributes.text("KEYID"),
            signalling,
        }
    }

    pub(super) fn write(&self, f: &mut impl Write, indent: usize) -> fmt::Result {
        write!(f, "{:indent$}line {}: {}", "", self.line, self.method)?;
        if self.method == "NONE" {
            return writeln!(f);
        }
        write!(f, ", {}", self.keyformat)?;
        if let Some(key_id) = &self.key_id {
            write!(f, ", KEYID {key_id}")?;
        }
        if let Some(iv) = &self.iv {
            write!(f, ", IV {iv}")?;
        }
        if let Some(uri) = &self.uri {
            write!(f, ", {uri}")?;
        }
        writeln!(f)?;
        match &self.signalling {
            Some(signalling) => signalling.write(f, indent + 2),
            None => Ok(()),
        }
    }
}
