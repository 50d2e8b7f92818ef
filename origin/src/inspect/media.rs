use std::fmt::{self, Write};

use sluice_packager::{
    bmff::{
        Boxes,
        moof::{Moof, Senc},
        moov::{AvcC, EntryKind, HvcC, Init, Sinf},
        sidx::Sidx,
    },
    cenc::read::Reader,
};

use super::boxes;

pub(super) fn explain(bytes: &[u8], init: Option<&[u8]>, samples: bool) -> anyhow::Result<String> {
    let mut out = boxes::tree(bytes)?;
    let has = |kind: &[u8; 4]| Boxes::of(bytes).any(|view| view.is_ok_and(|view| view.is(kind)));
    if has(b"moov") {
        out.push('\n');
        explain_init(bytes, &mut out)?;
    }
    if has(b"moof") {
        out.push('\n');
        explain_segment(bytes, init, samples, &mut out)?;
    }
    Ok(out)
}

fn explain_init(bytes: &[u8], out: &mut String) -> anyhow::Result<()> {
    let init = Init::parse(bytes)?;
    writeln!(out, "track {}: {} {}, timescale {}", init.track_id, init.handler, init.entry.codec(), init.timescale)?;
    match init.entry.kind {
        EntryKind::Visual { width, height } => {
            writeln!(out, "video: {width}x{height}")?;
            write!(out, "codec: {}", init.entry.codec_string()?)?;
            let of = |kind| init.entry.children().find_kind(kind);
            if let Some(avcc) = of(b"avcC")? {
                let avcc = AvcC::parse(&avcc)?;
                parameter_sets(&[("SPS", &avcc.sps), ("PPS", &avcc.pps)], avcc.nal_length_size, out)?;
            }
            if let Some(hvcc) = of(b"hvcC")? {
                let hvcc = HvcC::parse(&hvcc)?;
                let sets = [("VPS", &hvcc.vps), ("SPS", &hvcc.sps), ("PPS", &hvcc.pps)];
                parameter_sets(&sets, hvcc.nal_length_size, out)?;
            }
            out.push('\n');
        }
        EntryKind::Audio { channels, sample_rate } => {
            let channels = init.entry.coded_channels()?.unwrap_or(channels.into());
            writeln!(out, "audio: {channels} channels, {sample_rate} Hz")?;
            writeln!(out, "codec: {}", init.entry.codec_string()?)?;
        }
        EntryKind::Text => {
            writeln!(out, "text")?;
            writeln!(out, "codec: {}", init.entry.codec_string()?)?;
        }
        EntryKind::Other => writeln!(out, "codec: {} (not taken apart by this build)", init.entry.codec())?,
    }
    if !matches!(&init.entry.codec().0, b"encv" | b"enca") {
        writeln!(out, "protection: none")?;
        return Ok(());
    }
    let Sinf { original, scheme, tenc } = Sinf::of(&init.entry)?;
    writeln!(out, "protection: {scheme} of {original}, key id {}", tenc.kid.uuid())?;
    writeln!(
        out,
        "tenc: version {}, pattern {}:{}, IV of {} bytes per sample",
        tenc.version, tenc.crypt, tenc.skip, tenc.iv_size
    )?;
    if let Some(iv) = &tenc.constant_iv {
        writeln!(out, "constant IV: {}", hex(iv))?;
    }
    Ok(())
}

fn parameter_sets(sets: &[(&str, &Vec<&[u8]>)], nal_length_size: u8, out: &mut String) -> fmt::Result {
    for (name, sets) in sets {
        write!(out, ", {} {name}", sets.len())?;
    }
    write!(out, ", NAL unit lengths of {nal_length_size} bytes")
}

fn explain_segment(bytes: &[u8], init: Option<&[u8]>, list: bool, out: &mut String) -> anyhow::Result<()> {
    let reader = init.map(Reader::new).transpose()?;
    let trex = init.map(Init::parse).transpose()?.and_then(|init| init.trex);
    let iv_size = reader.as_ref().and_then(Reader::protection).map(|sinf| sinf.tenc.iv_size);
    for view in Boxes::of(bytes) {
        let view = view?;
        if view.is(b"sidx") {
            let sidx = Sidx::parse(&view)?;
            let sizes: Vec<String> = sidx.references().map(|reference| reference.size.to_string()).collect();
            writeln!(
                out,
                "sidx at {}: first offset {}, references {}",
                view.offset,
                sidx.first_offset,
                sizes.join(" ")
            )?;
        }
        if !view.is(b"moof") {
            continue;
        }
        let moof = Moof::parse(view)?;
        let samples = moof.samples(trex.as_ref())?;
        let total: u64 = samples.iter().map(|sample| u64::from(sample.size)).sum();
        let duration: u64 = samples.iter().map(|sample| u64::from(sample.duration)).sum();
        writeln!(
            out,
            "fragment at {}: decode time {}, duration {duration}, {} samples of {total} bytes{}",
            view.offset,
            moof.traf.decode_time,
            samples.len(),
            if samples.first().is_some_and(|sample| sample.sync) { ", begins with a sync sample" } else { "" }
        )?;
        let senc = moof.traf.senc.as_ref().map(Senc::parse).transpose()?;
        match &senc {
            Some(senc) if senc.subsamples => {
                writeln!(out, "  protected: senc of {} samples, with subsamples", senc.count)?
            }
            Some(senc) => writeln!(out, "  protected: senc of {} samples, full sample", senc.count)?,
            None => writeln!(out, "  no senc")?,
        }
        if !list {
            continue;
        }
        let mut entries = senc.zip(iv_size).map(|(senc, iv_size)| senc.samples(iv_size));
        for (index, sample) in samples.iter().enumerate() {
            let sync = if sample.sync { " sync" } else { "" };
            let at = view.offset.saturating_add(sample.offset);
            write!(
                out,
                "  {index}: at {at} size {} time {} for {}{sync}",
                sample.size, sample.decode_time, sample.duration
            )?;
            if let Some(entry) = entries.as_mut().and_then(Iterator::next).transpose()? {
                if !entry.iv.is_empty() {
                    write!(out, " iv {}", hex(entry.iv))?;
                }
                for part in entry.subsamples() {
                    write!(out, " {}+{}", part.clear, part.protected)?;
                }
            }
            out.push('\n');
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
