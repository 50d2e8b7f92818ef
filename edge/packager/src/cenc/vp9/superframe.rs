use super::Error;

/// The sizes of the frames in a sample, in order: of a superframe by its index, which is at the sample's end (VP9 bitstream
/// specification, Annex B); else the whole sample.
///
/// A sample whose last byte looks like the end of an index must have one: else that byte would be a frame's, and is a marker by chance
/// only in streams that no encoder may write.
pub(super) fn sizes(sample: &[u8]) -> Result<Vec<usize>, Error> {
    let marker = *sample.last().ok_or(Error::Truncated)?;
    if marker >> 5 != 0b110 {
        return Ok(vec![sample.len()]);
    }
    let (frames, width) = (usize::from(marker & 7) + 1, usize::from(marker >> 3 & 3) + 1);
    let index = 2 + frames * width;
    let (data, index) =
        sample.len().checked_sub(index).and_then(|at| sample.split_at_checked(at)).ok_or(Error::Index)?;
    if index.first() != Some(&marker) {
        return Err(Error::Index);
    }
    let fields = index.get(1..index.len() - 1).unwrap_or_default().chunks(width);
    let sizes = fields.map(|field| field.iter().rev().fold(0u64, |size, byte| size << 8 | u64::from(*byte)));
    let sizes: Option<Vec<usize>> = sizes.map(|size| usize::try_from(size).ok().filter(|size| *size > 0)).collect();
    let sizes = sizes.ok_or(Error::Index)?;
    let total = sizes.iter().try_fold(0usize, |total, size| total.checked_add(*size));
    if total == Some(data.len()) { Ok(sizes) } else { Err(Error::Index) }
}
