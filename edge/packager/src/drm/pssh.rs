//! `pssh`, the Protection System Specific Header box (ISO/IEC 23001-7, 8.1): versions 0 and 1.

use crate::keys::Kid;

/// A DRM system's id, in box order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemId(pub [u8; 16]);

impl SystemId {
    /// W3C common initialization data (`1077efec-c0b2-4d02-ace3-3c1e52e2fb4b`).
    pub const COMMON: Self = Self(0x1077efec_c0b2_4d02_ace3_3c1e52e2fb4b_u128.to_be_bytes());
}

/// A `pssh` box taken apart; borrows from the bytes that it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pssh<'a> {
    /// The system that the data is for.
    pub system: SystemId,
    /// Key ids of a version 1 box, `None` for version 0.
    pub kids: Option<Vec<Kid>>,
    /// The system's own data.
    pub data: &'a [u8],
}

/// Why bytes are no `pssh` box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PsshError {
    /// The box, or a field, ends past the bytes given, or before its contents.
    #[error("the pssh box's sizes do not agree with its bytes")]
    Size,
    /// Another box.
    #[error("the box is not a pssh box")]
    Kind,
    /// Neither version 0 nor 1.
    #[error("pssh version {0} is unknown, 0 and 1 are known")]
    Version(u8),
}

impl Pssh<'_> {
    /// The box's bytes.
    ///
    /// Past 4 GiB the box's size is 0, 'to the end of the file' (ISO/IEC 14496-12, 4.2).
    pub fn to_bytes(&self) -> Vec<u8> {
        let kids = self.kids.as_deref().map(|kids| (kids, count(kids.len())));
        let listed = kids.map_or(0, |(kids, _)| 4 + 16 * kids.len());
        let size = 12 + 16 + listed + 4 + self.data.len();
        let mut out = Vec::with_capacity(size);
        out.extend_from_slice(&count(size).to_be_bytes());
        out.extend_from_slice(b"pssh");
        out.extend_from_slice(&[u8::from(kids.is_some()), 0, 0, 0]);
        out.extend_from_slice(&self.system.0);
        if let Some((kids, count)) = kids {
            out.extend_from_slice(&count.to_be_bytes());
            kids.iter().for_each(|kid| out.extend_from_slice(&kid.0));
        }
        out.extend_from_slice(&count(self.data.len()).to_be_bytes());
        out.extend_from_slice(self.data);
        out
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

/// Parses the box at the start of `bytes`; returns it and the bytes after it.
///
/// # Errors
/// [`PsshError`]
pub fn parse(bytes: &[u8]) -> Result<(Pssh<'_>, &[u8]), PsshError> {
    let (size, _) = take_u32(bytes)?;
    let (whole, after) = match usize::try_from(size).map_err(|_| PsshError::Size)? {
        0 => (bytes, &[][..]),
        size => bytes.split_at_checked(size).ok_or(PsshError::Size)?,
    };
    let body = whole.get(4..).ok_or(PsshError::Size)?;
    let (kind, body) = body.split_first_chunk::<4>().ok_or(PsshError::Size)?;
    if kind != b"pssh" {
        return Err(PsshError::Kind);
    }
    let ([version, ..], body) = body.split_first_chunk::<4>().ok_or(PsshError::Size)?;
    let (system, body) = body.split_first_chunk::<16>().ok_or(PsshError::Size)?;
    let (kids, body) = match version {
        0 => (None, body),
        1 => {
            let (count, body) = take_u32(body)?;
            let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(16)).ok_or(PsshError::Size)?;
            let (listed, body) = body.split_at_checked(length).ok_or(PsshError::Size)?;
            let (kids, _) = listed.as_chunks::<16>();
            (Some(kids.iter().copied().map(Kid).collect()), body)
        }
        version => return Err(PsshError::Version(*version)),
    };
    let (length, body) = take_u32(body)?;
    if usize::try_from(length) != Ok(body.len()) {
        return Err(PsshError::Size);
    }
    Ok((Pssh { system: SystemId(*system), kids, data: body }, after))
}

fn take_u32(bytes: &[u8]) -> Result<(u32, &[u8]), PsshError> {
    let (four, rest) = bytes.split_first_chunk().ok_or(PsshError::Size)?;
    Ok((u32::from_be_bytes(*four), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn w3c_common_initialization_data() {
        // W3C 'Common Encryption' ("cenc") Initialization Data Format, the example: two key ids, no data.
        let kids: Vec<Kid> = [*b"0123456789012345", *b"ABCDEFGHIJKLMNOP"].map(Kid).to_vec();
        let mut expected = vec![0, 0, 0, 0x44, b'p', b's', b's', b'h', 1, 0, 0, 0];
        expected.extend([0x10, 0x77, 0xef, 0xec, 0xc0, 0xb2, 0x4d, 0x02]);
        expected.extend([0xac, 0xe3, 0x3c, 0x1e, 0x52, 0xe2, 0xfb, 0x4b]);
        expected.extend([0, 0, 0, 2]);
        expected.extend(b"0123456789012345ABCDEFGHIJKLMNOP");
        expected.extend([0, 0, 0, 0]);
        let pssh = Pssh { system: SystemId::COMMON, kids: Some(kids), data: &[] };
        assert_eq!(pssh.to_bytes(), expected);
        assert_eq!(parse(&expected), Ok((pssh, &[][..])));
    }

    #[test]
    fn other_boxes_versions_and_sizes_are_refused() {
        let good = Pssh { system: SystemId([7; 16]), kids: Some(vec![Kid([1; 16])]), data: b"x" }.to_bytes();
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            parse(&bytes).map(|_| ())
        };
        assert_eq!(with(4, b'q'), Err(PsshError::Kind));
        assert_eq!(with(8, 2), Err(PsshError::Version(2)));
        assert_eq!(with(3, 200), Err(PsshError::Size));
        assert_eq!(with(28, 0xff), Err(PsshError::Size));
        assert_eq!(with(good.len() - 2, 2), Err(PsshError::Size));
        assert_eq!(with(0, 0), Ok(()));
        for end in 0..good.len() {
            assert_eq!(parse(&good[..end]), Err(PsshError::Size));
        }
    }

    proptest! {
        #[test]
        fn reads_back_what_it_wrote(
            system: [u8; 16],
            kids in proptest::option::of(proptest::collection::vec(any::<[u8; 16]>(), 0..5)),
            data in proptest::collection::vec(any::<u8>(), 0..40),
            after in proptest::collection::vec(any::<u8>(), 0..9),
        ) {
            let kids = kids.map(|kids| kids.into_iter().map(Kid).collect());
            let pssh = Pssh { system: SystemId(system), kids, data: &data };
            let bytes = [pssh.to_bytes(), after.clone()].concat();
            prop_assert_eq!(parse(&bytes), Ok((pssh, &after[..])));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let framed = [&(bytes.len() as u32 + 8).to_be_bytes(), &b"pssh"[..], &bytes].concat();
            let _ = parse(&bytes);
            if let Ok((pssh, after)) = parse(&framed) {
                prop_assert_eq!([&pssh.to_bytes()[12..], after].concat(), &framed[12..]);
            }
        }
    }
}
