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

/// Protects a fragment: what is in `media` is encrypted in place, and what goes before it is returned.
///
/// Boxes at the end of `traf`, as shaka-packager orders them: `sgpd` and `sbgp` of a later key period, `saiz`, `saio`, `senc`; `pssh` at the end of
/// `moof`.
pub(super) fn protected(
    layout: &Layout<'_>,
    front: &[u8],
    signalling: &Signalling,
    ivs: &mut IvSource,
    cipher: &impl FragmentCipher,
    media: &mut [u8],
) -> Result<Vec<u8>, Error> {
    let (traf_end, moof_end) = ends(layout)?;
    let mut out = Vec::with_capacity(front.len().saturating_add_signed(layout.growth() as isize));
    edited(layout, front, traf_end, &mut out)?;
    if let Some(kid) = &signalling.period {
        let constant_iv = match ivs {
            IvSource::Constant(iv) => Some(&*iv),
            IvSource::Derived { .. } | IvSource::Counter(_) => None,
        };
        let pattern = pattern(layout.scheme, !layout.maps.is_empty());
        let count = u32::try_from(layout.samples.len()).map_err(|_| overflow(layout, "sample_count"))?;
        put_groups(&mut out, kid, constant_iv, pattern, count);
    }
    let counters = auxiliary(layout, ivs, &mut out)?;
    out.extend_from_slice(front.get(traf_end..moof_end).ok_or_else(|| overflow(layout, "moof"))?);
    out.extend_from_slice(&signalling.pssh);
    out.extend_from_slice(front.get(moof_end..).ok_or_else(|| overflow(layout, "mdat"))?);
    resized(layout, &mut out)?;
    encrypt(layout, ivs, counters, cipher, media)?;
    Ok(out)
}

/// What goes before the media of a fragment of a clear lead, which stay as they are: they are described by the second sample entry.
pub(super) fn lead(layout: &Layout<'_>, front: &[u8]) -> Result<Vec<u8>, Error> {
    let (traf_end, _) = ends(layout)?;
    let mut out = Vec::with_capacity(front.len());
    edited(layout, front, traf_end, &mut out)?;
    out.extend_from_slice(front.get(traf_end..).ok_or_else(|| overflow(layout, "mdat"))?);
    resized(layout, &mut out)?;
    Ok(out)
}

/// Where `traf` and `moof` end, in bytes from the start of the clear fragment.
fn ends(layout: &Layout<'_>) -> Result<(usize, usize), Error> {
    let moof = &layout.moof;
    let end = |view: &BoxView<'_>| usize::try_from(view.end() - moof.view.offset).map_err(|_| overflow(layout, "moof"));
    Ok((end(&moof.traf.view)?, end(&moof.view)?))
}

/// Writes the fragment up to the end of `traf`, as CMAF has it.
fn edited(layout: &Layout<'_>, clear: &[u8], traf_end: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    let before = clear.get(..traf_end);
    let written = before.and_then(|before| layout.edits.write(before, layout.moof.view.offset, out));
    written.ok_or_else(|| overflow(layout, "traf"))
}

fn overflow(layout: &Layout<'_>, field: &'static str) -> Error {
    Error::Overflow { field, offset: layout.moof.view.offset }
}

/// Writes the new sizes of `traf` and `moof`, and where each run's samples are now.
fn resized(layout: &Layout<'_>, written: &mut [u8]) -> Result<(), Error> {
    let moof = &layout.moof;
    for (view, growth) in [(&moof.view, layout.growth()), (&moof.traf.view, layout.traf_growth())] {
        let at = usize::try_from(view.offset - moof.view.offset).map_err(|_| overflow(layout, "traf"))?;
        let header = written.get_mut(at..).ok_or_else(|| overflow(layout, "traf"))?;
        view.header.patch(header, view.offset, view.header.size.saturating_add_signed(growth))?;
    }
    data_offsets(layout, written)
}

/// Writes where each run's samples are, from the start of `moof`.
fn data_offsets(layout: &Layout<'_>, written: &mut [u8]) -> Result<(), Error> {
    let view = &layout.moof.view;
    let (growth, mut first) = (i128::from(layout.growth()), 0usize);
    for run in &layout.moof.traf.truns {
        let (start, at) = match run.data_offset {
            Some((offset, at)) => (i128::from(offset) + layout.data_shift, layout.edits.moved(at)),
            None => {
                let sample = layout.samples.get(first).map(|sample| sample.offset);
                (i128::from(sample.unwrap_or(0)), layout.edits.moved(run.count_end()).saturating_sub(4))
            }
        };
        first = first.saturating_add(run.count as usize);
        let moved = i32::try_from(start + growth).map_err(|_| overflow(layout, "data_offset"))?;
        let at = at.checked_sub(view.offset).and_then(|at| usize::try_from(at).ok());
        let field = at.and_then(|at| written.get_mut(at..at + 4)).ok_or_else(|| overflow(layout, "trun"))?;
        field.copy_from_slice(&moved.to_be_bytes());
    }
    Ok(())
}

/// Writes `saiz`, `saio` and `senc`; the counter block of every sample, where samples have IVs.
fn auxiliary(layout: &Layout<'_>, ivs: &mut IvSource, out: &mut Vec<u8>) -> Result<Vec<[u8; 16]>, Error> {
    let (new, insert) = (layout.new, out.len());
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

/// Encrypts a fragment's samples, all ranges at once.
fn encrypt(
    layout: &Layout<'_>,
    ivs: &IvSource,
    counters: Vec<[u8; 16]>,
    cipher: &impl FragmentCipher,
    media: &mut [u8],
) -> Result<(), Error> {
    let mut spans = Vec::with_capacity(layout.subsamples.len().max(layout.samples.len()));
    let mut samples = Vec::with_capacity(counters.len());
    let mut counters = counters.into_iter();
    for (index, sample) in layout.samples.iter().enumerate() {
        let first = spans.len();
        // The sample was found to be within the media.
        let mut at = (sample.offset as usize).saturating_sub(layout.front_len);
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
            cipher.encrypt_chains(media, &spans, iv, pattern)?;
        }
        IvSource::Derived { .. } | IvSource::Counter(_) => cipher.counter(media, &spans, &samples)?,
    }
    Ok(())
}
