use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

/// What becomes of an answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status with a body of text; the server is not asked.
    Status(StatusCode),
    /// Status 200 with this body; the server is not asked.
    Replace(Bytes),
    /// The true answer's head with this body, so that browsers may read it. An answer without a body, as to a preflight, stays as it is.
    Substitute(Bytes),
    /// The head, so many bytes of the body, then nothing until [`super::FaultyProxy::release`] or the client's end.
    StallAfter(usize),
    /// The head with the full length, so many bytes of the body, then the connection breaks.
    CutAfter(usize),
    /// The connection breaks before any answer.
    Drop,
    /// No answer at all until [`super::FaultyProxy::release`].
    Silence,
    /// The true answer, late.
    Delay(Duration),
    /// The true answer with one bit of the body's byte at this offset flipped.
    Flip(usize),
}

/// A fault for some requests.
pub(super) struct Rule {
    pub(super) path: String,
    pub(super) fault: Fault,
    /// How often it still applies; `None` is always.
    pub(super) times: Option<u32>,
}

impl Rule {
    /// The fault for a request, and one application less.
    pub(super) fn apply(rules: &mut [Self], path: &str) -> Option<Fault> {
        let rule = rules.iter_mut().rev().find(|rule| rule.times != Some(0) && path.contains(&rule.path))?;
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        Some(rule.fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_rule_that_fits_applies_as_often_as_it_may() {
        let rule = |path: &str, fault, times| Rule { path: path.to_owned(), fault, times };
        let mut rules = vec![rule("/a", Fault::Drop, None), rule("/a/1", Fault::Silence, Some(1))];
        let mut applied = |path| Rule::apply(&mut rules, path).map(|fault| format!("{fault:?}"));
        assert_eq!(applied("/a/1.m4s"), Some("Silence".to_owned()));
        assert_eq!(applied("/a/1.m4s"), Some("Drop".to_owned()));
        assert_eq!(applied("/b"), None);
    }
}
