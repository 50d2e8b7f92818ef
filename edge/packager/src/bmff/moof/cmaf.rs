//! A track fragment as CMAF has it, where it is not so.

use super::{Traf, tfdt};
use crate::bmff::Error;

/// What comes in place of parts of a track fragment, so that it is as CMAF has it: data offsets from the start of `moof`, a flag that
/// says so, one in each run, and a `tfdt`. Browsers refuse segments without (W3C, ISO BMFF Byte Stream Format, 4), and others misread them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits(Vec<Edit>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    /// In bytes from the start of the segment.
    begin: u64,
    end: u64,
    bytes: Vec<u8>,
    /// By how much what is behind it moves, with what is before it counted in.
    moves: i64,
}

impl Edits {
    /// Where what is at `at` comes to, for any position that is not within what is replaced.
    pub fn moved(&self, at: u64) -> u64 {
        let before = self.0.partition_point(|edit| edit.end <= at);
        let last = before.checked_sub(1).and_then(|last| self.0.get(last));
        at.saturating_add_signed(last.map_or(0, |edit| edit.moves))
    }

    /// Appends `bytes`, which begin at `offset` of the segment and hold all that is replaced, with what replaces it. `None` where they do
    /// not hold it.
    pub(crate) fn write(&self, bytes: &[u8], offset: u64, out: &mut Vec<u8>) -> Option<()> {
        let within = |at: u64| at.checked_sub(offset).and_then(|at| usize::try_from(at).ok());
        let mut from = 0;
        for edit in &self.0 {
            out.extend_from_slice(bytes.get(from..within(edit.begin)?)?);
            out.extend_from_slice(&edit.bytes);
            from = within(edit.end)?;
        }
        out.extend_from_slice(bytes.get(from..)?);
        Some(())
    }
}

impl Traf<'_> {
    /// What is to come in place of parts of it, and of which entry of `stsd` says what its samples are, where one is given. Data offsets of runs that had none are 0 there, to be written over: each is the last four
    /// bytes of what comes in.
    ///
    /// # Errors
    /// [`Error`]
    pub fn cmaf_edits(&self, description: Option<u32>) -> Result<Edits, Error> {
        let mut edits: Vec<Edit> = Vec::new();
        // In the order of the box, which is that of its runs; `tfhd` need not stand before them.
        let mut put = |begin, end, bytes| {
            let at = edits.partition_point(|edit| edit.begin < begin);
            edits.insert(at, Edit { begin, end, bytes, moves: 0 });
        };
        let relative = self.tfhd.relative(&self.tfhd_box, description)?;
        if relative.is_some() || !self.has_tfdt {
            let mut bytes = relative.unwrap_or_else(|| self.tfhd_box.bytes.to_vec());
            if !self.has_tfdt {
                bytes.extend(tfdt::write(self.decode_time));
            }
            put(self.tfhd_box.offset, self.tfhd_box.end(), bytes);
        }
        for run in self.truns.iter().filter(|run| run.data_offset.is_none()) {
            put(run.offset, run.count_end(), run.head_with_offset()?);
        }
        let mut moves = 0;
        for edit in &mut edits {
            moves += edit.bytes.len() as i64 - (edit.end - edit.begin) as i64;
            edit.moves = moves;
        }
        Ok(Edits(edits))
    }
}
