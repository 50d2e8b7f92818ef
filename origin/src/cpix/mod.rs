//! CPIX 2.3 documents as SPEKE v2.0 uses them: a bounded XML tree, the request an encryptor writes,
//! the answer it accepts, and the checks a key provider makes.
//!
//! DASH-IF "Content Protection Information Exchange Format" 2.3; AWS "SPEKE API v2", customizations and constraints.

mod answer;
mod encrypting;
mod parse;
mod request;
mod scheme;
mod tree;
mod write;

pub use answer::{AnswerError, read_answer};
pub use encrypting::{DocumentKeys, RecipientError, recipient};
pub use parse::{LARGEST, XmlError, parse};
pub use request::{KeyRequest, RequestedKey, TrackType, write_request};
pub use scheme::system_id;
pub use tree::{Element, Namespace};
pub use write::write;

/// The one version of CPIX that SPEKE v2.0 speaks.
pub const VERSION: &str = "2.3";
