use super::{
    Error,
    init::pattern,
    iv::IvSource,
    layout::{Layout, SENC_HEAD},
    signalling::{Signalling, put_groups},
};
use crate::{
    bmff::BoxView,
    cipher::{CounterSample, FragmentCipher, Pattern, Span},
};

/// Writes the protected fragment behind what `out` holds: one copy, then encryption in place.
///
/// Boxes at the end of `traf`, as shaka-packager orders them: `sgpd` and `sbgp` of a later key period, `saiz`, `saio`, `senc`; `pssh` at the end of
/// `moof`.
pub(super) fn protected(
    layout: &Layout<'_>,
    clear: &[u8],
    signalling: &Signalling,
    ivs: &mut IvSource,
    cipher: &impl FragmentCipher,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let (view, traf, new) = (&layout.moof.view, &layout.moof.traf, layout.new);
    let base = out.len();
    let traf_end = within(layout, traf.view.end())?;
    let moof_end = within(layout, view.end())?;
    out.reserve(layout.protected_len());
    out.extend_from_slice(clear.get(..traf_end).ok_or_else(|| overflow(layout, "traf"))?);
    if let Some(kid) = &signalling.period {
        let constant_iv = match ivs {
            IvSource::Constant(iv) => Some(&*iv),
            IvSource::Derived { .. } | IvSource::Counter(_) => None,
        };
        let pattern = pattern(layout.scheme, !layout.maps.is_empty());
        let count = u32::try_from(layout.samples.len()).map_err(|_| overflow(layout, "sample_count"))?;
        put_groups(out, kid, constant_iv, pattern, count);
    }
    let counters = auxiliary(layout, traf_end + new.groups, ivs, out)?;
    out.extend_from_slice(clear.get(traf_end..moof_end).ok_or_else(|| overflow(layout, "moof"))?);
    out.extend_from_slice(&signalling.pssh);
    out.extend_from_slice(clear.get(moof_end..).ok_or_else(|| overflow(layout, "mdat"))?);

    let written = out.get_mut(base..).unwrap_or_default();
    resize(layout, &traf.view, written, new.in_traf())?;
    resize(layout, view, written, new.total())?;
    move_data(layout, 0, written)?;
    encrypt(layout, ivs, counters, cipher, written)
}

/// Writes a fragment of a clear lead: as it is, but described by the second sample entry.
pub(super) fn lead(layout: &Layout<'_>, clear: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let (view, traf, growth) = (&layout.moof.view, &layout.moof.traf, layout.new.description);
    let tfhd = traf.view.child(b"tfhd")?;
    let flags_at = within(layout, tfhd.offset)? + tfhd.header.len;
    // Behind version and flags, `track_ID`, and `base_data_offset` where there is one (ISO/IEC 14496-12, 8.8.7).
    let index_at = flags_at + 8 + if traf.tfhd.base_data_offset.is_some() { 8 } else { 0 };
    let base = out.len();
    let (before, after) = clear.split_at_checked(index_at).ok_or_else(|| overflow(layout, "tfhd"))?;
    out.extend_from_slice(before);
    out.extend_from_slice(&2u32.to_be_bytes());
    out.extend_from_slice(after.get(4 - growth..).ok_or_else(|| overflow(layout, "tfhd"))?);

    let written = out.get_mut(base..).unwrap_or_default();
    if let Some(flags) = written.get_mut(flags_at + 3) {
        *flags |= 0x2;
    }
    for grown in [&tfhd, &traf.view, view] {
        resize(layout, grown, written, growth)?;
    }
    move_data(layout, growth, written)
}

/// A place of the segment, in bytes from the start of the fragment.
fn within(layout: &Layout<'_>, place: u64) -> Result<usize, Error> {
    let at = place.checked_sub(layout.moof.view.offset).and_then(|at| usize::try_from(at).ok());
    at.ok_or_else(|| overflow(layout, "moof"))
}

fn overflow(layout: &Layout<'_>, field: &'static str) -> Error {
    Error::Overflow { field, offset: layout.moof.view.offset }
}

/// Writes the new size of a box before whose header nothing came in.
fn resize(layout: &Layout<'_>, view: &BoxView<'_>, written: &mut [u8], growth: usize) -> Result<(), Error> {
    let header = written.get_mut(within(layout, view.offset)?..).ok_or_else(|| overflow(layout, "moof"))?;
    Ok(view.header.patch(header, view.offset, view.header.size + growth as u64)?)
}

/// Moves every run's data by all that came in; `before` bytes of it stand before the runs.
fn move_data(layout: &Layout<'_>, before: usize, written: &mut [u8]) -> Result<(), Error> {
    let growth = i32::try_from(layout.new.total()).map_err(|_| overflow(layout, "data_offset"))?;
    for run in &layout.moof.traf.truns {
        let Some((offset, at)) = run.data_offset else { continue };
        let moved = offset.checked_add(growth).ok_or_else(|| overflow(layout, "data_offset"))?;
        // `tfhd` is the first box of `traf` (8.8.7): nothing comes in behind a run's field.
        let at = within(layout, at)? + before;
        let field = written.get_mut(at..at + 4).ok_or_else(|| overflow(layout, "trun"))?;
        field.copy_from_slice(&moved.to_be_bytes());
    }
    Ok(())
}

/// Writes `saiz`, `saio` and `senc`; the counter block of every sample, where samples have IVs.
fn auxiliary(
    layout: &Layout<'_>,
    insert: usize,
    ivs: &mut IvSource,
    out: &mut Vec<u8>,
) -> Result<Vec<[u8; 16]>, Error> {
    let new = layout.new;
    let count = u32::try_from(layout.samples.len()).map_err(|_| overflow(layout, "sample_count"))?;
    let size = |size: usize| u32::try_from(size).map_err(|_| overflow(layout, "box size"));
    if new.saiz > 0 {
        let iv = layout.iv_size();
        full_box(out, size(new.saiz)?, b"saiz", 0);
        out.push(new.uniform.unwrap_or(0));
        out.extend_from_slice(&count.to_be_bytes());
        if new.uniform.is_none() {
            // At most 255, by the limit on subsamples.
            out.extend(layout.maps.iter().map(|map| (iv + 2 + 6 * map.len()) as u8));
        }
        full_box(out, size(new.saio)?, b"saio", 0);
        out.extend_from_slice(&1u32.to_be_bytes());
        out.extend_from_slice(&size(insert + new.saiz + new.saio + SENC_HEAD)?.to_be_bytes());
    }
    let subsamples = !layout.maps.is_empty();
    full_box(out, size(new.senc)?, b"senc", if subsamples { 2 } else { 0 });
    out.extend_from_slice(&count.to_be_bytes());
    let mut counters = Vec::with_capacity(layout.samples.len());
    for (index, sample) in layout.samples.iter().enumerate() {
        if let Some(iv) = ivs.next(sample.decode_time)? {
            out.extend_from_slice(&iv);
            let mut counter = [0; 16];
            counter[..8].copy_from_slice(&iv);
            counters.push(counter);
        }
        if let Some(map) = layout.maps.get(index) {
            // At most 42.
            out.extend_from_slice(&(map.len() as u16).to_be_bytes());
            for entry in layout.subsamples.get(map.clone()).unwrap_or_default() {
                out.extend_from_slice(&entry.clear.to_be_bytes());
                out.extend_from_slice(&entry.protected.to_be_bytes());
            }
        }
    }
    Ok(counters)
}

fn full_box(out: &mut Vec<u8>, size: u32, kind: &[u8; 4], flags: u32) {
    out.extend_from_slice(&size.to_be_bytes());
    out.extend_from_slice(kind);
    out.extend_from_slice(&flags.to_be_bytes());
}

/// Encrypts the samples of the fragment `written`, all ranges at once.
fn encrypt(
    layout: &Layout<'_>,
    ivs: &IvSource,
    counters: Vec<[u8; 16]>,
    cipher: &impl FragmentCipher,
    written: &mut [u8],
) -> Result<(), Error> {
    let growth = layout.new.total();
    let mut spans = Vec::with_capacity(layout.subsamples.len().max(layout.samples.len()));
    let mut samples = Vec::with_capacity(counters.len());
    let mut counters = counters.into_iter();
    for (index, sample) in layout.samples.iter().enumerate() {
        let first = spans.len();
        // The sample was found to be within the fragment.
        let mut at = sample.offset as usize + growth;
        match layout.maps.get(index) {
            None => spans.push(Span { start: at, len: sample.size as usize }),
            Some(map) => {
                for entry in layout.subsamples.get(map.clone()).unwrap_or_default() {
                    at += usize::from(entry.clear);
                    if entry.protected > 0 {
                        spans.push(Span { start: at, len: entry.protected as usize });
                    }
                    at += entry.protected as usize;
                }
            }
        }
        if let Some(counter) = counters.next() {
            samples.push(CounterSample { counter, spans: first..spans.len() });
        }
    }
    match ivs {
        IvSource::Constant(iv) => {
            let pattern = if layout.maps.is_empty() { Pattern::FULL } else { Pattern::ONE_OF_TEN };
            cipher.encrypt_chains(written, &spans, iv, pattern)?;
        }
        IvSource::Derived { .. } | IvSource::Counter(_) => cipher.counter(written, &spans, &samples)?,
    }
    Ok(())
}
