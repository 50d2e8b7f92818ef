use core::fmt;

/// A text as the inside of a quoted string (rfc8216bis, 4.2): what must not stand in one is replaced.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for (at, part) in self.0.split(|c: char| c == '"' || c.is_control()).enumerate() {
            f.write_str(if at == 0 { "" } else { "'" })?;
            f.write_str(part)?;
        }
        f.write_str("\"")
    }
}

/// Lines are written into a `String`, which takes every write: this drops the `Result` that cannot be an error.
macro_rules! put {
    ($out:expr, $($format:tt)*) => {{
        use core::fmt::Write as _;
        let _: core::fmt::Result = write!($out, $($format)*);
    }};
}
pub(super) use put;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_the_quotes() {
        assert_eq!(Quoted("Français").to_string(), "\"Français\"");
        assert_eq!(Quoted("a\"\n#EXT,b\r").to_string(), "\"a''#EXT,b'\"");
    }
}
