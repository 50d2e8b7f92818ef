use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::outgoing;

/// The longest wait before the second try; doubles for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The pause after try number `attempt`, from 1. A provider that names a time is given it, and a little more.
pub(super) fn pause(attempt: u32, named: Option<Duration>, random: u32) -> Duration {
    match named {
        Some(named) => named.saturating_add(outgoing::pause(FIRST_PAUSE, attempt, random)),
        None => outgoing::pause(FIRST_PAUSE, attempt, random),
    }
}

/// `Retry-After` in seconds (RFC 9110, 10.2.3). Its other form, a date, depends on two clocks and is passed over.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn pauses_double_and_spread() {
        let ms = |attempt, random| pause(attempt, None, random).as_millis();
        assert_eq!([ms(1, 0), ms(1, u32::MAX), ms(2, 0), ms(2, u32::MAX), ms(3, u32::MAX)], [50, 100, 100, 200, 400]);
        assert!(ms(u32::MAX, 0) > 0);
        let named = Some(Duration::from_secs(2));
        assert_eq!(pause(1, named, 0), Duration::from_millis(2050));
        assert_eq!(pause(1, named, u32::MAX), Duration::from_millis(2100));
    }

    #[test]
    fn seconds_are_read_and_dates_are_not() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            retry_after(&headers)
        };
        assert_eq!(of("3"), Some(Duration::from_secs(3)));
        assert_eq!(of("Fri, 31 Dec 1999 23:59:59 GMT"), None);
        assert_eq!(of("-1"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
