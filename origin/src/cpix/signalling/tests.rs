use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use sluice_packager::drm::{fairplay, playready, pssh, widevine};

use super::*;
use crate::{
    cpix::{parse, read_answer, request::tests::request},
    keyserver::tests::answered,
};

const WIDEVINE: &str = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed";
const PLAYREADY: &str = "9a04f079-9840-4286-ab92-e65be0885f95";
const FAIRPLAY: &str = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2";
const KID: Kid = Kid([1; 16]);
const OTHER: Kid = Kid([9; 16]);

#[test]
fn what_the_key_server_says_is_read() {
    for scheme in [Scheme::Cbcs, Scheme::Cenc] {
        let request = request(scheme);
        let answer = read_answer(answered(&request).as_bytes(), &request).expect("a good answer");
        let found = |system| {
            let mut of = answer.signalling.iter().filter(|said| said.system == system);
            (of.next(), of.count() + 1)
        };
        let names = |pssh: &Option<Vec<u8>>| {
            let pssh = pssh.as_deref().expect("a box");
            let read = crate::inspect::drm::Signalling::pssh(pssh);
            (pssh::parse(pssh).expect("a box").0.system, read.key_ids)
        };
        let (said, count) = found(KeySystem::Widevine);
        assert_eq!(count, 2);
        assert_eq!(names(&said.expect("Widevine").pssh), (widevine::SYSTEM, vec![KID.uuid()]));
        let said = found(KeySystem::Playready).0.expect("PlayReady");
        assert_eq!(names(&said.pssh), (playready::SYSTEM, vec![KID.uuid()]));
        let boxed = said.pssh.as_deref().expect("a box");
        assert_eq!(said.pro.as_deref(), Some(pssh::parse(boxed).expect("a box").0.data));
        let said = found(KeySystem::Fairplay).0;
        assert_eq!(said.map(|said| said.key_uri.clone()), (scheme == Scheme::Cbcs).then(|| Some(fairplay::uri(&KID))));
        assert!(found(KeySystem::Clearkey).0.is_some());
        assert_eq!(found(KeySystem::Identity).0, None);
    }
}

#[test]
fn what_was_asked_for_is_there() {
    let request = request(Scheme::Cbcs);
    let good = answered(&request).to_string();
    let first = |part: &str| {
        let start = good.find(&format!("<cpix:{part}")).expect("there");
        let end = start + good[start..].find(&format!("</cpix:{part}>")).expect("closed") + part.len() + 8;
        good.replace(&good[start..end], "")
    };
    for part in ["PSSH", "ContentProtectionData"] {
        let error = read_answer(first(part).as_bytes(), &request).err();
        let expected = SignallingError::Missing(if part == "PSSH" { "PSSH" } else { "ContentProtectionData" });
        assert_eq!(error, Some(AnswerError::Signalling { kid: KID, system: WIDEVINE, error: expected }));
    }
    let error = read_answer(first("HLSSignalingData").as_bytes(), &request).err();
    let expected = SignallingError::Missing("HLSSignalingData playlist=\"media\"");
    assert_eq!(error, Some(AnswerError::Signalling { kid: KID, system: WIDEVINE, error: expected }));
    let none = good.replace("cpix:HLSSignalingData", "cpix:Other");
    let expected = SignallingError::Missing("HLSSignalingData");
    let error = read_answer(none.as_bytes(), &request).err();
    assert_eq!(error, Some(AnswerError::Signalling { kid: KID, system: WIDEVINE, error: expected }));
}

/// One `DRMSystem` of these children, read.
fn read_one(system: KeySystem, id: &str, scheme: Scheme, children: &[(&str, &[u8])]) -> Outcome<SystemSignalling> {
    let inside: String = children
        .iter()
        .map(|(tag, bytes)| {
            let name = tag.split(' ').next().expect("a name");
            format!("<{tag}>{}</{name}>", STANDARD.encode(bytes))
        })
        .collect();
    let list = format!(
        "<DRMSystemList xmlns=\"urn:dashif:org:cpix\"><DRMSystem kid=\"{}\" systemId=\"{id}\">{inside}</DRMSystem></DRMSystemList>",
        KID.uuid()
    );
    let list = parse(list.as_bytes()).expect("well-formed");
    consistent(&list.children[0], KID, system, scheme)
}

fn widevine_of(children: &[(&str, &[u8])]) -> Outcome<SystemSignalling> {
    read_one(KeySystem::Widevine, WIDEVINE, Scheme::Cenc, children)
}

fn playready_of(children: &[(&str, &[u8])]) -> Outcome<SystemSignalling> {
    read_one(KeySystem::Playready, PLAYREADY, Scheme::Cbcs, children)
}

fn fairplay_of(media: &str, master: &str) -> Outcome<SystemSignalling> {
    let pair: [(&str, &[u8]); 2] = [(MEDIA, media.as_bytes()), (MASTER, master.as_bytes())];
    read_one(KeySystem::Fairplay, FAIRPLAY, Scheme::Cbcs, &pair)
}

const DATA: &str = "ContentProtectionData";
const MEDIA: &str = "HLSSignalingData playlist=\"media\"";
const MASTER: &str = "HLSSignalingData playlist=\"master\"";

fn protection(pssh: &[u8]) -> Vec<u8> {
    format!("<pssh xmlns=\"urn:mpeg:cenc:2013\">{}</pssh>", STANDARD.encode(pssh)).into_bytes()
}

#[test]
fn a_pssh_is_of_its_system_key_and_scheme() {
    let good = widevine::pssh(&[OTHER, KID], Scheme::Cenc);
    assert_eq!(widevine_of(&[("PSSH", &good)]).expect("good").pssh, Some(good.clone()));
    // Of before there were schemes: counter mode alone.
    for scheme in [0, 1] {
        let old = pssh_of(widevine::SYSTEM, None, &[&[0x12, 16], &KID.0[..], &[0x48, scheme]].concat());
        let of = |asked| read_one(KeySystem::Widevine, WIDEVINE, asked, &[("PSSH", &old)]).map(drop);
        assert_eq!(of(Scheme::Cenc), Ok(()));
        assert_eq!(of(Scheme::Cbcs), Err(SignallingError::Scheme("PSSH")));
    }
    let version_1 = pssh_of(widevine::SYSTEM, Some(vec![KID]), &[]);
    assert!(widevine_of(&[("PSSH", &version_1)]).is_ok());
    // Nothing is named: nothing contradicts.
    assert!(widevine_of(&[("PSSH", &pssh_of(widevine::SYSTEM, None, b"\x22\x04film"))]).is_ok());
    let cases: [(&[u8], SignallingError); 7] = [
        (&[], SignallingError::Missing("PSSH")),
        (b"no box", SignallingError::Form("PSSH")),
        (&[&good[..], b"x"].concat(), SignallingError::Form("PSSH")),
        (&playready::pssh(&[KID], Scheme::Cenc), SignallingError::System("PSSH")),
        (&widevine::pssh(&[OTHER], Scheme::Cenc), SignallingError::Kid("PSSH")),
        (&pssh_of(widevine::SYSTEM, Some(vec![OTHER]), &[]), SignallingError::Kid("PSSH")),
        (&widevine::pssh(&[KID], Scheme::Cbcs), SignallingError::Scheme("PSSH")),
    ];
    for (bytes, error) in cases {
        assert_eq!(widevine_of(&[("PSSH", bytes)]), Err(error));
    }
    assert_eq!(widevine_of(&[("PSSH", &good), ("PSSH", &good)]), Err(SignallingError::Twice("PSSH")));
    let other_scheme = playready::pssh(&[KID], Scheme::Cenc);
    assert_eq!(playready_of(&[("PSSH", &other_scheme)]), Err(SignallingError::Scheme("PSSH")));
    let other_key = playready::pssh(&[OTHER], Scheme::Cbcs);
    assert_eq!(playready_of(&[("PSSH", &other_key)]), Err(SignallingError::Kid("PSSH")));
}

fn pssh_of(system: sluice_packager::drm::pssh::SystemId, kids: Option<Vec<Kid>>, data: &[u8]) -> Vec<u8> {
    sluice_packager::drm::pssh::Pssh { system, kids, data }.to_bytes()
}

#[test]
fn content_protection_data_agrees_with_pssh() {
    let good = widevine::pssh(&[KID], Scheme::Cenc);
    let with = |data: &[u8]| widevine_of(&[("PSSH", &good), (DATA, data)]);
    assert!(with(&protection(&good)).is_ok());
    assert_eq!(widevine_of(&[(DATA, &protection(&good))]).expect("as good").pssh, Some(good.clone()));
    let within = [
        &b"<?xml version=\"1.0\"?><ContentProtection xmlns=\"urn:mpeg:dash:schema:mpd:2011\">"[..],
        &protection(&good),
        b"</ContentProtection>",
    ];
    assert!(with(&within.concat()).is_ok());
    let undeclared = format!("<cenc:pssh>{}</cenc:pssh>", STANDARD.encode(&good));
    assert!(with(undeclared.as_bytes()).is_ok());
    let other = widevine::pssh(&[KID, OTHER], Scheme::Cenc);
    let cases: [(&[u8], SignallingError); 6] = [
        (&protection(&other), SignallingError::Differs(DATA)),
        (&protection(b"no box"), SignallingError::Form(DATA)),
        (b"", SignallingError::Missing(DATA)),
        (b"</root><root>", SignallingError::Form(DATA)),
        (b"<!DOCTYPE x [<!ENTITY e \"e\">]><x>&e;</x>", SignallingError::Form(DATA)),
        (b"<cenc:default_KID>09090909-0909-0909-0909-090909090909</cenc:default_KID>", SignallingError::Kid(DATA)),
    ];
    for (data, error) in cases {
        assert_eq!(with(data), Err(error));
    }
}

#[test]
fn a_playready_object_agrees_with_its_box() {
    let pssh = playready::pssh(&[KID], Scheme::Cbcs);
    let with = |object: &[u8]| {
        let pro = format!("<mspr:pro>{}</mspr:pro>", STANDARD.encode(object));
        playready_of(&[("PSSH", &pssh), (DATA, pro.as_bytes())])
    };
    let object = playready::object(&[KID], Scheme::Cbcs);
    assert_eq!(with(&object).expect("good").pro, Some(object));
    assert_eq!(with(&playready::object(&[KID, OTHER], Scheme::Cbcs)), Err(SignallingError::Differs(DATA)));
    assert_eq!(with(&playready::object(&[OTHER], Scheme::Cbcs)), Err(SignallingError::Kid(DATA)));
}

#[test]
fn playlists_agree_with_each_other_and_with_the_rest() {
    let attributes = "METHOD=SAMPLE-AES,URI=\"skd://asset?id=1\",KEYFORMAT=\"com.apple.streamingkeydelivery\",KEYFORMATVERSIONS=\"1\"";
    let (media, master) = (format!("#EXT-X-KEY:{attributes}\n"), format!("#EXT-X-SESSION-KEY:{attributes}"));
    let said = fairplay_of(&media, &master).expect("good");
    assert_eq!(said.key_uri.as_deref(), Some("skd://asset?id=1"));
    const M: &str = "HLSSignalingData playlist=\"media\"";
    let cases = [
        (("EXT-X-KEY", "EXT-X-SESSION-KEY"), SignallingError::Form(M)),
        (("SAMPLE-AES", "SAMPLE-AES-CTR"), SignallingError::Scheme(M)),
        (("SAMPLE-AES", "NONE"), SignallingError::Scheme(M)),
        (("com.apple.streamingkeydelivery", "com.microsoft.playready"), SignallingError::System(M)),
        (("skd://asset?id=1", ""), SignallingError::Form(M)),
        (("\",KEYFORMAT=", "\",KEYID=0x09090909090909090909090909090909,KEYFORMAT="), SignallingError::Kid(M)),
        (("\n", "\n#EXTINF:4,\n"), SignallingError::Form(M)),
        (("id=1", "id=2"), SignallingError::Differs("HLSSignalingData playlist=\"master\"")),
    ];
    for ((from, to), error) in cases {
        assert_eq!(fairplay_of(&media.replace(from, to), &master), Err(error), "{to}");
    }
    let alone = read_one(KeySystem::Fairplay, FAIRPLAY, Scheme::Cbcs, &[(MEDIA, media.as_bytes())]);
    assert_eq!(alone, Err(SignallingError::Missing("HLSSignalingData playlist=\"master\"")));

    let pssh = widevine::pssh(&[KID], Scheme::Cenc);
    let pair = |pssh: &[u8]| {
        let uri = format!("data:text/plain;base64,{}", STANDARD.encode(pssh));
        let attributes = format!("METHOD=SAMPLE-AES-CTR,URI=\"{uri}\",KEYFORMAT=\"{}\"", widevine::URN);
        [format!("#EXT-X-KEY:{attributes}"), format!("#EXT-X-SESSION-KEY:{attributes}")]
    };
    let [media, master] = pair(&pssh);
    assert!(widevine_of(&[("PSSH", &pssh), (MEDIA, media.as_bytes()), (MASTER, master.as_bytes())]).is_ok());
    let [media, _] = pair(&widevine::pssh(&[KID, OTHER], Scheme::Cenc));
    let differs = widevine_of(&[("PSSH", &pssh), (MEDIA, media.as_bytes()), (MASTER, master.as_bytes())]);
    assert_eq!(differs, Err(SignallingError::Differs(M)));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..120),
        text in "[#<>:/=\",.A-Za-z0-9 -]{0,80}",
        which in 0..3usize,
    ) {
        let (system, id) = [
            (KeySystem::Widevine, WIDEVINE), (KeySystem::Playready, PLAYREADY), (KeySystem::Fairplay, FAIRPLAY),
        ][which];
        let framed = [&(bytes.len() as u32 + 8).to_be_bytes(), &b"pssh"[..], &bytes].concat();
        let tag = format!("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"{text}\",KEYFORMAT={text}");
        for part in ["PSSH", DATA, MEDIA, MASTER] {
            for bytes in [&bytes[..], &framed, text.as_bytes(), tag.as_bytes()] {
                let _ = read_one(system, id, Scheme::Cbcs, &[(part, bytes)]);
            }
        }
    }
}
