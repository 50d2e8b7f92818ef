use subtle::ConstantTimeEq;

/// Whether two secrets are equal, in time that depends on their lengths alone.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_means_every_byte_and_the_length() {
        assert!(constant_time_eq(b"", b""));
        assert!(constant_time_eq(b"secret", b"secret"));
        for other in [&b"secrer"[..], b"aecret", b"secre", b"secrets", b""] {
            assert!(!constant_time_eq(b"secret", other));
        }
    }
}
