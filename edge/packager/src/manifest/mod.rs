//! What the HLS and DASH writers share: the request's options, which tracks it gets, what bandwidth they are announced with.

mod bandwidth;
mod options;
mod seconds;
mod selection;

pub use options::{Addressing, Error, Options};

pub(crate) use bandwidth::{average, peak};
pub(crate) use seconds::Seconds;
pub(crate) use selection::{
    Protection, admits, language, offered, protection, segment_key, segments, selection, signalling, systems,
};

#[cfg(test)]
pub(crate) mod fixture;
