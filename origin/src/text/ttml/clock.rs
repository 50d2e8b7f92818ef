use super::{
    Bad,
    xml::{Element, Space},
};

/// How a document's times are counted (TTML, 6.2 and 10.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// Frames per second: numerator, denominator.
    frames: (u64, u64),
    sub_frames: u64,
    /// Ticks per second, as a fraction.
    ticks: (u64, u64),
}

const NANOS: u128 = 1_000_000_000;
/// Highest parameter: three multiplied fit 64 bits. Ticks are ten million a second at most in files that are known.
const MOST: u64 = 1_000_000;
const MOST_TICKS: u64 = 1_000_000_000;

impl Clock {
    /// Of the root's parameters.
    pub(super) fn of(tt: &Element) -> Result<Self, Bad> {
        let bad = |name: &str, value: &str| Bad::new(tt.at, format!("ttp:{name} is {value:?}"));
        if let Some(base) = tt.attribute(Space::Parameter, "timeBase").filter(|base| *base != "media") {
            return Err(Bad::new(
                tt.at,
                format!("ttp:timeBase is {base:?}, only \"media\" is on the track's timeline"),
            ));
        }
        let number = |name: &str| match tt.attribute(Space::Parameter, name) {
            None => Ok(None),
            Some(text) => positive(text).map(Some).ok_or_else(|| bad(name, text)),
        };
        let rate = number("frameRate")?;
        let sub_frames = number("subFrameRate")?.unwrap_or(1);
        let multiplier = match tt.attribute(Space::Parameter, "frameRateMultiplier") {
            None => (1, 1),
            Some(text) => {
                // Files have the drafts' colon too.
                let (numerator, denominator) =
                    text.split_once([' ', ':']).ok_or_else(|| bad("frameRateMultiplier", text))?;
                positive(numerator).zip(positive(denominator.trim())).ok_or_else(|| bad("frameRateMultiplier", text))?
            }
        };
        let frames = (rate.unwrap_or(30) * multiplier.0, multiplier.1);
        let tick_rate = match tt.attribute(Space::Parameter, "tickRate") {
            None => None,
            Some(text) => {
                let rate = integer(text).filter(|rate| (1..=MOST_TICKS).contains(rate));
                Some(rate.ok_or_else(|| bad("tickRate", text))?)
            }
        };
        let ticks = match (tick_rate, rate) {
            (Some(ticks), _) => (ticks, 1),
            (None, Some(_)) => (frames.0 * sub_frames, frames.1),
            (None, None) => (1, 1),
        };
        Ok(Self { frames, sub_frames, ticks })
    }

    /// A time expression in milliseconds, to the nearest; `None` where it is none.
    pub(super) fn millis(&self, text: &str) -> Option<u64> {
        let nanos = if text.contains(':') { self.clock_time(text)? } else { self.offset_time(text)? };
        u64::try_from((nanos + 500_000) / 1_000_000).ok()
    }

    /// `hh:mm:ss`, with a fraction or frames and sub-frames.
    fn clock_time(&self, text: &str) -> Option<u128> {
        let mut parts = text.split(':');
        let (hours, minutes, seconds, frames) = (parts.next()?, parts.next()?, parts.next()?, parts.next());
        if parts.next().is_some() || hours.len() < 2 || minutes.len() != 2 {
            return None;
        }
        let whole = u128::from(integer(hours)? * 3600 + sixtieth(minutes)? * 60) * NANOS;
        let Some(frames) = frames else {
            let (in_seconds, _) = seconds.split_once('.').unwrap_or((seconds, ""));
            sixtieth(in_seconds).filter(|_| in_seconds.len() == 2)?;
            return Some(whole + decimal(seconds)?);
        };
        let (frames, sub) = frames.split_once('.').unwrap_or((frames, "0"));
        let counted = u128::from(integer(frames)?) * u128::from(self.sub_frames) + u128::from(integer(sub)?);
        let fraction = counted * NANOS * u128::from(self.frames.1)
            / (u128::from(self.frames.0) * u128::from(self.sub_frames)).max(1);
        Some(whole + u128::from(sixtieth(seconds)?) * NANOS + fraction)
    }

    /// `12.5s` and the like.
    fn offset_time(&self, text: &str) -> Option<u128> {
        let digits = text.find(|c: char| c.is_ascii_alphabetic())?;
        let (count, metric) = text.split_at_checked(digits)?;
        let count = decimal(count)?;
        let per = |(numerator, denominator): (u64, u64)| count * u128::from(denominator) / u128::from(numerator).max(1);
        Some(match metric {
            "h" => count * 3600,
            "m" => count * 60,
            "s" => count,
            "ms" => count / 1000,
            "f" => per(self.frames),
            "t" => per(self.ticks),
            _ => return None,
        })
    }
}

/// Digits only, below a billion and some.
fn integer(text: &str) -> Option<u64> {
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn positive(text: &str) -> Option<u64> {
    integer(text).filter(|number| (1..=MOST).contains(number))
}

fn sixtieth(text: &str) -> Option<u64> {
    integer(text).filter(|number| *number <= 60)
}

/// Digits with a fraction, times a billion.
fn decimal(text: &str) -> Option<u128> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (text, "0"),
    };
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut nanos = 0;
    for place in 0..9 {
        nanos = nanos * 10 + fraction.as_bytes().get(place).map_or(0, |digit| u128::from(digit - b'0'));
    }
    // Ticks of ten million a second make long numbers.
    let whole = if whole.len() > 18 { None } else { whole.parse::<u64>().ok() };
    Some(u128::from(whole.filter(|_| text.as_bytes().first().is_some_and(u8::is_ascii_digit))?) * NANOS + nanos)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::ttml::xml;

    fn clock(parameters: &str) -> Result<Clock, Bad> {
        let document = format!(
            "<tt xmlns='http://www.w3.org/ns/ttml' xmlns:ttp='http://www.w3.org/ns/ttml#parameter' {parameters}/>"
        );
        Clock::of(&xml::parse(document.as_bytes()).expect("parses"))
    }

    #[test]
    fn every_form_of_time() {
        for (parameters, text, millis) in [
            ("", "00:00:01", 1000),
            ("", "01:02:03.4567", 3_723_457),
            ("", "100:00:00.000", 360_000_000),
            ("", "1.5h", 5_400_000),
            ("", "0.5m", 30_000),
            ("", "12.345s", 12_345),
            ("", "1499.5ms", 1500),
            ("", "00:00:01:15", 1500),
            ("", "45f", 1500),
            ("", "7t", 7000),
            ("ttp:frameRate='25'", "00:00:03:12", 3480),
            ("ttp:frameRate='25'", "50t", 2000),
            ("ttp:frameRate='24' ttp:frameRateMultiplier='1000 1001'", "00:00:01:12", 1501),
            ("ttp:frameRate='24' ttp:frameRateMultiplier='1000:1001'", "24f", 1001),
            ("ttp:frameRate='25' ttp:subFrameRate='2'", "00:00:00:01.1", 60),
            ("ttp:tickRate='10000000'", "36000000000t", 3_600_000),
            ("ttp:tickRate='90000'", "135000t", 1500),
        ] {
            let clock = clock(parameters).expect(parameters);
            assert_eq!(clock.millis(text), Some(millis), "{parameters} {text}");
        }
        for text in [
            "",
            "1",
            "s",
            "1x",
            "-1s",
            "+1s",
            ".5s",
            "1.s",
            "1:00:00",
            "00:0:00",
            "00:00:61",
            "00:61:00",
            "00:00:1.0",
            "00:00:00:x",
            "00:00:00:00:00",
            "99999999999999999999h",
            "１s",
        ] {
            assert_eq!(clock("").expect("parses").millis(text), None, "{text}");
        }
    }

    #[test]
    fn parameters_that_cannot_be_are_errors() {
        for parameters in [
            "ttp:frameRate='0'",
            "ttp:frameRate='x'",
            "ttp:tickRate='-1'",
            "ttp:frameRateMultiplier='1'",
            "ttp:frameRateMultiplier='1 0'",
            "ttp:timeBase='smpte'",
            "ttp:timeBase='clock'",
            "ttp:tickRate='99999999999'",
        ] {
            assert!(clock(parameters).is_err(), "{parameters}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9:.hmsft]{0,30}|\\PC{0,12}", rate in 1..=MOST) {
            let clock = clock(&format!("ttp:frameRate='{rate}' ttp:subFrameRate='{rate}' ttp:tickRate='{rate}'")).expect("parses");
            let _ = clock.millis(&text);
        }

        #[test]
        fn clock_times_read_back(millis in 0..400_000_000u64) {
            let (seconds, fraction) = (millis / 1000, millis % 1000);
            let text = format!("{:02}:{:02}:{:02}.{fraction:03}", seconds / 3600, seconds / 60 % 60, seconds % 60);
            let clock = clock("").expect("parses");
            prop_assert_eq!(clock.millis(&text), Some(millis));
            prop_assert_eq!(clock.millis(&format!("{millis}ms")), Some(millis));
        }
    }
}
