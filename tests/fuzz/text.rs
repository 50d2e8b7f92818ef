//! What must hold of any timed text. The target runs this; `origin/tests/fuzz.rs` replays seeds and what was found.
use sluice_origin::text::{Cue, Transcriber, ttml};

macro_rules! vector {
    ($name:literal) => {
        include_bytes!(concat!("../../origin/src/text/vectors/", $name))
    };
}

/// Init segments, each with a media segment.
pub(crate) const TRACKS: [(&[u8], &[u8]); 2] =
    [(vector!("wvtt.init.mp4"), vector!("wvtt.2.m4s")), (vector!("stpp.init.mp4"), vector!("stpp.2.m4s"))];

/// Where nothing ends that has no end, in milliseconds.
const END: u64 = 1_000_000;

/// By its first byte a TTML document, a segment, or an init segment.
pub(crate) fn text(bytes: &[u8]) {
    let Some((which, rest)) = bytes.split_first() else { return };
    match which % 4 {
        0 => document(rest),
        1 => drop(Transcriber::new(rest)),
        which => segment(TRACKS[usize::from(which - 2)].0, rest),
    }
}

fn document(bytes: &[u8]) {
    let Ok(cues) = ttml::cues(bytes, 0, END) else { return };
    for Cue { time, content } in cues {
        assert!(time.start < time.end && time.end <= END, "{time:?}");
        assert!(!content.id().contains('\n') && !content.settings().contains('\n'));
        assert!(content.text().split('\n').all(|line| !line.trim().is_empty() && !line.contains("-->")));
    }
}

/// A file for each segment, in which every cue has a time that goes on, and none is cut in two by its own text.
fn segment(init: &[u8], bytes: &[u8]) {
    let mut transcriber = Transcriber::new(init).expect("a vector");
    if transcriber.push(bytes).is_err() {
        return;
    }
    let Ok(written) = transcriber.finish() else { return };
    let [text] = &written[..] else { panic!("one segment gave {} files", written.len()) };
    for block in text.split("\n\n").skip(1) {
        let mut lines = block.trim_end_matches('\n').split('\n');
        let times = lines.by_ref().take(2).find(|line| line.contains(" --> ")).expect("a cue has its times");
        let mut stamps = times.split(' ');
        let (from, to) = (stamps.next().expect("a time"), stamps.nth(1).expect("another"));
        assert!((from.len(), from) < (to.len(), to), "{times}");
        assert!(lines.all(|line| !line.contains("-->")) && !block.contains('\0'));
    }
}
