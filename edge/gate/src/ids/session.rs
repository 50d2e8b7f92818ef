use super::hex::hex_id;

/// A session's id: 16 bytes from the host's random source. Text: 32 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub [u8; 16]);

hex_id!(SessionId);
