//! `sidx`, the segment index (ISO/IEC 14496-12, 8.16.3).

use super::{BoxView, Error, FourCc};

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

/// Bytes of an index of so many references, as [`write`] writes it.
pub fn written_len(references: usize) -> usize {
    HEAD + REFERENCE * references
}

/// Box header, version and flags, reference_ID, timescale, two 64-bit times, reserved and reference_count.
const HEAD: usize = 8 + 4 + 4 + 4 + 8 + 8 + 4;

/// A `sidx` (version 1) whose references are to media, follow right behind it, and begin with a sync sample each.
///
/// `time`: of the first, in ticks of `timescale`. Each reference is its size in bytes and its duration in ticks.
///
/// # Errors
/// [`Error::Count`] for more references than 16 bits can count, [`Error::Invalid`] for one of 2 GiB or more.
pub fn write(track_id: u32, timescale: u32, time: u64, references: &[(u64, u32)]) -> Result<Vec<u8>, Error> {
    let kind = FourCc(*b"sidx");
    let count = u16::try_from(references.len()).map_err(|_| Error::Count {
        kind,
        offset: 0,
        count: references.len() as u64,
    })?;
    // At most 40 bytes and 12 times 65 535.
    let size = written_len(references.len());
    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(&(size as u32).to_be_bytes());
    out.extend_from_slice(b"sidx\x01\0\0\0");
    out.extend_from_slice(&track_id.to_be_bytes());
    out.extend_from_slice(&timescale.to_be_bytes());
    out.extend_from_slice(&time.to_be_bytes());
    out.extend_from_slice(&0u64.to_be_bytes());
    out.extend_from_slice(&u32::from(count).to_be_bytes());
    for (size, duration) in references {
        let size = u32::try_from(*size).ok().filter(|size| size >> 31 == 0);
        let size = size.ok_or(Error::Invalid { kind, offset: 0, what: "a reference of 2 GiB or more" })?;
        out.extend_from_slice(&size.to_be_bytes());
        out.extend_from_slice(&duration.to_be_bytes());
        // starts_with_SAP, of type 1.
        out.extend_from_slice(&0x9000_0000u32.to_be_bytes());
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let references = [(1000, 40), (0x7fff_ffff, 20)];
        let bytes = write(7, 90_000, 1 << 40, &references).expect("fits");
        assert_eq!(bytes.len(), written_len(2));
        let view = BoxView::parse(&bytes, 0).expect("a box");
        let sidx = Sidx::parse(&view).expect("an index");
        assert_eq!((sidx.timescale, sidx.first_offset), (90_000, 0));
        let read: Vec<_> = sidx.references().map(|one| (u64::from(one.size), one.duration, one.to_index)).collect();
        assert_eq!(read, [(1000, 40, false), (0x7fff_ffff, 20, false)]);
        assert!(write(7, 1, 0, &[(1 << 31, 1)]).is_err());
        assert!(write(7, 1, 0, &vec![(1, 1); 65_536]).is_err());
    }
}
