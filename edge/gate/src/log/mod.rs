//! The decision log: one JSON object a line, each with a MAC, and those that a session's record is written for in a chain.
//!
//! ```json
//! {"v":1,"t":1900000000,"decision":"renew","session":"…","account":"…","method":"POST","path":"/v1/…","network":"…","id":"…","n":2,"prev":"…","mac":"…"}
//! ```
//!
//! | member | |
//! |---|---|
//! | `v`, `t` | format 1; unix seconds |
//! | `decision` | `mint`, `renew`, `license`, `key`, `entitlement`, `end`, `revoke`, `segment`, or the code of a refusal |
//! | `session`, `account` | opaque ids; the account's is what `sluice revoke --account` takes |
//! | `method`, `path`, `status`, `detail` | the request without handle and query; of a refusal the status and, for the operator alone, the reason |
//! | `network` | a keyed digest of the client's /24 or /48, of this session alone: see [`network`] |
//! | `media` | of a segment: `title`, `delivery`, `track`, `kind`, `segment`, `start` and `duration` in ms, and `ppm`, how many in a million are logged |
//! | `license` | of a licence, a key or an entitlement: `system`, `kids`, `more` where not all are listed, and of a licence server `vendor` and `ms`, the time that it took |
//! | `id` | 8 random bytes, so that no two lines are the same and a copy is known for one |
//! | `n`, `prev` | in a chain: the line's number from 1, and the MAC of the line before, but in the first |
//! | `mac` | always last: HMAC-SHA256 under the roots' audit key, cut to 16 bytes, of `line`, a zero byte, and all that stands before `,"mac"` |
//!
//! Numbers in hex are of one spelling, lower case, so that a line has one spelling. Nothing names a viewer: no account's name, no address, no token, no device.
//!
//! A chain's head and count are in the session's record ([`crate::session::Chain`]). Where a store orders its writers a chain is a line; where the last
//! writer wins, or a store is eventual, two writers may follow the same line. Both MACs are right then, and [`audit`] calls it a fork.

pub mod audit;
mod digest;
mod line;
mod read;
mod sample;

pub use digest::network;
pub use line::{Entry, IFRAMES, License, Media, chained, chained_under, single, unsigned};
pub use read::{Digest, LicenseLine, Line, LineError, MediaLine, START, open, open_under};
pub use sample::{Sampling, SamplingError};
