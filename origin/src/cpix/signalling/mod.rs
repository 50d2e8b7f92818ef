//! What a provider says of each key to each DRM system: `DRMSystemList`, read and compared part with part.
//!
//! SPEKE v2.0 has the same data in up to four places: `PSSH`, `ContentProtectionData` and the two `HLSSignalingData`. Players get one or
//! another of them, so that what differs would be a title that some of them cannot play.

mod data;
mod hls;
mod protection;
#[cfg(test)]
mod tests;

use sluice_packager::{
    keys::Kid,
    title::{KeySystem, Scheme},
};

use super::{AnswerError, Element, KeyRequest, answer::kid_of, request::blanks};

/// What the provider says of one key to one system. What it does not say is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemSignalling {
    /// The key.
    pub kid: Kid,
    /// The system.
    pub system: KeySystem,
    /// The whole `pssh` box (ISO/IEC 23001-7, 8.1).
    pub pssh: Option<Vec<u8>>,
    /// The PlayReady object.
    pub pro: Option<Vec<u8>>,
    /// `URI` of FairPlay's tags in playlists: `skd://…`, without quotes and control characters.
    pub key_uri: Option<String>,
}

/// What is wrong with a system's signalling; the text names the part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignallingError {
    /// Not there, or empty.
    #[error("{0} is missing or empty")]
    Missing(&'static str),
    /// There more than once.
    #[error("{0} is there more than once")]
    Twice(&'static str),
    /// Not what the part consists of.
    #[error("{0} is malformed")]
    Form(&'static str),
    /// For another DRM system.
    #[error("{0} is of another system")]
    System(&'static str),
    /// It names key ids, and not this one.
    #[error("{0} is of another key id")]
    Kid(&'static str),
    /// It names another encryption scheme.
    #[error("{0} is of another encryption scheme")]
    Scheme(&'static str),
    /// Unlike the same data in another part.
    #[error("{0} differs from another part of the same DRMSystem")]
    Differs(&'static str),
}

pub(super) type Outcome<T> = Result<T, SignallingError>;

/// One `DRMSystem` while it is read: each part adds what it says, or is refused.
struct Reading {
    scheme: Scheme,
    said: SystemSignalling,
}

impl Reading {
    fn add_pssh(&mut self, pssh: Vec<u8>, part: &'static str) -> Outcome<()> {
        let pro = data::check(&pssh, self, part)?;
        if let Some(pro) = pro {
            agree(&mut self.said.pro, pro, part)?;
        }
        agree(&mut self.said.pssh, pssh, part)
    }

    fn add_pro(&mut self, pro: Vec<u8>, part: &'static str) -> Outcome<()> {
        data::check_pro(&pro, self, part)?;
        agree(&mut self.said.pro, pro, part)
    }
}

/// Keeps `found`, where it is the first or the same.
fn agree<T: PartialEq>(kept: &mut Option<T>, found: T, part: &'static str) -> Outcome<()> {
    match kept {
        Some(known) if *known != found => Err(SignallingError::Differs(part)),
        Some(_) => Ok(()),
        None => {
            *kept = Some(found);
            Ok(())
        }
    }
}

/// Reads `DRMSystemList`: what was asked for, by key in the order asked for. Systems that were not asked for are passed over.
pub(super) fn read(list: &Element, request: &KeyRequest) -> Result<Vec<SystemSignalling>, AnswerError> {
    for element in list.all("DRMSystem") {
        let kid = kid_of(element, "DRMSystem@kid")?;
        if !request.keys.iter().any(|key| key.kid == kid) {
            return Err(AnswerError::UnexpectedKid(kid));
        }
    }
    let mut out = Vec::new();
    for key in &request.keys {
        for (system, id) in request.listed_systems() {
            let said = one(list, key.kid, system, id, request.scheme);
            out.push(said.map_err(|error| AnswerError::Signalling { kid: key.kid, system: id, error })?);
        }
    }
    Ok(out)
}

fn one(list: &Element, kid: Kid, system: KeySystem, id: &str, scheme: Scheme) -> Outcome<SystemSignalling> {
    let mut elements = list.all("DRMSystem").filter(|element| {
        kid_of(element, "DRMSystem@kid") == Ok(kid)
            && element.attribute("systemId").is_some_and(|known| known.eq_ignore_ascii_case(id))
    });
    let element = elements.next().ok_or(SignallingError::Missing("DRMSystem"))?;
    if elements.next().is_some() {
        return Err(SignallingError::Twice("DRMSystem"));
    }
    let mut reading = Reading { scheme, said: SystemSignalling { kid, system, pssh: None, pro: None, key_uri: None } };
    // What was asked for has to be there (SPEKE v2.0, constraints: elements of the request keep a value in the answer).
    let asked = |name: &str| blanks(system).iter().any(|blank| blank.is(name));
    if let Some(pssh) = single(element, PSSH, asked(PSSH))? {
        reading.add_pssh(decoded(pssh, PSSH)?, PSSH)?;
    }
    if let Some(data) = single(element, protection::PART, asked(protection::PART))? {
        protection::read(&decoded(data, protection::PART)?, &mut reading)?;
    }
    hls::read(element, asked(hls::PART), &mut reading)?;
    Ok(reading.said)
}

const PSSH: &str = "PSSH";

fn single<'a>(element: &'a Element, name: &'static str, asked: bool) -> Outcome<Option<&'a Element>> {
    let mut all = element.all(name);
    match (all.next(), all.next()) {
        (_, Some(_)) => Err(SignallingError::Twice(name)),
        (None, None) if asked => Err(SignallingError::Missing(name)),
        (first, None) => Ok(first),
    }
}

fn decoded(element: &Element, part: &'static str) -> Outcome<Vec<u8>> {
    if element.text.trim().is_empty() {
        return Err(SignallingError::Missing(part));
    }
    crate::inspect::drm::base64(&element.text).map_err(|_| SignallingError::Form(part))
}
