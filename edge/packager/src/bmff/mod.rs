//! ISO base media file format (ISO/IEC 14496-12): boxes read in place, and the few fields that protection changes.
//!
//! Views are zero-copy. Offsets in errors count from the start of the file or segment. A box that nobody here knows is never
//! taken apart, so it survives byte for byte.

mod error;
mod fields;
mod fourcc;
mod header;
pub mod moof;
pub mod moov;
pub mod sidx;
mod walk;

pub use error::Error;
pub use fields::Fields;
pub use fourcc::FourCc;
pub use header::{Header, MAX_HEADER};
pub use walk::{BoxView, Boxes};
