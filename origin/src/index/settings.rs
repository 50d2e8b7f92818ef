use std::{collections::BTreeMap, fs, io, path::Path};

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use sluice_gate::rights::Rights;
use sluice_packager::title::{
    Delivery, HdcpLevel, KeySystem, ResolutionClass, Role, SignalledBy, TitleId, TrackId, TrackKind, Video,
};

use super::{source::Source, track::ReadTrack};

/// `title.toml`: what the media itself does not tell. All of it is optional; what is left out is what gives least away:
/// unpublished, protected in both schemes, licences by Widevine, PlayReady and FairPlay only.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The title that the folder is meant for; indexing under another id is an error.
    pub title: Option<String>,
    /// Whether the media is delivered in the clear. Then there is no key policy.
    #[serde(default)]
    pub unprotected: bool,
    /// Who may watch, where and when.
    #[serde(default)]
    pub rights: Rights,
    /// How the media is protected.
    pub key_policy: Option<Policy>,
    /// The copy protection that video asks of a display's link, per resolution class.
    #[serde(default)]
    pub hdcp: BTreeMap<ResolutionClass, HdcpLevel>,
    /// Per track id.
    #[serde(default)]
    pub tracks: BTreeMap<String, TrackSettings>,
}

/// `[key_policy]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The key systems that the title allows.
    pub systems: Vec<KeySystem>,
    /// The schemes that it is offered in.
    pub schemes: Vec<Delivery>,
    /// Who says how Widevine, PlayReady and FairPlay are told of the keys.
    #[serde(default)]
    pub signalling: SignalledBy,
    /// How far tracks share keys.
    #[serde(default)]
    pub keys: Sharing,
    /// Seconds from the start on that leave in the clear, in whole segments, so that playback begins before a licence is there.
    #[serde(default)]
    pub clear_lead: u32,
    /// Seconds after which the keys change, at the next segment; absent: never.
    pub key_period: Option<u32>,
    /// Where `pssh` boxes stand in the media, beside the manifest.
    #[serde(default)]
    pub pssh: Vec<PsshPlace>,
}

/// A place of `pssh` boxes in the media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PsshPlace {
    /// `init`: at the end of the init segment's `moov`.
    Init,
    /// `moof`: in each protected fragment.
    Moof,
}

/// `keys` in `[key_policy]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sharing {
    /// `kind`: one key for all video, one for all audio.
    #[default]
    Kind,
    /// `title`: one for everything.
    Title,
    /// `class`: one for each resolution class of video, one for all audio: who may not see a class gets no key of it.
    Class,
    /// `track`: one for each track.
    Track,
}

/// `[tracks.ID]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackSettings {
    /// What the track is called where it comes from, if not by its id: as its manifest, file or folder names it.
    pub from: Option<String>,
    /// BCP 47 language.
    pub language: Option<String>,
    /// The name shown to viewers.
    pub label: Option<String>,
    /// What it is for among its kind.
    pub role: Option<Role>,
    /// Whether players choose it without being asked.
    #[serde(default)]
    pub default: bool,
    /// The copy protection that the picture asks of a display's link; without it, what `[hdcp]` says of its class.
    pub hdcp: Option<HdcpLevel>,
    /// Of thumbnails: how many each image holds, `COLUMNSxROWS`.
    pub tiles: Option<String>,
    /// Of thumbnails: seconds from one to the next.
    pub interval: Option<f64>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            systems: vec![KeySystem::Widevine, KeySystem::Playready, KeySystem::Fairplay],
            schemes: vec![Delivery::Cbcs, Delivery::Cenc],
            signalling: SignalledBy::default(),
            keys: Sharing::default(),
            clear_lead: 0,
            key_period: None,
            pssh: Vec::new(),
        }
    }
}

impl Settings {
    pub(super) fn load(path: &Path) -> anyhow::Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("{}: cannot be read", path.display())),
        };
        // toml's own message shows the line, over several lines of its own; errors here are one line.
        toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(0, |span| text.get(..span.start).unwrap_or_default().lines().count().max(1));
            anyhow!("{}: line {line}: {}", path.display(), error.message())
        })
    }

    /// Gives tracks the ids that `from` chooses.
    pub(super) fn rename(&self, source: &mut Source) -> anyhow::Result<()> {
        let mut renamed = self.tracks.iter().filter_map(|(id, track)| Some((id, track.from.as_ref()?)));
        renamed.try_for_each(|(id, from)| source.rename(from, id))
    }

    /// Takes what the manifest says of tracks, where this says nothing. Which track players begin with is chosen in one place: here, if
    /// here at all for tracks of that kind.
    pub(super) fn adopt(&mut self, source: &Source, tracks: &[ReadTrack]) {
        let chosen: Vec<TrackKind> = tracks
            .iter()
            .filter(|track| self.tracks.get(track.id.as_str()).is_some_and(|own| own.default))
            .map(|track| track.kind)
            .collect();
        for (track, files) in tracks.iter().zip(&source.tracks) {
            let own = self.tracks.entry(track.id.to_string()).or_default();
            own.language = own.language.take().or_else(|| files.said.language.clone());
            own.label = own.label.take().or_else(|| files.said.label.clone());
            own.default |= files.said.default && !chosen.contains(&track.kind);
        }
    }

    pub(super) fn check(&self, title: &TitleId, source: &Source) -> anyhow::Result<()> {
        if let Some(meant) = self.title.as_deref().filter(|meant| *meant != title.as_str()) {
            bail!("title.toml is of the title {meant:?}, not of {:?}", title.as_str());
        }
        for id in self.tracks.keys() {
            if !source.tracks.iter().any(|track| track.id.as_str() == id) {
                let known: Vec<&str> = source.tracks.iter().map(|track| track.id.as_str()).collect();
                bail!("title.toml speaks of the track {id:?}, which is not here: there are {}", known.join(", "));
            }
        }
        let hdcp = !self.hdcp.is_empty() || self.tracks.values().any(|track| track.hdcp.is_some());
        if self.unprotected && hdcp {
            bail!("title.toml has both unprotected = true and hdcp: what is clear protects no output");
        }
        match &self.key_policy {
            Some(_) if self.unprotected => bail!("title.toml has both unprotected = true and a key_policy"),
            Some(policy) if policy.schemes.is_empty() => bail!("title.toml: key_policy.schemes is empty"),
            Some(policy) => {
                if policy.schemes.contains(&Delivery::Clear) {
                    bail!(
                        "title.toml: key_policy.schemes: clear is no protection; write unprotected = true instead of a key_policy"
                    );
                }
                if policy.schemes.contains(&Delivery::Aes128) && !policy.systems.contains(&KeySystem::Identity) {
                    bail!(
                        "title.toml: key_policy: aes128 gives viewers the raw key: list the system identity too, or leave aes128 out"
                    );
                }
                if policy.key_period == Some(0) {
                    bail!("title.toml: key_policy.key_period is 0 seconds: leave it out for keys that never change");
                }
                let has_pssh = [KeySystem::Widevine, KeySystem::Playready, KeySystem::Clearkey];
                if !policy.pssh.is_empty() && !has_pssh.iter().any(|system| policy.systems.contains(system)) {
                    bail!(
                        "title.toml: key_policy.pssh: none of its systems has a pssh box; widevine, playready and clearkey have one"
                    );
                }
                if policy.signalling == SignalledBy::Provider {
                    if !policy.systems.iter().any(|system| system.is_provided()) {
                        bail!(
                            "title.toml: key_policy.signalling: a provider has nothing to say to any of its systems; it signals widevine, playready and fairplay"
                        );
                    }
                    if policy.pssh.contains(&PsshPlace::Moof) {
                        bail!(
                            "title.toml: key_policy: with signalling = \"provider\" pssh boxes stand in init segments alone, as fragments' sizes are planned before the provider is asked: leave \"moof\" out"
                        );
                    }
                }
                let twice = (1..policy.schemes.len()).find(|at| policy.schemes[..*at].contains(&policy.schemes[*at]));
                if let Some(at) = twice {
                    bail!("title.toml: key_policy.schemes lists {} twice", policy.schemes[at].as_str());
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// What is said of a track.
    pub(super) fn of(&self, id: &TrackId) -> TrackSettings {
        self.tracks.get(id.as_str()).cloned().unwrap_or_default()
    }

    /// What `[hdcp]` says of a picture's class.
    pub(super) fn hdcp_of(&self, video: Option<&Video>) -> Option<HdcpLevel> {
        video.and_then(|video| self.hdcp.get(&ResolutionClass::of(Some(video)))).copied()
    }

    /// How the media is protected; `None` for an unprotected title.
    pub(super) fn policy(&self) -> Option<Policy> {
        (!self.unprotected).then(|| self.key_policy.clone().unwrap_or_default())
    }
}
