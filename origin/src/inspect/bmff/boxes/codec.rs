//! Decoder configurations, and what stands beside them in a sample entry.

use sluice_packager::bmff::{
    BoxView, Error, Fields, FourCc,
    moov::{Av1C, AvcC, Esds, HvcC, VpcC},
};

use crate::inspect::facts::{Facts, Value};

/// The packager's parsers take a whole box: one around the fields that are left.
fn boxed<T>(
    kind: &[u8; 4],
    fields: &Fields<'_>,
    parse: impl FnOnce(&BoxView<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let size = u32::try_from(fields.rest().len() + 8).map_err(|_| fields.invalid("is too long"))?;
    let bytes = [&size.to_be_bytes()[..], kind, fields.rest()].concat();
    parse(&BoxView::parse(&bytes, fields.offset())?)
}

pub(super) fn avcc(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (profile, length, sets) = boxed(b"avcC", fields, |view| {
        let avcc = AvcC::parse(view)?;
        Ok((avcc.profile, avcc.nal_length_size, [avcc.sps.len() as u64, avcc.pps.len() as u64]))
    })?;
    let [indication, compatibility, level] = profile;
    facts.push("AVCProfileIndication", indication);
    facts.push("profile_compatibility", compatibility);
    facts.push("AVCLevelIndication", level);
    facts.push("nal_length_size", length);
    facts.push("sps", sets[0]);
    facts.push("pps", sets[1]);
    Ok(())
}

pub(super) fn hvcc(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (idc, level, length, sets) = boxed(b"hvcC", fields, |view| {
        let hvcc = HvcC::parse(view)?;
        let sets = [hvcc.vps.len() as u64, hvcc.sps.len() as u64, hvcc.pps.len() as u64];
        Ok((hvcc.profile.idc, hvcc.profile.level, hvcc.nal_length_size, sets))
    })?;
    facts.push("general_profile_idc", idc);
    facts.push("general_level_idc", level);
    facts.push("nal_length_size", length);
    for (name, count) in ["vps", "sps", "pps"].into_iter().zip(sets) {
        facts.push(name, count);
    }
    Ok(())
}

pub(super) fn av1c(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let (profile, level, high, depth, monochrome) = boxed(b"av1C", fields, |view| {
        let av1c = Av1C::parse(view)?;
        Ok((av1c.profile, av1c.level, av1c.high_tier, av1c.bit_depth, av1c.monochrome))
    })?;
    facts.push("seq_profile", profile);
    facts.push("seq_level_idx_0", level);
    facts.push("seq_tier_0", u8::from(high));
    facts.push("bit_depth", depth);
    facts.push("monochrome", monochrome);
    Ok(())
}

pub(super) fn vpcc(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let vpcc = boxed(b"vpcC", fields, VpcC::parse)?;
    facts.push("profile", vpcc.profile);
    facts.push("level", vpcc.level);
    facts.push("bitDepth", vpcc.bit_depth);
    facts.push("chromaSubsampling", vpcc.chroma);
    facts.push("videoFullRangeFlag", u8::from(vpcc.full_range));
    facts.push("colour", vpcc.colour.into_iter().collect::<Value>());
    Ok(())
}

pub(super) fn esds(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let esds = boxed(b"esds", fields, Esds::parse)?;
    facts.push("objectTypeIndication", format!("0x{:02x}", esds.object_type));
    facts.push("audioObjectType", esds.audio_object_type);
    if let Some(channels) = esds.channels {
        facts.push("channels", channels);
    }
    Ok(())
}

pub(super) fn btrt(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    for name in ["bufferSizeDB", "maxBitrate", "avgBitrate"] {
        facts.push(name, fields.u32(name)?);
    }
    Ok(())
}

pub(super) fn pasp(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    for name in ["hSpacing", "vSpacing"] {
        facts.push(name, fields.u32(name)?);
    }
    Ok(())
}

pub(super) fn colr(fields: &mut Fields<'_>, facts: &mut Facts) -> Result<(), Error> {
    let kind: [u8; 4] = fields.array("colour_type")?;
    facts.push("colour_type", FourCc(kind).to_string());
    if matches!(&kind, b"nclx" | b"nclc") {
        for name in ["colour_primaries", "transfer_characteristics", "matrix_coefficients"] {
            facts.push(name, fields.u16(name)?);
        }
    }
    if &kind == b"nclx" {
        facts.push("full_range_flag", fields.u8("full_range_flag")? >> 7);
    }
    Ok(())
}
