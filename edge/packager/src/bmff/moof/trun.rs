use crate::bmff::{BoxView, Error, Header};

/// Bytes of version, flags and `sample_count`.
const HEAD: usize = 8;

/// `trun`, a run of samples whose bytes follow one another (ISO/IEC 14496-12, 8.8.8).
#[derive(Clone, Debug)]
pub struct Trun<'a> {
    /// Where the box begins, in bytes from the start of the segment.
    pub offset: u64,
    /// 0, or 1 with signed composition offsets.
    pub version: u8,
    /// How many samples it has: no more than its table holds, but unbounded where every field is a default.
    pub count: u32,
    /// Bytes from the start of `moof` to the first sample, and where the field itself is in the segment; absent: right after the run before.
    pub data_offset: Option<(i32, u64)>,
    first_flags: Option<u32>,
    present: u32,
    table: &'a [u8],
    header: Header,
    /// The box up to the end of `sample_count`.
    head: &'a [u8],
}

/// A sample's own fields in a run; what is absent is a default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunSample {
    /// In the track's timescale.
    pub duration: Option<u32>,
    /// In bytes.
    pub size: Option<u32>,
    /// Sample flags (8.8.3.1).
    pub flags: Option<u32>,
    /// Composition time minus decode time, in the track's timescale; as written (signed from version 1 on).
    pub composition: Option<u32>,
}

impl<'a> Trun<'a> {
    /// Reads a `trun` box.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'a>) -> Result<Self, Error> {
        let mut fields = view.fields();
        let (version, present) = fields.full(1)?;
        let count = fields.u32("sample_count")?;
        let mut data_offset = None;
        if present & 0x1 != 0 {
            let at = view.end() - fields.rest().len() as u64;
            data_offset = Some((fields.u32("data_offset")?.cast_signed(), at));
        }
        let first_flags = if present & 0x4 != 0 { Some(fields.u32("first_sample_flags")?) } else { None };
        let table = fields.table(count, row(present))?;
        let head = view.bytes.get(..view.header.len + HEAD).unwrap_or_default();
        Ok(Self {
            offset: view.offset,
            version,
            count,
            data_offset,
            first_flags,
            present,
            table,
            header: view.header,
            head,
        })
    }

    /// Whether all of its samples' fields are defaults, so that it has no bytes for them.
    pub(super) fn is_bare(&self) -> bool {
        row(self.present) == 0
    }

    /// Where `sample_count` ends, in bytes from the start of the segment.
    pub(crate) fn count_end(&self) -> u64 {
        self.offset.saturating_add(self.head.len() as u64)
    }

    /// What is before the end of `sample_count`, and a `data_offset` of 0, of a run that has none.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the box grows past what its size field can say.
    pub(super) fn head_with_offset(&self) -> Result<Vec<u8>, Error> {
        let mut head = [self.head, &[0; 4]].concat();
        self.header.patch(&mut head, self.offset, self.header.size.saturating_add(4))?;
        // The last byte of the flags.
        if let Some(flags) = head.get_mut(self.header.len + 3) {
            *flags |= 0x1;
        }
        Ok(head)
    }

    /// The first sample's composition time minus its decode time, in the track's timescale, where the run gives it.
    pub(crate) fn first_composition(&self) -> Option<i64> {
        let written = self.samples().next()?.composition?;
        Some(if self.version == 0 { written.into() } else { written.cast_signed().into() })
    }

    /// Its samples, in order.
    pub fn samples(&self) -> impl Iterator<Item = RunSample> + '_ {
        let row = row(self.present);
        (0..self.count).map(move |index| {
            let at = usize::try_from(index).unwrap_or(usize::MAX).saturating_mul(row);
            let mut words = self.table.get(at..).unwrap_or_default().as_chunks::<4>().0.iter();
            let mut optional = |bit| {
                let word = if self.present & bit != 0 { words.next() } else { None };
                word.map(|word| u32::from_be_bytes(*word))
            };
            let (duration, size, flags) = (optional(0x100), optional(0x200), optional(0x400));
            let composition = optional(0x800);
            let flags = if index == 0 { self.first_flags.or(flags) } else { flags };
            RunSample { duration, size, flags, composition }
        })
    }
}

/// Bytes per sample in the table.
fn row(present: u32) -> usize {
    (present & 0xf00).count_ones() as usize * 4
}
