/// Reads bits, the most significant of each byte first: AV1's and VP9's headers, which know no emulation prevention.
#[derive(Clone, Debug)]
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    next: usize,
    /// Bits of the byte before `next` that are not yet read.
    left: u8,
}

/// The bytes ended before the syntax did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended;

impl<'a> Bits<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, next: 0, left: 0 }
    }

    /// Bytes that were read, the last one perhaps in part.
    pub(crate) fn consumed(&self) -> usize {
        self.next
    }

    /// What follows the last byte that was read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.next..).unwrap_or_default()
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Ended> {
        if self.left == 0 {
            if self.next >= self.bytes.len() {
                return Err(Ended);
            }
            self.next += 1;
            self.left = 8;
        }
        self.left -= 1;
        let byte = self.next.checked_sub(1).and_then(|at| self.bytes.get(at)).ok_or(Ended)?;
        Ok(byte >> self.left & 1 == 1)
    }

    /// `f(count)`, for at most 32 bits.
    pub(crate) fn u(&mut self, count: u32) -> Result<u32, Ended> {
        (0..count).try_fold(0, |value, _| Ok(value << 1 | u32::from(self.flag()?)))
    }

    /// Passes over any number of bits.
    pub(crate) fn skip(&mut self, count: u32) -> Result<(), Ended> {
        (0..count).try_for_each(|_| self.flag().map(|_| ()))
    }

    /// A flag, and `count` bits that it announces.
    pub(crate) fn skip_if_flag(&mut self, count: u32) -> Result<(), Ended> {
        if self.flag()? { self.skip(count) } else { Ok(()) }
    }

    /// The bits up to the end of the byte; none where it was read whole.
    pub(crate) fn align(&mut self) -> Result<u32, Ended> {
        self.u(self.left.into())
    }
}

/// Writes bits, for headers that tests make by hand.
#[cfg(test)]
#[derive(Clone, Debug, Default)]
pub(crate) struct BitWriter(Vec<bool>);

#[cfg(test)]
impl BitWriter {
    pub(crate) fn u(&mut self, count: u32, value: u64) -> &mut Self {
        self.0.extend((0..count).rev().map(|at| value >> at & 1 == 1));
        self
    }

    /// A flag; what it says.
    pub(crate) fn flag(&mut self, value: bool) -> bool {
        self.0.push(value);
        value
    }

    /// Whole bytes, filled up with zeros.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let byte = |bits: &[bool]| (0..8).fold(0, |byte, at| byte << 1 | u8::from(*bits.get(at).unwrap_or(&false)));
        self.0.chunks(8).map(byte).collect()
    }
}

/// Decisions of hand-made headers, the same for the same seed.
#[cfg(test)]
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

#[cfg(test)]
impl Dice {
    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub(crate) fn flip(&mut self) -> bool {
        self.roll(2) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_read_from_the_top_and_counted_by_bytes() {
        let mut bits = Bits::new(&[0b1010_0110, 0xff, 7]);
        assert_eq!((bits.flag(), bits.u(3), bits.consumed()), (Ok(true), Ok(2), 1));
        assert_eq!((bits.align(), bits.align(), bits.rest()), (Ok(6), Ok(0), &[0xff, 7][..]));
        assert_eq!((bits.skip_if_flag(9), bits.align()), (Ok(()), Ok(7)));
        assert_eq!((bits.flag(), bits.u(0), bits.consumed()), (Err(Ended), Ok(0), 3));
        assert_eq!(Bits::new(&[1, 2, 3, 4]).u(32), Ok(0x0102_0304));
    }
}
