//! Common Encryption (ISO/IEC 23001-7) of CMAF tracks: what of a sample is protected, and the boxes that say so.
//!
//! [`protect_init`] rewrites an init segment, [`FragmentProtector`] a media segment as it streams, [`plan_segment`] tells the sizes of both
//! schemes without a key, and [`read`] undoes it.

mod av1;
mod avc;
mod codec;
mod config;
mod error;
mod hevc;
mod index;
mod init;
mod iv;
mod layout;
mod nal;
mod plan;
mod protector;
pub mod read;
mod segment;
mod signalling;
#[cfg(test)]
mod signalling_tests;
mod subsample;
#[cfg(test)]
pub(crate) mod synthetic;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
mod vp9;
mod write;

pub use av1::Error as Av1Error;
pub use avc::Error as AvcError;
pub use codec::SampleError;
pub use config::{TrackConfig, record_bytes};
pub use error::Error;
pub use hevc::Error as HevcError;
pub use init::{InitProtection, protect_init};
pub use iv::{IvSource, Variant, constant_iv, derived_iv};
pub use nal::Error as NalError;
pub use plan::{SegmentPlan, plan_segment, plan_segment_as};
pub use protector::{FragmentProtector, Output};
pub use segment::MAX_FRAGMENT;
pub use signalling::{FragmentForm, Signalling};
pub use subsample::max_subsamples;
pub use vp9::Error as Vp9Error;
