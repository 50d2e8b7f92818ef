use crate::bmff::{BoxView, Error, Fields};

/// One entry of a subsample map (ISO/IEC 23001-7, 7.2): clear bytes, then protected ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subsample {
    /// `BytesOfClearData`.
    pub clear: u16,
    /// `BytesOfProtectedData`.
    pub protected: u32,
}

/// `senc` (ISO/IEC 23001-7, 7.2): per sample, its IV and its subsample map.
#[derive(Clone, Debug)]
pub struct Senc<'a> {
    /// How many samples it speaks of.
    pub count: u32,
    /// Whether it lists subsamples.
    pub subsamples: bool,
    fields: Fields<'a>,
}

impl<'a> Senc<'a> {
    /// Reads a `senc` box; its entries can be told apart only with the IV size of the track's `tenc`.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'a>) -> Result<Self, Error> {
        let mut fields = view.fields();
        let (_, flags) = fields.full(0)?;
        let count = fields.u32("sample_count")?;
        Ok(Self { count, subsamples: flags & 0x2 != 0, fields })
    }

    /// The entries, with IVs of `iv_size` bytes (0, 8 or 16).
    pub fn samples(&self, iv_size: u8) -> SencSamples<'a> {
        SencSamples { left: self.count, iv_size, subsamples: self.subsamples, fields: self.fields.clone() }
    }
}

/// The entries of a `senc`, one per sample. Ends after the first error.
#[derive(Clone, Debug)]
pub struct SencSamples<'a> {
    left: u32,
    iv_size: u8,
    subsamples: bool,
    fields: Fields<'a>,
}

/// One sample's entry in `senc`.
#[derive(Clone, Debug)]
pub struct SencEntry<'a> {
    /// 0, 8 or 16 bytes.
    pub iv: &'a [u8],
    table: &'a [u8],
}

impl SencEntry<'_> {
    /// Its subsample map; empty where the whole sample is protected.
    pub fn subsamples(&self) -> impl Iterator<Item = Subsample> + '_ {
        self.table.as_chunks::<6>().0.iter().map(|[a, b, c, d, e, f]| Subsample {
            clear: u16::from_be_bytes([*a, *b]),
            protected: u32::from_be_bytes([*c, *d, *e, *f]),
        })
    }
}

impl<'a> SencSamples<'a> {
    fn entry(&mut self) -> Result<SencEntry<'a>, Error> {
        let iv = self.fields.take(self.iv_size.into(), "initialization vector")?;
        let table = if self.subsamples {
            let count = self.fields.u16("subsample_count")?;
            self.fields.table(count.into(), 6)?
        } else {
            &[]
        };
        Ok(SencEntry { iv, table })
    }
}

impl<'a> Iterator for SencSamples<'a> {
    type Item = Result<SencEntry<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let entry = self.entry();
        if entry.is_err() {
            self.left = 0;
        }
        Some(entry)
    }
}

/// `saiz` (ISO/IEC 14496-12, 8.7.8): sizes of the samples' auxiliary data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saiz {
    /// Size for every sample, or 0 where a table gives them.
    pub default: u8,
    /// How many samples.
    pub count: u32,
}

impl Saiz {
    /// Reads a `saiz` box.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'_>) -> Result<Self, Error> {
        let mut fields = view.fields();
        let (_, flags) = fields.full(0)?;
        if flags & 1 != 0 {
            fields.array::<8>("aux_info_type")?;
        }
        let default = fields.u8("default_sample_info_size")?;
        let count = fields.u32("sample_count")?;
        if default == 0 {
            fields.table(count, 1)?;
        }
        Ok(Self { default, count })
    }
}

/// `saio` (ISO/IEC 14496-12, 8.7.9): where the auxiliary data begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saio {
    /// Bytes from the start of `moof`.
    pub offset: u64,
}

impl Saio {
    /// Reads a `saio` box of one entry.
    ///
    /// # Errors
    /// [`Error`]
    pub fn parse(view: &BoxView<'_>) -> Result<Self, Error> {
        let mut fields = view.fields();
        let (version, flags) = fields.full(1)?;
        if flags & 1 != 0 {
            fields.array::<8>("aux_info_type")?;
        }
        if fields.u32("entry_count")? != 1 {
            return Err(fields.invalid("has not exactly one entry"));
        }
        Ok(Self { offset: fields.versioned(version, "offset")? })
    }
}
