use proptest::prelude::*;

use crate::text::{Error, ttml::cues};

const HEAD: &str = "<tt xmlns='http://www.w3.org/ns/ttml' xmlns:ttp='http://www.w3.org/ns/ttml#parameter' xmlns:tts='http://www.w3.org/ns/ttml#styling' ttp:frameRate='25'>";

/// The cues of a document with that body and perhaps a head, as start, end, settings, text.
fn read(inside: &str) -> Vec<(u64, u64, String, String)> {
    let found = cues(format!("{HEAD}{inside}</tt>").as_bytes(), 0, 100_000).expect(inside);
    let flat = found
        .iter()
        .map(|cue| (cue.time.start, cue.time.end, cue.content.settings().to_owned(), cue.content.text().to_owned()));
    flat.collect()
}

fn plain(cues: &[(u64, u64, String, String)]) -> Vec<(u64, u64, &str)> {
    cues.iter()
        .map(|(start, end, settings, text)| {
            assert_eq!(settings, "");
            (*start, *end, text.as_str())
        })
        .collect()
}

#[test]
fn times_nest() {
    let body = "<body begin='10s'><div begin='1s' end='20s'>\
        <p begin='1s' end='00:00:02:00'>a</p><p dur='2s'>b</p><p begin='5s'>c</p><p end='60s'>d</p>\
        <p begin='1s' dur='5s' end='3s'>e</p><p begin='30s'>never</p></div><div><p>f</p></div></body>";
    assert_eq!(
        plain(&read(body)),
        [
            (12_000, 13_000, "a"),
            (11_000, 13_000, "b"),
            (16_000, 30_000, "c"),
            (11_000, 30_000, "d"),
            (12_000, 14_000, "e"),
            (10_000, 100_000, "f")
        ]
    );
}

#[test]
fn a_sequence_counts_from_the_end_before() {
    let body = "<body><div timeContainer='seq'><p dur='2s'>a</p><p begin='1s' dur='1s'>b</p><div dur='3s'><p>c</p></div>\
        <p dur='1s' timeContainer='seq'><span dur='400ms'>d</span><span dur='300ms'>e</span></p></div></body>";
    assert_eq!(
        plain(&read(body)),
        [(0, 2000, "a"), (3000, 4000, "b"), (4000, 7000, "c"), (7000, 7400, "d"), (7400, 7700, "e")]
    );
}

#[test]
fn spans_have_times_and_styles() {
    let body = "<head><styling><style xml:id='i' tts:fontStyle='italic'/></styling></head>\
        <body tts:fontWeight='bold'><div><p begin='1s' end='4s'> Say <span style='i' tts:fontWeight='normal' begin='1s'>it &lt;now&gt;</span><br/>\
        <span tts:visibility='hidden'>x</span><span tts:display='none'>y</span>again <metadata>z</metadata></p></div></body>";
    assert_eq!(
        plain(&read(body)),
        [(1000, 2000, "<b>Say\nagain</b>"), (2000, 4000, "<b>Say</b> <i>it &lt;now&gt;</i>\n<b>again</b>"),]
    );
}

#[test]
fn regions_give_place_and_style() {
    let inside = "<head><layout><region xml:id='top' tts:textAlign='left' tts:fontStyle='italic' tts:extent='80% 10%'><style tts:origin='10% 5%'/></region>\
        <region xml:id='low' tts:origin='10% 80%' tts:extent='80% 20%' tts:textAlign='center'/></layout></head>\
        <body><div region='top'><p end='1s'>a</p><p end='1s' region='low'>b</p><p end='1s' tts:textAlign='end' tts:fontStyle='normal'>c</p></div>\
        <div><p end='1s' region='none'>d</p></div></body>";
    let told: Vec<_> = read(inside).into_iter().map(|(_, _, settings, text)| (settings, text)).collect();
    let expected = [("line:5% align:left", "<i>a</i>"), ("", "b"), ("line:5% align:end", "c"), ("", "d")];
    assert_eq!(told, expected.map(|(settings, text)| (settings.to_owned(), text.to_owned())));
}

#[test]
fn empty_documents_have_no_cue() {
    for inside in ["", "<body/>", "<body><div/></body>", "<body><div><p begin='1s' end='2s'> \n</p><p/></div></body>"] {
        assert_eq!(read(inside), []);
    }
    assert_eq!(cues(b"", 0, 1), Ok(Vec::new()));
}

#[test]
fn errors_tell_the_place_in_the_file() {
    let document = format!("{HEAD}<body><p begin='soon'/></body></tt>");
    let expected = Error::Document {
        offset: 1000 + HEAD.len() as u64 + 6,
        what: "p: begin is \"soon\", which is no time".to_owned(),
    };
    assert_eq!(cues(document.as_bytes(), 1000, 1), Err(expected));
    let images = document.replace("<p ", "<image ");
    assert_eq!(cues(images.as_bytes(), 1000, 1), Err(Error::Images { offset: 1000 + HEAD.len() as u64 + 6 }));
}

/// A character with what WebVTT's tags say of it.
type Styled = (char, [bool; 3]);

/// Cue text without its markup; what style a space has cannot be seen.
fn styled(text: &str) -> Vec<Styled> {
    let (mut out, mut style) = (Vec::new(), [false; 3]);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let tag = |(at, name): (usize, &str)| {
            let inside = rest.strip_prefix('<')?;
            let (closes, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
            inside.strip_prefix(name).map(|rest| (at, !closes, rest))
        };
        if let Some((at, on, behind)) = ["i>", "b>", "u>"].into_iter().enumerate().find_map(tag) {
            (style[at], rest) = (on, behind);
        } else {
            out.push((c, if c.is_whitespace() { [false; 3] } else { style }));
            rest = &rest[c.len_utf8()..];
            // ttconv leaves it as it is.
            rest = if c == '&' { rest.strip_prefix("amp;").unwrap_or(rest) } else { rest };
        }
    }
    out
}

#[test]
fn ttconv_reads_the_same_times_and_text() {
    for (document, written) in [
        (include_str!("vectors/styles.ttml"), include_str!("vectors/styles.vtt")),
        (include_str!("vectors/times.ttml"), include_str!("vectors/times.vtt")),
        (include_str!("vectors/space.ttml"), include_str!("vectors/space.vtt")),
    ] {
        let ours = cues(document.as_bytes(), 0, 100_000).expect("parses");
        let stamp = |time: u64| format!("00:{:02}:{:02}.{:03}", time / 60_000, time / 1000 % 60, time % 1000);
        let ours = ours
            .iter()
            .map(|cue| (format!("{} --> {}", stamp(cue.time.start), stamp(cue.time.end)), styled(cue.content.text())));
        let theirs = written.trim_end().split("\n\n").skip(1).map(|cue| {
            let (time, text) = cue.split_once('\n').expect("a time and text");
            (time.to_owned(), styled(text))
        });
        assert_eq!(ours.collect::<Vec<_>>(), theirs.collect::<Vec<_>>());
    }
}

proptest! {
    #[test]
    fn no_document_panics(
        inside in "(<(p|span|div|br|region|style)( (begin|end|dur|style|region|xml:id|tts:display)='[0-9:.smftx]{0,9}')?>?|</(p|span|div)>|/>|[a-z &;<]{0,6}){0,40}",
    ) {
        let _ = cues(format!("{HEAD}<body>{inside}</body></tt>").as_bytes(), 0, 10_000);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = cues(&bytes, 0, 10_000);
    }

    #[test]
    fn any_text_comes_out_escaped_and_within_its_cue(text in "\\PC{1,40}", start in 0..50_000u64, length in 1..9_000u64) {
        let escaped = quick_xml::escape::escape(text.as_str());
        let found = read(&format!("<body><p begin='{start}ms' dur='{length}ms'>{escaped}</p></body>"));
        for (from, to, _, shown) in &found {
            prop_assert_eq!((*from, *to), (start, start + length));
            prop_assert!(!shown.contains("-->") && !shown.contains("<") && !shown.contains("\n\n"));
            let back = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            let words = |text: &str| text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(words(&back), words(&text));
        }
    }
}
