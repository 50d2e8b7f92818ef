use std::fmt::{self, Write};

use serde::Serialize;
use sluice_packager::title::plan as format;

use crate::inspect::text::Table;

/// A track's plan: what its fragments come to.
#[derive(Clone, Debug, Serialize)]
pub struct PlanReport {
    /// A row per fragment, in order.
    pub entries: Vec<PlanRow>,
}

/// What one fragment comes to.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PlanRow {
    /// Bytes as it is stored.
    pub clear: u32,
    /// Bytes under `cenc`.
    pub cenc: u32,
    /// Bytes under `cbcs`.
    pub cbcs: u32,
    /// In the track's timescale.
    pub duration: u32,
    /// Bytes up to the end of its first picture under `cenc`; 0 where none can be decoded alone.
    pub first_picture_cenc: u32,
    /// The same under `cbcs`.
    pub first_picture_cbcs: u32,
}

pub(in crate::inspect) fn plan(bytes: &[u8]) -> anyhow::Result<PlanReport> {
    let entries = format::read(bytes)?;
    let row = |entry: &format::Entry| PlanRow {
        clear: entry.clear,
        cenc: entry.cenc,
        cbcs: entry.cbcs,
        duration: entry.duration,
        first_picture_cenc: entry.first_picture_cenc,
        first_picture_cbcs: entry.first_picture_cbcs,
    };
    Ok(PlanReport { entries: entries.iter().map(row).collect() })
}

impl PlanReport {
    pub(in crate::inspect) fn write(&self, f: &mut impl Write) -> fmt::Result {
        const HEADER: [&str; 7] =
            ["entry", "clear", "cenc", "cbcs", "duration", "first picture in cenc", "first picture in cbcs"];
        writeln!(f, "plan of {} entries", self.entries.len())?;
        let mut table = Table::new(&HEADER);
        for (index, row) in self.entries.iter().enumerate() {
            let PlanRow { clear, cenc, cbcs, duration, first_picture_cenc, first_picture_cbcs } = *row;
            let numbers = [clear, cenc, cbcs, duration, first_picture_cenc, first_picture_cbcs];
            table.row(std::iter::once(index.to_string()).chain(numbers.map(|n| n.to_string())).collect());
        }
        table.write(f, 2)
    }
}
