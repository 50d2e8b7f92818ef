use std::fmt::{self, Write};

use serde::Serialize;
use sluice_packager::keys::Kid;

use crate::inspect::{
    drm::{Signalling, System, base64},
    redact,
    text::printable,
};

/// The descriptor of Common Encryption itself (ISO/IEC 23009-1, 5.8.5.2).
pub(super) const MP4_PROTECTION: &str = "urn:mpeg:dash:mp4protection:2011";

/// A `ContentProtection` descriptor.
#[derive(Clone, Debug, Serialize)]
pub struct ContentProtection {
    /// `schemeIdUri`, as it is written.
    pub scheme_id_uri: String,
    /// The key system, where the scheme is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<System>,
    /// `value`: of Common Encryption the scheme (`cenc`, `cbcs`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `cenc:default_KID`: UUIDs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_key_ids: Vec<String>,
    /// What `cenc:pssh` and `mspr:pro` tell the key system.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signalling: Vec<Signalling>,
    /// Where licences come from (`dashif:Laurl`), without what may be secret in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence_url: Option<String>,
}

impl ContentProtection {
    pub(super) fn of(read: &dash_mpd_core::ContentProtection) -> Self {
        let system = System::of_urn(&read.schemeIdUri);
        let boxes = read.cenc_pssh.iter().filter_map(|pssh| pssh.content.as_deref());
        let boxes = boxes.map(|text| match base64(text) {
            Ok(bytes) => Signalling::pssh(&bytes),
            Err(error) => Signalling::failed(system.clone(), 0, format!("cenc:pssh is {error}")),
        });
        let object = read.msprpro.as_ref().and_then(|pro| pro.content.as_deref()).map(|text| match base64(text) {
            Ok(bytes) => Signalling::data(system.clone(), &bytes),
            Err(error) => Signalling::failed(system.clone(), 0, format!("mspr:pro is {error}")),
        });
        let url = [&read.laurl, &read.clearkey_laurl].into_iter().flatten().find_map(|laurl| laurl.content.as_deref());
        Self {
            scheme_id_uri: printable(&read.schemeIdUri),
            value: read.value.as_deref().map(printable),
            default_key_ids: read
                .default_KID
                .as_deref()
                .unwrap_or_default()
                .split_whitespace()
                .map(|id| id.parse::<Kid>().map_or_else(|_| printable(id), |kid| kid.uuid()))
                .collect(),
            signalling: boxes.chain(object).collect(),
            licence_url: url.map(|url| redact::url(url.trim())),
            system,
        }
    }

    pub(super) fn is_common_encryption(&self) -> bool {
        self.scheme_id_uri.eq_ignore_ascii_case(MP4_PROTECTION)
    }

    pub(super) fn write(&self, f: &mut impl Write, indent: usize) -> fmt::Result {
        write!(f, "{:indent$}", "")?;
        match &self.system {
            _ if self.is_common_encryption() => write!(f, "Common Encryption")?,
            Some(system) => write!(f, "{system}")?,
            None => write!(f, "{}", self.scheme_id_uri)?,
        }
        if let Some(value) = &self.value {
            write!(f, " {value}")?;
        }
        if !self.default_key_ids.is_empty() {
            write!(f, ", key id {}", self.default_key_ids.join(" "))?;
        }
        if let Some(url) = &self.licence_url {
            write!(f, ", licences from {url}")?;
        }
        writeln!(f)?;
        self.signalling.iter().try_for_each(|signalling| signalling.write(f, indent + 2))
    }
}
