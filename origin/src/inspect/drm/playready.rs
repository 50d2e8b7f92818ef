use std::fmt::{self, Write};

use serde::Serialize;
use sluice_packager::{drm::playready::guid, keys::Kid};

use super::base64;
use crate::{
    cpix::{self, Element},
    inspect::{redact, text::printable},
};

/// A PlayReady Object: the rights management header that it carries (PlayReady Header Specification, 2 and 4).
#[derive(Clone, Debug, Serialize)]
pub struct PlayReady {
    /// `WRMHEADER@version`.
    pub version: String,
    /// `KID` elements.
    pub key_ids: Vec<PlayReadyKey>,
    /// `LA_URL`, without what may be secret in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub la_url: Option<String>,
    /// `DS_ID`, the domain service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ds_id: Option<String>,
    /// The header's text. Where it names a URL or has attributes of somebody's own, their names alone.
    pub header: String,
    /// Bytes of licences embedded in the object, which are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedded_licences: Option<usize>,
}

/// A key id of the header.
#[derive(Clone, Debug, Serialize)]
pub struct PlayReadyKey {
    /// UUID, in the byte order of `tenc`.
    pub key_id: String,
    /// `ALGID`: `AESCTR`, `AESCBC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
}

const RECORD_HEADER: u16 = 1;
const RECORD_LICENCES: u16 = 3;

impl PlayReady {
    pub(super) fn parse(data: &[u8]) -> Result<Self, String> {
        let (header, licences) =
            records(data).ok_or("the lengths of the PlayReady object do not agree with its bytes")?;
        let header = header.ok_or("the PlayReady object has no rights management header")?;
        let units: Vec<u16> = header.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        let text = String::from_utf16(&units).map_err(|_| "the WRMHEADER is not UTF-16")?;
        let text = text.trim_start_matches('\u{feff}').trim_end_matches('\0');
        let root = cpix::parse(text.as_bytes()).map_err(|error| format!("the WRMHEADER: {error}"))?;
        if root.name != "WRMHEADER" {
            return Err("the rights management header is no WRMHEADER".to_owned());
        }
        let mut said = Self {
            version: printable(root.attribute("version").unwrap_or("unknown")),
            key_ids: Vec::new(),
            la_url: None,
            ds_id: None,
            header: String::new(),
            embedded_licences: licences,
        };
        said.read(&root, None);
        let private = ["LA_URL", "LUI_URL", "CUSTOMATTRIBUTES"].iter().any(|name| find(&root, name).is_some());
        said.header = if !private { printable(text) } else { outline(&root) };
        Ok(said)
    }

    fn read(&mut self, element: &Element, algorithm: Option<&str>) {
        // Version 4.0 has ALGID beside KID, in PROTECTINFO; later ones have it as KID's attribute.
        let beside =
            if element.name == "DATA" { find(element, "ALGID").map(|found| found.text.trim()) } else { algorithm };
        for child in &element.children {
            match child.name.as_str() {
                "KID" => {
                    let value = child.attribute("VALUE").unwrap_or_else(|| child.text.trim());
                    let bytes = base64(value).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
                    let key_id =
                        bytes.map_or_else(|| "not 16 bytes in base64".to_owned(), |b| Kid(guid(&Kid(b))).uuid());
                    let algorithm = child.attribute("ALGID").or(beside).map(printable);
                    self.key_ids.push(PlayReadyKey { key_id, algorithm });
                }
                "LA_URL" => self.la_url = Some(redact::url(child.text.trim())),
                "DS_ID" => self.ds_id = Some(printable(child.text.trim())),
                _ => self.read(child, beside),
            }
        }
    }

    pub(super) fn kids(&self) -> Vec<Kid> {
        self.key_ids.iter().filter_map(|key| key.key_id.parse().ok()).collect()
    }

    pub(super) fn write(&self, f: &mut impl Write, indent: usize) -> fmt::Result {
        writeln!(f, "{:indent$}WRMHEADER {}", "", self.version)?;
        for key in &self.key_ids {
            let algorithm = key.algorithm.as_deref().unwrap_or("no algorithm");
            writeln!(f, "{:indent$}  key id {}, {algorithm}", "", key.key_id)?;
        }
        if let Some(url) = &self.la_url {
            writeln!(f, "{:indent$}  LA_URL {url}", "")?;
        }
        if let Some(id) = &self.ds_id {
            writeln!(f, "{:indent$}  DS_ID {id}", "")?;
        }
        if let Some(size) = self.embedded_licences {
            writeln!(f, "{:indent$}  {size} bytes of embedded licences, not shown", "")?;
        }
        writeln!(f, "{:indent$}  {}", "", self.header)
    }
}

/// The rights management header, and the size of embedded licences.
fn records(data: &[u8]) -> Option<(Option<&[u8]>, Option<usize>)> {
    let (length, rest) = data.split_first_chunk::<4>()?;
    let (count, rest) = rest.split_first_chunk::<2>()?;
    let mut rest = rest.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?.checked_sub(6)?)?;
    let (mut header, mut licences) = (None, None);
    for _ in 0..u16::from_le_bytes(*count) {
        let (kind, after) = rest.split_first_chunk::<2>()?;
        let (length, after) = after.split_first_chunk::<2>()?;
        let (value, after) = after.split_at_checked(u16::from_le_bytes(*length).into())?;
        match u16::from_le_bytes(*kind) {
            RECORD_HEADER => header = Some(value),
            RECORD_LICENCES => licences = Some(value.len()),
            _ => {}
        }
        rest = after;
    }
    Some((header, licences))
}

fn find<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    element.children.iter().find_map(|child| if child.name == name { Some(child) } else { find(child, name) })
}

/// Names of the elements alone.
fn outline(element: &Element) -> String {
    if element.children.is_empty() {
        return format!("<{}/>", element.name);
    }
    let inside: String = element.children.iter().map(outline).collect();
    format!("<{0}>{inside}</{0}>", element.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(header: &str) -> Vec<u8> {
        let header: Vec<u8> = header.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut out = (header.len() as u32 + 10).to_le_bytes().to_vec();
        out.extend([1, 0, 1, 0]);
        out.extend((header.len() as u16).to_le_bytes());
        out.extend(header);
        out
    }

    #[test]
    fn a_header_4_0_is_read_and_its_url_not_shown_whole() {
        // The PlayReady Header Specification's example of version 4.0.0.0, with a query and an attribute of somebody's own.
        let header = "<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"4.0.0.0\"><DATA>\
            <PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>BjcWALWfrNE8R0fgEyLkwg==</KID>\
            <LA_URL>https://drm.example/rights.asmx?key=SECRET</LA_URL><CUSTOMATTRIBUTES><K>SECRET</K></CUSTOMATTRIBUTES>\
            </DATA></WRMHEADER>";
        let said = PlayReady::parse(&object(header)).expect("a header");
        assert_eq!(said.key_ids[0].key_id, "00163706-9fb5-d1ac-3c47-47e01322e4c2");
        assert_eq!(said.key_ids[0].algorithm.as_deref(), Some("AESCTR"));
        assert_eq!(said.la_url.as_deref(), Some("https://drm.example/rights.asmx?key=…"));
        assert!(!serde_json::to_string(&said).expect("JSON").contains("SECRET"));
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let good = object("<WRMHEADER version=\"4.3.0.0\"/>");
        assert!(PlayReady::parse(&good).is_ok());
        for cut in 0..good.len() {
            assert!(PlayReady::parse(&good[..cut]).is_err(), "{cut}");
        }
        assert!(PlayReady::parse(&object("<OTHER/>")).is_err());
        assert!(PlayReady::parse(&object("<!DOCTYPE x><WRMHEADER/>")).is_err());
    }
}
