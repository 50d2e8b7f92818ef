use super::{Error, Pictures, fragment};
use crate::{
    bmff::{BoxView, Header, moof::Moof, moov::Trex},
    cenc::TrackConfig,
};

/// Takes the I-frames out of a clear segment as its bytes come in. Memory: the pictures, at most [`super::MAX_PICTURES`], plus the head of a
/// fragment.
pub struct Cutter {
    trex: Option<Trex>,
    pictures: Pictures,
    /// The picture that comes next, and what is there of it.
    next: usize,
    held: Vec<u8>,
    /// Bytes of the segment so far.
    position: u64,
    found: Vec<Picture>,
    data: Vec<u8>,
    track_id: u32,
    sequence_number: u32,
}

/// One picture of the new fragment.
pub(super) struct Picture {
    pub(super) decode_time: u64,
    pub(super) size: u32,
    /// Composition time minus decode time.
    pub(super) composition: i32,
}

impl Cutter {
    /// Begins a segment.
    pub fn new(config: &TrackConfig, pictures: Pictures) -> Self {
        Self {
            trex: config.trex(),
            pictures,
            next: 0,
            held: Vec::new(),
            position: 0,
            found: Vec::new(),
            data: Vec::new(),
            track_id: 0,
            sequence_number: 0,
        }
    }

    /// Takes the next bytes of the clear segment; those behind the last picture are passed over.
    ///
    /// # Errors
    /// [`Error`], after which nothing more may be pushed.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while let Some(range) = self.pictures.ranges.get(self.next).cloned().filter(|_| !bytes.is_empty()) {
            self.pass(&mut bytes, range.start);
            let part = self.pass(&mut bytes, range.end);
            self.held.extend_from_slice(part);
            if self.position == range.end {
                let held = core::mem::take(&mut self.held);
                self.picture(&held, range.start)?;
                self.next += 1;
            }
        }
        Ok(())
    }

    /// The fragment, in the clear: one sample per picture, each until the next, the last until `end` (in the track's timescale).
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Times`]
    pub fn finish(self, end: u64) -> Result<Vec<u8>, Error> {
        if self.next < self.pictures.count() {
            let found = self.position;
            return Err(Error::Truncated { expected: self.pictures.end(), found });
        }
        fragment::write(self.track_id, self.sequence_number, &self.found, end, &self.data)
    }

    /// Goes on to byte `to` of the segment, as far as `bytes` lead; what was gone over.
    fn pass<'b>(&mut self, bytes: &mut &'b [u8], to: u64) -> &'b [u8] {
        let count = to.saturating_sub(self.position).min(bytes.len() as u64);
        let (passed, rest) = bytes.split_at_checked(count as usize).unwrap_or((bytes, &[]));
        (*bytes, self.position) = (rest, self.position + count);
        passed
    }

    /// Reads what an entry of the plan begins with, up to the end of its first picture.
    fn picture(&mut self, bytes: &[u8], offset: u64) -> Result<(), Error> {
        let wrong = |what| Error::Picture { offset, what };
        let moof = find_moof(bytes, offset)?;
        let at = moof.view.offset - offset;
        // What the mdat holds is not all here; where it begins is what counts (explicit `base_data_offset`).
        let payload = mdat_payload(bytes, moof.view.end() - offset, offset)?.saturating_sub(at)..u64::MAX;
        let first = moof.samples_at(self.trex.as_ref(), &payload)?.into_iter().next().filter(|first| first.sync);
        let first = first.ok_or_else(|| wrong("decoding cannot begin at its first sample"))?;
        let start = at.saturating_add(first.offset);
        let end = start.saturating_add(first.size.into());
        if end != bytes.len() as u64 {
            return Err(wrong("its first sample does not end where the plan says"));
        }
        let sample = usize::try_from(start).ok().and_then(|start| bytes.get(start..));
        let composition = moof.traf.truns.iter().find(|run| run.count > 0).and_then(|run| run.first_composition());
        let composition = i32::try_from(composition.unwrap_or(0));
        self.data.extend_from_slice(sample.ok_or_else(|| wrong("its first sample is outside of it"))?);
        self.found.push(Picture {
            decode_time: first.decode_time,
            size: first.size,
            composition: composition.map_err(|_| wrong("its first sample's composition offset exceeds 31 bits"))?,
        });
        if self.found.len() == 1 {
            (self.track_id, self.sequence_number) = (moof.traf.tfhd.track_id, moof.sequence_number()?);
        }
        Ok(())
    }
}

/// The first `moof`, past boxes that lead it.
fn find_moof(bytes: &[u8], offset: u64) -> Result<Moof<'_>, Error> {
    let mut at = 0u64;
    loop {
        let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
        let header = Header::peek(rest, offset + at)?;
        let header = header.ok_or(Error::Picture { offset, what: "has no moof before its picture ends" })?;
        match &header.kind.0 {
            b"moof" => return Ok(Moof::parse(BoxView::parse(rest, offset + at)?)?),
            b"mdat" => return Err(Error::Picture { offset, what: "has an mdat before its moof" }),
            _ => at = at.saturating_add(header.size).min(bytes.len() as u64),
        }
    }
}

/// Where the payload of the first `mdat` behind `at` begins; both in bytes from the start of `bytes`.
fn mdat_payload(bytes: &[u8], mut at: u64, offset: u64) -> Result<u64, Error> {
    loop {
        let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
        let header = Header::peek(rest, offset + at)?;
        let header = header.ok_or(Error::Picture { offset, what: "has no mdat before its picture ends" })?;
        if header.kind.0 == *b"mdat" {
            return Ok(at + header.len as u64);
        }
        at = at.saturating_add(header.size).min(bytes.len() as u64);
    }
}
