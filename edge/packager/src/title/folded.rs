//! Runs as documents have them: what repeats is written once. Audio that is cut where video is alternates between two durations for as long as the
//! title lasts, and every manifest request parses it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sluice_document::members;

use super::Run;

/// Most runs of a timeline, written out: one for each segment that a playlist lists.
const MAX_RUNS: usize = 100_000;
/// Most runs that repeat together.
const MAX_CYCLE: usize = 64;

#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Item {
    Run(Run),
    /// These runs, so many times.
    Cycle {
        times: u32,
        of: Vec<Run>,
    },
}

/// Either, as it is read. The derived reader of an untagged enum keeps all that it reads before it looks at it, and brings a second parser.
struct Either {
    d: Option<u64>,
    n: Option<u32>,
    f: u32,
    times: Option<u32>,
    of: Option<Vec<Run>>,
}

members!(Either { d = None, n = None, f = 0, times = None, of = None });

pub(super) fn serialize<S: Serializer>(runs: &[Run], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(fold(runs))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Run>, D::Error> {
    let mut runs = Vec::new();
    for item in Vec::<Either>::deserialize(deserializer)? {
        let (times, of) = match item {
            Either { d: Some(d), n: Some(n), f, .. } => (1, vec![Run { d, n, f }]),
            Either { times: Some(times), of: Some(of), .. } => (times, of),
            _ => return Err(D::Error::custom("data did not match any variant of untagged enum Item")),
        };
        let added = of.len().saturating_mul(usize::try_from(times).unwrap_or(usize::MAX));
        if added.saturating_add(runs.len()) > MAX_RUNS {
            return Err(D::Error::custom(format_args!("a timeline of more than {MAX_RUNS} runs")));
        }
        // An empty cycle adds nothing, however often.
        (0..if of.is_empty() { 0 } else { times }).for_each(|_| runs.extend_from_slice(&of));
    }
    Ok(runs)
}

/// Greedy: wherever runs repeat at least twice more, as many of them as possible.
fn fold(runs: &[Run]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = runs;
    while let Some((first, later)) = rest.split_first() {
        let best = (1..=MAX_CYCLE).map(|length| (repeats(rest, length), length)).max_by_key(|(times, length)| {
            // Of equal reach the shortest.
            (if *times >= 3 { times * length } else { 0 }, MAX_CYCLE - length)
        });
        match best.filter(|(times, _)| *times >= 3).and_then(|(times, length)| {
            Some((u32::try_from(times).ok()?, rest.split_at_checked(length)?.0, rest.get(times * length..)?))
        }) {
            Some((times, of, after)) => {
                items.push(Item::Cycle { times, of: of.to_vec() });
                rest = after;
            }
            None => {
                items.push(Item::Run(*first));
                rest = later;
            }
        }
    }
    items
}

/// How many times the first `length` runs stand at the start, one after another.
fn repeats(runs: &[Run], length: usize) -> usize {
    let Some((first, _)) = runs.split_at_checked(length) else { return 0 };
    runs.chunks_exact(length).take_while(|chunk| *chunk == first).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::title::Timeline;

    fn run(d: u64, n: u32) -> Run {
        Run { d, n, f: 2 }
    }

    #[test]
    fn what_repeats_is_written_once() {
        let mut runs = [run(96_256, 3), run(95_232, 1)].repeat(1800);
        runs.push(run(7, 1));
        let timeline = Timeline { start: 0, runs };
        let text = serde_json::to_string(&timeline).expect("writes");
        let once = r#"{"start":0,"runs":[{"times":1800,"of":[{"d":96256,"n":3,"f":2},{"d":95232,"n":1,"f":2}]},{"d":7,"n":1,"f":2}]}"#;
        assert_eq!(text, once);
        assert_eq!(serde_json::from_str::<Timeline>(&text).expect("reads"), timeline);
    }

    #[test]
    fn a_small_document_cannot_claim_much() {
        let read = |runs: &str| serde_json::from_str::<Timeline>(&format!("{{\"start\":0,\"runs\":[{runs}]}}"));
        let most = r#"{"times":4294967295,"of":[{"d":1,"n":1}]}"#;
        assert!(read(most).expect_err("is too long").to_string().contains("100000 runs"));
        assert_eq!(read(r#"{"times":4294967295,"of":[]}"#).expect("is empty").runs, []);
        assert_eq!(read(r#"{"times":0,"of":[{"d":1,"n":1}]}"#).expect("is empty").runs, []);
        assert!(read(r#"{"times":1}"#).is_err() && read("7").is_err());
    }

    proptest! {
        #[test]
        fn any_runs_read_back(parts in proptest::collection::vec((proptest::collection::vec(0..3u64, 0..5), 0..6usize), 0..6)) {
            let runs: Vec<Run> =
                parts.iter().flat_map(|(durations, times)| durations.repeat(*times)).map(|d| run(d, 1)).collect();
            let timeline = Timeline { start: 3, runs };
            let text = serde_json::to_vec(&timeline).expect("writes");
            prop_assert_eq!(serde_json::from_slice::<Timeline>(&text).expect("reads"), timeline);
        }
    }
}
