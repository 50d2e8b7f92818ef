use core::fmt;

const MICROS: u128 = 1_000_000;

/// A time in seconds, shown with as many of six decimals as it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seconds {
    micros: u128,
}

impl Seconds {
    /// To the nearest microsecond. A timescale of 0 counts as 1.
    pub(crate) fn nearest(ticks: u64, timescale: u32) -> Self {
        let timescale = u128::from(timescale.max(1));
        Self { micros: (u128::from(ticks) * MICROS + timescale / 2) / timescale }
    }

    /// To the nearest millisecond.
    pub(crate) fn nearest_milli(ticks: u64, timescale: u32) -> Self {
        let timescale = u128::from(timescale.max(1));
        Self { micros: (u128::from(ticks) * 1000 + timescale / 2) / timescale * 1000 }
    }

    /// Up to the next millisecond.
    pub(crate) fn up_milli(ticks: u64, timescale: u32) -> Self {
        Self { micros: (u128::from(ticks) * 1000).div_ceil(u128::from(timescale.max(1))) * 1000 }
    }

    /// Up to the next microsecond: what nothing of the media may exceed.
    pub(crate) fn up(ticks: u64, timescale: u32) -> Self {
        Self { micros: (u128::from(ticks) * MICROS).div_ceil(u128::from(timescale.max(1))) }
    }

    /// Down to the microsecond before: what nothing of the media precedes.
    pub(crate) fn down(ticks: u64, timescale: u32) -> Self {
        Self { micros: u128::from(ticks) * MICROS / u128::from(timescale.max(1)) }
    }

    /// From this time to `later`; zero where it is earlier.
    pub(crate) fn until(self, later: Self) -> Self {
        Self { micros: later.micros.saturating_sub(self.micros) }
    }

    /// Microseconds.
    pub(crate) fn micros(self) -> u128 {
        self.micros
    }

    /// To the nearest whole second.
    pub(crate) fn rounded(self) -> u128 {
        (self.micros + MICROS / 2) / MICROS
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, mut fraction) = (self.micros / MICROS, self.micros % MICROS);
        write!(f, "{whole}")?;
        if fraction == 0 {
            return Ok(());
        }
        let mut places = 6;
        while fraction.is_multiple_of(10) {
            (fraction, places) = (fraction / 10, places - 1);
        }
        write!(f, ".{fraction:0places$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_is_needed_and_no_more() {
        for (ticks, timescale, shown) in [
            (0, 48_000, "0"),
            (48_000, 12_000, "4"),
            (192_512, 48_000, "4.010667"),
            (191_488, 48_000, "3.989333"),
            (1, 20, "0.05"),
            (7, 0, "7"),
        ] {
            assert_eq!(Seconds::nearest(ticks, timescale).to_string(), shown);
        }
        assert_eq!(Seconds::up(1, 3).to_string(), "0.333334");
        assert_eq!(Seconds::down(2, 3).to_string(), "0.666666");
        assert_eq!(Seconds::nearest(4499, 1000).rounded(), 4);
        assert_eq!(Seconds::nearest(9, 2).rounded(), 5);
        assert_eq!(Seconds::nearest(u64::MAX, 0).to_string(), u64::MAX.to_string());
    }
}
