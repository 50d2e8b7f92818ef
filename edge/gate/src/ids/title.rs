use sha2::{Digest, Sha256};

/// Stands for a title in a lease or handle: the first 16 bytes of the SHA-256 of its id. Fixed in
/// length where ids are not; not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TitleTag(pub [u8; 16]);

impl TitleTag {
    /// The tag of that title id.
    pub fn of(title: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(title.as_bytes()).into();
        let mut tag = [0; 16];
        tag.copy_from_slice(&digest[..16]);
        Self(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4 example: SHA-256("abc") begins ba7816bf 8f01cfea 414140de 5dae2223.
    #[test]
    fn the_tag_is_the_head_of_sha_256() {
        let expected = [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23];
        assert_eq!(TitleTag::of("abc"), TitleTag(expected));
        assert_ne!(TitleTag::of("abd"), TitleTag(expected));
    }
}
