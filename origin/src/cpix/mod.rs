//! CPIX 2.3 documents as SPEKE v2.0 uses them: a bounded XML tree, the request an encryptor writes,
//! the answer it accepts, and the checks a key provider makes.
//!
//! DASH-IF "Content Protection Information Exchange Format" 2.3; AWS "SPEKE API v2", customizations and constraints.

mod algorithm;
mod answer;
mod certificate;
mod contract;
mod encrypted;
mod encrypting;
mod parse;
mod profile;
mod request;
mod scheme;
mod signalling;
mod tree;
mod write;

pub use answer::{Answer, AnswerError, read_answer};
pub use certificate::CertificateError;
pub use encrypted::{DeliveryError, Recipient};
pub use encrypting::{DocumentKeys, RecipientError, recipient};
pub use parse::{LARGEST, XmlError, parse};
pub use profile::{Profile, SpekeVersion};
pub use request::{KeyRequest, RequestedKey, TrackType, write_request};
pub use scheme::system_id;
pub use signalling::{SignallingError, SystemSignalling};
pub use tree::{Element, Namespace};
pub use write::write;
