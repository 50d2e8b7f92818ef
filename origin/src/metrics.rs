//! Prometheus' text format 0.0.4, as far as it is used here.

use std::fmt::Write;

/// What a number is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Grows only.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// A metric with its labelled values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Family {
    name: &'static str,
    kind: Kind,
    help: &'static str,
}

impl Family {
    /// `name`: without the program's prefix.
    pub(crate) fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { name, kind, help }
    }

    /// Writes it, a line for each set of labels: `name="value",…`, or nothing.
    pub(crate) fn write(self, out: &mut String, values: &[(impl AsRef<str>, u64)]) {
        let Self { name, kind, help } = self;
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        // Writing to a String does not fail.
        let _ = write!(out, "# HELP sluice_origin_{name} {help}\n# TYPE sluice_origin_{name} {kind}\n");
        for (labels, value) in values {
            let _ = match labels.as_ref() {
                "" => writeln!(out, "sluice_origin_{name} {value}"),
                labels => writeln!(out, "sluice_origin_{name}{{{labels}}} {value}"),
            };
        }
    }
}
