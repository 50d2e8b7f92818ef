use base64::{Engine, engine::general_purpose::STANDARD};
use sluice_packager::{
    drm::{fairplay, playready, widevine},
    keys::Kid,
    title::{KeySystem, Scheme},
};

/// What a key system's signalling says of one key, each part in base64 as `DRMSystem` carries it.
pub(super) struct Signalling {
    system: KeySystem,
    kid: Kid,
    scheme: Scheme,
}

impl Signalling {
    pub(super) fn new(system: KeySystem, kid: &Kid, scheme: Scheme) -> Self {
        Self { system, kid: *kid, scheme }
    }

    /// The `pssh` box.
    pub(super) fn pssh(&self) -> Option<String> {
        let pssh = match self.system {
            KeySystem::Widevine => widevine::pssh(&[self.kid], self.scheme),
            KeySystem::Playready => playready::pssh(&[self.kid], self.scheme),
            KeySystem::Fairplay | KeySystem::Clearkey | KeySystem::Identity => return None,
        };
        Some(STANDARD.encode(pssh))
    }

    /// What stands inside the MPD's `ContentProtection` element.
    pub(super) fn content_protection(&self) -> Option<String> {
        let pssh = || {
            let pssh = self.pssh().unwrap_or_default();
            format!("<cenc:pssh xmlns:cenc=\"urn:mpeg:cenc:2013\">{pssh}</cenc:pssh>")
        };
        let xml = match self.system {
            KeySystem::Widevine => pssh(),
            KeySystem::Playready => {
                let pro = STANDARD.encode(playready::object(&[self.kid], self.scheme));
                format!("{}<mspr:pro xmlns:mspr=\"urn:microsoft:playready\">{pro}</mspr:pro>", pssh())
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
            KeySystem::Widevine => (format!("data:text/plain;base64,{}", self.pssh()?), widevine::URN),
            KeySystem::Playready => {
                let object = STANDARD.encode(playready::object(&[self.kid], self.scheme));
                (format!("data:text/plain;charset=UTF-16;base64,{object}"), playready::KEYFORMAT)
            }
            KeySystem::Fairplay => (fairplay::uri(&self.kid), fairplay::KEYFORMAT),
            KeySystem::Clearkey | KeySystem::Identity => return None,
        };
        let tag = if playlist == "media" { "#EXT-X-KEY" } else { "#EXT-X-SESSION-KEY" };
        let line = format!("{tag}:METHOD={method},KEYFORMAT=\"{format}\",KEYFORMATVERSIONS=\"1\",URI=\"{uri}\"");
        Some(STANDARD.encode(line))
    }
}
