/// Random bytes, where they only tell things apart and nothing secret hangs on them: zeros where the operating system has none.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let _ = getrandom::fill(&mut bytes);
    bytes
}
