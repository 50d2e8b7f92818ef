//! Key systems' signalling, decoded: the same code for boxes, playlists and MPDs.

mod playready;
mod system;
mod widevine;

use std::fmt::{self, Write};

use serde::Serialize;
use sluice_packager::{
    drm::{clearkey, fairplay, playready as pro, pssh, widevine as wv},
    keys::Kid,
};

pub use playready::{PlayReady, PlayReadyKey};
pub use system::System;
pub use widevine::Widevine;

/// What a `pssh` box, a PlayReady object or a URI tells a key system.
#[derive(Clone, Debug, Serialize)]
pub struct Signalling {
    /// The key system; absent where the data is not a `pssh` box and nobody says whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<System>,
    /// Version of the `pssh` box, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pssh_version: Option<u8>,
    /// Key ids (UUID), from the box's own list and from the system's data.
    pub key_ids: Vec<String>,
    /// Bytes of the system's own data.
    pub data_size: usize,
    /// The data of Widevine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub widevine: Option<Widevine>,
    /// The data of PlayReady.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playready: Option<PlayReady>,
    /// Why the data could not be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Signalling {
    /// Of a whole `pssh` box.
    pub(crate) fn pssh(bytes: &[u8]) -> Self {
        match pssh::parse(bytes) {
            Ok((parsed, _)) => {
                let version = if parsed.kids.is_some() { 1 } else { 0 };
                let mut said = Self::data(Some(System::of(parsed.system.0)), parsed.data);
                said.pssh_version = Some(version);
                said.add(parsed.kids.unwrap_or_default());
                said
            }
            Err(error) => Self::failed(None, bytes.len(), error.to_string()),
        }
    }

    /// Of a system's own data, without the box.
    pub(crate) fn data(system: Option<System>, data: &[u8]) -> Self {
        let mut said = Self::of(system, data.len());
        match said.system.as_ref().map(|system| system.id.as_str()).unwrap_or_default() {
            id if wv::URN.ends_with(id) && !id.is_empty() => match Widevine::parse(data) {
                Ok(widevine) => {
                    said.add(widevine.kids().collect::<Vec<_>>());
                    said.widevine = Some(widevine);
                }
                Err(error) => said.error = Some(error.to_owned()),
            },
            id if pro::URN.ends_with(id) && !id.is_empty() => match PlayReady::parse(data) {
                Ok(playready) => {
                    said.add(playready.kids());
                    said.playready = Some(playready);
                }
                Err(error) => said.error = Some(error),
            },
            _ => {}
        }
        said
    }

    /// Of the URI beside an HLS `KEYFORMAT`; `None` where it carries nothing that could be decoded.
    ///
    /// A `data:` URI is read only where its system is one whose data is public: anywhere else it may be the key itself.
    pub(super) fn hls(keyformat: &str, uri: &str) -> Option<Self> {
        let system = System::of_keyformat(keyformat)?;
        if keyformat == fairplay::KEYFORMAT {
            let mut said = Self::of(Some(system), 0);
            said.add(uri.strip_prefix("skd://").and_then(|rest| rest.parse().ok()));
            return Some(said);
        }
        let data = data_uri(uri)?;
        let data = match data {
            Ok(data) => data,
            Err(error) => return Some(Self::failed(Some(system), 0, error.to_owned())),
        };
        if keyformat == clearkey::KEYFORMAT {
            let mut said = Self::of(Some(system), data.len());
            match <[u8; 16]>::try_from(data.as_slice()) {
                Ok(kid) => said.add([Kid(kid)]),
                Err(_) => said.error = Some(format!("{} bytes where the 16 of a key id were expected", data.len())),
            }
            return Some(said);
        }
        Some(if data.get(4..8) == Some(b"pssh") { Self::pssh(&data) } else { Self::data(Some(system), &data) })
    }

    fn of(system: Option<System>, data_size: usize) -> Self {
        let (key_ids, widevine, playready, error) = (Vec::new(), None, None, None);
        Self { system, pssh_version: None, key_ids, data_size, widevine, playready, error }
    }

    pub(super) fn failed(system: Option<System>, data_size: usize, error: String) -> Self {
        Self { error: Some(error), ..Self::of(system, data_size) }
    }

    fn add(&mut self, kids: impl IntoIterator<Item = Kid>) {
        for kid in kids {
            let kid = kid.uuid();
            if !self.key_ids.contains(&kid) {
                self.key_ids.push(kid);
            }
        }
    }

    /// Writes it, lines behind `indent` blanks.
    pub(super) fn write(&self, f: &mut impl Write, indent: usize) -> fmt::Result {
        let system = self.system.as_ref().map_or_else(|| "unknown system".to_owned(), System::to_string);
        write!(f, "{:indent$}{system}", "")?;
        if let Some(version) = self.pssh_version {
            write!(f, ", pssh version {version}")?;
        }
        if !self.key_ids.is_empty() {
            write!(f, ", key id {}", self.key_ids.join(" "))?;
        }
        writeln!(f, ", {} bytes of data", self.data_size)?;
        if let Some(widevine) = &self.widevine {
            widevine.write(f, indent + 2)?;
        }
        if let Some(playready) = &self.playready {
            playready.write(f, indent + 2)?;
        }
        if let Some(error) = &self.error {
            writeln!(f, "{:indent$}  cannot be decoded: {error}", "")?;
        }
        Ok(())
    }
}

/// The bytes of a `data:` URI in base64 (RFC 2397); `None` for another URI.
pub(crate) fn data_uri(uri: &str) -> Option<Result<Vec<u8>, &'static str>> {
    let rest = uri.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:")).and_then(|_| uri.get(5..))?;
    Some(match rest.split_once(',') {
        Some((head, text)) if head.ends_with(";base64") => base64(text),
        Some(_) => Err("a data: URI that is not in base64"),
        None => Err("a data: URI without a comma"),
    })
}

/// Base64 as manifests have it: blanks between, padding or not, percent escapes of `+`, `/` and `=`.
pub(crate) fn base64(text: &str) -> Result<Vec<u8>, &'static str> {
    use ::base64::{
        Engine, alphabet,
        engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    };
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let text: String = text.split_ascii_whitespace().collect();
    let text = [("%2B", "+"), ("%2F", "/"), ("%3D", "="), ("%2b", "+"), ("%2f", "/"), ("%3d", "=")]
        .iter()
        .fold(text, |text, (escape, plain)| text.replace(escape, plain));
    LENIENT.decode(text).map_err(|_| "not base64")
}

#[cfg(test)]
mod tests {
    use ::base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::prelude::*;
    use sluice_packager::title::Scheme;

    use super::*;

    const KID: &str = "00163706-9fb5-d1ac-3c47-47e01322e4c2";

    fn text(said: &Signalling) -> String {
        let mut out = String::new();
        said.write(&mut out, 0).expect("a string");
        out
    }

    #[test]
    fn published_boxes_are_decoded() {
        // tests/fixtures/jurassic-compact-5975.mpd of the crate dash-mpd-core 0.1.0.
        let bytes =
            base64("AAAAOHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAABgSEAAWNwaftdGsPEdH4BMi5MJI49yVmwY=").expect("base64");
        let said = Signalling::pssh(&bytes);
        assert_eq!(said.key_ids, [KID]);
        let widevine = said.widevine.as_ref().expect("decoded");
        assert_eq!(widevine.protection_scheme.as_deref(), Some("cenc"));
        assert!(text(&said).starts_with(&format!("Widevine, pssh version 0, key id {KID}")), "{}", text(&said));
        // W3C 'Common Encryption' Initialization Data Format, its example.
        let common = clearkey::common_pssh(&[Kid(*b"0123456789012345"), Kid(*b"ABCDEFGHIJKLMNOP")]);
        let said = Signalling::pssh(&common);
        assert_eq!((said.pssh_version, said.key_ids.len()), (Some(1), 2));
    }

    #[test]
    fn playready_is_decoded_from_either_form() {
        let kid: Kid = KID.parse().expect("a key id");
        for (bytes, boxed) in [(pro::pssh(&[kid], Scheme::Cbcs), true), (pro::object(&[kid], Scheme::Cbcs), false)] {
            let uri = format!("data:text/plain;charset=UTF-16;base64,{}", STANDARD.encode(bytes));
            let said = Signalling::hls(pro::KEYFORMAT, &uri).expect("decoded");
            assert_eq!((said.key_ids.as_slice(), said.pssh_version.is_some()), (&[KID.to_owned()][..], boxed));
            let playready = said.playready.as_ref().expect("decoded");
            assert_eq!(
                (playready.version.as_str(), playready.key_ids[0].algorithm.as_deref()),
                ("4.3.0.0", Some("AESCBC"))
            );
            assert!(playready.header.starts_with("<WRMHEADER"));
        }
    }

    #[test]
    fn a_data_uri_of_an_unknown_or_raw_system_is_not_decoded() {
        let uri = "data:text/plain;base64,ABEiM0RVZneImaq7zN3u/w==";
        for keyformat in ["identity", "", "com.example"] {
            assert!(Signalling::hls(keyformat, uri).is_none(), "{keyformat}");
        }
        let said = Signalling::hls(clearkey::KEYFORMAT, uri).expect("a key id");
        assert_eq!(said.key_ids, ["00112233-4455-6677-8899-aabbccddeeff"]);
        assert!(Signalling::hls(wv::URN, "data:text/plain;base64,!").is_some_and(|said| said.error.is_some()));
    }

    proptest! {
        #[test]
        fn no_data_makes_it_panic(data in proptest::collection::vec(any::<u8>(), 0..120), which in 0..3usize) {
            let system = [wv::SYSTEM.0, pro::SYSTEM.0, [7; 16]][which];
            let said = Signalling::data(Some(System::of(system)), &data);
            prop_assert!(!text(&said).is_empty());
        }
    }
}
