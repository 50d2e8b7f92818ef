//! Where AV1 frame headers end, by ffmpeg's reader of them: its `trace_headers` prints every syntax element with its position.

use crate::{clip::Clip, compare, tools};

/// A unit as ffmpeg traces it.
#[derive(Default)]
struct Unit {
    kind: u64,
    /// Bytes of its header, and of its size field.
    head: usize,
    size: usize,
    /// Bits up to the end of the last element that was read.
    end: usize,
}

/// Per sample, where each tile begins and how long it is: of frames of one tile, each in a frame OBU.
pub(crate) fn tiles(clip: &Clip) -> Vec<Vec<(usize, usize)>> {
    let mut packets: Vec<Vec<Unit>> = Vec::new();
    let trace = tools::ffmpeg_trace(&clip.whole(), "trace_headers");
    for line in trace.lines().filter(|line| line.contains("trace_headers @")) {
        let line = line.split_once("] ").expect("text after the filter's name").1;
        if line.starts_with("Packet") || line.starts_with("Extradata") {
            packets.push(Vec::new());
        }
        // Position, name, perhaps bits, value.
        let Some((element, value)) = line.rsplit_once(" = ") else { continue };
        let [at, name, bits @ ..] = &element.split_whitespace().collect::<Vec<_>>()[..] else { continue };
        let (Ok(at), Ok(value)) = (at.parse::<usize>(), value.parse::<u64>()) else { continue };
        let units = packets.last_mut().expect("a packet");
        if *name == "obu_forbidden_bit" {
            units.push(Unit { head: 1, ..Unit::default() });
        }
        let unit = units.last_mut().expect("a unit");
        unit.end = at + bits.first().map_or(0, |bits| bits.len());
        match *name {
            "obu_type" => unit.kind = value,
            "obu_size" => unit.size = value as usize,
            name if name.starts_with("leb128_byte") && at < 8 * 8 => unit.head = unit.end / 8,
            _ => {}
        }
    }
    // Extradata come first.
    packets.iter().skip(1).map(|units| frames(units)).collect()
}

fn frames(units: &[Unit]) -> Vec<(usize, usize)> {
    let (mut at, mut found) = (0, Vec::new());
    for unit in units {
        let end = at + unit.head + unit.size;
        if unit.kind == 6 {
            let start = at + unit.end.div_ceil(8);
            found.push((start, end - start));
        }
        at = end;
    }
    found
}

/// Where the protected ranges of a `cbcs` track begin and how long they are, by sample.
pub(crate) fn protected(track: &[u8]) -> Vec<Vec<(usize, usize)>> {
    let entries = compare::auxiliary(track, 0, "protected ranges");
    let ranges = |(_, entry): (u32, Vec<u8>)| {
        let mut at = 0;
        let ranges = entry[2..].chunks(6).map(|part| {
            at += usize::from(u16::from_be_bytes([part[0], part[1]]));
            let len = u32::from_be_bytes([part[2], part[3], part[4], part[5]]) as usize;
            at += len;
            (at - len, len)
        });
        ranges.filter(|(_, len)| *len > 0).collect()
    };
    entries.into_iter().map(ranges).collect()
}
