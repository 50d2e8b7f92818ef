use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use sluice_packager::keys::wrap::KeyEncryptionKey;
use zeroize::Zeroizing;

use crate::config::{KeysConfig, Secret, SecretError};

/// What a key-encryption key looks like, for messages.
const FORM: &str = "expected N:64 hex digits, N from 0 to 255";
const NUMBER: &str = "expected another number than that of keys.kek: edges tell the two by it";

/// The key-encryption keys that edges hold too: one, or two while one takes the other's place.
pub(super) struct Keks {
    current: Secret,
    previous: Option<Secret>,
    /// The number and the digest of what was current last.
    last: Mutex<Option<(u8, [u8; 32])>>,
}

/// Those of the present, the newest first.
pub(super) struct Present {
    pub(super) keks: Vec<(u8, KeyEncryptionKey)>,
    /// Whether another one was the newest before.
    pub(super) changed: bool,
}

impl Keks {
    pub(super) fn new(config: &KeysConfig) -> Self {
        let previous = config.kek_previous.clone().map(Secret::new);
        Self { current: Secret::new(config.kek.clone()), previous, last: Mutex::new(None) }
    }

    /// Reads them, anew where their files have changed.
    ///
    /// # Errors
    /// [`SecretError`]: there is no current one, or one is of another form. No previous one is no error.
    pub(super) fn present(&self) -> Result<Present, SecretError> {
        let text = self.current.read()?;
        let (number, kek) = numbered(&text).ok_or_else(|| self.current.malformed(FORM))?;
        let mut keks = vec![(number, kek)];
        if let Some(previous) = &self.previous
            && let Ok(text) = previous.read()
        {
            let (other, kek) = numbered(&text).ok_or_else(|| previous.malformed(FORM))?;
            if other == number {
                return Err(previous.malformed(NUMBER));
            }
            keks.push((other, kek));
        }
        let digest = Sha256::digest(text.as_bytes()).into();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.replace((number, digest));
        if let Some((same, other)) = before
            && same == number
            && other != digest
        {
            tracing::error!(
                number,
                "keys.kek changed and kept its number: edges that hold the old one cannot open what is wrapped now"
            );
        }
        Ok(Present { keks, changed: before.is_some_and(|(_, other)| other != digest) })
    }
}

fn numbered(text: &str) -> Option<(u8, KeyEncryptionKey)> {
    let (number, _) = text.split_once(':')?;
    Some((number.parse().ok()?, parse_kek(text)?))
}

/// Parses a key-encryption key: its number, a colon, 64 hex digits. `None` where the text is not of that form.
pub fn parse_kek(text: &str) -> Option<KeyEncryptionKey> {
    let (number, hex) = text.split_once(':')?;
    let number = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())??;
    let hex = hex.as_bytes();
    if hex.len() != 64 {
        return None;
    }
    let mut key = Zeroizing::new([0; 32]);
    for (byte, pair) in key.iter_mut().zip(hex.chunks_exact(2)) {
        let digit = |at: usize| (pair[at] as char).to_digit(16);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Some(KeyEncryptionKey::new(number, *key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_at_a_time_are_told_by_their_numbers() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let hex = |digit: &str| digit.repeat(64);
        let secret = |name: &str| crate::config::SecretRef::File(path(name));
        std::fs::write(path("kek"), format!("1:{}", hex("a"))).expect("writable");
        let config = KeysConfig {
            kek_previous: Some(secret("previous")),
            ..KeysConfig::new("https://drm.example/", secret("kek"))
        };
        let keks = Keks::new(&config);
        let numbers = || {
            keks.present().map(|present| (present.keks.iter().map(|(n, _)| *n).collect::<Vec<_>>(), present.changed))
        };
        assert_eq!(numbers().expect("one"), (vec![1], false));
        // The operator's two steps: the old one to `previous`, the new one to `kek`.
        std::fs::write(path("previous"), format!("1:{}", hex("a"))).expect("writable");
        assert!(numbers().is_err(), "one number for two");
        std::fs::write(path("kek"), format!("22:{}", hex("b"))).expect("writable");
        assert_eq!(numbers().expect("two"), (vec![22, 1], true));
        assert_eq!(numbers().expect("two"), (vec![22, 1], false));
        std::fs::remove_file(path("previous")).expect("removable");
        assert_eq!(numbers().expect("one"), (vec![22], false));
        std::fs::remove_file(path("kek")).expect("removable");
        assert!(numbers().is_err(), "withdrawn");
    }

    #[test]
    fn only_a_number_and_64_hex_digits_are_a_kek() {
        let hex = "0123456789abcdefABCDEF0123456789".repeat(2);
        assert!(parse_kek(&format!("0:{hex}")).is_some());
        assert!(parse_kek(&format!("255:{hex}")).is_some());
        for bad in [
            hex.clone(),
            format!("256:{hex}"),
            format!("-1:{hex}"),
            format!("+1:{hex}"),
            format!(":{hex}"),
            format!("1:{}", &hex[1..]),
            format!("1:{hex}0"),
            format!("1:{}g", &hex[1..]),
            format!("1:{}", "é".repeat(32)),
        ] {
            assert!(parse_kek(&bad).is_none(), "{bad}");
        }
    }
}
