//! The fields of each box that is taken apart, a file per part of a file.

mod codec;
mod entry;
mod fragment;
mod groups;
mod index;
mod movie;
mod protection;
mod tables;
mod uuid;

use sluice_packager::bmff::{Error, Fields, FourCc};

use super::tree::{BoxNode, Context};
use crate::inspect::facts::Facts;

pub(super) use groups::{Seig, seig_entries};

/// Most rows of a table that are listed; a table may have more, and says how many.
const MOST_ROWS: usize = 1 << 16;

/// What stands behind a box's fields.
pub(super) enum Inside {
    Boxes,
    Nothing,
}

/// Reads the fields of a box into `node`. What was read before an error stays there.
///
/// # Errors
/// [`Error`]
pub(super) fn decode(
    kind: FourCc,
    context: Context,
    fields: &mut Fields<'_>,
    node: &mut BoxNode,
) -> Result<Inside, Error> {
    let facts = &mut node.fields;
    if &context.parent.0 == b"stsd" {
        return entry::entry(context.handler, fields, facts);
    }
    // Metadata of QuickTime's form: an item holds its `data`.
    if &context.parent.0 == b"ilst" {
        return Ok(Inside::Boxes);
    }
    match &kind.0 {
        b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" | b"mvex" | b"edts" | b"dinf" | b"moof" | b"traf" | b"mfra"
        | b"sinf" | b"schi" | b"udta" | b"tref" | b"rinf" | b"ilst" => return Ok(Inside::Boxes),
        b"meta" => return movie::meta(fields),
        b"dref" | b"stsd" => {
            fields.full(1)?;
            facts.push("entry_count", fields.u32("entry_count")?);
            return Ok(Inside::Boxes);
        }
        b"uuid" => return uuid::uuid(fields, node),
        _ => {}
    }
    let decoder: fn(&mut Fields<'_>, &mut Facts) -> Result<(), Error> = match &kind.0 {
        b"ftyp" | b"styp" => movie::ftyp,
        b"mvhd" => movie::mvhd,
        b"tkhd" => movie::tkhd,
        b"mdhd" => movie::mdhd,
        b"hdlr" => movie::hdlr,
        b"elst" => movie::elst,
        b"mehd" => movie::mehd,
        b"trex" => movie::trex,
        b"stts" => tables::stts,
        b"ctts" => tables::ctts,
        b"stsc" => tables::stsc,
        b"stsz" => tables::stsz,
        b"stss" | b"stco" | b"co64" => tables::counted,
        b"avcC" => codec::avcc,
        b"hvcC" => codec::hvcc,
        b"av1C" => codec::av1c,
        b"vpcC" => codec::vpcc,
        b"esds" => codec::esds,
        b"btrt" => codec::btrt,
        b"pasp" => codec::pasp,
        b"colr" => codec::colr,
        b"frma" => protection::frma,
        b"schm" => protection::schm,
        b"tenc" => protection::tenc,
        b"pssh" => protection::pssh,
        b"senc" => protection::senc,
        b"saiz" => protection::saiz,
        b"saio" => protection::saio,
        b"mfhd" => fragment::mfhd,
        b"tfhd" => fragment::tfhd,
        b"tfdt" => fragment::tfdt,
        b"trun" => fragment::trun,
        b"sdtp" => fragment::sdtp,
        b"subs" => fragment::subs,
        b"sgpd" => groups::sgpd,
        b"sbgp" => groups::sbgp,
        b"sidx" => index::sidx,
        b"emsg" => index::emsg,
        b"prft" => index::prft,
        b"tfra" => index::tfra,
        b"mfro" => index::mfro,
        _ => return Ok(Inside::Nothing),
    };
    decoder(fields, facts)?;
    Ok(Inside::Nothing)
}

/// Four characters.
fn four(fields: &mut Fields<'_>, name: &'static str) -> Result<String, Error> {
    fields.array(name).map(|code| FourCc(code).to_string())
}

/// Flags in hex digits, as the standard writes them.
fn flags(value: u32) -> String {
    format!("0x{value:06x}")
}

/// Text that ends with a zero byte, or with the box.
fn string(fields: &mut Fields<'_>) -> Result<String, Error> {
    let rest = fields.rest();
    let len = rest.iter().position(|byte| *byte == 0);
    let text = String::from_utf8_lossy(rest.get(..len.unwrap_or(rest.len())).unwrap_or_default()).into_owned();
    fields.take(len.map_or(rest.len(), |len| len + 1), "string")?;
    Ok(crate::inspect::text::printable(&text))
}
