//! What a page tells of a case.

use serde::Deserialize;

/// What came of a case. Which members there are depends on the case's purpose.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Outcome {
    /// The page could not even try.
    pub(crate) failure: Option<String>,
    pub(crate) start: Step,
    pub(crate) picture: Step,
    pub(crate) audio: Step,
    pub(crate) seek: Step,
    pub(crate) subtitles: Step,
    #[serde(rename = "switch")]
    pub(crate) rendition: Step,
    /// Winding by I-frames alone: `bytes` counts their segments.
    pub(crate) wind: Step,
    /// All frames decoded.
    pub(crate) frames: u64,
    pub(crate) refusal: Refusal,
    /// Whether the title's picture was ever there.
    pub(crate) saw_title: bool,
    /// What the player says where there is to be no picture.
    pub(crate) error: String,
    /// Answers of the routes that give keys.
    pub(crate) keys: u64,
    pub(crate) cookies: Vec<Cookie>,
    /// What the player complained of and went on.
    pub(crate) complaints: Vec<String>,
    /// What the browser's console had to complain of.
    pub(crate) notes: Vec<String>,
}

/// A step of playing: what it found, or why not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Step {
    pub(crate) hole: Option<String>,
    pub(crate) ms: u64,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) patch: String,
    pub(crate) time: f64,
    pub(crate) cue: String,
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// What the player's own error carries.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Refusal {
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<String>,
    pub(crate) error: String,
}

/// A cookie of the case's context.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) partition_key: Option<String>,
}

impl Step {
    /// What it found, as `found` says it, or the reason of the hole.
    pub(crate) fn cell(&self, found: impl FnOnce(&Self) -> String) -> String {
        self.hole.clone().unwrap_or_else(|| found(self))
    }
}
