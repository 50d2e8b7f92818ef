//! Which of a title's keys a session may have by a key system, and on which terms: what licence servers are told, whoever asks.

use sluice_gate::{
    Unix,
    entitlement::{Class, Hdcp, Key, Restrictions, System},
};
use sluice_packager::title::{HdcpLevel, KeyScope, ResolutionClass, Track, TrackKind};

use crate::{authenticate, licenses, origin::Title};

/// What of a session decides.
pub(crate) struct Right {
    /// The tier's cap on the picture's height.
    pub(crate) max_height: Option<u32>,
    /// The deliveries that it opens, a bit each.
    pub(crate) deliveries: u8,
    /// When it is over whatever happens: the session's end, or that of the title's window.
    pub(crate) ends: Unix,
    /// Whether its grant lets licences be stored.
    pub(crate) persistent: bool,
}

/// The keys that a title has for a system.
pub(crate) struct Keys {
    /// Those that the session may have.
    pub(crate) keys: Vec<Key>,
    /// Those that it must not have.
    pub(crate) others: Vec<Key>,
}

/// The title's keys of Common Encryption, sorted: the session may have those of tracks within its tier, in the deliveries that it opens.
pub(crate) fn keys(title: &Title, system: System, right: &Right) -> Keys {
    let system = licenses::listed_as(system);
    let mut found: Vec<(Key, bool)> = Vec::new();
    let policy = title.media.key_policy.as_ref();
    let schemes = policy.iter().flat_map(|policy| &policy.schemes);
    for scheme in schemes.filter(|keys| keys.scheme.scheme().is_some_and(|scheme| system.allows(scheme))) {
        let is_open = authenticate::opens(right.deliveries, scheme.scheme);
        for track in &title.media.tracks {
            let may = is_open && track.within(right.max_height);
            let height = height(track);
            let of_track = track.hdcp.and_then(of_hls);
            for kid in scheme.kids(track) {
                let at = found.iter().position(|(key, _)| key.kid == kid.0).unwrap_or_else(|| {
                    let scopes = scheme.keys.iter().filter(|key| key.kid == kid).map(|key| &key.scope);
                    let class = class(scopes);
                    let key = Key { kid: kid.0, max_height: None, class, hdcp: None, security_level: None };
                    found.push((key, false));
                    found.len() - 1
                });
                let (key, is_theirs) = &mut found[at];
                // Of several tracks the strictest counts, also of those that the session may not see: the device decrypts what the key opens.
                key.max_height = key.max_height.max(height);
                key.hdcp = key.hdcp.max(of_track);
                *is_theirs |= may;
            }
        }
    }
    let mut sorted = Keys { keys: Vec::new(), others: Vec::new() };
    for (mut key, is_theirs) in found {
        let (hdcp, security_level) = title.rights.license.of(key.max_height);
        key.hdcp = key.hdcp.max(hdcp);
        key.security_level = security_level;
        if is_theirs { &mut sorted.keys } else { &mut sorted.others }.push(key);
    }
    sorted
}

/// The terms of a licence. `seconds`: its longest life where the title does not say.
pub(crate) fn restrictions(title: &Title, right: &Right, seconds: Option<u64>, now: Unix) -> Restrictions {
    let terms = &title.rights.license;
    let left = right.ends.saturating_sub(now);
    let (hdcp, security_level) = terms.of(None);
    Restrictions {
        max_height: right.max_height,
        hdcp,
        security_level,
        seconds: terms.seconds.or(seconds).map_or(left, |seconds| seconds.min(left)),
        persistent: terms.persistent && right.persistent,
    }
}

/// The class that a key of these scopes was asked for by: none for one of all pictures, of everything, or of a track by its own name.
fn class<'a>(mut scopes: impl Iterator<Item = &'a KeyScope>) -> Option<Class> {
    let of = |scope: &KeyScope| match scope {
        KeyScope::Audio => Some(Class::Audio),
        KeyScope::Class(ResolutionClass::Sd) => Some(Class::Sd),
        KeyScope::Class(ResolutionClass::Hd) => Some(Class::Hd),
        KeyScope::Class(ResolutionClass::Uhd1) => Some(Class::Uhd1),
        KeyScope::Class(ResolutionClass::Uhd2) => Some(Class::Uhd2),
        KeyScope::Video | KeyScope::Track(_) => None,
    };
    let first = of(scopes.next()?)?;
    scopes.all(|scope| of(scope) == Some(first)).then_some(first)
}

/// Of video that does not tell its height, the highest.
fn height(track: &Track) -> Option<u32> {
    (track.kind == TrackKind::Video).then(|| track.video.map_or(u32::MAX, |video| video.height))
}

fn of_hls(level: HdcpLevel) -> Option<Hdcp> {
    match level {
        HdcpLevel::None => None,
        HdcpLevel::Type0 => Some(Hdcp::V1),
        HdcpLevel::Type1 => Some(Hdcp::V2_2),
    }
}
