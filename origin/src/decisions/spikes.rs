use std::collections::{HashMap, VecDeque};

use sluice_gate::Unix;

/// What a refusal counts for, seconds.
pub(super) const WINDOW: u64 = 60;
/// Most titles that are counted for at a time.
const MOST_TITLES: usize = 10_000;

/// Refusals of a title within a minute that are more than may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spike {
    /// The title.
    pub title: String,
    /// How many there were.
    pub count: u64,
    /// The code that came most often.
    pub reason: String,
}

/// Counts refusals by title, in a minute that slides with the present.
#[derive(Default)]
pub(super) struct Spikes {
    titles: HashMap<String, Title>,
}

#[derive(Default)]
struct Title {
    /// The second, the code, how many.
    counts: VecDeque<(Unix, String, u64)>,
    total: u64,
    told: Option<Unix>,
}

impl Spikes {
    /// One more, at `t`, which is not in the future and within the window. A spike is given once in a window.
    pub(super) fn take(&mut self, title: &str, code: &str, t: Unix, now: Unix, threshold: u64) -> Option<Spike> {
        if self.titles.len() >= MOST_TITLES && !self.titles.contains_key(title) {
            self.titles.retain(|_, title| {
                title.slide(now);
                title.total > 0
            });
            if self.titles.len() >= MOST_TITLES {
                return None;
            }
        }
        let counted = self.titles.entry(title.to_owned()).or_default();
        counted.slide(now);
        match counted.counts.iter_mut().find(|(second, known, _)| *second == t && known == code) {
            Some((_, _, count)) => *count += 1,
            None => counted.counts.push_back((t, code.to_owned(), 1)),
        }
        counted.total += 1;
        let quiet = counted.told.is_some_and(|told| now < told.saturating_add(WINDOW));
        if counted.total <= threshold || quiet {
            return None;
        }
        counted.told = Some(now);
        Some(Spike { title: title.to_owned(), count: counted.total, reason: counted.most_often() })
    }
}

impl Title {
    /// Lets go what is older than the window.
    fn slide(&mut self, now: Unix) {
        self.counts.retain(|(second, _, _)| second.saturating_add(WINDOW) > now);
        self.total = self.counts.iter().map(|(_, _, count)| count).sum();
    }

    fn most_often(&self) -> String {
        let mut codes: HashMap<&str, u64> = HashMap::new();
        for (_, code, count) in &self.counts {
            *codes.entry(code).or_default() += count;
        }
        let most = codes.into_iter().max_by_key(|(code, count)| (*count, core::cmp::Reverse(*code)));
        most.map(|(code, _)| code.to_owned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_is_told_once_in_a_window() {
        let mut spikes = Spikes::default();
        let mut at = |t: u64| spikes.take("film", "geo_blocked", t, t, 3).map(|spike| spike.count);
        assert_eq!([at(100), at(100), at(101), at(102), at(103)], [None, None, None, Some(4), None]);
        // 100 to 102 are out of the window by then.
        assert_eq!([at(162), at(162), at(162)], [None, None, Some(4)]);
        assert_eq!([at(500), at(501), at(502), at(503)], [None, None, None, Some(4)]);
    }

    #[test]
    fn titles_and_seconds_are_counted_apart() {
        let mut spikes = Spikes::default();
        for t in 0..120 {
            assert_eq!(spikes.take("slow", "x", t, t, 60), None, "60 in a minute are no more than 60");
            assert_eq!(spikes.take(&format!("t{t}"), "x", t, t, 1), None);
        }
        let late = (60..119).find_map(|t| spikes.take("slow", ["x", "y"][t % 2], t as u64, 119, 60));
        assert_eq!(late, Some(Spike { title: "slow".to_owned(), count: 61, reason: "x".to_owned() }));
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut spikes = Spikes::default();
        for at in 0..MOST_TITLES + 10 {
            spikes.take(&at.to_string(), "x", 100, 100, 1);
        }
        assert_eq!(spikes.titles.len(), MOST_TITLES);
        spikes.take("new", "x", 161, 161, 1);
        assert_eq!(spikes.titles.len(), 1, "what has gone by makes room");
    }
}
