use aes::{
    Aes128,
    cipher::{BlockCipherEncrypt, KeyInit},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sluice_packager::{
    drm::{clearkey, fairplay, playready, pssh::Pssh, widevine},
    keys::{ContentKey, Kid},
    title::{KeySystem, Scheme},
};

/// What a key system's signalling says of one key, each part in base64 as `DRMSystem` carries it.
pub(super) struct Signalling {
    system: KeySystem,
    kid: Kid,
    scheme: Scheme,
    /// The whole `pssh` box.
    pssh: Option<String>,
    /// The PlayReady Object.
    object: String,
}

impl Signalling {
    pub(super) fn new(system: KeySystem, kid: &Kid, scheme: Scheme, content_id: &str, key: &ContentKey) -> Self {
        let mut object = Vec::new();
        let pssh = match system {
            KeySystem::Widevine => {
                let header = widevine::header(&[*kid], Some(content_id.as_bytes()), scheme);
                Some(Pssh { system: widevine::SYSTEM, kids: None, data: &header }.to_bytes())
            }
            KeySystem::Playready => {
                object = match scheme {
                    Scheme::Cenc => playready::object_of(&playready::checked_header(kid, &checksum(kid, key))),
                    Scheme::Cbcs => playready::object(&[*kid], scheme),
                };
                Some(playready::pssh_of(&object))
            }
            KeySystem::Fairplay | KeySystem::Clearkey | KeySystem::Identity => None,
        };
        let pssh = pssh.map(|pssh| STANDARD.encode(pssh));
        Self { system, kid: *kid, scheme, pssh, object: STANDARD.encode(object) }
    }

    /// The `pssh` box.
    pub(super) fn pssh(&self) -> Option<String> {
        self.pssh.clone()
    }

    /// What stands inside the MPD's `ContentProtection` element.
    pub(super) fn content_protection(&self) -> Option<String> {
        let pssh =
            self.pssh.as_ref().map(|pssh| format!("<cenc:pssh xmlns:cenc=\"urn:mpeg:cenc:2013\">{pssh}</cenc:pssh>"));
        let xml = match self.system {
            KeySystem::Widevine => pssh?,
            KeySystem::Playready => {
                format!("{}<mspr:pro xmlns:mspr=\"urn:microsoft:playready\">{}</mspr:pro>", pssh?, self.object)
            }
            // Where licences come from is the edge's to say; this only names the key.
            KeySystem::Clearkey => {
                format!("<cenc:default_KID xmlns:cenc=\"urn:mpeg:cenc:2013\">{}</cenc:default_KID>", self.kid.uuid())
            }
            KeySystem::Fairplay | KeySystem::Identity => return None,
        };
        Some(STANDARD.encode(xml))
    }

    /// The tag of the media or the multivariant playlist; both have the same attributes (RFC 8216bis, `EXT-X-SESSION-KEY`).
    pub(super) fn hls(&self, playlist: &str) -> Option<String> {
        let method = match self.scheme {
            Scheme::Cbcs => "SAMPLE-AES",
            Scheme::Cenc => "SAMPLE-AES-CTR",
        };
        let (uri, format) = match self.system {
            KeySystem::Widevine => (format!("data:text/plain;base64,{}", self.pssh.as_ref()?), widevine::URN),
            KeySystem::Playready => {
                (format!("data:text/plain;charset=UTF-16;base64,{}", self.object), playready::KEYFORMAT)
            }
            KeySystem::Fairplay => (fairplay::uri(&self.kid), fairplay::KEYFORMAT),
            KeySystem::Clearkey => {
                (format!("data:text/plain;base64,{}", STANDARD.encode(self.kid.0)), clearkey::KEYFORMAT)
            }
            KeySystem::Identity => return None,
        };
        let tag = if playlist == "media" { "#EXT-X-KEY" } else { "#EXT-X-SESSION-KEY" };
        let line = format!("{tag}:METHOD={method},KEYFORMAT=\"{format}\",KEYFORMATVERSIONS=\"1\",URI=\"{uri}\"");
        Some(STANDARD.encode(line))
    }

    /// What stands inside a Smooth Streaming manifest's `ProtectionHeader`.
    pub(super) fn smooth_streaming(&self) -> Option<String> {
        (self.system == KeySystem::Playready).then(|| self.object.clone())
    }
}

/// CHECKSUM of a PlayReady header: the first half of the key id, as a GUID, encrypted with the content key.
fn checksum(kid: &Kid, key: &ContentKey) -> [u8; 8] {
    let mut block = playready::guid(kid).into();
    Aes128::new(key.expose().into()).encrypt_block(&mut block);
    std::array::from_fn(|at| block[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_of_the_guid_and_the_key() {
        // printf '\x03\x02\x01\x00\x05\x04\x07\x06\x08…\x0f' | openssl enc -aes-128-ecb -nopad -K 303132…3f: its first eight bytes.
        let kid = Kid(std::array::from_fn(|at| at as u8));
        let key = ContentKey::new(std::array::from_fn(|at| 0x30 + at as u8));
        assert_eq!(checksum(&kid, &key), CHECKSUM);
    }

    const CHECKSUM: [u8; 8] = [0xf3, 0x6a, 0x0a, 0x63, 0x9c, 0x78, 0xe7, 0x6b];
}
