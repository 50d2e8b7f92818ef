//! How each sample of a fragment is protected: its group's or its track's word for it, and its entry in `senc`.

use sluice_packager::{
    bmff::{BoxView, Error, FourCc, moof::Subsample},
    keys::Kid,
};

use super::{
    boxes::{Seig, seig_entries},
    fragment::MAX_SAMPLES,
    track::{Entry, Track},
};

/// Group description indexes above this are of the fragment's own `sgpd` (ISO/IEC 14496-12, 8.9.4).
const LOCAL: u32 = 0x10000;

/// The `seig` groups of a fragment: runs of samples, each with its description, `None` for those of no group.
#[derive(Default)]
pub(super) struct Groups {
    runs: Vec<(u32, Option<Seig>)>,
}

impl Groups {
    /// # Errors
    /// [`Error`], also for a description that does not exist.
    pub(super) fn of(traf: &BoxView<'_>, track: Option<&Track>) -> Result<Self, Error> {
        let mut local = Vec::new();
        let mut runs = Vec::new();
        for child in traf.children() {
            let child = child?;
            if child.is(b"sgpd") {
                local.extend(seig_entries(&child)?);
            }
        }
        for child in traf.children() {
            let child = child?;
            let mut fields = child.fields();
            if !child.is(b"sbgp") {
                continue;
            }
            let (version, _) = fields.full(1)?;
            if fields.array("grouping_type").map(FourCc)? != FourCc(*b"seig") {
                continue;
            }
            if version == 1 {
                fields.u32("grouping_type_parameter")?;
            }
            let count = fields.u32("entry_count")?;
            for [a, b, c, d, e, f, g, h] in fields.table(count, 8)?.as_chunks::<8>().0.iter().take(MAX_SAMPLES) {
                let index = u32::from_be_bytes([*e, *f, *g, *h]);
                let (of, place) = if index > LOCAL {
                    (Some(local.as_slice()), index - LOCAL)
                } else {
                    (track.map(|track| track.seig.as_slice()), index)
                };
                let described = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
                let seig = match (described, of) {
                    (None, _) => None,
                    // Without the init segment nothing is known of it.
                    (Some(_), None) => None,
                    (Some(place), Some(of)) => Some(
                        of.get(place).cloned().ok_or_else(|| fields.invalid("names a group that no sgpd describes"))?,
                    ),
                };
                runs.push((u32::from_be_bytes([*a, *b, *c, *d]), seig));
            }
        }
        Ok(Self { runs })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The descriptions of samples one after another; endless, as samples behind the last run are of no group.
    pub(super) fn samples(&self) -> impl Iterator<Item = Option<&Seig>> {
        let runs = self.runs.iter().flat_map(|(count, seig)| (0..*count).map(move |_| seig.as_ref()));
        runs.chain(std::iter::repeat(None))
    }
}

/// One sample's protection.
#[derive(Clone, Debug, Default)]
pub(super) struct SampleCrypt {
    pub(super) protected: bool,
    pub(super) kid: Option<String>,
    /// Bytes; `None` where only the init segment tells and is not there.
    pub(super) iv_size: Option<u8>,
    pub(super) constant_iv: bool,
}

impl SampleCrypt {
    pub(super) fn of(entry: Option<&Entry>, group: Option<&Seig>) -> Self {
        if let Some(seig) = group {
            return Self {
                protected: seig.protected,
                kid: (seig.protected && seig.kid != Kid([0; 16])).then(|| seig.kid.uuid()),
                iv_size: Some(seig.iv_size),
                constant_iv: seig.constant_iv.is_some(),
            };
        }
        match entry.map(|entry| entry.protection.as_ref()) {
            Some(Some(protection)) => Self {
                protected: protection.is_protected,
                kid: protection.is_protected.then(|| protection.key_id.clone()),
                iv_size: Some(protection.per_sample_iv_size),
                constant_iv: protection.constant_iv.is_some(),
            },
            Some(None) => Self { iv_size: Some(0), ..Self::default() },
            None => Self::default(),
        }
    }
}

/// One sample's entry in `senc`.
#[derive(Clone, Debug)]
pub(super) struct SencEntry {
    pub(super) iv: Vec<u8>,
    /// `None` where whole samples are protected.
    pub(super) subsamples: Option<Vec<Subsample>>,
}

/// A `senc`, or PIFF's box of the same content.
#[derive(Clone)]
pub(super) struct Senc<'a> {
    pub(super) view: BoxView<'a>,
    pub(super) count: u32,
    pub(super) with_subsamples: bool,
    /// Where its first entry begins, from the start of the file.
    pub(super) entries_at: u64,
    /// What PIFF's box itself says in place of the track.
    pub(super) own_iv_size: Option<u8>,
}

impl<'a> Senc<'a> {
    /// # Errors
    /// [`Error`]
    pub(super) fn parse(view: BoxView<'a>) -> Result<Self, Error> {
        let mut fields = view.fields();
        if view.is(b"uuid") {
            fields.array::<16>("extended_type")?;
        }
        let (_, flags) = fields.full(0)?;
        let mut own_iv_size = None;
        if view.is(b"uuid") && flags & 1 != 0 {
            fields.array::<3>("AlgorithmID")?;
            own_iv_size = Some(fields.u8("IV_size")?);
            fields.array::<16>("KID")?;
        }
        let count = fields.u32("sample_count")?;
        let entries_at = view.end() - fields.rest().len() as u64;
        Ok(Self { view, count, with_subsamples: flags & 2 != 0, entries_at, own_iv_size })
    }

    /// The entries of samples whose IVs have these sizes; the bytes that are left are returned too.
    ///
    /// # Errors
    /// [`Error`] where the box ends before its entries do.
    pub(super) fn entries(&self, iv_sizes: impl Iterator<Item = u8>) -> Result<(Vec<SencEntry>, usize), Error> {
        let mut fields = self.view.fields();
        let own = usize::try_from(self.entries_at.saturating_sub(self.view.offset)).unwrap_or(usize::MAX);
        fields.take(own.saturating_sub(self.view.header.len), "sample_count")?;
        let mut out = Vec::new();
        for iv_size in iv_sizes {
            let iv = fields.take(iv_size.into(), "initialization vector")?.to_vec();
            let subsamples = if self.with_subsamples {
                let count = fields.u16("subsample_count")?;
                let table = fields.table(count.into(), 6)?.as_chunks::<6>().0.iter();
                Some(
                    table
                        .map(|[a, b, c, d, e, f]| Subsample {
                            clear: u16::from_be_bytes([*a, *b]),
                            protected: u32::from_be_bytes([*c, *d, *e, *f]),
                        })
                        .collect(),
                )
            } else {
                None
            };
            out.push(SencEntry { iv, subsamples });
        }
        Ok((out, fields.rest().len()))
    }

    /// The only IV size, of those that there are, under which the entries fill the box; for a segment without its init segment.
    pub(super) fn guessed_iv_size(&self) -> Option<u8> {
        let count = usize::try_from(self.count).ok().filter(|count| *count <= MAX_SAMPLES)?;
        let fits = |size: &u8| {
            let entries = self.entries(std::iter::repeat_n(*size, count));
            entries.is_ok_and(|(_, left)| left == 0)
        };
        let mut sizes = [0, 8, 16].into_iter().filter(fits);
        sizes.next().filter(|_| sizes.next().is_none())
    }
}
