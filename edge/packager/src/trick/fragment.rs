use super::{Error, cut::Picture};

/// `sample_depends_on` 2: on no other (ISO/IEC 14496-12, 8.8.3.1); a sync sample.
const I_FRAME: u32 = 0x0200_0000;
/// `trun` version 1 with data offset, and duration, size, flags and composition offset of each sample (8.8.8).
const TRUN: u32 = 0x0100_0f01;
/// `default-base-is-moof` (8.8.7).
const TFHD: u32 = 0x0002_0000;

/// A fragment of those samples, whose bytes follow one another in `data`.
///
/// # Errors
/// [`Error::Times`], [`Error::TooLarge`]
pub(super) fn write(
    track_id: u32,
    sequence_number: u32,
    pictures: &[Picture],
    end: u64,
    data: &[u8],
) -> Result<Vec<u8>, Error> {
    let first = pictures.first().ok_or(Error::NoPicture)?;
    let mut rows = Vec::with_capacity(pictures.len());
    let ends = pictures.iter().skip(1).map(|next| next.decode_time).chain([end]);
    for (picture, end) in pictures.iter().zip(ends) {
        let duration = end.checked_sub(picture.decode_time).and_then(|duration| u32::try_from(duration).ok());
        let duration = duration.filter(|duration| *duration > 0).ok_or(Error::Times(picture.decode_time))?;
        rows.push([duration, picture.size, I_FRAME, picture.composition.cast_unsigned()]);
    }
    let size = |size: usize| u32::try_from(size).map_err(|_| Error::TooLarge(size as u64));
    let count = size(rows.len())?;
    let trun = 20 + 16 * rows.len();
    let traf = 8 + 16 + 20 + trun;
    let moof = 8 + 16 + traf;
    let mut out = Vec::with_capacity(moof + 8 + data.len());
    let mut words = |words: &[u32]| out.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    words(&[size(moof)?, kind(b"moof"), 16, kind(b"mfhd"), 0, sequence_number, size(traf)?, kind(b"traf")]);
    words(&[16, kind(b"tfhd"), TFHD, track_id]);
    words(&[20, kind(b"tfdt"), 0x0100_0000, (first.decode_time >> 32) as u32, first.decode_time as u32]);
    words(&[size(trun)?, kind(b"trun"), TRUN, count, size(moof + 8)?]);
    rows.iter().for_each(|row| words(row));
    words(&[size(8 + data.len())?, kind(b"mdat")]);
    out.extend_from_slice(data);
    Ok(out)
}

fn kind(kind: &[u8; 4]) -> u32 {
    u32::from_be_bytes(*kind)
}
