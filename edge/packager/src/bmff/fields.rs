use super::{Error, FourCc};

/// Reads the fields of a box in order; every error names the box and the field, and is [`Error::Truncated`] unless said otherwise.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    kind: FourCc,
    offset: u64,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields in `payload`, of a box of that type that begins at `offset`.
    pub fn new(kind: FourCc, offset: u64, payload: &'a [u8]) -> Self {
        Self { kind, offset, rest: payload }
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`Error`]
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Error> {
        let (value, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.truncated(field))?;
        self.rest = rest;
        Ok(*value)
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// [`Error`]
    pub fn take(&mut self, len: usize, field: &'static str) -> Result<&'a [u8], Error> {
        let (value, rest) = self.rest.split_at_checked(len).ok_or_else(|| self.truncated(field))?;
        self.rest = rest;
        Ok(value)
    }

    /// The next 8 bits, a big-endian number.
    ///
    /// # Errors
    /// [`Error`]
    pub fn u8(&mut self, field: &'static str) -> Result<u8, Error> {
        self.array(field).map(u8::from_be_bytes)
    }

    /// The next 16 bits, a big-endian number.
    ///
    /// # Errors
    /// [`Error`]
    pub fn u16(&mut self, field: &'static str) -> Result<u16, Error> {
        self.array(field).map(u16::from_be_bytes)
    }

    /// The next 32 bits, a big-endian number.
    ///
    /// # Errors
    /// [`Error`]
    pub fn u32(&mut self, field: &'static str) -> Result<u32, Error> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// The next 64 bits, a big-endian number.
    ///
    /// # Errors
    /// [`Error`]
    pub fn u64(&mut self, field: &'static str) -> Result<u64, Error> {
        self.array(field).map(u64::from_be_bytes)
    }

    /// A 32-bit or, from version 1 on, 64-bit field.
    ///
    /// # Errors
    /// [`Error`]
    pub fn versioned(&mut self, version: u8, field: &'static str) -> Result<u64, Error> {
        if version == 0 { self.u32(field).map(u64::from) } else { self.u64(field) }
    }

    /// Version and flags of a full box; `newest` is the newest version that is known.
    ///
    /// # Errors
    /// [`Error::Version`] for a newer one.
    pub fn full(&mut self, newest: u8) -> Result<(u8, u32), Error> {
        let word = self.u32("version and flags")?;
        let version = word.to_be_bytes()[0];
        if version > newest {
            return Err(Error::Version { kind: self.kind, offset: self.offset, version });
        }
        Ok((version, word & 0x00ff_ffff))
    }

    /// `count` entries of `size` bytes each, as one slice.
    ///
    /// # Errors
    /// [`Error::Count`] for more than there are bytes.
    pub fn table(&mut self, count: u32, size: usize) -> Result<&'a [u8], Error> {
        let lies = Error::Count { kind: self.kind, offset: self.offset, count: count.into() };
        let len = usize::try_from(count).ok().and_then(|count| count.checked_mul(size)).ok_or_else(|| lies.clone())?;
        let (value, rest) = self.rest.split_at_checked(len).ok_or(lies)?;
        self.rest = rest;
        Ok(value)
    }

    /// Where the box begins, in bytes from the start of the file or segment.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// [`Error::Invalid`] of this box.
    pub fn invalid(&self, what: &'static str) -> Error {
        Error::Invalid { kind: self.kind, offset: self.offset, what }
    }

    fn truncated(&self, field: &'static str) -> Error {
        Error::Truncated { kind: self.kind, offset: self.offset, field }
    }
}
