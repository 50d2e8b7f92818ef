use serde::{Serialize, de};
use sluice_document::members;

use crate::Unix;

/// A span in which a title is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Its first second; `None` for since ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Unix>,
    /// Its end, not included; `None` for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Unix>,
}

members!(deny Window then opens { from = None, until = None });

fn opens<E: de::Error>(window: &Window) -> Result<(), E> {
    match (window.from.unwrap_or(0), window.until) {
        (from, Some(until)) if until <= from => {
            Err(E::custom(format_args!("a window's until ({until}) lies not after its from ({from})")))
        }
        _ => Ok(()),
    }
}

impl Window {
    fn holds(&self, time: Unix) -> bool {
        self.from.is_none_or(|from| from <= time) && self.until.is_none_or(|until| time < until)
    }
}

/// When the windows around `now` close (`Some(None)`: never), or `None` outside of all. A window that
/// begins where another ends, or before, goes on from it.
pub(super) fn end(windows: &[Window], now: Unix) -> Option<Option<Unix>> {
    let mut open = windows.iter().find(|window| window.holds(now))?.until;
    // Each round moves to the end of another window, so there are no more rounds than windows.
    for _ in windows {
        let Some(until) = open else { break };
        match windows.iter().find(|window| window.holds(until)) {
            Some(next) => open = next.until,
            None => break,
        }
    }
    Some(open)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(from: Unix, until: Unix) -> Window {
        Window { from: Some(from), until: Some(until) }
    }

    #[test]
    fn a_window_holds_its_first_second_and_not_its_last() {
        let windows = [window(10, 20)];
        assert_eq!(end(&windows, 9), None);
        assert_eq!(end(&windows, 10), Some(Some(20)));
        assert_eq!(end(&windows, 19), Some(Some(20)));
        assert_eq!(end(&windows, 20), None);
    }

    #[test]
    fn adjoining_windows_go_on() {
        assert_eq!(end(&[window(20, 30), window(10, 20), window(31, 40)], 10), Some(Some(30)));
        assert_eq!(end(&[window(10, 20), Window { from: Some(15), until: None }], 10), Some(None));
    }

    proptest! {
        /// Against the definition: the first second, counted up from now, that no window holds.
        #[test]
        fn the_end_is_the_first_second_outside(spans in prop::collection::vec((0u64..40, 1u64..15), 0..6), now in 0u64..60) {
            let windows: Vec<_> = spans.into_iter().map(|(from, length)| window(from, from + length)).collect();
            let outside = (now..).find(|time| !windows.iter().any(|window| window.holds(*time))).expect("windows end");
            prop_assert_eq!(end(&windows, now), (outside > now).then_some(Some(outside)));
        }
    }
}
