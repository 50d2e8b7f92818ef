use core::ops::Range;

use sluice_packager::bmff::BoxView;

use super::{Content, Cue, Error};

/// The cues of a `wvtt` sample (ISO/IEC 14496-30, 7.4), which begins at `offset` of its segment: `vttc` each, all shown for as long as the sample.
/// `vtte` (nothing is shown), `vtta` (a comment) and boxes that are not known give none.
pub(super) fn cues(sample: &[u8], offset: u64, shown: &Range<u64>) -> Result<Vec<Cue>, Error> {
    let mut cues = Vec::new();
    let (mut rest, mut at) = (sample, offset);
    while !rest.is_empty() {
        let view = BoxView::parse(rest, at)?;
        if view.is(b"vttc") {
            cues.extend(content(&view)?.map(|content| Cue { time: shown.clone(), content }));
        }
        rest = rest.get(view.bytes.len()..).unwrap_or_default();
        at = view.end();
    }
    Ok(cues)
}

fn content(vttc: &BoxView<'_>) -> Result<Option<Content>, Error> {
    let (mut id, mut settings, mut text) = ("", "", "");
    for child in vttc.children() {
        let child = child?;
        let slot = match &child.header.kind.0 {
            b"iden" => &mut id,
            b"sttg" => &mut settings,
            b"payl" => &mut text,
            _ => continue,
        };
        *slot = core::str::from_utf8(child.payload()).map_err(|_| sluice_packager::bmff::Error::Invalid {
            kind: child.kind(),
            offset: child.offset,
            what: "a string that is not UTF-8",
        })?;
    }
    Ok(Content::new(id, settings, text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, payload].concat()
    }

    #[test]
    fn every_cue_of_a_sample_lasts_as_long_as_it() {
        let one =
            [boxed(b"iden", b"1"), boxed(b"sttg", b"line:0"), boxed(b"ctim", b"x"), boxed(b"payl", b"one")].concat();
        let sample = [boxed(b"vttc", &one), boxed(b"vtta", b"NOTE"), boxed(b"vttc", &boxed(b"payl", b"two"))].concat();
        let cues = cues(&sample, 100, &(5..9)).expect("boxes");
        let listed: Vec<_> =
            cues.iter().map(|cue| (cue.content.id(), cue.content.settings(), cue.content.text())).collect();
        assert_eq!(listed, [("1", "line:0", "one"), ("", "", "two")]);
        assert!(cues.iter().all(|cue| cue.time == (5..9)));
    }

    #[test]
    fn nothing_is_shown_by_empty_samples() {
        for sample in [&b""[..], &boxed(b"vtte", b""), &boxed(b"vttc", b""), &boxed(b"vttc", &boxed(b"payl", b"\n"))] {
            assert_eq!(cues(sample, 0, &(0..1)), Ok(Vec::new()));
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place_in_the_segment() {
        let sample = [boxed(b"vtte", b""), boxed(b"vttc", &boxed(b"payl", b"\xff"))].concat();
        let said = cues(&sample, 100, &(0..1)).expect_err("not UTF-8").to_string();
        assert!(said.contains("payl at byte 116"), "{said}");
        let said = cues(&sample[..12], 100, &(0..1)).expect_err("cut").to_string();
        assert!(said.contains("108"), "{said}");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = cues(&bytes, 0, &(0..1));
        }
    }
}
