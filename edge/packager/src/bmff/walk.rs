use super::{Error, Fields, FourCc, Header};

/// One box, in place.
#[derive(Clone, Copy, Debug)]
pub struct BoxView<'a> {
    /// Type and sizes.
    pub header: Header,
    /// Where the box begins, in bytes from the start of the file or segment.
    pub offset: u64,
    /// The whole box, header included.
    pub bytes: &'a [u8],
}

impl<'a> BoxView<'a> {
    /// Reads the box at the start of `bytes`, which begin at `offset`.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Size`], [`Error::PastEnd`]
    pub fn parse(bytes: &'a [u8], offset: u64) -> Result<Self, Error> {
        let header =
            Header::peek(bytes, offset)?.ok_or(Error::Truncated { kind: FourCc::FILE, offset, field: "box header" })?;
        let whole = usize::try_from(header.size).ok().and_then(|size| bytes.get(..size)).ok_or(Error::PastEnd {
            kind: header.kind,
            offset,
            size: header.size,
            available: bytes.len() as u64,
        })?;
        Ok(Self { header, offset, bytes: whole })
    }

    /// The type.
    pub fn kind(&self) -> FourCc {
        self.header.kind
    }

    /// Whether the type is `kind`.
    pub fn is(&self, kind: &[u8; 4]) -> bool {
        self.header.kind.0 == *kind
    }

    /// What follows the header.
    pub fn payload(&self) -> &'a [u8] {
        self.bytes.get(self.header.len..).unwrap_or_default()
    }

    /// Where the box ends, in bytes from the start of the file or segment.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.bytes.len() as u64)
    }

    /// The children, for a box that holds nothing else.
    pub fn children(&self) -> Boxes<'a> {
        self.children_after(0)
    }

    /// The children behind `skip` bytes of own fields.
    pub fn children_after(&self, skip: usize) -> Boxes<'a> {
        let skip = skip.min(self.payload().len());
        Boxes {
            rest: self.payload().get(skip..).unwrap_or_default(),
            offset: self.offset.saturating_add((self.header.len + skip) as u64),
        }
    }

    /// The first child of that type.
    ///
    /// # Errors
    /// [`Error::Missing`], and those of reading the boxes before it.
    pub fn child(&self, kind: &[u8; 4]) -> Result<BoxView<'a>, Error> {
        self.find(kind)?.ok_or(Error::Missing { parent: self.kind(), offset: self.offset, missing: FourCc(*kind) })
    }

    /// The first child of that type, if there is one.
    ///
    /// # Errors
    /// Those of reading the boxes before it.
    pub fn find(&self, kind: &[u8; 4]) -> Result<Option<BoxView<'a>>, Error> {
        self.children().find_kind(kind)
    }

    /// Its own fields, read one after another.
    pub fn fields(&self) -> Fields<'a> {
        Fields::new(self.kind(), self.offset, self.payload())
    }

    pub(crate) fn invalid(&self, what: &'static str) -> Error {
        Error::Invalid { kind: self.kind(), offset: self.offset, what }
    }
}

/// Boxes one after another. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Boxes<'a> {
    rest: &'a [u8],
    offset: u64,
}

impl<'a> Boxes<'a> {
    /// The boxes of a whole file or segment.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, offset: 0 }
    }

    /// The boxes of a part of it, which begins at `offset`.
    pub(crate) fn of_part(bytes: &'a [u8], offset: u64) -> Self {
        Self { rest: bytes, offset }
    }

    /// The first one of that type.
    ///
    /// # Errors
    /// Those of reading the boxes before it.
    pub fn find_kind(&mut self, kind: &[u8; 4]) -> Result<Option<BoxView<'a>>, Error> {
        for child in self {
            let child = child?;
            if child.is(kind) {
                return Ok(Some(child));
            }
        }
        Ok(None)
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = Result<BoxView<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let parsed = BoxView::parse(self.rest, self.offset);
        match &parsed {
            Ok(view) => {
                self.rest = self.rest.get(view.bytes.len()..).unwrap_or_default();
                self.offset = view.end();
            }
            Err(_) => self.rest = &[],
        }
        Some(parsed)
    }
}
