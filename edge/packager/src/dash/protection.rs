use base64::{Engine, engine::general_purpose::STANDARD};

use super::xml::{Escaped, put};
use crate::{
    drm::{clearkey, fairplay, playready, widevine},
    manifest::{Error, Options, Protection, signalling, systems},
    title::{Descriptor, KeySystem},
};

/// `ContentProtection` descriptors (5.8.4.1): the scheme and key id first, then one per DRM system.
///
/// With key periods, the first one's key id stands for the track, and each system's data names the keys of all: a player asks for them at once, and the
/// media says which is when. A key provider has a Widevine and a PlayReady box for each of them: they stand one behind the other in one `cenc:pssh`, as
/// initialization data may (W3C '"cenc" Initialization Data Format', 2), for dash.js reads no second element. Its `mspr:pro` is of the first key.
///
/// ClearKey carries its licence URL alone. A common-system `pssh` beside it makes shaka-player and dash.js fail, so there is none.
///
/// # Errors
/// [`Error::NoKeySystem`] where no system with a form in DASH is left: raw keys (`identity`) have none. [`Error::Unsignalled`].
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
    let signalling = signalling(descriptor, options);
    let mut none = true;
    for system in systems(descriptor, options, *scheme) {
        match system {
            KeySystem::Widevine => put!(
                out,
                "<ContentProtection schemeIdUri=\"{}\" value=\"Widevine\"><cenc:pssh>{}</cenc:pssh></ContentProtection>",
                widevine::URN,
                STANDARD.encode(signalling.pssh(system, kids, *scheme)?)
            ),
            KeySystem::Playready => put!(
                out,
                "<ContentProtection schemeIdUri=\"{}\" value=\"MSPR 2.0\"><cenc:pssh>{}</cenc:pssh><mspr:pro>{}</mspr:pro></ContentProtection>",
                playready::URN,
                STANDARD.encode(signalling.pssh(system, kids, *scheme)?),
                STANDARD.encode(signalling.playready_object(kids, *scheme)?)
            ),
            KeySystem::Fairplay => {
                // Where its licence is asked for DASH does not say; that it is to be had must be known all the same.
                kids.iter().try_for_each(|kid| signalling.fairplay_uri(kid).map(drop))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        drm::{Signalling, told_by_provider},
        keys::Kid,
        manifest::fixture,
        title::{Delivery, Scheme, SignalledBy},
    };

    fn written(options: &Options<'_>, kids: &[Kid]) -> Result<String, Error> {
        let mut title = fixture::protected();
        title.key_policy.as_mut().expect("policy").signalling = SignalledBy::Provider;
        let mut out = String::new();
        let protection = Protection { scheme: Scheme::Cbcs, kids: kids.to_vec() };
        put_protection(&mut out, &title, options, &protection).map(|()| out)
    }

    #[test]
    fn a_providers_words_stand_in_place_of_ours() {
        let kids = [0x30, 0x70].map(fixture::kid);
        let provided = told_by_provider(&kids, 9);
        let told = Signalling::Provider(&provided);
        let all = Options { provided: Some(&provided), ..fixture::options(Delivery::Cbcs) };
        let text = written(&all, &kids).expect("is told");
        let pssh = |system| STANDARD.encode(told.pssh(system, &kids, Scheme::Cbcs).expect("told"));
        let object = STANDARD.encode(told.playready_object(&kids, Scheme::Cbcs).expect("told"));
        let expected = format!(
            "<ContentProtection schemeIdUri=\"{}\" value=\"Widevine\"><cenc:pssh>{}</cenc:pssh></ContentProtection>\
             <ContentProtection schemeIdUri=\"{}\" value=\"MSPR 2.0\"><cenc:pssh>{}</cenc:pssh><mspr:pro>{object}</mspr:pro></ContentProtection>",
            widevine::URN,
            pssh(KeySystem::Widevine),
            playready::URN,
            pssh(KeySystem::Playready)
        );
        assert!(text.contains(&expected), "{text}");
        // ClearKey is the edge's own.
        assert!(
            text.contains("<dashif:Laurl licenseType=\"EME-1.0\">https://edge.example/~h/v1/film/license/clearkey<")
        );
    }

    #[test]
    fn a_system_that_the_provider_says_nothing_to_has_no_manifest() {
        let (told, untold) = (fixture::kid(0x30), fixture::kid(0x70));
        let provided = told_by_provider(&[told], 9);
        let all = Options { provided: Some(&provided), ..fixture::options(Delivery::Cbcs) };
        for (system, error) in [
            (KeySystem::Widevine, Err(Error::Unsignalled(KeySystem::Widevine))),
            (KeySystem::Playready, Err(Error::Unsignalled(KeySystem::Playready))),
            (KeySystem::Fairplay, Err(Error::Unsignalled(KeySystem::Fairplay))),
            (KeySystem::Clearkey, Ok(())),
        ] {
            let options = Options { systems: &[system], ..all };
            assert!(written(&options, &[told]).is_ok());
            assert_eq!(written(&options, &[untold]).map(drop), error, "{system:?}");
            // Nor where it is of a later key period alone.
            assert_eq!(written(&options, &[told, untold]).map(drop), error, "{system:?}");
        }
    }
}
