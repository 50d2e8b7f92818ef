use std::{
    collections::BTreeMap,
    fmt::{self, Display},
};

use anyhow::{Context, Result};
use serde_json::Value;

use super::figure::Group;

/// What one go of a body took, and how many bytes it was for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measure {
    pub(super) seconds: f64,
    pub(super) bytes: u64,
}

/// All that was measured, by name, and why what is missing is missing.
#[derive(Debug, Default)]
pub(super) struct Measures {
    values: BTreeMap<String, Measure>,
    lacks: BTreeMap<String, String>,
    failures: BTreeMap<Group, String>,
}

/// A tool that the machine does not have: what lacks, and how to get it.
#[derive(Debug)]
pub(super) struct Lack(pub(super) String);

impl Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Lack {}

impl Measure {
    /// Seconds per byte.
    pub(super) fn per_byte(&self) -> f64 {
        self.seconds / self.bytes as f64
    }
}

impl Measures {
    /// Adds a measure; the best of several counts.
    pub(super) fn add(&mut self, name: impl Into<String>, measure: Measure) {
        let best = self.values.entry(name.into()).or_insert(measure);
        best.seconds = best.seconds.min(measure.seconds);
    }

    /// Adds what a guest printed, each name behind `prefix`.
    pub(super) fn read(&mut self, prefix: &str, printed: &str) -> Result<()> {
        for line in printed.lines() {
            let parsed = || {
                let line: Value = serde_json::from_str(line).ok()?;
                let measure = Measure { seconds: line["us"].as_f64()? / 1e6, bytes: line["bytes"].as_u64()? };
                Some((format!("{prefix}{}", line["name"].as_str()?), measure))
            };
            let (name, measure) = parsed().with_context(|| format!("the guest printed no measure: {line}"))?;
            self.add(name, measure);
        }
        Ok(())
    }

    /// Says why a measure is not there.
    pub(super) fn lack(&mut self, name: impl Into<String>, why: &Lack) {
        self.lacks.insert(name.into(), why.to_string());
    }

    /// Says why a group's measures are not there.
    pub(super) fn fail(&mut self, group: Group, why: String) {
        self.failures.insert(group, why);
    }

    /// A measure.
    ///
    /// # Errors
    /// Why it is not there.
    pub(super) fn find(&self, group: Group, name: &str) -> Result<Measure, String> {
        let why = || self.lacks.get(name).or_else(|| self.failures.get(&group)).cloned();
        self.values.get(name).copied().ok_or_else(|| why().unwrap_or_else(|| "not measured".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_counts_and_what_is_missing_says_why() {
        let mut measures = Measures::default();
        measures
            .read("", "{\"name\":\"a\",\"us\":3.0,\"bytes\":10}\n{\"name\":\"a\",\"us\":2,\"bytes\":10}")
            .expect("lines");
        let best = measures.find(Group::Kernels, "a").expect("measured");
        assert!((best.seconds - 2e-6).abs() < 1e-12 && best.bytes == 10);
        measures.fail(Group::Kernels, "broken".to_owned());
        measures.lack("c", &Lack("no tool".to_owned()));
        assert_eq!(measures.find(Group::Kernels, "b"), Err("broken".to_owned()));
        assert_eq!(measures.find(Group::Kernels, "c"), Err("no tool".to_owned()));
        assert!(measures.read("", "thread panicked").is_err());
    }
}
