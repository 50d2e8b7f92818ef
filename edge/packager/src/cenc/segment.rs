use core::ops::Range;

use super::Error;
use crate::bmff::{self, BoxView, FourCc, Header, moof::Sample};

/// Most bytes of a segment that are held in memory: a fragment, `moof` to the end of `mdat`, or a single box beside fragments.
pub const MAX_FRAGMENT: u64 = 64 << 20;

/// What comes next in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Not to be told, or not complete, before this many bytes are there.
    Need(usize),
    /// A box beside fragments, of this many bytes.
    Loose(usize),
    /// A fragment.
    Fragment(Parts),
}

/// A fragment: `moof`, whatever stands between, `mdat`. In bytes from the start of `moof`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// What `mdat` holds.
    pub(super) payload: Range<usize>,
}

impl Parts {
    /// Bytes of the whole fragment.
    pub(super) fn len(&self) -> usize {
        self.payload.end
    }
}

/// A whole fragment's bytes, in two parts, of which the second can be written to while what was read from the first is held.
#[derive(Clone, Copy)]
pub(super) struct Fragment<'f, 'm> {
    /// `moof`, whatever stands between, and the header of `mdat`.
    pub(super) front: &'f [u8],
    /// What `mdat` holds.
    pub(super) payload: &'m [u8],
}

/// Finds the next unit in `bytes`, which begin at `offset` of the segment. Never looks past the unit: however the bytes come in,
/// the units are the same.
pub(super) fn next(bytes: &[u8], offset: u64) -> Result<Unit, Error> {
    let Some(first) = peek(bytes, 0, offset)? else { return Ok(Unit::Need(bytes.len() + 1)) };
    let first_len = within_limit(first.size, offset)?;
    match &first.kind.0 {
        b"moof" => {}
        // An mdat without its moof, and what belongs into an init segment.
        b"mdat" | b"moov" => return Err(Error::Unexpected { kind: first.kind, offset }),
        _ if bytes.len() < first_len => return Ok(Unit::Need(first_len)),
        _ => return Ok(Unit::Loose(first_len)),
    }
    let mut at = first_len;
    loop {
        let Some(header) = peek(bytes, at, offset)? else { return Ok(Unit::Need(bytes.len().max(at) + 1)) };
        let end = within_limit((at as u64).saturating_add(header.size), offset)?;
        match &header.kind.0 {
            b"mdat" if bytes.len() < end => return Ok(Unit::Need(end)),
            b"mdat" => return Ok(Unit::Fragment(Parts { payload: at + header.len..end })),
            b"moof" | b"moov" | b"sidx" => {
                return Err(Error::Unexpected { kind: header.kind, offset: offset + at as u64 });
            }
            _ => at = end,
        }
    }
}

fn peek(bytes: &[u8], at: usize, offset: u64) -> Result<Option<Header>, Error> {
    Ok(Header::peek(bytes.get(at..).unwrap_or_default(), offset + at as u64)?)
}

fn within_limit(size: u64, offset: u64) -> Result<usize, Error> {
    let len = usize::try_from(size).ok().filter(|_| size <= MAX_FRAGMENT);
    len.ok_or(Error::TooLarge { offset, size, max: MAX_FRAGMENT })
}

/// Watches what must hold through all fragments of a segment: decode times increase from sample to sample, and explicit base data offsets
/// are of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    last: Option<u64>,
    origin: Option<u64>,
}

impl Order {
    pub(super) fn check(&mut self, samples: &[Sample], offset: u64) -> Result<(), Error> {
        for sample in samples {
            let next = sample.decode_time;
            if let Some(previous) = self.last.filter(|previous| *previous >= next) {
                return Err(Error::DecodeTimeOrder { previous, next, offset });
            }
            self.last = Some(next);
        }
        Ok(())
    }

    /// `origin`: where the segment begins in the file that it was cut out of, by the `tfhd` at `offset`; `None` where that does not say.
    pub(super) fn check_origin(&mut self, origin: Option<u64>, offset: u64) -> Result<(), Error> {
        let Some(found) = origin else { return Ok(()) };
        if *self.origin.get_or_insert(found) == found {
            return Ok(());
        }
        let what = "base_data_offset is not of the file that the fragments before it were cut out of";
        Err(bmff::Error::Invalid { kind: FourCc(*b"tfhd"), offset, what }.into())
    }
}

/// The box at the start of `bytes`, which are complete.
pub(super) fn whole_box(bytes: &[u8], offset: u64) -> Result<BoxView<'_>, Error> {
    Ok(BoxView::parse(bytes, offset)?)
}
