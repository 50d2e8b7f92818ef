//! The opaque ids that leases, handles and records carry in place of names.

mod account;
pub(crate) mod hex;
mod session;
mod title;

pub use account::AccountId;
pub use session::SessionId;
pub use title::TitleTag;
