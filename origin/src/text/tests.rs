use proptest::prelude::*;

use super::{
    Error, Transcriber,
    synthetic::{document, edits, init, segment, stpp_init, vttc, vtte, wvtt_init},
};

const HEADER: &str = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n";

fn transcribe(init: &[u8], segments: &[Vec<u8>]) -> Result<Vec<String>, Error> {
    let mut transcriber = Transcriber::new(init)?;
    for segment in segments {
        transcriber.push(segment)?;
    }
    transcriber.finish()
}

#[test]
fn wvtt_cues_are_whole_in_each_segment() {
    let segments = [
        segment(0, &[(1000, vtte()), (3000, vttc("1", "<i>Long</i>"))]),
        segment(4000, &[(1000, [vttc("1", "<i>Long</i>"), vttc("2", "Short")].concat()), (3000, vec![])]),
        segment(8000, &[(4000, vtte())]),
    ];
    let long = "\n1\n00:00:01.000 --> 00:00:05.000\n<i>Long</i>\n";
    assert_eq!(
        transcribe(&wvtt_init(), &segments),
        Ok(vec![
            format!("{HEADER}{long}"),
            format!("{HEADER}{long}\n2\n00:00:04.000 --> 00:00:05.000\nShort\n"),
            HEADER.to_owned(),
        ])
    );
}

#[test]
fn stpp_is_shown_within_its_samples() {
    // Whole in both segments, cut at the boundary, and a document of more than its sample's time.
    let segments = [
        segment(0, &[(4000, document("<p begin='3s' end='6s'>a</p><p begin='3500ms' end='4s'>b</p>"))]),
        segment(
            4000,
            &[(4000, document("<p begin='3s' end='6s'>a</p><p begin='4s' end='5s'>b</p><p begin='9s'>c</p>"))],
        ),
    ];
    let (a, b) = ("\n00:00:03.000 --> 00:00:06.000\na\n", "\n00:00:03.500 --> 00:00:05.000\nb\n");
    assert_eq!(transcribe(&stpp_init(), &segments), Ok(vec![format!("{HEADER}{a}{b}"); 2]));
}

#[test]
fn what_cannot_be_made_into_webvtt_is_named() {
    let said = |init: &[u8], segments: &[Vec<u8>]| transcribe(init, segments).expect_err("refused").to_string();
    let ok = segment(0, &[(1000, document("<p/>"))]);
    assert!(said(&init(b"subt", b"stpp", b"ns\0\0image/png\0", &[]), &[]).contains("images"));
    assert!(said(&init(b"text", b"tx3g", &[0; 40], &[]), &[]).contains("tx3g is no timed text"));
    assert!(said(&init(b"text", b"wvtt", &[], &[]), &[]).contains("vttC"));
    let moved = init(b"subt", b"stpp", b"ns\0\0\0", &edits(5));
    assert!(said(&moved, &[]).contains("elst at byte"));
    assert!(transcribe(&init(b"subt", b"stpp", b"ns\0\0\0", &edits(0)), core::slice::from_ref(&ok)).is_ok());
    assert!(said(&stpp_init(), &[ok[..16].to_vec()]).contains("no sample"));
    assert!(said(&stpp_init(), &[segment(0, &[(1000, b"<tt>".to_vec())])]).contains("TTML at byte"));
    let relative = segment(4000, &[(4000, document("<p begin='1s' end='2s'>x</p>"))]);
    assert!(said(&stpp_init(), &[relative]).contains("none of its 1 cues"));
    let overlapping = [segment(0, &[(1000, document(""))]), segment(500, &[(1000, document(""))])].concat();
    assert!(said(&stpp_init(), &[overlapping]).contains("before the end"));
}

proptest! {
    #[test]
    fn no_segment_panics(mut bytes in Just(segment(0, &[(10, vttc("1", "a")), (10, vtte())])), at in 0..200usize, with: u8, end in 0..220usize) {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = with;
        }
        bytes.truncate(end);
        for init in [wvtt_init(), stpp_init()] {
            let _ = transcribe(&init, core::slice::from_ref(&bytes));
        }
    }

    #[test]
    fn any_cues_are_found_again(cues in proptest::collection::vec((1..3000u32, 0..4000u32, "[a-z<>&é]{1,8}"), 1..20), cut in 1..5000u32) {
        // Cues one after the other with pauses between, cut into segments of equal length.
        let mut spans = Vec::new();
        let mut time = 0;
        for (duration, pause, text) in &cues {
            spans.push((time, time + duration, vttc("", text)));
            time += duration;
            if *pause > 0 {
                spans.push((time, time + pause, vtte()));
                time += pause;
            }
        }
        let mut segments = Vec::new();
        for start in (0..time).step_by(cut as usize) {
            let end = (start + cut).min(time);
            let parts = spans.iter().filter(|span| span.0 < end && span.1 > start);
            let samples: Vec<_> = parts.map(|span| (span.1.min(end) - span.0.max(start), span.2.clone())).collect();
            segments.push(segment(start, &samples));
        }
        let written = transcribe(&wvtt_init(), &segments).expect("transcribes");
        prop_assert_eq!(written.len(), segments.len());
        let mut found: Vec<&str> = written.iter().flat_map(|text| text.split("\n\n").skip(1)).map(str::trim_end).collect();
        found.dedup();
        let mut expected = Vec::new();
        let stamp = |time: u32| format!("00:{:02}:{:02}.{:03}", time / 60_000, time / 1000 % 60, time % 1000);
        let mut time = 0;
        let mut before: Option<(u32, u32, &str)> = None;
        for (duration, pause, text) in &cues {
            match &mut before {
                // The same words without a pause are the same cue.
                Some((_, end, same)) if *end == time && same == text => *end = time + duration,
                _ => {
                    expected.extend(before.take());
                    before = Some((time, time + duration, text));
                }
            }
            time += duration + pause;
        }
        expected.extend(before);
        let expected: Vec<_> = expected.iter().map(|(start, end, text)| format!("{} --> {}\n{text}", stamp(*start), stamp(*end))).collect();
        prop_assert_eq!(found, expected);
    }
}
