use super::{
    Error, TrackConfig, index,
    layout::Layout,
    segment::{self, Order, Unit},
    signalling::FragmentForm,
};
use crate::title::{Scheme, plan::Entry};

/// What a clear segment will be once protected, found without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentPlan {
    /// Per fragment, and one more where boxes follow the last one.
    pub entries: Vec<Entry>,
    /// Of the first sample, in the track's timescale.
    pub decode_time: u64,
    /// From the first sample's decode time to the last one's end, in the track's timescale.
    pub duration: u64,
    /// How many samples.
    pub samples: u32,
    /// Whether decoding can begin at the first sample.
    pub starts_with_sync: bool,
}

/// Plans a clear segment, in both schemes.
///
/// # Errors
/// [`Error`]: whatever would make protecting the segment fail fails here already.
pub fn plan_segment(config: &TrackConfig, clear: &[u8]) -> Result<SegmentPlan, Error> {
    plan_segment_as(config, clear, [FragmentForm::default(); 2])
}

/// The same of fragments that become of these forms, in `cenc` and in `cbcs`.
///
/// # Errors
/// As [`plan_segment`].
pub fn plan_segment_as(config: &TrackConfig, clear: &[u8], forms: [FragmentForm; 2]) -> Result<SegmentPlan, Error> {
    let mut planner = Planner {
        forms,
        fresh: config,
        schemes: [Scheme::Cenc, Scheme::Cbcs].map(|scheme| (scheme, config.clone(), Order::default())),
        entries: Vec::new(),
        loose: 0,
        span: None,
        samples: 0,
        starts_with_sync: false,
    };
    // Every `sidx`: where it is, and the entry that it stands in.
    let mut indexes = Vec::new();
    // Where the fragment of each entry begins.
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(rest) = clear.get(at..).filter(|rest| !rest.is_empty()) {
        let offset = at as u64;
        at += match segment::next(rest, offset)? {
            Unit::Need(_) => return Err(Error::Truncated { offset, end: clear.len() as u64 }),
            Unit::Loose(len) => {
                let view = segment::whole_box(rest, offset)?;
                if view.is(b"sidx") {
                    indexes.push((view, planner.entries.len()));
                }
                planner.loose += len as u64;
                len
            }
            Unit::Fragment(parts) => {
                starts.push(offset);
                planner.fragment(rest.get(..parts.len()).unwrap_or_default(), &parts, offset)?;
                parts.len()
            }
        };
    }
    let plan = planner.finish()?;
    for (view, entry) in indexes {
        for scheme in [Scheme::Cenc, Scheme::Cbcs] {
            let anchor = index::rewrite(&view, &plan.entries, entry, scheme, &mut Vec::new())?;
            if anchor.is_some_and(|anchor| starts.get(entry).is_some_and(|start| anchor > *start)) {
                return Err(Error::SidxReference { offset: view.offset, reference: 0 });
            }
        }
    }
    Ok(plan)
}

struct Planner<'c> {
    forms: [FragmentForm; 2],
    /// What is known of the track where decoding begins.
    fresh: &'c TrackConfig,
    schemes: [(Scheme, TrackConfig, Order); 2],
    entries: Vec<Entry>,
    loose: u64,
    /// Decode time of the first sample, end of the last one.
    span: Option<(u64, u64)>,
    samples: u32,
    starts_with_sync: bool,
}

impl Planner<'_> {
    fn fragment(&mut self, bytes: &[u8], parts: &segment::Parts, offset: u64) -> Result<(), Error> {
        let (front, payload) = bytes.split_at(parts.payload.start);
        let fragment = segment::Fragment { front, payload };
        let loose = core::mem::take(&mut self.loose);
        let narrow = |value: u64, field| u32::try_from(value).map_err(|_| Error::Overflow { field, offset });
        let mut entry = Entry {
            clear: narrow(loose + bytes.len() as u64, "clear size")?,
            cenc: 0,
            cbcs: 0,
            duration: 0,
            first_picture_cenc: 0,
            first_picture_cbcs: 0,
        };
        let first_fragment = self.entries.is_empty();
        for ((scheme, config, order), form) in self.schemes.iter_mut().zip(self.forms) {
            let layout = Layout::new(config, order, (*scheme, form), fragment, offset)?;
            let size = narrow(loose + layout.protected_len() as u64, "protected size")?;
            let sync = layout.first_picture();
            let picture = sync.filter(|_| layout.first_stands_alone(self.fresh, payload));
            let picture_end = narrow(picture.map_or(0, |end| loose + end), "first picture")?;
            match scheme {
                Scheme::Cenc => (entry.cenc, entry.first_picture_cenc) = (size, picture_end),
                Scheme::Cbcs => (entry.cbcs, entry.first_picture_cbcs) = (size, picture_end),
            }
            entry.duration = narrow(layout.duration(), "duration")?;
            if *scheme == Scheme::Cenc {
                let begin = layout.moof.traf.decode_time;
                let end = begin.checked_add(layout.duration()).ok_or(Error::DecodeTimeSize(begin))?;
                self.span = Some((self.span.map_or(begin, |span| span.0), end));
                self.samples = self.samples.saturating_add(layout.samples.len() as u32);
                if first_fragment {
                    self.starts_with_sync = sync.is_some();
                }
            }
        }
        self.entries.push(entry);
        Ok(())
    }

    fn finish(mut self) -> Result<SegmentPlan, Error> {
        let (decode_time, end) = self.span.ok_or(Error::Empty)?;
        if self.loose > 0 {
            let size = u32::try_from(self.loose).map_err(|_| Error::Overflow { field: "trailing boxes", offset: 0 })?;
            self.entries.push(Entry {
                clear: size,
                cenc: size,
                cbcs: size,
                duration: 0,
                first_picture_cenc: 0,
                first_picture_cbcs: 0,
            });
        }
        Ok(SegmentPlan {
            entries: self.entries,
            decode_time,
            duration: end - decode_time,
            samples: self.samples,
            starts_with_sync: self.starts_with_sync,
        })
    }
}
