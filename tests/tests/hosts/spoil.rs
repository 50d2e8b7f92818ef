//! Clear media made wrong, one thing at a time.

use anyhow::{Context, Result, ensure};
use sluice_packager::bmff::{BoxView, Boxes};

/// Ends of the media data boxes: where fragments end.
pub(super) fn fragment_ends(bytes: &[u8]) -> Vec<usize> {
    let boxes = Boxes::of(bytes).map_while(Result::ok).filter(|view| view.is(b"mdat"));
    boxes.map(|view| view.offset as usize + view.bytes.len()).collect()
}

/// A box by the path that leads to it, under fragment `fragment` (from 0) where the path begins with `moof` or `mdat`.
fn at(bytes: &[u8], fragment: usize, path: &[&[u8; 4]]) -> Result<usize> {
    let (first, rest) = path.split_first().context("a path")?;
    let mut view: BoxView<'_> = Boxes::of(bytes)
        .map_while(Result::ok)
        .filter(|view| view.is(first))
        .nth(fragment)
        .context("no such fragment")?;
    for kind in rest {
        view = view.child(kind)?;
    }
    Ok(usize::try_from(view.offset)?)
}

fn read_u32(bytes: &[u8], at: usize) -> Result<u32> {
    let four = bytes.get(at..).and_then(|rest| rest.first_chunk()).context("past the end")?;
    Ok(u32::from_be_bytes(*four))
}

fn with_u32(bytes: &[u8], at: usize, value: u32) -> Result<Vec<u8>> {
    let mut changed = bytes.to_vec();
    changed.get_mut(at..at + 4).context("past the end")?.copy_from_slice(&value.to_be_bytes());
    Ok(changed)
}

/// A top-level box that claims another size.
pub(super) fn box_size(bytes: &[u8], fragment: usize, kind: &[u8; 4], size: impl Fn(u32) -> u32) -> Result<Vec<u8>> {
    let offset = at(bytes, fragment, &[kind])?;
    with_u32(bytes, offset, size(read_u32(bytes, offset)?))
}

const TRUN: [&[u8; 4]; 3] = [b"moof", b"traf", b"trun"];

/// A `trun` that claims another number of samples.
pub(super) fn sample_count(bytes: &[u8], fragment: usize, count: impl Fn(u32) -> u32) -> Result<Vec<u8>> {
    let offset = at(bytes, fragment, &TRUN)? + 12;
    with_u32(bytes, offset, count(read_u32(bytes, offset)?))
}

/// A `trun` that is well formed and leaves out the last two samples; a `free` box takes the place of their entries.
pub(super) fn two_samples_unclaimed(bytes: &[u8], fragment: usize) -> Result<Vec<u8>> {
    let offset = at(bytes, fragment, &TRUN)?;
    let (size, flags) = (read_u32(bytes, offset)?, read_u32(bytes, offset + 8)?);
    let given_up = (flags & 0xf00).count_ones() * 4 * 2;
    ensure!(given_up >= 8, "the samples have no entries of their own");
    let changed = sample_count(bytes, fragment, |count| count - 2)?;
    let changed = with_u32(&changed, offset, size - given_up)?;
    let free = offset + usize::try_from(size - given_up)?;
    let changed = with_u32(&changed, free, given_up)?;
    with_u32(&changed, free + 4, u32::from_be_bytes(*b"free"))
}

/// A first NAL unit that claims to be longer than its sample.
pub(super) fn nal_length(bytes: &[u8], fragment: usize) -> Result<Vec<u8>> {
    with_u32(bytes, at(bytes, fragment, &[b"mdat"])? + 8, 0x7fff_ffff)
}

/// A fragment that claims to begin at another time; by its low 32 bits.
pub(super) fn decode_time(bytes: &[u8], fragment: usize, time: impl Fn(u32) -> u32) -> Result<Vec<u8>> {
    let offset = at(bytes, fragment, &[b"moof", b"traf", b"tfdt"])?;
    let low = if read_u32(bytes, offset + 8)? >> 24 == 1 { offset + 16 } else { offset + 12 };
    with_u32(bytes, low, time(read_u32(bytes, low)?))
}

/// A codec that nobody here knows.
pub(super) fn codec(bytes: &[u8]) -> Result<Vec<u8>> {
    let offset = bytes.windows(4).position(|four| four == b"avc1" || four == b"avc3").context("no AVC sample entry")?;
    with_u32(bytes, offset, u32::from_be_bytes(*b"xvid"))
}
