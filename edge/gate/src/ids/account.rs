use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::hex::hex_id;
use crate::{Roots, grant::Account};

/// Stands for an account in leases, records and store keys, so that none of them carries its name. Text: 32 lower-case hex digits.
///
/// It must not change when the roots rotate: it names the account's slots, and an account whose slots
/// moved would have its stream limit twice over until the old sessions end. So it is *not* derived from
/// the rotating roots, but is `HMAC-SHA256(account secret, "sluice account" ‖ 0 ‖ name)`, cut to 16
/// bytes, where the account secret ([`Roots::with_account_secret`]) is fixed for the life of the
/// deployment. Without one the key is empty, which is a plain hash: ids are as stable and as distinct,
/// but whoever holds a lease or reads the store can confirm a guess of the account's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub [u8; 16]);

hex_id!(AccountId);

impl AccountId {
    /// The id of the account, as the grant gives it. One that a token stands for has `"sluice token" ‖ 0 ‖ digest` in the place of its name.
    pub fn derive(roots: &Roots, account: &Account) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(roots.account_secret()).expect("HMAC takes a key of any length");
        match account {
            Account::Named(name) => {
                mac.update(b"sluice account\0");
                mac.update(name.as_bytes());
            }
            Account::Token(digest) => {
                mac.update(b"sluice token\0");
                mac.update(digest);
            }
        }
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Account {
        Account::Named(name.to_owned())
    }

    #[test]
    fn rotation_moves_no_account() {
        let before = Roots::new(&[1; 32], None).expect("roots");
        let after = Roots::new(&[2; 32], Some(&[1; 32])).expect("roots");
        assert_eq!(AccountId::derive(&before, &named("anna")), AccountId::derive(&after, &named("anna")));
        assert_ne!(AccountId::derive(&before, &named("anna")), AccountId::derive(&before, &named("bert")));
    }

    #[test]
    fn the_account_secret_keys_it() {
        let plain = Roots::new(&[1; 32], None).expect("roots");
        let keyed = Roots::new(&[1; 32], None).and_then(|roots| roots.with_account_secret(&[3; 32])).expect("roots");
        assert_ne!(AccountId::derive(&plain, &named("anna")), AccountId::derive(&keyed, &named("anna")));
    }
}
