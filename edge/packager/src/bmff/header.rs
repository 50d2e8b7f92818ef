use super::{Error, FourCc};

/// The most bytes that the header of a box can take: size, type, 64-bit size. (The 16 bytes of a `uuid` type count as payload here.)
pub const MAX_HEADER: usize = 16;

/// The header of a box (ISO/IEC 14496-12, 4.2): its type and sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The type.
    pub kind: FourCc,
    /// Bytes of the header: 8, or 16 with a 64-bit size.
    pub len: usize,
    /// Bytes of the whole box, header included.
    pub size: u64,
}

impl Header {
    /// Reads the header at the start of `bytes`, which begin at `offset`; `None` where more bytes are needed to tell.
    ///
    /// # Errors
    /// [`Error::Size`] for a size below the header's own length; also for size 0 ("to the end of the file"): a fragment whose end is
    /// not written down cannot be told from a truncated one.
    pub fn peek(bytes: &[u8], offset: u64) -> Result<Option<Self>, Error> {
        let Some((size, rest)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
        let Some((kind, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let kind = FourCc(*kind);
        let (len, size) = match u32::from_be_bytes(*size) {
            1 => match rest.first_chunk::<8>() {
                Some(size) => (16, u64::from_be_bytes(*size)),
                None => return Ok(None),
            },
            size => (8, u64::from(size)),
        };
        if size < len as u64 {
            return Err(Error::Size { kind, offset, size });
        }
        Ok(Some(Self { kind, len, size }))
    }

    /// Writes the size `size` into the header at the start of `bytes`, in the form (32 or 64 bits) that the header has.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the size does not fit.
    pub(crate) fn patch(&self, bytes: &mut [u8], offset: u64, size: u64) -> Result<(), Error> {
        let invalid = Error::Invalid { kind: self.kind, offset, what: "grows past the size that its header can hold" };
        if self.len == 16 {
            let field = bytes.get_mut(8..16).ok_or(invalid)?;
            field.copy_from_slice(&size.to_be_bytes());
        } else {
            let size = u32::try_from(size).map_err(|_| invalid.clone())?;
            let field = bytes.get_mut(..4).ok_or(invalid)?;
            field.copy_from_slice(&size.to_be_bytes());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_size_forms_are_read_and_impossible_sizes_refused() {
        let small = Header::peek(b"\0\0\0\x08free", 0);
        assert_eq!(small, Ok(Some(Header { kind: FourCc(*b"free"), len: 8, size: 8 })));
        let large = b"\0\0\0\x01mdat\0\0\0\x01\0\0\0\0";
        assert_eq!(Header::peek(large, 0), Ok(Some(Header { kind: FourCc(*b"mdat"), len: 16, size: 1 << 32 })));
        for cut in 0..16 {
            assert_eq!(Header::peek(&large[..cut], 0), Ok(None), "{cut}");
        }
        for (bytes, size) in
            [(&b"\0\0\0\0mdat"[..], 0), (b"\0\0\0\x07mdat", 7), (b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x0f", 15)]
        {
            assert_eq!(Header::peek(bytes, 5), Err(Error::Size { kind: FourCc(*b"mdat"), offset: 5, size }));
        }
    }
}
