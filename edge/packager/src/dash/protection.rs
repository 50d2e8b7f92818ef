use base64::{Engine, engine::general_purpose::STANDARD};

use super::xml::{Escaped, put};
use crate::{
    drm::{clearkey, fairplay, playready, widevine},
    manifest::{Error, Options, Protection, systems},
    title::{Descriptor, KeySystem},
};

/// `ContentProtection` descriptors (5.8.4.1): the scheme and key id first, then one per DRM system.
///
/// With key periods, the first one's key id stands for the track, and each system's data names the keys of all: a player asks for them at once, and the
/// media says which is when.
///
/// ClearKey carries its licence URL alone. A common-system `pssh` beside it makes shaka-player and dash.js fail, so there is none.
///
/// # Errors
/// [`Error::NoKeySystem`] where no system with a form in DASH is left: raw keys (`identity`) have none.
pub(super) fn put_protection(
    out: &mut String,
    descriptor: &Descriptor,
    options: &Options<'_>,
    protection: &Protection,
) -> Result<(), Error> {
    let Protection { scheme, kids } = protection;
    let kid = kids.first().ok_or(Error::NotOffered)?;
    put!(
        out,
        "<ContentProtection schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"{}\" cenc:default_KID=\"{}\"/>",
        scheme.as_str(),
        kid.uuid()
    );
    let mut none = true;
    for system in systems(descriptor, options, *scheme) {
        match system {
            KeySystem::Widevine => put!(
                out,
                "<ContentProtection schemeIdUri=\"{}\" value=\"Widevine\"><cenc:pssh>{}</cenc:pssh></ContentProtection>",
                widevine::URN,
                STANDARD.encode(widevine::pssh(kids, *scheme))
            ),
            KeySystem::Playready => put!(
                out,
                "<ContentProtection schemeIdUri=\"{}\" value=\"MSPR 2.0\"><cenc:pssh>{}</cenc:pssh><mspr:pro>{}</mspr:pro></ContentProtection>",
                playready::URN,
                STANDARD.encode(playready::pssh(kids, *scheme)),
                STANDARD.encode(playready::object(kids, *scheme))
            ),
            KeySystem::Fairplay => {
                put!(out, "<ContentProtection schemeIdUri=\"{}\" value=\"FairPlay\"/>", fairplay::URN);
            }
            KeySystem::Clearkey => put!(
                out,
                "<ContentProtection schemeIdUri=\"{}\" value=\"ClearKey1.0\"><dashif:Laurl licenseType=\"EME-1.0\">{}/license/clearkey</dashif:Laurl></ContentProtection>",
                clearkey::URN,
                Escaped(options.base)
            ),
            KeySystem::Identity => continue,
        }
        none = false;
    }
    if none { Err(Error::NoKeySystem) } else { Ok(()) }
}
