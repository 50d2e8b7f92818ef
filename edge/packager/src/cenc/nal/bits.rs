use super::Error;

/// Reads an RBSP bit by bit out of a NAL unit's bytes, passing over emulation prevention bytes (ISO/IEC 14496-10, 7.4.1.1; ITU-T H.265, 7.4.2).
#[derive(Clone, Debug)]
pub(in crate::cenc) struct Bits<'a> {
    bytes: &'a [u8],
    next: usize,
    current: u8,
    left: u8,
    zeros: u8,
}

impl<'a> Bits<'a> {
    pub(in crate::cenc) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, next: 0, current: 0, left: 0, zeros: 0 }
    }

    /// Bytes of the NAL unit that were read, the last one perhaps in part; emulation prevention bytes count, one that
    /// would come next does not.
    pub(in crate::cenc) fn consumed(&self) -> usize {
        self.next
    }

    fn load(&mut self) -> Result<(), Error> {
        let mut byte = *self.bytes.get(self.next).ok_or(Error::Truncated)?;
        if self.zeros >= 2 && byte == 3 {
            self.next += 1;
            self.zeros = 0;
            byte = *self.bytes.get(self.next).ok_or(Error::Truncated)?;
        }
        self.next += 1;
        self.zeros = if byte == 0 { self.zeros.saturating_add(1) } else { 0 };
        (self.current, self.left) = (byte, 8);
        Ok(())
    }

    pub(in crate::cenc) fn flag(&mut self) -> Result<bool, Error> {
        if self.left == 0 {
            self.load()?;
        }
        self.left -= 1;
        Ok(self.current >> self.left & 1 == 1)
    }

    /// `u(count)`, for at most 32 bits.
    pub(in crate::cenc) fn u(&mut self, count: u32) -> Result<u32, Error> {
        (0..count).try_fold(0, |value, _| Ok(value << 1 | u32::from(self.flag()?)))
    }

    /// `u(count)` of no more than `max`.
    pub(in crate::cenc) fn u_max(&mut self, count: u32, max: u32, field: &'static str) -> Result<u32, Error> {
        in_range(self.u(count)?, max, field)
    }

    /// Passes over `count` bits.
    pub(in crate::cenc) fn skip(&mut self, count: u32) -> Result<(), Error> {
        (0..count).try_for_each(|_| self.flag().map(|_| ()))
    }

    /// Bits of the byte last read that were not.
    pub(in crate::cenc) fn left(&self) -> u8 {
        self.left
    }

    /// `ue(v)`: at most 31 leading zero bits, which no element of a valid stream exceeds.
    pub(in crate::cenc) fn ue(&mut self) -> Result<u32, Error> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return Err(Error::Golomb);
            }
        }
        Ok((1 << zeros) - 1 + self.u(zeros)?)
    }

    /// `ue(v)` of no more than `max`.
    pub(in crate::cenc) fn ue_max(&mut self, max: u32, field: &'static str) -> Result<u32, Error> {
        in_range(self.ue()?, max, field)
    }

    /// `se(v)`; what it says matters to no one here.
    pub(in crate::cenc) fn skip_se(&mut self) -> Result<(), Error> {
        self.ue().map(|_| ())
    }

    /// `se(v)`
    pub(in crate::cenc) fn se(&mut self) -> Result<i64, Error> {
        let code = i64::from(self.ue()?);
        Ok(if code % 2 == 0 { -(code / 2) } else { (code + 1) / 2 })
    }
}

fn in_range(value: u32, max: u32, field: &'static str) -> Result<u32, Error> {
    if value > max { Err(Error::Range { field, value }) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_read_as_table_9_2_has_them() {
        // 1 | 010 | 011 | 00100 | 00101 | 0001000
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_1000]);
        let codes: Vec<_> = (0..6).map(|_| bits.ue()).collect();
        assert_eq!(codes, [Ok(0), Ok(1), Ok(2), Ok(3), Ok(4), Ok(7)]);
        assert_eq!(Bits::new(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]).ue(), Err(Error::Golomb));
        assert_eq!(Bits::new(&[0]).ue(), Err(Error::Truncated));
        let mut signed = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let codes: Vec<_> = (0..5).map(|_| signed.se()).collect();
        assert_eq!(codes, [Ok(0), Ok(1), Ok(-1), Ok(2), Ok(-2)]);
    }

    #[test]
    fn emulation_prevention_bytes_are_passed_over_and_counted() {
        let mut bits = Bits::new(&[0, 0, 3, 1, 0, 0, 3]);
        assert_eq!(bits.u(24), Ok(1));
        assert_eq!(bits.consumed(), 4);
        assert_eq!(bits.u(16), Ok(0));
        assert_eq!(bits.consumed(), 6, "one that would come next does not count");
        assert_eq!(bits.flag(), Err(Error::Truncated));
        assert_eq!(Bits::new(&[0, 0, 0, 3, 5]).u(32), Ok(5), "after any number of zeros");
    }
}
