use std::sync::OnceLock;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The fewest bytes of a root: the strength of the 256-bit keys that are derived from it.
const MIN_ROOT: usize = 32;
/// HKDF's salt: separates this product's use of a root from any other.
const SALT: &[u8] = b"sluice/1";

/// The roots do not serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootsError {
    /// The current root is too short.
    #[error("the current root has {0} bytes where at least 32 are needed")]
    CurrentTooShort(usize),
    /// The previous root is too short.
    #[error(
        "the previous root has {0} bytes where at least 32 are needed; leave it out unless a rotation is under way"
    )]
    PreviousTooShort(usize),
    /// The account secret is too short.
    #[error("the account secret has {0} bytes where at least 32 are needed")]
    AccountTooShort(usize),
}

/// The edge's secrets for what it signs itself, derived from one root by HKDF-SHA256 (RFC 5869), a label each.
///
/// Two roots are valid at a time, for rotation: everything is minted under the current one, leases and
/// handles verify under either. Zeroized when dropped; deliberately without `Debug`, `Clone` and `Serialize`.
pub struct Roots {
    current: Root,
    previous: Option<Root>,
    account: Zeroizing<Vec<u8>>,
}

/// What a derived key is for.
#[derive(Clone, Copy)]
pub(crate) enum Label {
    Lease,
    Handle,
    Etag,
    Watermark,
    Audit,
    Network,
    KeySet,
}

impl Label {
    const COUNT: usize = 7;

    fn info(self) -> &'static [u8] {
        match self {
            Self::Lease => b"lease",
            Self::Handle => b"handle",
            Self::Etag => b"etag",
            Self::Watermark => b"watermark",
            Self::Audit => b"audit",
            Self::Network => b"network",
            Self::KeySet => b"jwks",
        }
    }
}

type Key = Zeroizing<[u8; 32]>;

/// A root and what was derived from it so far: a request needs one or two of the keys.
struct Root {
    hkdf: Zeroizing<[u8; 32]>,
    keys: [OnceLock<Key>; Label::COUNT],
}

impl Roots {
    /// Takes the current root, and while a rotation is under way the previous one.
    ///
    /// # Errors
    /// [`RootsError`] where one has fewer than 32 bytes.
    pub fn new(current: &[u8], previous: Option<&[u8]>) -> Result<Self, RootsError> {
        if current.len() < MIN_ROOT {
            return Err(RootsError::CurrentTooShort(current.len()));
        }
        if let Some(previous) = previous.filter(|root| root.len() < MIN_ROOT) {
            return Err(RootsError::PreviousTooShort(previous.len()));
        }
        Ok(Self { current: Root::new(current), previous: previous.map(Root::new), account: Zeroizing::new(Vec::new()) })
    }

    /// Adds the secret that keys account ids. Unlike the roots it never rotates: see [`crate::AccountId`].
    ///
    /// # Errors
    /// [`RootsError::AccountTooShort`] where it has fewer than 32 bytes.
    pub fn with_account_secret(mut self, secret: &[u8]) -> Result<Self, RootsError> {
        if secret.len() < MIN_ROOT {
            return Err(RootsError::AccountTooShort(secret.len()));
        }
        self.account = Zeroizing::new(secret.to_vec());
        Ok(self)
    }

    /// Keys ETags.
    pub fn etag_key(&self) -> &[u8; 32] {
        self.current.key(Label::Etag)
    }

    /// Keys the assignment of A/B watermark patterns.
    pub fn watermark_key(&self) -> &[u8; 32] {
        self.current.key(Label::Watermark)
    }

    /// Keys the decision log's chains.
    pub fn audit_key(&self) -> &[u8; 32] {
        self.current.key(Label::Audit)
    }

    /// Authenticates issuers' key sets where they are kept in a store.
    pub fn key_set_key(&self) -> &[u8; 32] {
        self.current.key(Label::KeySet)
    }

    /// The key to mint with.
    pub(crate) fn minting(&self, label: Label) -> &[u8; 32] {
        self.current.key(label)
    }

    /// The keys to verify with, the current one first.
    pub(crate) fn verifying(&self, label: Label) -> impl Iterator<Item = &[u8; 32]> {
        core::iter::once(&self.current).chain(&self.previous).map(move |root| root.key(label))
    }

    pub(crate) fn account_secret(&self) -> &[u8] {
        &self.account
    }
}

impl Root {
    fn new(root: &[u8]) -> Self {
        let (extracted, _) = Hkdf::<Sha256>::extract(Some(SALT), root);
        Self { hkdf: Zeroizing::new(extracted.into()), keys: Default::default() }
    }

    fn key(&self, label: Label) -> &[u8; 32] {
        self.keys[label as usize].get_or_init(|| {
            let mut key = Zeroizing::new([0; 32]);
            let hkdf = Hkdf::<Sha256>::from_prk(self.hkdf.as_slice()).expect("the key is one SHA-256 output long");
            hkdf.expand(label.info(), key.as_mut_slice()).expect("32 bytes are within HKDF's 8160");
            key
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_short_root_is_refused() {
        assert!(matches!(Roots::new(&[1; 31], None), Err(RootsError::CurrentTooShort(31))));
        assert!(matches!(Roots::new(&[1; 32], Some(&[])), Err(RootsError::PreviousTooShort(0))));
        let roots = Roots::new(&[1; 32], Some(&[2; 40])).expect("roots");
        assert!(matches!(roots.with_account_secret(&[3; 16]), Err(RootsError::AccountTooShort(16))));
    }

    #[test]
    fn every_label_has_a_key_of_its_own() {
        let roots = Roots::new(&[1; 32], Some(&[2; 32])).expect("roots");
        let mut keys = HashSet::new();
        for label in
            [Label::Lease, Label::Handle, Label::Etag, Label::Watermark, Label::Audit, Label::Network, Label::KeySet]
        {
            for key in roots.verifying(label) {
                assert!(keys.insert(*key));
            }
        }
        assert_eq!(keys.len(), 2 * Label::COUNT);
        assert_eq!(roots.etag_key(), roots.verifying(Label::Etag).next().expect("current"));
    }

    /// Computed with OpenSSL 3:
    /// `openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:0101…01 -kdfopt salt:sluice/1 -kdfopt info:lease HKDF`
    #[test]
    fn keys_are_hkdf_sha256() {
        let roots = Roots::new(&[1; 32], None).expect("roots");
        let hex: String = roots.minting(Label::Lease).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "c2e019310867bfb44b9b0ead2b5c9fcdf1ebfb04343d1c612c3ca28e6b8a672b");
    }
}
