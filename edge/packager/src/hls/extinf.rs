use crate::manifest::Seconds;

/// `EXTINF` durations of segments in a row, in whole milliseconds: each is off by less than one, and the sums of them by half of one, however many.
pub(super) struct Durations {
    timescale: u32,
    ticks: u64,
}

impl Durations {
    pub(super) fn new(timescale: u32) -> Self {
        Self { timescale, ticks: 0 }
    }

    /// Of the next segment, whose duration is `d` in the track's timescale.
    pub(super) fn next(&mut self, d: u64) -> Seconds {
        let start = Seconds::nearest_milli(self.ticks, self.timescale);
        self.ticks = self.ticks.saturating_add(d);
        start.until(Seconds::nearest_milli(self.ticks, self.timescale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_do_not_add_up() {
        let mut durations = Durations::new(48_000);
        let told: Vec<String> = [96_256, 96_256, 96_256, 95_232].map(|d| durations.next(d).to_string()).to_vec();
        // 2.005333…, 2.005333…, 2.005333…, 1.984: eight seconds.
        assert_eq!(told, ["2.005", "2.006", "2.005", "1.984"]);
        let mut durations = Durations::new(3);
        let sum: f64 = (0..9000).map(|_| durations.next(1).to_string().parse::<f64>().expect("a number")).sum();
        assert!((sum - 3000.0).abs() < 1e-6, "{sum}");
        assert_eq!(Durations::new(0).next(u64::MAX).to_string(), u64::MAX.to_string());
    }
}
