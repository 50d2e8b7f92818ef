use std::{collections::BTreeMap, fs, io, path::Path};

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use sluice_gate::rights::Rights;
use sluice_packager::title::{Delivery, HdcpLevel, KeySystem, ResolutionClass, Role, TitleId, TrackId, Video};

use super::source::Source;

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
    /// How far tracks share keys.
    #[serde(default)]
    pub keys: Sharing,
}

/// `keys` in `[key_policy]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sharing {
    /// `kind`: one key for all video, one for all audio.
    #[default]
    Kind,
    /// `class`: one for each resolution class of video, one for all audio: who may not see a class gets no key of it.
    Class,
}

/// `[tracks.ID]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackSettings {
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
            keys: Sharing::default(),
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

    pub(super) fn check(&self, title: &TitleId, source: &Source) -> anyhow::Result<()> {
        if let Some(meant) = self.title.as_deref().filter(|meant| *meant != title.as_str()) {
            bail!("title.toml is of the title {meant:?}, not of {:?}", title.as_str());
        }
        for id in self.tracks.keys() {
            if !source.tracks.iter().any(|track| track.id.as_str() == id) {
                bail!("title.toml speaks of the track {id:?}, which has no folder");
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
