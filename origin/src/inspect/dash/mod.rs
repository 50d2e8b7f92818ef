//! DASH MPDs (ISO/IEC 23009-1), read by dash-mpd-core.

mod addressing;
mod check;
mod protection;
mod set;
#[cfg(test)]
mod tests;

use std::{
    fmt::{self, Write},
    time::Duration,
};

use anyhow::{Context, bail};
use quick_xml::{Reader, events::Event};
use serde::Serialize;

pub use addressing::{Addressing, TimelineRun};
pub use protection::ContentProtection;
pub use set::{AdaptationSet, Representation};

use super::{
    redact,
    report::{Content, Report},
    text::printable,
};

/// An MPD.
#[derive(Clone, Debug, Serialize)]
pub struct Mpd {
    /// `static` or `dynamic`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `MPD@profiles`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profiles: Option<String>,
    /// Seconds: `mediaPresentationDuration`, or that of all periods where they tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_buffer_time: Option<f64>,
    /// Seconds; dynamic ones only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_update_period: Option<f64>,
    /// Seconds; dynamic ones only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_shift_buffer_depth: Option<f64>,
    /// `BaseURL` elements of the whole MPD, without what may be secret in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub base_urls: Vec<String>,
    /// Its periods.
    pub periods: Vec<Period>,
    #[serde(skip)]
    list: bool,
}

/// A period.
#[derive(Clone, Debug, Serialize)]
pub struct Period {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<f64>,
    /// Seconds; also where only the next period's start, or the presentation's end, tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Its adaptation sets.
    pub adaptation_sets: Vec<AdaptationSet>,
}

/// Explains an MPD.
///
/// # Errors
/// That it is not one.
pub(super) fn explain(bytes: &[u8], list: bool) -> anyhow::Result<Report> {
    let text = std::str::from_utf8(bytes).context("the document is not UTF-8")?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    is_mpd(text)?;
    let read = dash_mpd_core::parse(text).map_err(|error| anyhow::anyhow!("the MPD cannot be read: {error}"))?;
    let seconds = |duration: Option<Duration>| duration.map(|duration| duration.as_secs_f64());
    let total = seconds(read.mediaPresentationDuration);
    let periods = periods(&read, total);
    let known: Option<f64> = periods.iter().map(|period| period.duration).sum();
    let mpd = Mpd {
        kind: printable(read.mpdtype.as_deref().unwrap_or("static")),
        profiles: read.profiles.as_deref().map(printable),
        duration: total.or(known),
        min_buffer_time: seconds(read.minBufferTime),
        minimum_update_period: seconds(read.minimumUpdatePeriod),
        time_shift_buffer_depth: seconds(read.timeShiftBufferDepth),
        base_urls: read.base_url.iter().map(|url| redact::url(&url.base)).collect(),
        periods,
        list,
    };
    let warnings = check::check(&mpd, &read);
    Ok(Report { warnings, ..Report::of(Content::Mpd(mpd)) })
}

/// serde does not look at the root's name: any XML would pass for an empty MPD.
fn is_mpd(text: &str) -> anyhow::Result<()> {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(root) | Event::Empty(root)) => {
                let name: &str = root.local_name().into_inner();
                return if name == "MPD" {
                    Ok(())
                } else {
                    bail!("XML, but not an MPD: the root is {}", printable(name))
                };
            }
            Ok(Event::DocType(_)) => bail!("XML with a DOCTYPE, which is refused"),
            Ok(Event::Eof) => bail!("XML, but without an element"),
            Ok(_) => {}
            Err(error) => bail!("XML that is not well-formed near byte {}: {error}", reader.error_position()),
        }
    }
}

fn periods(mpd: &dash_mpd_core::MPD, total: Option<f64>) -> Vec<Period> {
    let mut starts: Vec<Option<f64>> = Vec::new();
    let mut at = Some(0.0);
    for period in &mpd.periods {
        let start = period.start.map(|start| start.as_secs_f64()).or(at);
        starts.push(start);
        at = start.zip(period.duration).map(|(start, duration)| start + duration.as_secs_f64());
    }
    let next = starts.iter().skip(1).copied().chain([total]);
    let bounds = starts.iter().copied().zip(next);
    mpd.periods
        .iter()
        .zip(bounds)
        .map(|(period, (start, next))| {
            let until_next = start.zip(next).map(|(start, next)| next - start).filter(|duration| *duration >= 0.0);
            let duration = period.duration.map(|duration| duration.as_secs_f64()).or(until_next);
            Period {
                id: period.id.as_deref().map(printable),
                start,
                duration,
                adaptation_sets: period
                    .adaptations
                    .iter()
                    .map(|set| AdaptationSet::of(set, period, duration))
                    .collect(),
            }
        })
        .collect()
}

impl Mpd {
    pub(super) fn write(&self, f: &mut impl Write) -> fmt::Result {
        write!(f, "DASH MPD, {}", self.kind)?;
        match self.duration {
            Some(duration) => write!(f, ", {duration:.3} s")?,
            None => write!(f, ", no duration")?,
        }
        for (name, value) in [
            ("minimum buffer", self.min_buffer_time),
            ("updates every", self.minimum_update_period),
            ("time shift buffer", self.time_shift_buffer_depth),
        ] {
            if let Some(value) = value {
                write!(f, ", {name} {value:.3} s")?;
            }
        }
        writeln!(f)?;
        if let Some(profiles) = &self.profiles {
            writeln!(f, "profiles {profiles}")?;
        }
        self.base_urls.iter().try_for_each(|url| writeln!(f, "base URL {url}"))?;
        for (index, period) in self.periods.iter().enumerate() {
            write!(f, "period {}", period.id.clone().unwrap_or_else(|| format!("#{}", index + 1)))?;
            if let Some(start) = period.start {
                write!(f, ", from {start:.3} s")?;
            }
            if let Some(duration) = period.duration {
                write!(f, ", {duration:.3} s")?;
            }
            writeln!(f)?;
            for (index, set) in period.adaptation_sets.iter().enumerate() {
                set.write(f, index, self.list)?;
            }
        }
        Ok(())
    }
}
