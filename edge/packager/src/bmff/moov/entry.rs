use super::timed_text;
use crate::bmff::{BoxView, Boxes, Error, FourCc};

/// A sample entry: the child of `stsd` that says how samples are coded (ISO/IEC 14496-12, 8.5.2 and 12).
#[derive(Clone, Debug)]
pub struct SampleEntry<'a> {
    /// The box.
    pub view: BoxView<'a>,
    /// What its own fields say.
    pub kind: EntryKind,
    /// Bytes of its own fields, before its child boxes.
    fields: usize,
}

/// The fields of a sample entry, by its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// `VisualSampleEntry`
    Visual {
        /// Pixels.
        width: u16,
        /// Pixels.
        height: u16,
    },
    /// `AudioSampleEntry`
    Audio {
        /// Channels.
        channels: u16,
        /// Hz.
        sample_rate: u32,
    },
    /// `XMLSubtitleSampleEntry` (`stpp`) or `WVTTSampleEntry` (`wvtt`, ISO/IEC 14496-30): timed text.
    Text,
    /// Any that this build does not take apart.
    Other,
}

impl<'a> SampleEntry<'a> {
    /// Reads a sample entry. Which family a type belongs to is known for those that this build handles, protected or not.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: BoxView<'a>) -> Result<Self, Error> {
        let mut fields = view.fields();
        fields.array::<6>("reserved")?;
        fields.u16("data_reference_index")?;
        let kind = match &view.header.kind.0 {
            b"avc1" | b"avc3" | b"dva1" | b"dvav" | b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" | b"av01" | b"dav1"
            | b"vp08" | b"vp09" | b"encv" => {
                fields.array::<16>("pre_defined")?;
                let (width, height) = (fields.u16("width")?, fields.u16("height")?);
                fields.array::<50>("compressorname")?;
                EntryKind::Visual { width, height }
            }
            b"mp4a" | b"ac-3" | b"ec-3" | b"ac-4" | b"Opus" | b"fLaC" | b"enca" => {
                if fields.u16("entry_version")? != 0 {
                    return Err(view.invalid("a QuickTime sound description, not an AudioSampleEntry"));
                }
                fields.array::<6>("reserved")?;
                let channels = fields.u16("channelcount")?;
                fields.array::<6>("samplesize")?;
                EntryKind::Audio { channels, sample_rate: fields.u32("samplerate")? >> 16 }
            }
            b"stpp" => {
                let (_, fields) = timed_text::read(&view)?;
                return Ok(Self { view, kind: EntryKind::Text, fields });
            }
            b"wvtt" => EntryKind::Text,
            _ => EntryKind::Other,
        };
        Ok(Self { view, kind, fields: view.payload().len() - fields.rest().len() })
    }

    /// The type as the media has it (`avc1`, `encv`, …).
    pub fn codec(&self) -> FourCc {
        self.view.kind()
    }

    /// Its child boxes; none of an [`EntryKind::Other`], whose own fields are not known.
    pub fn children(&self) -> Boxes<'a> {
        match self.kind {
            EntryKind::Other => Boxes::of(&[]),
            _ => self.view.children_after(self.fields),
        }
    }

    /// The child of that type.
    ///
    /// # Errors
    /// [`Error::Missing`], and those of reading the boxes before it.
    pub fn child(&self, kind: &[u8; 4]) -> Result<BoxView<'a>, Error> {
        self.children().find_kind(kind)?.ok_or(Error::Missing {
            parent: self.view.kind(),
            offset: self.view.offset,
            missing: FourCc(*kind),
        })
    }
}
