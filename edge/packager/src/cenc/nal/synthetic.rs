//! Writes NAL units bit by bit, for streams that no encoder at hand produces.

/// Writes syntax elements.
#[derive(Clone, Debug, Default)]
pub(in crate::cenc) struct BitWriter {
    bits: Vec<bool>,
}

impl BitWriter {
    pub(in crate::cenc) fn u(&mut self, count: u32, value: u64) -> &mut Self {
        self.bits.extend((0..count).rev().map(|at| value >> at & 1 == 1));
        self
    }

    pub(in crate::cenc) fn ue(&mut self, value: u64) -> &mut Self {
        let width = 64 - (value + 1).leading_zeros();
        self.u(width - 1, 0).u(width, value + 1)
    }

    pub(in crate::cenc) fn se(&mut self, value: i64) -> &mut Self {
        self.ue(if value > 0 { 2 * value.unsigned_abs() - 1 } else { 2 * value.unsigned_abs() })
    }

    /// Whole bytes; the last one is filled up with one bits, as `cabac_alignment_one_bit`.
    pub(in crate::cenc) fn bytes(&self) -> Vec<u8> {
        let byte = |bits: &[bool]| (0..8).fold(0, |byte, at| byte << 1 | u8::from(*bits.get(at).unwrap_or(&true)));
        self.bits.chunks(8).map(byte).collect()
    }

    /// Whole bytes after a one bit and as many zeros as it takes: `byte_alignment()` and `rbsp_trailing_bits()` of HEVC.
    pub(in crate::cenc) fn aligned(&mut self) -> Vec<u8> {
        self.u(1, 1);
        let over = self.bits.len() % 8;
        self.u((8 - over as u32) % 8, 0);
        self.bytes()
    }
}

/// Puts in emulation prevention bytes (ISO/IEC 14496-10, 7.4.1.1): a NAL unit from its header and RBSP.
pub(in crate::cenc) fn unit(header: &[u8], rbsp: &[u8]) -> Vec<u8> {
    let mut out = header.to_vec();
    let mut zeros = 0;
    for byte in rbsp {
        if zeros == 2 && *byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        out.push(*byte);
    }
    out
}

/// A sample of these NAL units.
pub(in crate::cenc) fn sample(size: u8, units: &[Vec<u8>]) -> Vec<u8> {
    let prefixed = |unit: &Vec<u8>| [&(unit.len() as u32).to_be_bytes()[4 - usize::from(size)..], unit].concat();
    units.iter().flat_map(prefixed).collect()
}
