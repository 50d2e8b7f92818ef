use sluice_packager::{
    keys::Kid,
    title::{KeySystem, Scheme},
};

use super::{Outcome, Reading, SignallingError, agree, data::names_key, decoded};
use crate::{
    cpix::{Element, system_id},
    inspect::{
        drm::{System, data_uri},
        hls::{Attributes, Line, lines},
    },
};

pub(super) const PART: &str = "HLSSignalingData";
const MEDIA: &str = "HLSSignalingData playlist=\"media\"";
const MASTER: &str = "HLSSignalingData playlist=\"master\"";
/// Longest URI, in bytes.
const LONGEST_URI: usize = 2048;

/// Reads the pair of `HLSSignalingData` (SPEKE v2.0: one for media, one for multivariant playlists), where there is one. CPIX 2.4
/// has another word for the latter.
pub(super) fn read(system: &Element, asked: bool, reading: &mut Reading) -> Outcome<()> {
    let (mut media, mut master) = (None, None);
    for element in system.all(PART) {
        let (kept, part, name) = match element.attribute("playlist") {
            Some("media") => (&mut media, MEDIA, "EXT-X-KEY"),
            Some("master" | "multiVariant") => (&mut master, MASTER, "EXT-X-SESSION-KEY"),
            _ => return Err(SignallingError::Form(PART)),
        };
        if kept.is_some() {
            return Err(SignallingError::Twice(part));
        }
        let bytes = decoded(element, part)?;
        let text = String::from_utf8(bytes).map_err(|_| SignallingError::Form(part))?;
        *kept = Some(tag(&text, name, part, reading)?);
    }
    match (media, master) {
        (Some(media), Some(master)) if media == master => Ok(()),
        (Some(_), Some(_)) => Err(SignallingError::Differs(MASTER)),
        (Some(_), None) => Err(SignallingError::Missing(MASTER)),
        (None, Some(_)) => Err(SignallingError::Missing(MEDIA)),
        (None, None) if asked => Err(SignallingError::Missing(PART)),
        (None, None) => Ok(()),
    }
}

/// What both playlists have to say alike (rfc8216bis, 4.4.2.2): `METHOD`, `KEYFORMAT`, `KEYFORMATVERSIONS`, `URI`.
type Tag = [String; 4];

/// The one tag that the text consists of; adds what its URI says.
fn tag(text: &str, name: &str, part: &'static str, reading: &mut Reading) -> Outcome<Tag> {
    let malformed = || SignallingError::Form(part);
    let lines = lines(text).map_err(|_| malformed())?;
    let [line] = lines.as_slice() else { return Err(malformed()) };
    let attributes = match line.what {
        Line::Tag(found, attributes) if found == name => attributes,
        _ => return Err(malformed()),
    };
    let (attributes, None) = Attributes::parse(attributes) else { return Err(malformed()) };
    let get = |name| attributes.get(name).ok_or_else(malformed);
    let (method, keyformat, uri) = (get("METHOD")?, get("KEYFORMAT")?, get("URI")?);
    let wanted = match reading.scheme {
        Scheme::Cbcs => "SAMPLE-AES",
        Scheme::Cenc => "SAMPLE-AES-CTR",
    };
    if method != wanted {
        return Err(SignallingError::Scheme(part));
    }
    let of_system =
        System::of_keyformat(keyformat).is_some_and(|found| Some(found.id.as_str()) == system_id(reading.said.system));
    if !of_system {
        return Err(SignallingError::System(part));
    }
    if let Some(id) = attributes.get("KEYID") {
        let id = id.strip_prefix("0x").or_else(|| id.strip_prefix("0X")).and_then(|id| id.parse().ok());
        names_key(std::iter::once(id), reading.said.kid, part)?;
    }
    if uri.is_empty()
        || (uri.len() > LONGEST_URI && reading.said.system == KeySystem::Fairplay)
        || uri.chars().any(char::is_control)
    {
        return Err(malformed());
    }
    match reading.said.system {
        KeySystem::Fairplay => agree(&mut reading.said.key_uri, uri.to_owned(), part)?,
        KeySystem::Widevine | KeySystem::Playready => {
            let bytes = data_uri(uri).and_then(Result::ok).ok_or_else(malformed)?;
            if bytes.get(4..8) == Some(b"pssh") {
                reading.add_pssh(bytes, part)?;
            } else {
                reading.add_pro(bytes, part)?;
            }
        }
        KeySystem::Clearkey => {
            if let Some(bytes) = data_uri(uri) {
                let kid = bytes.ok().and_then(|bytes| bytes.try_into().ok()).map(Kid);
                names_key(std::iter::once(kid), reading.said.kid, part)?;
            }
        }
        KeySystem::Identity => {}
    }
    let versions = attributes.get("KEYFORMATVERSIONS").unwrap_or("1");
    Ok([method, keyformat, versions, uri].map(str::to_owned))
}
