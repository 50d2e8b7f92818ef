use super::{explain, *};
use crate::inspect::{report::Warning, tests::manifests};

fn codes(report: &Report) -> Vec<(&'static str, &str)> {
    report.warnings.iter().map(|Warning { code, at, .. }| (*code, at.as_str())).collect()
}

fn mpd(report: &Report) -> &Mpd {
    match &report.content {
        Content::Mpd(mpd) => mpd,
        other => panic!("{other:?}"),
    }
}

fn wrapped(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" xmlns:cenc=\"urn:mpeg:cenc:2013\" type=\"static\" \
         mediaPresentationDuration=\"PT10S\" minBufferTime=\"PT2S\"><Period><AdaptationSet contentType=\"video\" mimeType=\"video/mp4\">\
         {inside}</AdaptationSet></Period></MPD>"
    )
}

const REPRESENTATION: &str = "<Representation id=\"v\" bandwidth=\"1\" codecs=\"avc1.640028\"><SegmentTemplate media=\"$Number$.m4s\" \
    duration=\"4\"/></Representation>";

#[test]
fn our_own_mpds_are_explained_without_a_warning() {
    let mut seen = 0;
    for (name, text) in manifests().iter().filter(|(_, text)| text.starts_with("<?xml")) {
        let report = explain(text.as_bytes(), true).expect(name);
        assert_eq!(codes(&report), [], "{name}:\n{text}");
        let [period] = &mpd(&report).periods[..] else { panic!("one period") };
        for set in &period.adaptation_sets {
            for representation in &set.representations {
                let Addressing::Timeline { segments, duration, .. } = &representation.addressing else {
                    panic!("a timeline")
                };
                assert_eq!(*segments, Some(6), "{name}");
                assert!(duration.is_some_and(|duration| (duration - 24.0).abs() < 0.1), "{name}");
            }
            if set.content_type.as_deref() != Some("text") {
                let ids = &set.protection[0].default_key_ids;
                assert_eq!(ids.len(), 1, "{name}");
                let signalled = set.protection.iter().flat_map(|protection| &protection.signalling);
                seen += signalled.filter(|said| said.key_ids == *ids).count();
            }
        }
    }
    assert!(seen > 5, "{seen} key ids decoded");
}

#[test]
fn addressing_is_inherited_and_counted() {
    let number = explain(wrapped(REPRESENTATION).as_bytes(), false).expect("an MPD");
    assert_eq!(codes(&number), []);
    let addressing = |report: &Report| mpd(report).periods[0].adaptation_sets[0].representations[0].addressing.clone();
    // Ten seconds in segments of four.
    assert!(matches!(addressing(&number), Addressing::Number { segments: Some(3), .. }));
    let timeline = wrapped(
        "<SegmentTemplate timescale=\"1000\" media=\"$Time$.m4s\" initialization=\"i\"><SegmentTimeline><S t=\"0\" d=\"2000\" r=\"1\"/>\
         <S d=\"1500\" r=\"-1\"/></SegmentTimeline></SegmentTemplate><Representation id=\"v\" bandwidth=\"1\" codecs=\"avc1.640028\">\
         <SegmentTemplate startNumber=\"7\"/></Representation>",
    );
    let report = explain(timeline.as_bytes(), false).expect("an MPD");
    let Addressing::Timeline { segments, start_number, timescale, media, runs, .. } = addressing(&report) else {
        panic!("a timeline")
    };
    assert_eq!((segments, start_number, timescale, media.as_str()), (Some(6), 7, 1000, "$Time$.m4s"));
    assert_eq!(runs.iter().map(|run| (run.start, run.segments)).collect::<Vec<_>>(), [(0, Some(2)), (4000, Some(4))]);
    let base = wrapped(
        "<Representation id=\"v\" bandwidth=\"1\" codecs=\"avc1.640028\"><BaseURL>v.mp4?token=SECRET</BaseURL>\
         <SegmentBase indexRange=\"100-199\"><Initialization range=\"0-99\"/></SegmentBase></Representation>",
    );
    let report = explain(base.as_bytes(), false).expect("an MPD");
    assert!(matches!(addressing(&report), Addressing::Base { index_range: Some(range), .. } if range == "100-199"));
    assert!(!report.to_string().contains("SECRET"));
}

#[test]
fn what_breaks_players_is_warned_of() {
    let common = |kid: &str| {
        format!("<ContentProtection schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"cenc\"{kid}/>")
    };
    let kid = |digit: char| format!(" cenc:default_KID=\"{}\"", digit.to_string().repeat(32));
    let fairplay = format!("<ContentProtection schemeIdUri=\"{}\"/>", sluice_packager::drm::fairplay::URN);
    // tests/fixtures/jurassic-compact-5975.mpd of the crate dash-mpd-core 0.1.0: of the key 00163706….
    let pssh = "<cenc:pssh>AAAAOHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAABgSEAAWNwaftdGsPEdH4BMi5MJI49yVmwY=</cenc:pssh>";
    let widevine = |inside: &str| {
        format!(
            "<ContentProtection schemeIdUri=\"{}\">{inside}</ContentProtection>",
            sluice_packager::drm::widevine::URN
        )
    };
    let own = |protection: &str| REPRESENTATION.replace("<SegmentTemplate", &format!("{protection}<SegmentTemplate"));
    for (inside, expected) in [
        (common("") + &widevine("") + REPRESENTATION, "default_kid_missing"),
        (common(&kid('a')) + REPRESENTATION, "no_key_system"),
        (widevine("") + REPRESENTATION, "mp4protection_missing"),
        (common(&kid('a')) + &widevine(pssh) + REPRESENTATION, "pssh_other_key"),
        (common(&kid('a')) + &widevine("<cenc:pssh>AAAA</cenc:pssh>") + REPRESENTATION, "pssh"),
        (common(&kid('a')) + &fairplay + REPRESENTATION, "fairplay_ctr"),
        (own(&(common(&kid('a')) + &widevine(""))) + &own(&(common(&kid('b')) + &widevine(""))), "keys_differ"),
        (REPRESENTATION.replace(" codecs=\"avc1.640028\"", ""), "codecs_missing"),
        (REPRESENTATION.replace(" bandwidth=\"1\"", ""), "bandwidth_missing"),
        (REPRESENTATION.replace(" duration=\"4\"", ""), "addressing"),
        (String::new(), "no_representations"),
    ] {
        let report = explain(wrapped(&inside).as_bytes(), false).expect("an MPD");
        assert_eq!(report.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), [expected], "{inside}");
    }
}

#[test]
fn other_xml_is_named_and_refused() {
    for (text, said) in [
        ("<cpix:CPIX xmlns:cpix=\"urn:dashif:org:cpix\"/>", "the root is CPIX"),
        ("<!DOCTYPE MPD [<!ENTITY x \"y\">]><MPD/>", "DOCTYPE"),
        ("<!-- nothing -->", "without an element"),
        ("<MPD><Period>", "cannot be read"),
        ("<MPD mediaPresentationDuration=\"soon\"/>", "cannot be read"),
    ] {
        let error = explain(text.as_bytes(), false).expect_err(text);
        assert!(error.to_string().contains(said), "{error}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_inside_is_survived(inside in "(<(Representation|SegmentTemplate|ContentProtection|S)[ a-z=\"0-9]{0,12}/?>){0,6}\\PC{0,20}") {
        let _ = explain(wrapped(&inside).as_bytes(), true);
    }
}
