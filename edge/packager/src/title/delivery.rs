use sluice_document::words;

/// A Common Encryption scheme (ISO/IEC 23001-7, 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// AES-CTR, every protected range in full.
    Cenc,
    /// AES-CBC in a 1:9 pattern with a constant IV.
    Cbcs,
}

words!(Scheme { Cenc => "cenc", Cbcs => "cbcs" });

impl Scheme {
    /// `cenc` or `cbcs`, as in `schm`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cenc => "cenc",
            Self::Cbcs => "cbcs",
        }
    }
}

/// The `{scheme}` of a URL: how a title's media is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Delivery {
    /// Common Encryption, AES-CTR.
    Cenc,
    /// Common Encryption, AES-CBC pattern.
    Cbcs,
    /// HLS whole-segment AES-128.
    Aes128,
    /// Unprotected titles only.
    Clear,
}

words!(Delivery { Cenc => "cenc", Cbcs => "cbcs", Aes128 => "aes128", Clear => "clear" });

impl Delivery {
    /// All of them, in the order of preference for listing.
    pub const ALL: [Self; 4] = [Self::Cbcs, Self::Cenc, Self::Aes128, Self::Clear];

    /// The URL's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cenc => "cenc",
            Self::Cbcs => "cbcs",
            Self::Aes128 => "aes128",
            Self::Clear => "clear",
        }
    }

    /// Parses the URL's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|delivery| delivery.as_str() == word)
    }

    /// The Common Encryption scheme of this delivery, where it is one.
    pub fn scheme(self) -> Option<Scheme> {
        match self {
            Self::Cenc => Some(Scheme::Cenc),
            Self::Cbcs => Some(Scheme::Cbcs),
            Self::Aes128 | Self::Clear => None,
        }
    }
}

impl From<Scheme> for Delivery {
    fn from(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Cenc => Self::Cenc,
            Scheme::Cbcs => Self::Cbcs,
        }
    }
}

/// A way for a player to get a content key. A title's policy lists those it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeySystem {
    /// Google Widevine.
    Widevine,
    /// Microsoft PlayReady.
    Playready,
    /// Apple FairPlay Streaming; `cbcs` only.
    Fairplay,
    /// W3C ClearKey.
    Clearkey,
    /// HLS `KEYFORMAT="identity"`: the raw key at a URL.
    Identity,
}

words!(KeySystem {
    Widevine => "widevine",
    Playready => "playready",
    Fairplay => "fairplay",
    Clearkey => "clearkey",
    Identity => "identity",
});

impl KeySystem {
    /// All of them, in the order in which manifests list them.
    pub const ALL: [Self; 5] = [Self::Widevine, Self::Playready, Self::Fairplay, Self::Clearkey, Self::Identity];

    /// The word of `?ks=` and of the key policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Widevine => "widevine",
            Self::Playready => "playready",
            Self::Fairplay => "fairplay",
            Self::Clearkey => "clearkey",
            Self::Identity => "identity",
        }
    }

    /// Parses a word of `?ks=`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.as_str() == word)
    }

    /// Whether a key provider signals the system, where the title leaves that to it; the others' licences and keys are the edge's own.
    pub fn is_provided(self) -> bool {
        matches!(self, Self::Widevine | Self::Playready | Self::Fairplay)
    }

    /// Whether the system exists under `scheme`: FairPlay knows only `cbcs`.
    pub fn allows(self, scheme: Scheme) -> bool {
        self != Self::Fairplay || scheme == Scheme::Cbcs
    }
}
