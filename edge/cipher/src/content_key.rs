use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 16-byte AES content key.
///
/// Zeroized when dropped; deliberately without `Debug`, `Display`, `Serialize` and `PartialEq`,
/// so that it cannot be printed, logged, or compared in variable time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ContentKey([u8; 16]);

impl ContentKey {
    /// Takes the key over. The caller zeroizes what it copied from.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The key itself: for ciphers, wrapping and the licence and key routes, never for text meant for people.
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }
}
