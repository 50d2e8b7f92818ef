use anyhow::bail;
use sluice_packager::{
    cenc::FragmentForm,
    drm::{playready, pssh_boxes},
    keys::Kid,
    title::{KeySystem, PsshPlaces, Schedule, Scheme, SignalledBy, Timeline},
};

use super::settings::{Policy, PsshPlace};

/// Bytes of an init segment for each box of a key provider, on average: PlayReady's with licence URLs take some 1 200, Widevine's a hundred.
const PROVIDED_ROOM: u32 = 2048;

/// What of a title's key policy changes fragments: their form follows from where they begin.
#[derive(Clone, Debug, Default)]
pub(super) struct Protecting {
    clear_lead: u32,
    key_period: Option<u32>,
    pssh: Option<PsshPlaces>,
}

impl Protecting {
    pub(super) fn of(policy: Option<&Policy>) -> Self {
        let Some(policy) = policy else { return Self::default() };
        let has_provided =
            [KeySystem::Widevine, KeySystem::Playready].iter().any(|system| policy.systems.contains(system));
        let by_provider = policy.signalling == SignalledBy::Provider && has_provided;
        let places = PsshPlaces {
            room: by_provider.then_some(PROVIDED_ROOM),
            init: policy.pssh.contains(&PsshPlace::Init),
            moof: policy.pssh.contains(&PsshPlace::Moof),
            systems: KeySystem::ALL.into_iter().filter(|system| policy.systems.contains(system)).collect(),
        };
        Self {
            clear_lead: policy.clear_lead,
            key_period: policy.key_period,
            pssh: Some(places).filter(|places| places.init || places.moof),
        }
    }

    /// What the record says of `pssh` boxes.
    pub(super) fn pssh(&self) -> Option<&PsshPlaces> {
        self.pssh.as_ref()
    }

    /// The forms, in `cenc` and in `cbcs`, of the fragments of a segment that begins so many ticks after the track.
    pub(super) fn forms(&self, after: u64, timescale: u32) -> [FragmentForm; 2] {
        [Scheme::Cenc, Scheme::Cbcs].map(|scheme| {
            if self.in_lead(after, timescale) {
                return FragmentForm { lead: true, ..FragmentForm::default() };
            }
            // Key ids are all of one length, so that any will do.
            let pssh = self.pssh.as_ref().filter(|places| places.moof);
            let pssh = pssh.map_or(0, |places| pssh_boxes(&places.systems, &[Kid([0; 16])], scheme).len());
            FragmentForm { lead: false, period: self.period(after, timescale) > 0, pssh }
        })
    }

    /// Where a track's protection changes.
    ///
    /// # Errors
    /// Key periods that segments are too long for, or that are too many for a player to be told of.
    pub(super) fn schedule(&self, track: &str, timeline: &Timeline, timescale: u32) -> anyhow::Result<Schedule> {
        let mut schedule = Schedule::default();
        let mut period = 0;
        for number in 1..=timeline.count() {
            let Some(segment) = timeline.segment(number) else { break };
            let after = segment.time.saturating_sub(timeline.start);
            if self.in_lead(after, timescale) {
                schedule.clear_lead = number;
            }
            let own = self.period(after, timescale);
            if own > period + 1 {
                bail!(
                    "track {track}: segment {number} is longer than key_period: a key period holds a segment at least"
                );
            }
            if own > period {
                schedule.periods.push(number);
                period = own;
            }
        }
        if schedule.periods.len() >= playready::MAX_KEYS {
            bail!(
                "track {track}: key_period makes more than {} key periods, more keys than a manifest can name: make it longer",
                playready::MAX_KEYS
            );
        }
        Ok(schedule)
    }

    fn in_lead(&self, after: u64, timescale: u32) -> bool {
        after < u64::from(self.clear_lead) * u64::from(timescale)
    }

    fn period(&self, after: u64, timescale: u32) -> u64 {
        self.key_period.map_or(0, |seconds| after / (u64::from(seconds.max(1)) * u64::from(timescale)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_schedule_agree() {
        let policy = Policy { clear_lead: 5, key_period: Some(8), pssh: vec![PsshPlace::Moof], ..Policy::default() };
        let protecting = Protecting::of(Some(&policy));
        let mut timeline = Timeline { start: 700, runs: Vec::new() };
        (0..6).for_each(|_| timeline.push(40, 1));
        let schedule = protecting.schedule("v", &timeline, 10).expect("a schedule");
        assert_eq!(schedule, Schedule { clear_lead: 2, periods: vec![3, 5] });
        let forms: Vec<_> = (0..6).map(|n| protecting.forms(n * 40, 10)[1]).collect();
        assert_eq!(forms.iter().map(|form| form.lead).collect::<Vec<_>>(), [true, true, false, false, false, false]);
        assert_eq!(forms.iter().map(|form| form.period).collect::<Vec<_>>(), [false, false, true, true, true, true]);
        assert!(forms[2].pssh > 500 && forms[0].pssh == 0);
    }

    #[test]
    fn key_periods_that_do_not_fit_are_refused() {
        let with = |key_period| Protecting::of(Some(&Policy { key_period: Some(key_period), ..Policy::default() }));
        let mut timeline = Timeline { start: 0, runs: Vec::new() };
        (0..300).for_each(|_| timeline.push(40, 1));
        let said = |key_period| {
            let refused = with(key_period).schedule("v", &timeline, 10).expect_err("is refused");
            refused.to_string()
        };
        assert!(said(1).contains("segment 2 is longer than key_period"), "{}", said(1));
        assert!(said(4).contains("more than 100 key periods"), "{}", said(4));
        assert!(with(40).schedule("v", &timeline, 10).is_ok());
    }
}
