use sluice_packager::keys::wrap::KeyEncryptionKey;
use zeroize::Zeroizing;

/// What a key-encryption key looks like, for messages.
pub(super) const FORM: &str = "expected N:64 hex digits, N from 0 to 255";

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
