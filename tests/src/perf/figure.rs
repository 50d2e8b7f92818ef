use super::measures::Measures;

/// A row: what it is, how it is made of what was measured, and what it should be.
#[derive(Debug, PartialEq)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) group: Group,
    pub(super) of: Of,
    pub(super) goal: Goal,
    /// Whether it moves from run to run.
    pub(super) noisy: bool,
    pub(super) what: &'static str,
}

/// What is measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Kernels,
    Segments,
    Gate,
    Manifests,
    Modules,
    Instances,
    Servers,
}

/// How a figure is made of measures, which are named here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Of {
    /// The first one's time over the second one's.
    Times(&'static str, &'static str),
    /// The same, per byte.
    PerByte(&'static str, &'static str),
    Us(&'static str),
    Ms(&'static str),
    Rate(&'static str),
    Bytes(&'static str),
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Goal {
    None,
    AtLeast { accept: f64, aim: f64 },
    AtMost { accept: f64, aim: f64 },
}

/// How a figure stands to its goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Reached,
    Accepted,
    Missed,
}

impl Figure {
    /// Its value.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn value(&self, measures: &Measures) -> Result<f64, String> {
        let of = |name| measures.find(self.group, name);
        Ok(match self.of {
            Of::Times(one, other) => of(one)?.seconds / of(other)?.seconds,
            Of::PerByte(one, other) => of(one)?.per_byte() / of(other)?.per_byte(),
            Of::Us(one) => of(one)?.seconds * 1e6,
            Of::Ms(one) => of(one)?.seconds * 1e3,
            Of::Rate(one) => 1e-6 / of(one)?.per_byte(),
            Of::Bytes(one) => of(one)?.bytes as f64,
        })
    }
}

impl Of {
    /// The unit, as `--json` has it.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Times(..) | Self::PerByte(..) => "ratio",
            Self::Us(_) => "us",
            Self::Ms(_) => "ms",
            Self::Rate(_) => "MB/s",
            Self::Bytes(_) => "bytes",
        }
    }

    /// A value for people.
    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::Times(..) | Self::PerByte(..) => format!("{value:.2}"),
            Self::Us(_) if value < 100.0 => format!("{value:.1} µs"),
            Self::Us(_) => format!("{value:.0} µs"),
            Self::Ms(_) => format!("{value:.2} ms"),
            Self::Rate(_) => format!("{value:.0} MB/s"),
            Self::Bytes(_) => format!("{:.0} kB", value / 1e3),
        }
    }
}

impl Goal {
    /// Bounds for people: what is accepted, and what is aimed at.
    pub(super) fn show(self, of: Of) -> [String; 2] {
        match self {
            Self::None => Default::default(),
            Self::AtLeast { accept, aim } => [accept, aim].map(|bound| format!("≥ {}", of.show(bound))),
            Self::AtMost { accept, aim } => [accept, aim].map(|bound| format!("≤ {}", of.show(bound))),
        }
    }

    pub(super) fn verdict(self, value: f64) -> Option<Verdict> {
        let (accepted, reached) = match self {
            Self::None => return None,
            Self::AtLeast { accept, aim } => (value >= accept, value >= aim),
            Self::AtMost { accept, aim } => (value <= accept, value <= aim),
        };
        Some(match (accepted, reached) {
            (_, true) => Verdict::Reached,
            (true, false) => Verdict::Accepted,
            (false, false) => Verdict::Missed,
        })
    }
}

impl Group {
    pub(super) const ALL: [Self; 7] =
        [Self::Kernels, Self::Segments, Self::Gate, Self::Manifests, Self::Modules, Self::Instances, Self::Servers];

    /// The guest's word for it, and the heading.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Kernels => "kernels",
            Self::Segments => "segments",
            Self::Gate => "gate",
            Self::Manifests => "manifests",
            Self::Modules => "modules",
            Self::Instances => "instances",
            Self::Servers => "servers",
        }
    }

    /// What is going on while it is measured.
    pub(super) fn progress(self) -> String {
        format!("measuring: {}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_go_both_ways() {
        let (more, less) = (Goal::AtLeast { accept: 2.0, aim: 3.0 }, Goal::AtMost { accept: 2.0, aim: 1.0 });
        assert_eq!(
            [3.0, 2.5, 1.0].map(|value| more.verdict(value)),
            [Some(Verdict::Reached), Some(Verdict::Accepted), Some(Verdict::Missed)]
        );
        assert_eq!(
            [3.0, 1.5, 1.0].map(|value| less.verdict(value)),
            [Some(Verdict::Missed), Some(Verdict::Accepted), Some(Verdict::Reached)]
        );
        assert_eq!(Goal::None.verdict(1.0), None);
    }
}
