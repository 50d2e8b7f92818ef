use serde::Serialize;
use sluice_document::members;

use super::{Delivery, Track};

/// What a track's segments take as a delivery sends them: measured at indexing, from the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveredBandwidth {
    /// `cenc`, `cbcs` or `aes128`.
    pub scheme: Delivery,
    /// Highest bits per second over any one segment.
    pub peak: u32,
    /// Bits per second over the whole track.
    pub average: u32,
}

members!(DeliveredBandwidth { scheme, peak, average });

impl Track {
    /// What the track takes in that delivery, where indexing measured it. In the clear, see [`Track::peak_bandwidth`].
    pub fn delivered(&self, delivery: Delivery) -> Option<DeliveredBandwidth> {
        self.delivered.iter().copied().find(|measured| measured.scheme == delivery)
    }
}
