//! What a title's key provider says to key systems, as the origin hands it on: a JSON document for each scheme of a title version.
//!
//! The origin has checked it against the keys. What would leave the edge in a manifest or in media is checked here again, for it comes from elsewhere.

use base64::{Engine, engine::general_purpose::STANDARD};
use sluice_document::members;

use super::{Unsignalled, playready, pssh, widevine};
use crate::{keys::Kid, title::KeySystem};

/// The largest PlayReady Object, bytes: 15 KB (PlayReady Header Specification, 2).
pub const MAX_OBJECT: usize = 15 << 10;
/// The largest `pssh` box, bytes: one with such an object, and key ids.
pub const MAX_PSSH: usize = 16 << 10;
/// The longest URI of a FairPlay key, bytes.
pub const MAX_KEY_URI: usize = 2048;

/// What the provider says to Widevine, PlayReady and FairPlay of a title version's keys in one scheme.
#[derive(Clone, Debug, Default)]
pub struct Provided {
    entries: Vec<Entry>,
}

/// What it says of a key to a system.
#[derive(Clone, Debug)]
struct Entry {
    kid: Kid,
    system: KeySystem,
    said: Said,
}

#[derive(Clone, Debug)]
enum Said {
    Widevine { pssh: Vec<u8> },
    Playready { pssh: Vec<u8>, object: Vec<u8> },
    Fairplay { uri: String },
}

/// Why a document of a provider's signalling cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProvidedError {
    /// Not JSON, or of another form: what, and where.
    #[error("{0}")]
    Form(String),
    /// A system is told of a key twice.
    #[error("{} is told of a key twice", .0.as_str())]
    Twice(KeySystem),
    /// Not one whole `pssh` box of the system, of at most [`MAX_PSSH`] bytes, for the key.
    #[error("what {} is told is not one pssh box of its own for the key", .0.as_str())]
    Pssh(KeySystem),
    /// Not a PlayReady Object of at most [`MAX_OBJECT`] bytes, or another one than in the `pssh` box.
    #[error("what PlayReady is told is no PlayReady Object, or not the one of its pssh box")]
    Object,
    /// Neither `skd://` nor `https://`, longer than [`MAX_KEY_URI`], or with a character that no URI has.
    #[error("the URI of a FairPlay key is neither skd:// nor https://, or too long, or no URI")]
    Uri,
}

struct Document {
    signalling: Vec<Member>,
}

members!(Document { signalling });

struct Member {
    kid: Kid,
    system: KeySystem,
    pssh: Option<String>,
    pro: Option<String>,
    key_uri: Option<String>,
}

members!(Member { kid, system, pssh = None, pro = None, key_uri = None });

impl Provided {
    /// Nothing said.
    pub fn nothing() -> &'static Self {
        static NOTHING: Provided = Provided { entries: Vec::new() };
        &NOTHING
    }

    /// Reads a document:
    ///
    /// ```json
    /// {"signalling":[{"kid":"32 hex digits","system":"playready","pssh":"base64 of the whole box","pro":"base64 of the object"},
    ///                {"kid":"32 hex digits","system":"fairplay","key_uri":"skd://…"}]}
    /// ```
    ///
    /// What is said to ClearKey is not looked at: it is the edge's own to say. An entry without what its system needs says nothing. A PlayReady Object without
    /// a `pssh` box gets one, and the other way round.
    ///
    /// # Errors
    /// [`ProvidedError`]
    pub fn read(document: &[u8]) -> Result<Self, ProvidedError> {
        let document: Document =
            serde_json::from_slice(document).map_err(|error| ProvidedError::Form(error.to_string()))?;
        let mut provided = Self::default();
        for member in document.signalling {
            let (kid, system) = (member.kid, member.system);
            let Some(said) = said(member)? else { continue };
            if provided.of(system, kid).is_ok() {
                return Err(ProvidedError::Twice(system));
            }
            provided.entries.push(Entry { kid, system, said });
        }
        Ok(provided)
    }

    fn of(&self, system: KeySystem, kid: Kid) -> Result<&Said, Unsignalled> {
        let entry = self.entries.iter().find(|entry| entry.kid == kid && entry.system == system);
        Ok(&entry.ok_or(Unsignalled(system))?.said)
    }

    /// The system's boxes for these keys, each once.
    pub(super) fn pssh(&self, system: KeySystem, kids: &[Kid]) -> Result<Vec<u8>, Unsignalled> {
        let mut boxes: Vec<&[u8]> = Vec::new();
        for kid in kids {
            match self.of(system, *kid)? {
                // A provider may have one for all keys.
                Said::Widevine { pssh } | Said::Playready { pssh, .. } if !boxes.contains(&pssh.as_slice()) => {
                    boxes.push(pssh);
                }
                _ => {}
            }
        }
        Ok(boxes.concat())
    }

    pub(super) fn playready_object(&self, kid: Kid) -> Result<&[u8], Unsignalled> {
        match self.of(KeySystem::Playready, kid)? {
            Said::Playready { object, .. } => Ok(object),
            _ => Err(Unsignalled(KeySystem::Playready)),
        }
    }

    pub(super) fn fairplay_uri(&self, kid: Kid) -> Result<&str, Unsignalled> {
        match self.of(KeySystem::Fairplay, kid)? {
            Said::Fairplay { uri } => Ok(uri),
            _ => Err(Unsignalled(KeySystem::Fairplay)),
        }
    }
}

/// What a member says, checked; `None` where that is nothing.
fn said(Member { kid, system, pssh, pro, key_uri }: Member) -> Result<Option<Said>, ProvidedError> {
    Ok(match system {
        KeySystem::Widevine => match pssh {
            Some(text) => Some(Said::Widevine { pssh: checked_pssh(&text, system, kid, widevine::SYSTEM)? }),
            None => None,
        },
        KeySystem::Playready => {
            let pssh = pssh.map(|text| checked_pssh(&text, system, kid, playready::SYSTEM)).transpose()?;
            let object = pro.map(|text| STANDARD.decode(text).map_err(|_| ProvidedError::Object)).transpose()?;
            playready_said(pssh, object)?
        }
        KeySystem::Fairplay => match key_uri {
            Some(uri) if is_key_uri(&uri) => Some(Said::Fairplay { uri }),
            Some(_) => return Err(ProvidedError::Uri),
            None => None,
        },
        KeySystem::Clearkey | KeySystem::Identity => None,
    })
}

/// One whole box of the system, and of the key where it names keys.
fn checked_pssh(text: &str, system: KeySystem, kid: Kid, id: pssh::SystemId) -> Result<Vec<u8>, ProvidedError> {
    let bytes = STANDARD.decode(text).ok().filter(|bytes| bytes.len() <= MAX_PSSH);
    let bytes = bytes.ok_or(ProvidedError::Pssh(system))?;
    let fits = pssh::parse(&bytes).is_ok_and(|(parsed, after)| {
        // Of size 0 it would take what stands behind it for its own.
        let tells_size = bytes.get(..4).is_some_and(|size| size != [0; 4]);
        after.is_empty() && tells_size && parsed.system == id && parsed.kids.is_none_or(|kids| kids.contains(&kid))
    });
    if fits { Ok(bytes) } else { Err(ProvidedError::Pssh(system)) }
}

/// Box and object, each made of the other where it alone is there.
fn playready_said(pssh: Option<Vec<u8>>, object: Option<Vec<u8>>) -> Result<Option<Said>, ProvidedError> {
    let within = pssh.as_deref().and_then(|pssh| Some(pssh::parse(pssh).ok()?.0.data.to_vec()));
    let Some(object) = object.or_else(|| within.clone()) else { return Ok(None) };
    // Its length, little-endian, and the number of its records.
    let told = object.first_chunk().map(|length| u32::from_le_bytes(*length) as usize);
    let is_object = object.len() >= 6 && object.len() <= MAX_OBJECT && told == Some(object.len());
    if !is_object || within.is_some_and(|within| within != object) {
        return Err(ProvidedError::Object);
    }
    let boxed = || pssh::Pssh { system: playready::SYSTEM, kids: None, data: &object }.to_bytes();
    let pssh = pssh.unwrap_or_else(boxed);
    Ok(Some(Said::Playready { pssh, object }))
}

/// RFC 3986, 2: nothing of it ends a quoted string or a line.
fn is_key_uri(uri: &str) -> bool {
    let of_uri = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%#".contains(&byte);
    let rest = uri.strip_prefix("skd://").or_else(|| uri.strip_prefix("https://"));
    uri.len() <= MAX_KEY_URI && rest.is_some_and(|rest| !rest.is_empty()) && uri.bytes().all(of_uri)
}

#[cfg(test)]
pub(crate) mod tests;
