use serde::Deserialize;

use super::encrypted::Recipient;

/// A version of SPEKE, and of CPIX with it: the two belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum SpekeVersion {
    /// SPEKE v2.0, CPIX 2.3.
    #[default]
    #[serde(rename = "2.0")]
    V2_0,
    /// SPEKE v2.1, CPIX 2.4: the same exchange, with parts more in the answer that this encryptor has no use for.
    #[serde(rename = "2.1")]
    V2_1,
}

impl SpekeVersion {
    /// Every version.
    pub const ALL: [Self; 2] = [Self::V2_0, Self::V2_1];

    /// `X-Speke-Version`.
    pub fn speke(self) -> &'static str {
        match self {
            Self::V2_0 => "2.0",
            Self::V2_1 => "2.1",
        }
    }

    /// `CPIX@version`.
    pub fn cpix(self) -> &'static str {
        match self {
            Self::V2_0 => "2.3",
            Self::V2_1 => "2.4",
        }
    }
}

/// How documents are exchanged with a provider.
#[derive(Clone, Copy, Default)]
pub struct Profile<'a> {
    /// What is asked in, and has to be answered in.
    pub version: SpekeVersion,
    /// Whose certificate content keys are encrypted for. With one, a key in the clear is refused; without, an encrypted one.
    pub recipient: Option<&'a Recipient>,
}
