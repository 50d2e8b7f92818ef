use serde::Serialize;

use super::digest::{hex, mac};
use crate::{AccountId, Roots, SessionId, Unix, session::Chain};

/// What a line says; [`single`] and [`chained`] add what makes it a line of the log.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Entry<'a> {
    /// When.
    pub t: Unix,
    /// What was decided: `mint`, `segment`, …, or the code of a refusal.
    pub decision: &'a str,
    /// About which session, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// About whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The request's method; a segment's line has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'a str>,
    /// The request's path, without a handle and without the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<&'a str>,
    /// Of a refusal: the status that it had for the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// For the operator: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'a str>,
    /// Stands for the client's network: [`super::network`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<&'a str>,
    /// Of a segment: which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<Media<'a>>,
    /// Of a licence, a key or an entitlement: for what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<License<'a>>,
}

/// What was licensed: the ids of keys, never a key.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct License<'a> {
    /// `widevine`, `playready`, `fairplay`, `clearkey` or `identity`.
    pub system: &'a str,
    /// The key ids, hex digits.
    pub kids: &'a [String],
    /// How many more there are than are listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
    /// Whose licence server made it, or asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<&'a str>,
    /// How long that server took, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// A segment that was allowed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Media<'a> {
    /// The title.
    pub title: &'a str,
    /// `cenc`, `cbcs`, `aes128` or `clear`.
    pub delivery: &'a str,
    /// The track.
    pub track: &'a str,
    /// What the track carries: `video`, `audio`, …, or [`IFRAMES`].
    pub kind: &'a str,
    /// Its number in the track, from 1.
    pub segment: u32,
    /// Its decode time, milliseconds.
    pub start: u64,
    /// Its duration, milliseconds.
    pub duration: u64,
    /// Of a million such lines this many are written: an audit counts each for a million parts of that.
    pub ppm: u32,
}

/// What a track is of which the I-frames were taken alone.
pub const IFRAMES: &str = "iframes";

/// A line that stands alone. `nonce`: random bytes.
pub fn single(roots: &Roots, nonce: [u8; 8], entry: &Entry<'_>) -> String {
    seal(roots.audit_key(), nonce, entry, None).0
}

/// A line without a MAC, of an edge that has no root to make one by. An audit names it unsigned.
pub fn unsigned(entry: &Entry<'_>) -> String {
    [r#"{"v":1,"#, &said(entry), "}"].concat()
}

/// The next line of a session's chain, whose head and count it moves on. It counts once the record is written: write that first, then the line.
pub fn chained(roots: &Roots, nonce: [u8; 8], entry: &Entry<'_>, chain: &mut Option<Chain>) -> String {
    chained_under(roots.audit_key(), nonce, entry, chain)
}

/// The same by the audit key alone, of whatever a chain's writer has to say: an object whose first member is `t`, and whose `session` is the chain's id.
pub fn chained_under(key: &[u8; 32], nonce: [u8; 8], said: &impl Serialize, chain: &mut Option<Chain>) -> String {
    let n = chain.as_ref().map_or(1, |chain| chain.lines.saturating_add(1));
    let (line, head) = seal(key, nonce, said, Some((n, chain.as_ref().map(|chain| chain.head.as_str()))));
    *chain = Some(Chain { head, lines: n });
    line
}

/// The line, and its MAC.
fn seal(key: &[u8; 32], nonce: [u8; 8], entry: &impl Serialize, link: Option<(u64, Option<&str>)>) -> (String, String) {
    let mut text = [r#"{"v":1,"#, &said(entry), r#","id":""#, &hex(&nonce), "\""].concat();
    if let Some((n, prev)) = link {
        text.push_str(r#","n":"#);
        text.push_str(&n.to_string());
        if let Some(prev) = prev {
            text.push_str(r#","prev":""#);
            text.push_str(prev);
            text.push('"');
        }
    }
    let mac = mac(key, &text);
    text.push_str(super::read::MAC);
    text.push_str(&mac);
    text.push_str("\"}");
    (text, mac)
}

/// The entry's members.
fn said(entry: &impl Serialize) -> String {
    // All are numbers, words and text: nothing that does not serialize.
    let object = serde_json::to_string(entry).unwrap_or_default();
    object.strip_prefix('{').and_then(|said| said.strip_suffix('}')).unwrap_or_default().to_owned()
}
