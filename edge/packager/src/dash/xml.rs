use core::fmt;

/// A text as character data or attribute value (XML 1.0, 2.2 and 2.4): markup is escaped, what XML cannot hold replaced.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&apos;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => f.write_str("\u{fffd}"),
            c => fmt::Write::write_char(f, c),
        })
    }
}

/// Elements are written into a `String`, which takes every write: this drops the `Result` that cannot be an error.
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
    fn nothing_is_left_of_markup_or_controls() {
        let text = "Tom & \"<Jerry>\" 'é'\u{0}\n\u{ffff}";
        assert_eq!(
            Escaped(text).to_string(),
            "Tom &amp; &quot;&lt;Jerry&gt;&quot; &apos;é&apos;\u{fffd}\u{fffd}\u{fffd}"
        );
    }
}
