use base64::{Engine, engine::general_purpose::STANDARD};

use super::text::put;
use crate::{
    drm::{Signalling, clearkey, fairplay, playready, widevine},
    keys::Kid,
    manifest::{Error, Options, Protection, protection, segment_key, signalling, systems},
    title::{Delivery, Descriptor, KeySystem, Protected, Scheme, Track},
};

/// The attribute lists for a key, one per system: the same in `EXT-X-KEY` and in `EXT-X-SESSION-KEY`, whose `METHOD`, `KEYFORMAT`
/// and `KEYFORMATVERSIONS` must agree (rfc8216bis, 4.4.6.5). No IV: the media tell theirs (4.4.4.4).
///
/// # Errors
/// [`Error::NoKeySystem`] rather than a playlist that takes protected media for clear; [`Error::Unsignalled`] rather than one that lacks a system.
fn keys(descriptor: &Descriptor, options: &Options<'_>, scheme: Scheme, kid: &Kid) -> Result<Vec<String>, Error> {
    let listed: Vec<_> = systems(descriptor, options, scheme).collect();
    let identity = listed.contains(&KeySystem::Identity);
    let signalling = signalling(descriptor, options);
    let keys: Vec<_> = listed
        .into_iter()
        .filter(|system| !(identity && *system == KeySystem::Clearkey))
        .map(|system| attributes(signalling, system, scheme, kid, options.base))
        .collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(Error::NoKeySystem) } else { Ok(keys) }
}

/// The attribute lists of a track's keys, for each key period, however the delivery protects it; none where it does not.
///
/// # Errors
/// As [`keys`].
pub(super) fn keys_of(
    descriptor: &Descriptor,
    options: &Options<'_>,
    track: &Track,
) -> Result<Vec<Vec<String>>, Error> {
    if options.delivery == Delivery::Aes128 {
        let kids = segment_key(descriptor, options, track)?.unwrap_or_default();
        // No IV: it is the segment's media sequence number (4.4.4.4).
        let key = |kid| vec![format!("METHOD=AES-128,URI=\"{}/key/{kid}\"", options.base)];
        return Ok(kids.into_iter().map(key).collect());
    }
    let Some(Protection { scheme, kids }) = protection(descriptor, options, track)? else { return Ok(Vec::new()) };
    kids.iter().map(|kid| keys(descriptor, options, scheme, kid)).collect()
}

/// The `EXT-X-KEY` lines of a media playlist, each before the first segment that it holds for. A later key period's are followed by an init segment of its
/// own, which names its key: a player that is given a raw key knows its id from there alone.
pub(super) struct KeyLines {
    /// In order of their segments.
    changes: Vec<(u32, String)>,
    next: usize,
}

impl KeyLines {
    /// # Errors
    /// As [`keys`].
    pub(super) fn of(descriptor: &Descriptor, options: &Options<'_>, track: &Track) -> Result<Self, Error> {
        let keys = keys_of(descriptor, options, track)?;
        let mut changes = Vec::new();
        for (segment, protected) in track.schedule.changes() {
            let lines = match protected {
                // What comes before the first key is in the clear.
                Protected::Lead => continue,
                Protected::Period(period) => keys.get(usize::try_from(period).unwrap_or(usize::MAX)),
            };
            let mut text = String::new();
            for key in lines.into_iter().flatten() {
                put!(text, "#EXT-X-KEY:{key}\n");
            }
            if let (Protected::Period(period @ 1..), true) = (protected, options.delivery.scheme().is_some()) {
                let (id, version) = (&track.id, descriptor.version.as_str());
                put!(text, "#EXT-X-MAP:URI=\"{id}/init.mp4?v={version}&period={period}\"\n");
            }
            changes.push((segment, text));
        }
        Ok(Self { changes, next: 0 })
    }

    /// The lines that hold from this segment on, or from one before it that was not asked for; empty where nothing changes. Segments are asked for in
    /// increasing order.
    pub(super) fn before(&mut self, segment: u32) -> &str {
        let mut found = "";
        while let Some((_, text)) = self.changes.get(self.next).filter(|(first, _)| *first <= segment) {
            found = text;
            self.next += 1;
        }
        found
    }

    /// Of what has none.
    pub(super) fn none() -> Self {
        Self { changes: Vec::new(), next: 0 }
    }
}

fn attributes(
    signalling: Signalling<'_>,
    system: KeySystem,
    scheme: Scheme,
    kid: &Kid,
    base: &str,
) -> Result<String, Error> {
    let method = match scheme {
        Scheme::Cenc => "SAMPLE-AES-CTR",
        Scheme::Cbcs => "SAMPLE-AES",
    };
    let (uri, format, more) = match system {
        KeySystem::Widevine => (
            format!("data:text/plain;base64,{}", STANDARD.encode(signalling.pssh(system, &[*kid], scheme)?)),
            widevine::URN,
            format!(",KEYID=0x{kid}"),
        ),
        KeySystem::Playready => (
            format!(
                "data:text/plain;charset=UTF-16;base64,{}",
                STANDARD.encode(signalling.playready_object(&[*kid], scheme)?)
            ),
            playready::KEYFORMAT,
            String::new(),
        ),
        KeySystem::Fairplay => (signalling.fairplay_uri(kid)?, fairplay::KEYFORMAT, String::new()),
        KeySystem::Clearkey => {
            (format!("data:text/plain;base64,{}", STANDARD.encode(kid.0)), clearkey::KEYFORMAT, String::new())
        }
        KeySystem::Identity => (format!("{base}/key/{kid}"), clearkey::IDENTITY, String::new()),
    };
    Ok(format!("METHOD={method},URI=\"{uri}\",KEYFORMAT=\"{format}\",KEYFORMATVERSIONS=\"1\"{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{drm::told_by_provider, manifest::fixture, title::SignalledBy};

    fn formats(delivery: Delivery, systems: &[KeySystem]) -> Result<Vec<String>, Error> {
        let (title, options) = (fixture::protected(), Options { systems, ..fixture::options(delivery) });
        let protection = protection(&title, &options, &title.tracks[0])?.expect("protected");
        keys(&title, &options, protection.scheme, &protection.kids[0])
    }

    #[test]
    fn one_clearkey_form_is_listed() {
        use KeySystem::{Clearkey, Identity, Widevine};
        let key_url = "METHOD=SAMPLE-AES-CTR,URI=\"https://edge.example/~h/v1/film/key/101112131415161718191a1b1c1d1e1f\",\
             KEYFORMAT=\"identity\",KEYFORMATVERSIONS=\"1\"";
        let key_id = "METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,EBESExQVFhcYGRobHB0eHw==\",\
             KEYFORMAT=\"org.w3.clearkey\",KEYFORMATVERSIONS=\"1\"";
        for (systems, expected) in [
            (&[Clearkey, Identity][..], key_url),
            (&[Identity], key_url),
            (&[Clearkey], key_id),
            (&[Widevine, Clearkey], key_id),
        ] {
            let keys = formats(Delivery::Cenc, systems).expect("keys");
            assert_eq!(keys.last().map(String::as_str), Some(expected), "{systems:?}");
            assert_eq!(keys.len(), 1 + usize::from(systems.contains(&Widevine)));
        }
    }

    #[test]
    fn every_system_under_cbcs_in_order() {
        let keys = formats(Delivery::Cbcs, &KeySystem::ALL).expect("keys");
        assert!(keys.iter().all(|key| key.starts_with("METHOD=SAMPLE-AES,URI=\"")));
        let ends = [
            "KEYFORMAT=\"urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\",KEYFORMATVERSIONS=\"1\",KEYID=0x303132333435363738393a3b3c3d3e3f",
            "KEYFORMAT=\"com.microsoft.playready\",KEYFORMATVERSIONS=\"1\"",
            "URI=\"skd://303132333435363738393a3b3c3d3e3f\",KEYFORMAT=\"com.apple.streamingkeydelivery\",KEYFORMATVERSIONS=\"1\"",
            "KEYFORMAT=\"identity\",KEYFORMATVERSIONS=\"1\"",
        ];
        assert_eq!(keys.len(), ends.len());
        for (key, end) in keys.iter().zip(ends) {
            assert!(key.ends_with(end), "{key}");
        }
        assert!(keys[1].contains("URI=\"data:text/plain;charset=UTF-16;base64,"));
    }

    #[test]
    fn a_providers_words_stand_in_place_of_ours() {
        let mut title = fixture::protected();
        title.key_policy.as_mut().expect("policy").signalling = SignalledBy::Provider;
        let provided = told_by_provider(&[0x30, 0x40].map(fixture::kid), 9);
        let all = Options { provided: Some(&provided), ..fixture::options(Delivery::Cbcs) };
        let of = |options: &Options<'_>| keys(&title, options, Scheme::Cbcs, &fixture::kid(0x30));
        let (ours, theirs) = (formats(Delivery::Cbcs, &KeySystem::ALL).expect("keys"), of(&all).expect("keys"));
        assert_eq!(theirs.len(), ours.len());
        let attribute = |line: &str, name: &str| -> String {
            let (_, rest) = line.split_once(&format!("{name}=\"")).expect("an attribute");
            rest.split('"').next().expect("a value").to_owned()
        };
        let data = |line: &str| {
            let uri = attribute(line, "URI");
            STANDARD.decode(uri.rsplit_once(',').expect("a data URI").1).expect("base64")
        };
        let kid = [fixture::kid(0x30)];
        let told = Signalling::Provider(&provided);
        assert_eq!(data(&theirs[0]), told.pssh(KeySystem::Widevine, &kid, Scheme::Cbcs).expect("told"));
        assert_eq!(data(&theirs[1]), told.playready_object(&kid, Scheme::Cbcs).expect("told"));
        assert_eq!(attribute(&theirs[2], "URI"), "skd://acme/303132333435363738393a3b3c3d3e3f?v=2");
        // Beside the URI nothing is changed, and identity is the edge's own.
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(attribute(ours, "KEYFORMAT"), attribute(theirs, "KEYFORMAT"));
        }
        assert_eq!(ours[3], theirs[3]);

        // A key that the provider says nothing of has no playlist, not one that lacks the system.
        let other = |options: &Options<'_>| keys(&title, options, Scheme::Cbcs, &fixture::kid(0x50));
        assert_eq!(other(&all), Err(Error::Unsignalled(KeySystem::Widevine)));
        let fairplay = Options { systems: &[KeySystem::Fairplay], ..all };
        assert_eq!(other(&fairplay), Err(Error::Unsignalled(KeySystem::Fairplay)));
        assert_eq!(of(&Options { provided: None, ..all }), Err(Error::Unsignalled(KeySystem::Widevine)));
        let clearkey = Options { systems: &[KeySystem::Clearkey], provided: None, ..all };
        assert!(of(&clearkey).is_ok(), "the provider has no part in it");
    }

    #[test]
    fn protected_media_without_a_key_system_has_no_playlist() {
        assert_eq!(formats(Delivery::Cenc, &[KeySystem::Fairplay]), Err(Error::NoKeySystem));
        assert_eq!(formats(Delivery::Cenc, &[]), Err(Error::NoKeySystem));
    }
}
