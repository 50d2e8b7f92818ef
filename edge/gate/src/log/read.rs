use sluice_document::members;

use super::digest::verify;
use crate::{AccountId, Roots, SessionId, Unix, ids};

/// How every line begins.
pub const START: &str = r#"{"v":1,"t":"#;
/// What stands before a line's MAC.
pub(super) const MAC: &str = r#","mac":""#;

/// A line of the log, its MAC verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, unix seconds.
    pub t: Unix,
    /// What was decided.
    pub decision: String,
    /// About which session.
    pub session: Option<SessionId>,
    /// About whose.
    pub account: Option<AccountId>,
    /// The request's method.
    pub method: Option<String>,
    /// Its path.
    pub path: Option<String>,
    /// A refusal's status.
    pub status: Option<u16>,
    /// Why.
    pub detail: Option<String>,
    /// Stands for the client's network, within the session.
    pub network: Option<String>,
    /// Which segment.
    pub media: Option<MediaLine>,
    /// What was licensed.
    pub license: Option<LicenseLine>,
    /// Its number in its session's chain; `None`: it stands alone.
    pub n: Option<u64>,
    /// The MAC of the chain's line before.
    pub prev: Option<Digest>,
    /// Its own MAC.
    pub mac: Digest,
}

members!(Line {
    t,
    decision,
    session = None,
    account = None,
    method = None,
    path = None,
    status = None,
    detail = None,
    network = None,
    media = None,
    license = None,
    n = None,
    prev = None,
    mac,
});

/// What a segment's line says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaLine {
    /// The title.
    pub title: String,
    /// `cenc`, `cbcs`, `aes128` or `clear`.
    pub delivery: String,
    /// The track.
    pub track: String,
    /// What the track carries.
    pub kind: String,
    /// Its number, from 1.
    pub segment: u32,
    /// Its decode time, milliseconds.
    pub start: u64,
    /// Its duration, milliseconds.
    pub duration: u64,
    /// How many of a million such lines are written.
    pub ppm: u32,
}

members!(MediaLine { title, delivery, track, kind, segment, start, duration, ppm });

/// What a licence's line says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenseLine {
    /// The key system.
    pub system: String,
    /// The key ids, hex digits.
    pub kids: Vec<String>,
    /// How many more there are than are listed.
    pub more: u64,
    /// Whose licence server.
    pub vendor: Option<String>,
    /// How long it took, milliseconds.
    pub ms: Option<u64>,
}

members!(LicenseLine { system, kids, more = 0, vendor = None, ms = None });

/// A line's MAC. Text: 32 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 16]);

ids::hex::hex_id!(Digest);

/// Why a text is no line that an audit goes by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It is of another form.
    #[error("not a line of the decision log")]
    Foreign,
    /// It has no MAC: an edge whose root was not deployed wrote it, or anybody.
    #[error("unsigned: the line has no MAC")]
    Unsigned,
    /// No audit key that is known made its MAC.
    #[error("forged: the line was changed, or is of another root")]
    Forged,
    /// Its MAC is right, and this build cannot read it.
    #[error("the line cannot be read, though its MAC is right: {0}")]
    Unreadable(String),
}

/// Reads a line, without its line end, if an audit key of either root made it.
///
/// # Errors
/// [`LineError`]. Nothing of a line is believed before its MAC.
pub fn open(roots: &Roots, text: &str) -> Result<Line, LineError> {
    open_under(roots.auditing(), text)
}

/// The same by audit keys alone.
///
/// # Errors
/// As [`open`].
pub fn open_under<'k>(keys: impl Iterator<Item = &'k [u8; 32]>, text: &str) -> Result<Line, LineError> {
    if !text.starts_with(START) {
        return Err(LineError::Foreign);
    }
    let signed = text.strip_suffix("\"}").and_then(|text| text.split_at_checked(text.len().checked_sub(32)?));
    let signed = signed.and_then(|(text, mac)| Some((text.strip_suffix(MAC)?, Digest::parse(mac)?)));
    let (said, mac) = signed.ok_or(LineError::Unsigned)?;
    if !verify(keys, said, &mac.0) {
        return Err(LineError::Forged);
    }
    serde_json::from_slice(text.as_bytes()).map_err(|error| LineError::Unreadable(error.to_string()))
}
