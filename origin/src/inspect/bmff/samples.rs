use std::fmt::{self, Write};

use serde::Serialize;
use sluice_packager::bmff::{
    BoxView, Error, FourCc,
    moof::{Tfhd, Trun},
    moov::Trex,
};

use super::{
    crypt::{SampleCrypt, Senc},
    fragment::MAX_SAMPLES,
};
use crate::inspect::{
    report::Warning,
    text::{Table, hex},
};

/// One sample, as `--samples` lists it.
#[derive(Clone, Debug, Serialize)]
pub struct SampleRow {
    /// In its fragment, from 0.
    pub index: usize,
    /// First byte, from the start of the file.
    pub offset: u64,
    /// In bytes.
    pub size: u32,
    /// In the track's timescale.
    pub decode_time: u64,
    /// Composition time minus decode time, in the track's timescale.
    pub composition_offset: i64,
    /// In the track's timescale.
    pub duration: u32,
    /// Whether decoding can begin at it.
    pub sync: bool,
    /// Whether it is protected; absent where only the init segment tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected: Option<bool>,
    /// Hex digits, where it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iv: Option<String>,
    /// Its subsample map; absent where there is none: the whole sample is protected, or none of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subsamples: Option<Vec<SubsampleRow>>,
    /// Whether the map's bytes are the sample's, neither more nor fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_covers: Option<bool>,
}

/// Clear bytes, then protected ones.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SubsampleRow {
    /// `BytesOfClearData`
    pub clear: u16,
    /// `BytesOfProtectedData`
    pub protected: u32,
}

impl SampleRow {
    /// Where it ends, in bytes from the start of the file.
    pub(super) fn end(&self) -> u64 {
        self.offset.saturating_add(self.size.into())
    }
}

const NON_SYNC: u32 = 0x0001_0000;

/// The samples of a track fragment, without their protection.
///
/// # Errors
/// [`Error`], also for more than [`MAX_SAMPLES`] samples.
pub(super) fn rows(
    tfhd: &Tfhd,
    trex: Option<&Trex>,
    runs: &[Trun<'_>],
    base: u64,
    decode_time: u64,
) -> Result<Vec<SampleRow>, Error> {
    let size = tfhd.size.or(trex.map(|trex| trex.size));
    let duration = tfhd.duration.or(trex.map(|trex| trex.duration));
    let flags = tfhd.flags.or(trex.map(|trex| trex.flags)).unwrap_or(0);
    let mut out = Vec::new();
    let (mut time, mut at) = (decode_time, base);
    for run in runs {
        let invalid = |what| Error::Invalid { kind: FourCc(*b"trun"), offset: run.offset, what };
        if let Some((offset, _)) = run.data_offset {
            at = base.checked_add_signed(offset.into()).ok_or_else(|| invalid("data_offset points before the file"))?;
        }
        for sample in run.samples() {
            if out.len() == MAX_SAMPLES {
                return Err(Error::Count { kind: FourCc(*b"trun"), offset: run.offset, count: run.count.into() });
            }
            let size = sample.size.or(size);
            let size = size.ok_or_else(|| invalid("no sample size, and no trex to default to (--init gives it)"))?;
            let duration = sample.duration.or(duration);
            let duration =
                duration.ok_or_else(|| invalid("no sample duration, and no trex to default to (--init gives it)"))?;
            let composition = sample.composition.unwrap_or(0);
            out.push(SampleRow {
                index: out.len(),
                offset: at,
                size,
                decode_time: time,
                composition_offset: if run.version == 0 {
                    composition.into()
                } else {
                    composition.cast_signed().into()
                },
                duration,
                sync: sample.flags.unwrap_or(flags) & NON_SYNC == 0,
                protected: None,
                iv: None,
                subsamples: None,
                map_covers: None,
            });
            at = at.saturating_add(size.into());
            time = time.saturating_add(duration.into());
        }
    }
    Ok(out)
}

/// Adds what `senc` says of the samples; whether the IV size had to be guessed.
///
/// # Errors
/// [`Error`] where `senc` ends before its entries do.
pub(super) fn protect(
    rows: &mut [SampleRow],
    crypts: &[SampleCrypt],
    senc: &Senc<'_>,
    at: &str,
    warnings: &mut Vec<Warning>,
) -> Result<bool, Error> {
    if usize::try_from(senc.count) != Ok(rows.len()) {
        let text = format!("senc speaks of {} samples, trun of {}", senc.count, rows.len());
        warnings.push(Warning::new("senc_count", at, text));
    }
    let count = usize::try_from(senc.count).unwrap_or(usize::MAX).min(rows.len());
    let told = crypts.iter().take(count).all(|crypt| crypt.iv_size.is_some());
    let guessed = if told { None } else { senc.own_iv_size.or_else(|| senc.guessed_iv_size()) };
    let sizes = crypts.iter().take(count).map(|crypt| senc.own_iv_size.or(crypt.iv_size).or(guessed));
    let Some(sizes) = sizes.collect::<Option<Vec<u8>>>() else {
        let text = "the IV size is not known, so that senc cannot be read: --init FILE tells it".to_owned();
        warnings.push(Warning::new("iv_size_unknown", at, text));
        return Ok(false);
    };
    let (entries, left) = senc.entries(sizes.into_iter())?;
    if left > 0 && count == rows.len() {
        let text = format!("senc has {left} bytes behind its last entry");
        warnings.push(Warning::new("senc_size", at, text));
    }
    let mut uncovered = None;
    for ((row, entry), crypt) in rows.iter_mut().zip(entries).zip(crypts) {
        row.protected = crypt.iv_size.map(|_| crypt.protected);
        row.iv = (!entry.iv.is_empty()).then(|| hex(&entry.iv));
        let Some(subsamples) = entry.subsamples else { continue };
        if subsamples.is_empty() {
            continue;
        }
        let total: u64 = subsamples.iter().map(|part| u64::from(part.clear) + u64::from(part.protected)).sum();
        let covers = total == u64::from(row.size);
        row.map_covers = Some(covers);
        if !covers {
            uncovered.get_or_insert((row.index, total, row.size));
        }
        let rows = subsamples.iter().map(|part| SubsampleRow { clear: part.clear, protected: part.protected });
        row.subsamples = Some(rows.collect());
    }
    if let Some((index, total, size)) = uncovered {
        let text = format!("the subsample map of sample {index} covers {total} bytes, the sample has {size}");
        warnings.push(Warning::new("map_size", at, text));
    }
    Ok(!told && senc.own_iv_size.is_none())
}

/// Whether `saio` points to the first entry of `senc`.
///
/// # Errors
/// [`Error`]
pub(super) fn check_auxiliary(
    traf: &BoxView<'_>,
    moof: u64,
    base: u64,
    senc: &Senc<'_>,
    at: &str,
    warnings: &mut Vec<Warning>,
) -> Result<(), Error> {
    let Some(saio) = traf.find(b"saio")? else { return Ok(()) };
    let mut fields = saio.fields();
    let (version, flags) = fields.full(1)?;
    if flags & 1 != 0 {
        fields.array::<8>("aux_info_type")?;
    }
    if fields.u32("entry_count")? == 0 {
        return Ok(());
    }
    let offset = fields.versioned(version, "offset")?;
    // ffmpeg counts from moof whatever tfhd says.
    if ![base, moof].iter().any(|base| base.checked_add(offset) == Some(senc.entries_at)) {
        let text = format!(
            "saio points to byte {}, the entries of senc begin at {}",
            base.saturating_add(offset),
            senc.entries_at
        );
        warnings.push(Warning::new("saio_offset", at, text));
    }
    Ok(())
}

/// Writes the table.
pub(super) fn write(rows: &[SampleRow], f: &mut impl Write) -> fmt::Result {
    const HEADER: [&str; 10] =
        ["sample", "offset", "size", "dts", "cto", "duration", "sync", "map", "iv", "clear+protected"];
    let mut table = Table::new(&HEADER);
    for row in rows {
        let parts: Vec<String> = row
            .subsamples
            .iter()
            .flatten()
            .map(|SubsampleRow { clear, protected }| format!("{clear}+{protected}"))
            .collect();
        table.row(vec![
            row.index.to_string(),
            row.offset.to_string(),
            row.size.to_string(),
            row.decode_time.to_string(),
            row.composition_offset.to_string(),
            row.duration.to_string(),
            if row.sync { "sync" } else { "" }.to_owned(),
            match (row.map_covers, row.protected) {
                (Some(true), _) => "covers".to_owned(),
                (Some(false), _) => "DIFFERS".to_owned(),
                (None, Some(true)) => "whole".to_owned(),
                (None, Some(false)) => "clear".to_owned(),
                (None, None) => String::new(),
            },
            row.iv.clone().unwrap_or_default(),
            parts.join(" "),
        ]);
    }
    table.write(f, 2)
}
