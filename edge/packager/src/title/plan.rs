//! `plan.bin`: per fragment, its size in the clear and in each scheme, known before anything is encrypted.
//!
//! A header of [`HEADER`] bytes (`SLPLAN`, format 1, stride), then entries of [`STRIDE`] bytes, big-endian, in order, segment after
//! segment ([`super::Timeline`] says which entries are a segment's), so that an edge reads just the entries it needs by one range request.
//!
//! An entry covers all bytes from the end of the previous entry to the end of a fragment's `mdat`: boxes that lead a `moof`
//! (`styp`, `sidx`, `prft`, `emsg`) belong to its entry. Bytes after a segment's last `mdat` are an entry of their own, of equal
//! sizes and no duration.

use super::Scheme;

/// Bytes before the first entry.
pub const HEADER: usize = 8;
/// Bytes of an entry.
pub const STRIDE: usize = 24;

const MAGIC: [u8; 8] = [b'S', b'L', b'P', b'L', b'A', b'N', 1, STRIDE as u8];

/// One fragment's sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Bytes in the clear.
    pub clear: u32,
    /// Bytes after protection in `cenc`.
    pub cenc: u32,
    /// Bytes after protection in `cbcs`.
    pub cbcs: u32,
    /// In the track's timescale.
    pub duration: u32,
    /// Where the first sample ends, in bytes from the start of the entry, protected in `cenc`; 0 where decoding cannot begin at it.
    pub first_picture_cenc: u32,
    /// The same in `cbcs`.
    pub first_picture_cbcs: u32,
}

/// Why bytes are no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The header is not that of a plan of format 1.
    #[error("not a plan of format 1")]
    Header,
    /// Not a whole number of entries.
    #[error("the plan ends within an entry")]
    Truncated,
}

impl Entry {
    /// Bytes after protection.
    pub fn protected(&self, scheme: Scheme) -> u32 {
        match scheme {
            Scheme::Cenc => self.cenc,
            Scheme::Cbcs => self.cbcs,
        }
    }

    /// Where the first sample ends, in bytes from the start of the entry as delivered, if decoding can begin at it. In the clear where `scheme` is `None`.
    pub fn first_picture(&self, scheme: Option<Scheme>) -> Option<u32> {
        let end = match scheme {
            Some(Scheme::Cenc) => self.first_picture_cenc,
            Some(Scheme::Cbcs) => self.first_picture_cbcs,
            // What protection adds stands before the samples.
            None => self.first_picture_cbcs.saturating_add_signed(self.clear.wrapping_sub(self.cbcs).cast_signed()),
        };
        (self.first_picture_cbcs > 0).then_some(end)
    }

    /// Bytes as delivered: in the clear where `scheme` is `None`.
    pub fn delivered(&self, scheme: Option<Scheme>) -> u32 {
        scheme.map_or(self.clear, |scheme| self.protected(scheme))
    }

    fn to_bytes(self) -> [u8; STRIDE] {
        let mut out = [0; STRIDE];
        let fields =
            [self.clear, self.cenc, self.cbcs, self.duration, self.first_picture_cenc, self.first_picture_cbcs];
        for (slot, field) in out.chunks_exact_mut(4).zip(fields) {
            slot.copy_from_slice(&field.to_be_bytes());
        }
        out
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let field = |index: usize| bytes[index * 4..].first_chunk().map_or(0, |four| u32::from_be_bytes(*four));
        Self {
            clear: field(0),
            cenc: field(1),
            cbcs: field(2),
            duration: field(3),
            first_picture_cenc: field(4),
            first_picture_cbcs: field(5),
        }
    }
}

/// The whole plan's bytes.
pub fn write(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + entries.len() * STRIDE);
    out.extend_from_slice(&MAGIC);
    out.extend(entries.iter().flat_map(|entry| entry.to_bytes()));
    out
}

/// Reads a whole plan.
///
/// # Errors
/// [`PlanError`]
pub fn read(bytes: &[u8]) -> Result<Vec<Entry>, PlanError> {
    read_entries(bytes.strip_prefix(&MAGIC).ok_or(PlanError::Header)?)
}

/// Reads entries alone, as a range request brings them.
///
/// # Errors
/// [`PlanError::Truncated`]
pub fn read_entries(bytes: &[u8]) -> Result<Vec<Entry>, PlanError> {
    if !bytes.len().is_multiple_of(STRIDE) {
        return Err(PlanError::Truncated);
    }
    Ok(bytes.chunks_exact(STRIDE).map(Entry::from_bytes).collect())
}

/// The byte range (first, length) of `count` entries from `first` on, for a range request.
pub fn range(first: u64, count: u32) -> (u64, u64) {
    (HEADER as u64 + first * STRIDE as u64, u64::from(count) * STRIDE as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_back_whole_and_in_part() {
        let entry = |n| Entry {
            clear: n,
            cenc: n + 1,
            cbcs: n + 2,
            duration: n + 3,
            first_picture_cenc: n + 4,
            first_picture_cbcs: n + 5,
        };
        let entries: Vec<_> = [0, 7, u32::MAX - 5].map(entry).to_vec();
        let bytes = write(&entries);
        assert_eq!(read(&bytes), Ok(entries.clone()));
        let (first, length) = range(1, 2);
        assert_eq!(read_entries(&bytes[first as usize..][..length as usize]), Ok(entries[1..].to_vec()));
        assert_eq!(read(&bytes[..bytes.len() - 1]), Err(PlanError::Truncated));
        assert_eq!(read(b"SLPLAN\x02\x18"), Err(PlanError::Header));
    }
}
