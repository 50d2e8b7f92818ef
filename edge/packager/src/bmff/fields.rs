use super::{Error, FourCc};

/// Reads the fields of a box in order; every error names the box and the field.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    kind: FourCc,
    offset: u64,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(kind: FourCc, offset: u64, payload: &'a [u8]) -> Self {
        Self { kind, offset, rest: payload }
    }

    pub(crate) fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Error> {
        let (value, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.truncated(field))?;
        self.rest = rest;
        Ok(*value)
    }

    pub(crate) fn take(&mut self, len: usize, field: &'static str) -> Result<&'a [u8], Error> {
        let (value, rest) = self.rest.split_at_checked(len).ok_or_else(|| self.truncated(field))?;
        self.rest = rest;
        Ok(value)
    }

    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, Error> {
        self.array(field).map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self, field: &'static str) -> Result<u16, Error> {
        self.array(field).map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, Error> {
        self.array(field).map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self, field: &'static str) -> Result<u64, Error> {
        self.array(field).map(u64::from_be_bytes)
    }

    /// A 32-bit or, from version 1 on, 64-bit field.
    pub(crate) fn versioned(&mut self, version: u8, field: &'static str) -> Result<u64, Error> {
        if version == 0 { self.u32(field).map(u64::from) } else { self.u64(field) }
    }

    /// Version and flags of a full box; `newest` is the newest version that is known.
    pub(crate) fn full(&mut self, newest: u8) -> Result<(u8, u32), Error> {
        let word = self.u32("version and flags")?;
        let version = word.to_be_bytes()[0];
        if version > newest {
            return Err(Error::Version { kind: self.kind, offset: self.offset, version });
        }
        Ok((version, word & 0x00ff_ffff))
    }

    /// `count` entries of `size` bytes each, as one slice.
    pub(crate) fn table(&mut self, count: u32, size: usize) -> Result<&'a [u8], Error> {
        let lies = Error::Count { kind: self.kind, offset: self.offset, count: count.into() };
        let len = usize::try_from(count).ok().and_then(|count| count.checked_mul(size)).ok_or_else(|| lies.clone())?;
        let (value, rest) = self.rest.split_at_checked(len).ok_or(lies)?;
        self.rest = rest;
        Ok(value)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn invalid(&self, what: &'static str) -> Error {
        Error::Invalid { kind: self.kind, offset: self.offset, what }
    }

    fn truncated(&self, field: &'static str) -> Error {
        Error::Truncated { kind: self.kind, offset: self.offset, field }
    }
}
