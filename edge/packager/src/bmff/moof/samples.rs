use super::Moof;
use crate::bmff::{Error, FourCc, moov::Trex};

/// Samples that a fragment may have. A run whose fields are all defaults can claim 2^32 samples in 20 bytes.
pub const MAX_SAMPLES: usize = 1 << 16;

/// One sample of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Bytes from the start of `moof`.
    pub offset: u64,
    /// In bytes.
    pub size: u32,
    /// In the track's timescale.
    pub decode_time: u64,
    /// In the track's timescale.
    pub duration: u32,
    /// Whether decoding can begin at it (`sample_is_non_sync_sample` is 0).
    pub sync: bool,
}

const NON_SYNC: u32 = 0x0001_0000;

/// `shift` is added to data offsets, for bytes from the start of `moof`, and `end` is where the last sample ends at the latest.
pub(super) fn samples(moof: &Moof<'_>, trex: Option<&Trex>, shift: i128, end: u64) -> Result<Vec<Sample>, Error> {
    let traf = &moof.traf;
    let size = traf.tfhd.size.or(trex.map(|trex| trex.size));
    let duration = traf.tfhd.duration.or(trex.map(|trex| trex.duration));
    let flags = traf.tfhd.flags.or(trex.map(|trex| trex.flags)).unwrap_or(0);
    let mut out = Vec::new();
    let mut time = traf.decode_time;
    let mut next = None;
    for run in &traf.truns {
        let invalid = |what| Error::Invalid { kind: FourCc(*b"trun"), offset: run.offset, what };
        let start = match run.data_offset {
            Some((offset, _)) => {
                u64::try_from(i128::from(offset) + shift).map_err(|_| invalid("data_offset points before moof"))?
            }
            None => match next {
                Some(next) => next,
                // Of an explicit base, which is where samples begin.
                None if traf.tfhd.base_data_offset.is_some() => {
                    u64::try_from(shift).map_err(|_| invalid("base_data_offset points before moof"))?
                }
                None => return Err(invalid("the first run has no data_offset")),
            },
        };
        // Runs that overlap would have bytes encrypted twice.
        if next.is_some_and(|next| start < next) {
            return Err(invalid("runs overlap or are out of order"));
        }
        // Of no bytes of its own, it could claim any number of samples: so they must have bytes, which must be there.
        if run.is_bare() && run.count > 1 {
            let all = u64::from(size.unwrap_or(0)).checked_mul(run.count.into()).filter(|all| *all > 0);
            if all.and_then(|all| all.checked_add(start)).is_none_or(|behind| behind > end) {
                return Err(Error::Count { kind: FourCc(*b"trun"), offset: run.offset, count: run.count.into() });
            }
        }
        let mut at = start;
        for sample in run.samples() {
            if out.len() == MAX_SAMPLES {
                return Err(Error::Count { kind: FourCc(*b"trun"), offset: run.offset, count: run.count.into() });
            }
            let size = sample.size.or(size).ok_or_else(|| invalid("no sample size, and no trex to default to"))?;
            let duration =
                sample.duration.or(duration).ok_or_else(|| invalid("no sample duration, and no trex to default to"))?;
            let sync = sample.flags.unwrap_or(flags) & NON_SYNC == 0;
            out.push(Sample { offset: at, size, decode_time: time, duration, sync });
            at = at.checked_add(size.into()).ok_or_else(|| invalid("data_offset overflows 64 bits"))?;
            time = time.checked_add(duration.into()).ok_or_else(|| invalid("decode time overflows 64 bits"))?;
        }
        next = Some(at);
    }
    Ok(out)
}
