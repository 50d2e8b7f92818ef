use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use super::{
    Error, TrackConfig, index,
    iv::IvSource,
    layout::Layout,
    segment::{self, Fragment, Order, Parts, Unit},
    signalling::{FragmentForm, Signalling},
    write,
};
use crate::{
    cipher::{Cipher, FragmentCipher},
    keys::ContentKey,
    title::{ClearReason, Scheme, plan::Entry},
};

/// Bytes that are made room for before they are there, where there is no plan: nobody's word for more is taken.
const ROOM: usize = 64 << 10;

/// Takes what a protector has ready.
pub trait Output {
    /// What begins at `from` of `bytes`.
    fn take(&mut self, bytes: Vec<u8>, from: usize);
}

/// One behind the other.
impl Output for Vec<u8> {
    fn take(&mut self, bytes: Vec<u8>, from: usize) {
        self.extend_from_slice(bytes.get(from..).unwrap_or_default());
    }
}

/// As they are, without a copy.
impl Output for VecDeque<Bytes> {
    fn take(&mut self, bytes: Vec<u8>, from: usize) {
        let mut bytes = Bytes::from(bytes);
        bytes.advance(from.min(bytes.len()));
        if !bytes.is_empty() {
            self.push_back(bytes);
        }
    }
}

/// Protects one segment as its bytes come in.
///
/// `senc` stands before `mdat` and needs what is inside it, so a fragment leaves when its `mdat` is complete; other boxes leave as they
/// are complete. However the input is cut, the output is the same. A fragment is copied once, together, and encrypted in place. Memory: the
/// largest fragment, at most [`super::MAX_FRAGMENT`], plus a constant. After an error the output is worthless: abort the response.
pub struct FragmentProtector<C = Cipher> {
    config: TrackConfig,
    scheme: Scheme,
    work: Work<C>,
    plan: Vec<Entry>,
    expected_time: Option<u64>,
    order: Order,
    /// The unit that is coming in, and how many bytes of it must be there before looking again is worth it.
    pending: Vec<u8>,
    need: usize,
    /// Room that was given back.
    spare: Vec<u8>,
    /// Bytes of the segment before `pending`.
    position: u64,
    entry: usize,
    /// Bytes of the current entry that have left already (boxes before its fragment), clear and protected alike.
    loose: u64,
    /// Where a `sidx` of the current entry says that referenced bytes begin.
    anchor: Option<u64>,
    fragments: u64,
    samples: u64,
}

/// What becomes of a segment's fragments.
enum Work<C> {
    Protect {
        ivs: IvSource,
        cipher: Box<C>,
        signalling: Signalling,
    },
    /// They are described by the clear sample entry.
    Lead,
}

impl<C> Work<C> {
    fn form(&self) -> FragmentForm {
        match self {
            Self::Protect { signalling, .. } => signalling.form(),
            Self::Lead => FragmentForm { lead: true, ..FragmentForm::default() },
        }
    }
}

impl FragmentProtector {
    /// Begins a segment.
    ///
    /// `plan`: the segment's entries; with none, sizes are not checked, and a `sidx` is an error. `expected_time`: the decode
    /// time of its first sample by the track's timeline, in its timescale.
    pub fn new(
        config: TrackConfig,
        ivs: IvSource,
        key: &ContentKey,
        plan: Vec<Entry>,
        expected_time: Option<u64>,
    ) -> Self {
        Self::with_cipher(config, ivs, Cipher::new(key), plan, expected_time)
    }

    /// Begins a segment of a clear lead: its samples stay as they are and are described by the init segment's second sample entry, the
    /// clear one. Only a track record gives the `reason`.
    ///
    /// `scheme`: of the segments that follow, by which sizes are planned; the rest as in [`FragmentProtector::new`].
    pub fn clear_lead(
        config: TrackConfig,
        scheme: Scheme,
        _reason: ClearReason,
        plan: Vec<Entry>,
        expected_time: Option<u64>,
    ) -> Self {
        Self::of(config, scheme, Work::Lead, plan, expected_time)
    }
}

impl<C: FragmentCipher> FragmentProtector<C> {
    /// The same with another cipher than the target's own, to compare them.
    pub fn with_cipher(
        config: TrackConfig,
        ivs: IvSource,
        cipher: C,
        plan: Vec<Entry>,
        expected_time: Option<u64>,
    ) -> Self {
        let scheme = ivs.scheme();
        let work = Work::Protect { ivs, cipher: Box::new(cipher), signalling: Signalling::default() };
        Self::of(config, scheme, work, plan, expected_time)
    }

    /// Has fragments say of their key what the init segment does not.
    pub fn signalling(mut self, new: Signalling) -> Self {
        if let Work::Protect { signalling, .. } = &mut self.work {
            *signalling = new;
        }
        self
    }

    fn of(config: TrackConfig, scheme: Scheme, work: Work<C>, plan: Vec<Entry>, expected_time: Option<u64>) -> Self {
        Self {
            config,
            scheme,
            work,
            plan,
            expected_time,
            order: Order::default(),
            pending: Vec::new(),
            need: 1,
            spare: Vec::new(),
            position: 0,
            entry: 0,
            loose: 0,
            anchor: None,
            fragments: 0,
            samples: 0,
        }
    }

    /// Takes the next bytes of the clear segment; hands over to `out` what is ready.
    ///
    /// # Errors
    /// [`Error`], after which nothing more may be pushed.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut impl Output) -> Result<(), Error> {
        while !bytes.is_empty() {
            let taken = self.push_unit(bytes, out)?;
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// Takes of the next bytes those up to the end of the unit that is coming in, and says how many: none only of none. What leaves with it may so be
    /// sent, and its memory given back ([`FragmentProtector::reuse`]), before the next unit needs some.
    ///
    /// # Errors
    /// [`Error`], after which nothing more may be pushed.
    pub fn push_unit(&mut self, bytes: &[u8], out: &mut impl Output) -> Result<usize, Error> {
        let (mut rest, mut complete) = (bytes, false);
        while !rest.is_empty() && !complete {
            let (now, later) = rest.split_at(self.need.saturating_sub(self.pending.len()).min(rest.len()));
            self.make_room(now.len());
            self.pending.extend_from_slice(now);
            rest = later;
            if self.pending.len() >= self.need {
                complete = self.look(out)?;
            }
        }
        Ok(bytes.len() - rest.len())
    }

    /// Takes back memory that left through [`Output`], for a fragment to come: new memory has to be made by the platform, page by page.
    pub fn reuse(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() > self.spare.capacity() {
            self.spare = buffer;
        }
    }

    /// Makes room at once for the largest unit of the plan, and for a longer one as it proves to be long.
    fn make_room(&mut self, more: usize) {
        let len = self.pending.len();
        if self.pending.capacity() - len >= more {
            return;
        }
        let mut room = core::mem::take(&mut self.spare);
        if room.capacity() >= self.need {
            room.clear();
            room.extend_from_slice(&self.pending);
            self.pending = room;
            return;
        }
        drop(room);
        let planned = self.plan.iter().map(|entry| u64::from(entry.clear)).max().unwrap_or(ROOM as u64);
        let planned = planned.min(segment::MAX_FRAGMENT) as usize;
        // Boxes beside fragments, and the beginnings of fragments, are short.
        let room = if (ROOM..=planned).contains(&self.need) { planned } else { planned.max(2 * len).min(self.need) };
        self.pending.reserve_exact(room.saturating_sub(len).max(more));
    }

    /// Ends the segment.
    ///
    /// # Errors
    /// [`Error::Truncated`] where the input ended within a box or fragment; [`Error::Empty`]; [`Error::PlanEntries`],
    /// [`Error::PlanSize`] where the plan says more.
    pub fn finish(mut self) -> Result<(), Error> {
        if !self.pending.is_empty() {
            let end = self.position + self.pending.len() as u64;
            return Err(Error::Truncated { offset: self.position, end });
        }
        if self.fragments == 0 {
            return Err(Error::Empty);
        }
        if self.loose > 0 {
            self.close_entry(0, 0)?;
        }
        if !self.plan.is_empty() && self.entry < self.plan.len() {
            return Err(Error::PlanEntries { planned: self.plan.len(), found: self.entry });
        }
        Ok(())
    }

    /// Samples done so far.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Looks whether a unit is complete, and lets it go: more than one can never be there.
    fn look(&mut self, out: &mut impl Output) -> Result<bool, Error> {
        let len = match segment::next(&self.pending, self.position)? {
            Unit::Need(need) => {
                self.need = need;
                return Ok(false);
            }
            Unit::Loose(len) => {
                let bytes = core::mem::take(&mut self.pending);
                self.loose_box(bytes, out)?;
                len
            }
            Unit::Fragment(parts) => {
                let bytes = core::mem::take(&mut self.pending);
                self.fragment(bytes, &parts, out)?;
                parts.len()
            }
        };
        self.position += len as u64;
        self.need = 1;
        Ok(true)
    }

    fn loose_box(&mut self, bytes: Vec<u8>, out: &mut impl Output) -> Result<(), Error> {
        self.loose += bytes.len() as u64;
        let view = segment::whole_box(&bytes, self.position)?;
        if view.is(b"sidx") {
            let mut rewritten = Vec::with_capacity(bytes.len());
            let anchor = index::rewrite(&view, &self.plan, self.entry, self.scheme, &mut rewritten)?;
            self.anchor = self.anchor.max(anchor);
            out.take(rewritten, 0);
        } else {
            out.take(bytes, 0);
        }
        Ok(())
    }

    fn fragment(&mut self, mut bytes: Vec<u8>, parts: &Parts, out: &mut impl Output) -> Result<(), Error> {
        let offset = self.position;
        if self.anchor.take().is_some_and(|anchor| anchor > offset) {
            return Err(Error::SidxReference { offset, reference: 0 });
        }
        let form = (self.scheme, self.work.form());
        let (front, payload) = bytes.split_at_mut(parts.payload.start);
        let layout = Layout::new(&mut self.config, &mut self.order, form, Fragment { front, payload }, offset)?;
        if let Some(expected) = self.expected_time.take() {
            let found = layout.moof.traf.decode_time;
            if found != expected {
                return Err(Error::DecodeTimeStart { expected, found });
            }
        }
        self.close_entry(parts.len(), layout.protected_len())?;
        let new_front = match &mut self.work {
            Work::Protect { ivs, cipher, signalling } => {
                write::protected(&layout, front, signalling, ivs, cipher.as_ref(), payload)?
            }
            Work::Lead => write::lead(&layout, front)?,
        };
        self.fragments += 1;
        self.samples += layout.samples.len() as u64;
        out.take(new_front, 0);
        out.take(bytes, parts.payload.start);
        Ok(())
    }

    /// Compares the current entry with the plan, before its fragment leaves, and goes on to the next.
    fn close_entry(&mut self, clear: usize, protected: usize) -> Result<(), Error> {
        let (clear, protected) = (self.loose + clear as u64, self.loose + protected as u64);
        if !self.plan.is_empty() {
            let planned = self
                .plan
                .get(self.entry)
                .ok_or(Error::PlanEntries { planned: self.plan.len(), found: self.entry + 1 })?;
            if u64::from(planned.clear) != clear || u64::from(planned.protected(self.scheme)) != protected {
                return Err(Error::PlanSize {
                    entry: self.entry,
                    clear,
                    protected,
                    planned_clear: planned.clear,
                    planned_protected: planned.protected(self.scheme),
                });
            }
        }
        self.entry += 1;
        self.loose = 0;
        Ok(())
    }
}
