//! What every case of every host gave, and whether that is good.

use std::collections::BTreeMap;

use sluice_tests::runtime::EdgeHost;

use crate::{
    cases::{Carriage, Case, Protocol, Purpose},
    outcome::Outcome,
};

/// A case on a host.
pub(crate) struct Row {
    pub(crate) host: &'static str,
    pub(crate) case: Case,
    pub(crate) outcome: Outcome,
}

/// All rows, in the order of the hosts and of their cases.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
    /// What went wrong inside the edges.
    pub(crate) traps: Vec<String>,
    /// What a browser made of the demo's page, or why it did not.
    pub(crate) pages: Vec<(EdgeHost, Result<String, String>)>,
}

impl Report {
    pub(crate) fn add(&mut self, host: EdgeHost, cases: Vec<Case>, mut outcomes: BTreeMap<usize, Outcome>) {
        let host = host.as_str();
        self.rows.extend(cases.into_iter().map(|case| {
            let missing = || Outcome { failure: Some("run.mjs left it out".to_owned()), ..Outcome::default() };
            Row { host, outcome: outcomes.remove(&case.id).unwrap_or_else(missing), case }
        }));
    }

    /// Panics with everything that is wrong with the cases chosen, or where there is none.
    pub(crate) fn assert_good(&self, chosen: impl Fn(&Case) -> bool) {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| chosen(&row.case)).collect();
        assert!(!rows.is_empty(), "no case is of this kind");
        let problems: Vec<String> = rows.into_iter().flat_map(Row::problems).collect();
        assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    }
}

impl Row {
    fn problems(&self) -> Vec<String> {
        let problems = match (&self.outcome.failure, self.case.purpose) {
            (Some(failure), _) => vec![failure.clone()],
            (None, Purpose::Play) => self.playing(),
            (None, Purpose::NoPicture) => self.picture_seen(),
            (None, Purpose::Refusal) => self.refusal(),
        };
        let case = &self.case;
        let name = format!(
            "{}: {} {:?} {} {:?} {}",
            self.host, case.player, case.protocol, case.scheme, case.carriage, case.what
        );
        let Outcome { complaints, notes, .. } = &self.outcome;
        let noted = |problem: &String| match (complaints.as_slice(), notes.as_slice()) {
            ([], []) => problem.clone(),
            _ => format!("{problem} (the player before: {complaints:?}; the browser's console: {notes:?})"),
        };
        problems.iter().map(|problem| format!("{}: {}", name.trim_end(), noted(problem))).collect()
    }

    fn playing(&self) -> Vec<String> {
        let Outcome { start, picture, audio, seek, subtitles, rendition, wind, .. } = &self.outcome;
        let steps = [
            ("start", start),
            ("picture", picture),
            ("audio", audio),
            ("seek", seek),
            ("subtitles", subtitles),
            ("switch", rendition),
            ("wind", wind),
        ];
        let mut problems: Vec<String> =
            steps.iter().filter_map(|(name, step)| Some(format!("{name}: {}", step.hole.as_ref()?))).collect();
        if problems.is_empty() && (picture.frames == 0 || audio.bytes == 0 || seek.frames == 0) {
            problems.push("a step says neither what it found nor why it did not".to_owned());
        }
        // The one that has trick modes of DASH's.
        if (self.case.player, self.case.protocol) == ("shaka", Protocol::Dash) && (wind.frames == 0 || wind.bytes == 0)
        {
            problems.extend(wind.hole.is_none().then(|| "no I-frame was shown or fetched while winding".to_owned()));
        }
        if self.case.carriage == Carriage::Cookie {
            problems.extend(self.cookie());
        }
        problems
    }

    /// What the lease's cookie has to be, so that browsers keep it for a page of another site and send it nowhere else.
    fn cookie(&self) -> Option<String> {
        let Some(cookie) = self.outcome.cookies.iter().find(|cookie| cookie.name == "sluice-lease") else {
            return Some("the browser keeps no lease cookie".to_owned());
        };
        let confined = cookie.path.starts_with("/v1/") && cookie.secure && cookie.http_only;
        (!confined || cookie.partition_key.is_none()).then(|| format!("the lease's cookie is too wide: {cookie:?}"))
    }

    fn picture_seen(&self) -> Vec<String> {
        let Outcome { saw_title, frames, keys, .. } = self.outcome;
        let mut problems = Vec::new();
        if saw_title || frames > 0 {
            problems.push(format!("{frames} frames were decoded; the title's picture was there: {saw_title}"));
        }
        if keys == 0 {
            problems.push("the player fetched no key, so nothing was tried".to_owned());
        }
        problems
    }

    fn refusal(&self) -> Vec<String> {
        let Outcome { refusal, frames, keys, .. } = &self.outcome;
        let mut problems = Vec::new();
        let told = (refusal.status, refusal.code.as_deref());
        let expected = self.case.expected.map(|(status, code)| (Some(status), Some(code)));
        if Some(told) != expected {
            problems.push(format!("the player was told {told:?} ({}), not {expected:?}", refusal.error));
        }
        if *frames > 0 || *keys > 0 {
            problems.push(format!("{frames} frames were decoded, {keys} keys fetched"));
        }
        problems
    }
}
