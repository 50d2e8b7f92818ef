use super::{Error, Options, options::MAX_SEGMENTS};
use crate::{
    drm::{Provided, Signalling, Unsignalled},
    keys::Kid,
    title::{Delivery, Descriptor, KeySystem, Scheme, SchemeKeys, SignalledBy, Track, TrackKind},
};

/// RFC 6381 four-character codes of video.
const VIDEO_CODECS: [&str; 14] =
    ["avc1", "avc3", "hvc1", "hev1", "dva1", "dvav", "dvh1", "dvhe", "av01", "dav1", "vp08", "vp09", "vvc1", "vvi1"];

/// How a track's samples are protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Protection {
    pub(crate) scheme: Scheme,
    /// One for each key period; never none.
    pub(crate) kids: Vec<Kid>,
}

/// The key ids, one for each key period, of a track whose segments are encrypted whole, where the delivery does that and the policy allows the raw keys that it lives on.
///
/// # Errors
/// [`Error::NotOffered`], [`Error::NoKeySystem`]
pub(crate) fn segment_key(
    descriptor: &Descriptor,
    options: &Options<'_>,
    track: &Track,
) -> Result<Option<Vec<Kid>>, Error> {
    if options.delivery != Delivery::Aes128 {
        return Ok(None);
    }
    let policy = descriptor.key_policy.as_ref().ok_or(Error::NotOffered)?;
    let keys = policy.keys(Delivery::Aes128).ok_or(Error::NotOffered)?;
    if policy.allows(KeySystem::Identity) { kids(keys, track) } else { Err(Error::NoKeySystem) }
}

/// How a track is protected in this delivery; `None` where it is in the clear.
///
/// Fails closed: audio and video of a title with a key policy have a key id, or there is no manifest.
pub(crate) fn protection(
    descriptor: &Descriptor,
    options: &Options<'_>,
    track: &Track,
) -> Result<Option<Protection>, Error> {
    let keys = offered(descriptor, options)?;
    let Some((keys, scheme)) = keys.zip(options.delivery.scheme()) else { return Ok(None) };
    Ok(kids(keys, track)?.map(|kids| Protection { scheme, kids }))
}

/// `None` for text and thumbnails, which have no key; audio and video without one are not offered, nor is a track with key periods that have none.
fn kids(keys: &SchemeKeys, track: &Track) -> Result<Option<Vec<Kid>>, Error> {
    if matches!(track.kind, TrackKind::Text | TrackKind::Thumbnail) {
        return Ok(None);
    }
    let kids = keys.kids(track);
    if kids.len() > track.schedule.periods.len() { Ok(Some(kids)) } else { Err(Error::NotOffered) }
}

/// The keys of the delivery, where it is of Common Encryption; `None` in the clear.
///
/// # Errors
/// [`Error::NotOffered`] where the title is not offered so, or the delivery is of another kind.
pub(crate) fn offered<'d>(descriptor: &'d Descriptor, options: &Options<'_>) -> Result<Option<&'d SchemeKeys>, Error> {
    if !descriptor.offers(options.delivery) {
        return Err(Error::NotOffered);
    }
    if options.delivery == Delivery::Clear {
        return Ok(None);
    }
    let policy = descriptor.key_policy.as_ref().filter(|_| options.delivery.scheme().is_some());
    policy.and_then(|policy| policy.keys(options.delivery)).map(Some).ok_or(Error::NotOffered)
}

/// The systems to list, in canonical order: those of the options that the title's policy lists and that exist under the scheme.
pub(crate) fn systems<'a>(
    descriptor: &'a Descriptor,
    options: &'a Options<'_>,
    scheme: Scheme,
) -> impl Iterator<Item = KeySystem> + 'a {
    let policy = descriptor.key_policy.as_ref();
    KeySystem::ALL.into_iter().filter(move |system| {
        options.systems.contains(system) && system.allows(scheme) && policy.is_some_and(|policy| policy.allows(*system))
    })
}

/// Who says how systems are told of the title's keys. A provider that is to say it and was not asked says nothing.
pub(crate) fn signalling<'a>(descriptor: &Descriptor, options: &Options<'a>) -> Signalling<'a> {
    match descriptor.key_policy.as_ref().map(|policy| policy.signalling) {
        None | Some(SignalledBy::Own) => Signalling::Own,
        Some(SignalledBy::Provider) => Signalling::Provider(options.provided.unwrap_or(Provided::nothing())),
    }
}

impl From<Unsignalled> for Error {
    fn from(Unsignalled(system): Unsignalled) -> Self {
        Self::Unsignalled(system)
    }
}

/// The tracks that the request gets, in the descriptor's order.
///
/// [`Error::NothingLeft`] where no video or no audio is left of a title that has some: a title never loses its sound or picture
/// unasked.
pub(crate) fn selection<'d>(descriptor: &'d Descriptor, options: &Options<'_>) -> Result<Vec<&'d Track>, Error> {
    let tracks: Vec<_> = descriptor.tracks.iter().filter(|track| admits(track, options)).collect();
    let has = |kind| tracks.iter().any(|track| track.kind == kind);
    let had = |kind| descriptor.tracks.iter().any(|track| track.kind == kind);
    let lost = |kind| had(kind) && !has(kind);
    if lost(TrackKind::Video) || lost(TrackKind::Audio) || !(has(TrackKind::Video) || has(TrackKind::Audio)) {
        return Err(Error::NothingLeft);
    }
    Ok(tracks)
}

/// Whether the request gets this track. A video track that does not tell its height is above every limit.
pub(crate) fn admits(track: &Track, options: &Options<'_>) -> bool {
    match track.kind {
        TrackKind::Video => track.within(options.max_height) && of_codec(track, options, true),
        TrackKind::Audio => of_codec(track, options, false),
        TrackKind::Text | TrackKind::Thumbnail => true,
    }
}

fn of_codec(track: &Track, options: &Options<'_>, video: bool) -> bool {
    let prefixes = || options.codecs.into_iter().flatten().filter(|prefix| is_video_codec(prefix) == Some(video));
    prefixes().next().is_none() || prefixes().any(|prefix| track.codec.starts_with(prefix))
}

/// Whether a prefix of a codec string speaks of video; an empty one speaks of nothing.
fn is_video_codec(prefix: &str) -> Option<bool> {
    let of = |codec: &&str| prefix.starts_with(codec) || codec.starts_with(prefix);
    (!prefix.is_empty()).then(|| VIDEO_CODECS.iter().any(of))
}

/// How many segments a playlist of this track lists.
pub(crate) fn segments(track: &Track) -> Result<u32, Error> {
    let count = track.timeline.count();
    if count > MAX_SEGMENTS { Err(Error::TooManySegments) } else { Ok(count) }
}

/// The track's language, where it is known and of the form that HLS and XML Schema want (RFC 5646, `xs:language`).
pub(crate) fn language(track: &Track) -> Option<&str> {
    let subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let first = |text: &str| text.bytes().take_while(|byte| *byte != b'-').all(|byte| byte.is_ascii_alphabetic());
    track.language.as_deref().filter(|text| *text != "und" && first(text) && text.split('-').all(subtag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        manifest::fixture,
        title::{KeyScope, ResolutionClass, TitleKey},
    };

    fn ids(options: &Options<'_>) -> Result<Vec<String>, Error> {
        selection(&fixture::protected(), options)
            .map(|tracks| tracks.iter().map(|track| track.id.to_string()).collect())
    }

    #[test]
    fn height_and_codecs_trim() {
        let all = fixture::options(Delivery::Cenc);
        assert_eq!(ids(&all).map(|ids| ids.len()), Ok(5));
        let low = Options { max_height: Some(719), ..all };
        assert_eq!(ids(&low), Ok(["v360", "en", "fr", "subs-en"].map(String::from).to_vec()));
        let none = Options { max_height: Some(359), ..all };
        assert_eq!(ids(&none), Err(Error::NothingLeft));
        for (codecs, left) in [
            (&["avc1"][..], Ok(5)),
            (&["avc"], Ok(5)),
            (&["mp4a.40"], Ok(5)),
            (&[], Ok(5)),
            (&[""], Ok(5)),
            (&["avc1.64001e", "mp4a"], Ok(4)),
            (&["hvc1"], Err(Error::NothingLeft)),
            (&["ec-3", "avc1"], Err(Error::NothingLeft)),
        ] {
            assert_eq!(ids(&Options { codecs: Some(codecs), ..all }).map(|ids| ids.len()), left, "{codecs:?}");
        }
    }

    #[test]
    fn protection_fails_closed() {
        let title = fixture::protected();
        let of = |delivery, kind| {
            let track = title.tracks.iter().find(|track| track.kind == kind).expect("a track");
            protection(&title, &fixture::options(delivery), track)
        };
        assert_eq!(of(Delivery::Clear, TrackKind::Video), Err(Error::NotOffered));
        assert_eq!(of(Delivery::Aes128, TrackKind::Video), Err(Error::NotOffered));
        assert_eq!(of(Delivery::Cenc, TrackKind::Text), Ok(None));
        let video = Protection { scheme: Scheme::Cbcs, kids: vec![fixture::kid(0x30)] };
        assert_eq!(of(Delivery::Cbcs, TrackKind::Video), Ok(Some(video)));
        let free = fixture::unprotected();
        assert_eq!(protection(&free, &fixture::options(Delivery::Cenc), &free.tracks[0]), Err(Error::NotOffered));
        assert_eq!(protection(&free, &fixture::options(Delivery::Clear), &free.tracks[0]), Ok(None));
        let mut keyless = fixture::protected();
        keyless.key_policy.as_mut().expect("policy").schemes[0].keys.remove(0);
        let of = |title: &Descriptor| protection(title, &fixture::options(Delivery::Cenc), &title.tracks[0]);
        assert_eq!(of(&keyless), Err(Error::NotOffered));
        let mut periods = fixture::protected();
        periods.tracks[0].schedule.periods = vec![2];
        assert_eq!(of(&periods), Err(Error::NotOffered), "the second key period has no key");
    }

    #[test]
    fn a_class_has_a_key_of_its_own() {
        let mut title = fixture::protected();
        let hd = TitleKey { scope: KeyScope::Class(ResolutionClass::Hd), kid: fixture::kid(0x70), period: 0 };
        title.key_policy.as_mut().expect("policy").schemes[0].keys.push(hd);
        let kid = |at: usize| {
            let found = protection(&title, &fixture::options(Delivery::Cenc), &title.tracks[at]).expect("offered");
            found.expect("protected").kids[0]
        };
        assert_eq!([kid(0), kid(1), kid(2)], [0x70, 0x10, 0x20].map(fixture::kid));
    }

    #[test]
    fn options_cannot_add_a_system_that_the_policy_or_the_scheme_does_not_allow() {
        let mut title = fixture::protected();
        let all = fixture::options(Delivery::Cenc);
        let listed = |title: &Descriptor, scheme| systems(title, &all, scheme).collect::<Vec<_>>();
        assert!(!listed(&title, Scheme::Cenc).contains(&KeySystem::Fairplay));
        assert_eq!(listed(&title, Scheme::Cbcs), KeySystem::ALL);
        title.key_policy.as_mut().expect("policy").systems = vec![KeySystem::Widevine];
        assert_eq!(listed(&title, Scheme::Cbcs), [KeySystem::Widevine]);
    }

    #[test]
    fn languages_of_another_form_are_left_out() {
        let mut track = fixture::protected().tracks.remove(2);
        for (language_text, kept) in [
            ("en", true),
            ("zh-Hant-TW", true),
            ("und", false),
            ("", false),
            ("e\"n", false),
            ("en-", false),
            ("4x", false),
        ] {
            track.language = Some(language_text.to_owned());
            assert_eq!(language(&track).is_some(), kept, "{language_text}");
        }
    }
}
