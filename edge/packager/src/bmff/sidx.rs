//! `sidx`, the segment index (ISO/IEC 14496-12, 8.16.3).

use super::{BoxView, Error};

/// The references of a segment index.
#[derive(Clone, Debug)]
pub struct Sidx<'a> {
    /// Ticks per second of its durations.
    pub timescale: u32,
    /// Bytes from the end of this box to the first referenced byte.
    pub first_offset: u64,
    /// Where the reference table begins, in bytes from the start of the box.
    pub table_at: usize,
    table: &'a [u8],
}

/// One reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Whether it refers to another `sidx` rather than to media.
    pub to_index: bool,
    /// Bytes referred to, below 2^31.
    pub size: u32,
    /// In the index's timescale.
    pub duration: u32,
}

/// Bytes of a reference in the table.
pub const REFERENCE: usize = 12;

impl<'a> Sidx<'a> {
    /// Reads a `sidx` box.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'a>) -> Result<Self, Error> {
        let mut fields = view.fields();
        let (version, _) = fields.full(1)?;
        fields.u32("reference_ID")?;
        let timescale = fields.u32("timescale")?;
        fields.versioned(version, "earliest_presentation_time")?;
        let first_offset = fields.versioned(version, "first_offset")?;
        fields.u16("reserved")?;
        let count = fields.u16("reference_count")?;
        let table_at = view.bytes.len() - fields.rest().len();
        Ok(Self { timescale, first_offset, table_at, table: fields.table(count.into(), REFERENCE)? })
    }

    /// The references, in order.
    pub fn references(&self) -> impl Iterator<Item = Reference> + '_ {
        self.table.as_chunks::<REFERENCE>().0.iter().map(|entry| {
            let [a, b, c, d, e, f, g, h, ..] = *entry;
            let word = u32::from_be_bytes([a, b, c, d]);
            Reference {
                to_index: word >> 31 == 1,
                size: word & 0x7fff_ffff,
                duration: u32::from_be_bytes([e, f, g, h]),
            }
        })
    }
}
