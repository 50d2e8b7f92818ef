use super::SampleEntry;
use crate::bmff::{BoxView, Boxes, Error, Fields};

/// The own fields of an `XMLSubtitleSampleEntry`, `stpp` (ISO/IEC 14496-12, 12.6.3), as far as they are here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stpp<'a> {
    /// Namespaces of the documents, separated by spaces.
    pub namespace: &'a str,
    /// Where their schemas are; may be empty.
    pub schema_location: &'a str,
    /// MIME types of images or fonts beside the documents; empty where there are none.
    pub auxiliary_mime_types: &'a str,
}

impl<'a> Stpp<'a> {
    /// Reads the fields of an `stpp`.
    ///
    /// # Errors
    /// [`Error`]
    pub fn of(entry: &SampleEntry<'a>) -> Result<Self, Error> {
        Ok(read(&entry.view)?.0)
    }
}

/// The strings, and how many bytes of the payload they take.
///
/// Packagers leave out the last strings where they are empty (shaka-packager's has one of three); what parses as boxes is taken for them.
pub(super) fn read<'a>(view: &BoxView<'a>) -> Result<(Stpp<'a>, usize), Error> {
    let mut fields = view.fields();
    fields.array::<8>("data_reference_index")?;
    let namespace = string(view, &mut fields, "namespace")?;
    let mut optional = |field| if only_boxes(fields.rest()) { Ok("") } else { string(view, &mut fields, field) };
    let schema_location = optional("schema_location")?;
    let auxiliary_mime_types = optional("auxiliary_mime_types")?;
    let taken = view.payload().len() - fields.rest().len();
    Ok((Stpp { namespace, schema_location, auxiliary_mime_types }, taken))
}

fn only_boxes(bytes: &[u8]) -> bool {
    Boxes::of(bytes).all(|found| found.is_ok())
}

fn string<'a>(view: &BoxView<'a>, fields: &mut Fields<'a>, field: &'static str) -> Result<&'a str, Error> {
    let len = fields.rest().iter().position(|byte| *byte == 0).ok_or(Error::Truncated {
        kind: view.kind(),
        offset: view.offset,
        field,
    })?;
    let text = fields.take(len, field)?;
    fields.u8(field)?;
    core::str::from_utf8(text).map_err(|_| view.invalid("a string that is not UTF-8"))
}

/// The configuration of a `WVTTSampleEntry`, `vttC` (ISO/IEC 14496-30, 7.5): what stands before the first cue of the WebVTT file.
///
/// # Errors
/// [`Error`] where it is missing or not UTF-8.
pub fn vttc<'a>(entry: &SampleEntry<'a>) -> Result<&'a str, Error> {
    let view = entry.child(b"vttC")?;
    core::str::from_utf8(view.payload()).map_err(|_| view.invalid("a string that is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bmff::moov::EntryKind;

    fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, payload].concat()
    }

    fn entry(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        boxed(kind, &[&[0, 0, 0, 0, 0, 0, 0, 1], payload].concat())
    }

    #[test]
    fn strings_that_are_left_out_are_empty_and_boxes_are_found_behind_them() {
        let ns = b"http://www.w3.org/ns/ttml\0";
        let btrt = boxed(b"btrt", &[0; 12]);
        for (strings, tail, mime) in [
            (&b"\0\0"[..], &btrt[..], ""),
            (b"\0", &[], ""),
            (b"\0", &btrt, ""),
            (b"", &btrt, ""),
            (b"", &[], ""),
            (b"x y\0image/png\0", &btrt, "image/png"),
        ] {
            let bytes = entry(b"stpp", &[&ns[..], strings, tail].concat());
            let parsed = SampleEntry::parse(BoxView::parse(&bytes, 0).expect("a box")).expect("an entry");
            assert_eq!(parsed.kind, EntryKind::Text);
            let stpp = Stpp::of(&parsed).expect("strings");
            assert_eq!((stpp.namespace, stpp.auxiliary_mime_types), ("http://www.w3.org/ns/ttml", mime));
            assert_eq!(parsed.children().count(), usize::from(!tail.is_empty()), "{strings:?}");
            assert_eq!(parsed.codec_string().as_deref(), Ok("stpp.ttml.im1t"));
        }
        let bytes = entry(b"stpp", b"http://www.w3.org/ns/ttml");
        assert!(SampleEntry::parse(BoxView::parse(&bytes, 0).expect("a box")).is_err(), "no end of the string");
    }

    #[test]
    fn a_profile_that_is_told_is_the_one_that_is_named() {
        for (mime, codec) in [
            (&b"application/ttml+xml;codecs=im2t"[..], "stpp.ttml.im2t"),
            (b"application/ttml+xml; charset=utf-8; codecs=\"im1t|etd1\"", "stpp.ttml.im1t|etd1"),
            (b"application/ttml+xml", "stpp.ttml.im1t"),
            (b"application/ttml+xml;codecs=\"a,b\"", "stpp.ttml.im1t"),
        ] {
            let child = boxed(b"mime", &[&[0; 4], mime, &[0]].concat());
            let bytes = entry(b"stpp", &[&b"http://www.w3.org/ns/ttml\0\0\0"[..], &child].concat());
            let parsed = SampleEntry::parse(BoxView::parse(&bytes, 0).expect("a box")).expect("an entry");
            assert_eq!(parsed.codec_string().as_deref(), Ok(codec));
        }
    }

    #[test]
    fn wvtt_has_its_header() {
        let bytes = entry(b"wvtt", &boxed(b"vttC", b"WEBVTT\n"));
        let parsed = SampleEntry::parse(BoxView::parse(&bytes, 0).expect("a box")).expect("an entry");
        assert_eq!((vttc(&parsed), parsed.codec_string().as_deref()), (Ok("WEBVTT\n"), Ok("wvtt")));
        let bytes = entry(b"wvtt", &boxed(b"vttC", &[0xff]));
        let parsed = SampleEntry::parse(BoxView::parse(&bytes, 0).expect("a box")).expect("an entry");
        assert!(vttc(&parsed).is_err());
        assert!(
            vttc(&SampleEntry::parse(BoxView::parse(&entry(b"wvtt", b""), 0).expect("a box")).expect("an entry"))
                .is_err()
        );
    }
}
