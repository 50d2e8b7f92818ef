use anyhow::bail;

use super::MOST_LINES;

/// A line of a playlist that says something (rfc8216bis, 4.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbered<'a> {
    /// From 1.
    pub(super) number: usize,
    pub(crate) what: Line<'a>,
}

/// What a line is; comments and blank lines are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// A tag's name without `#`, and what follows its colon.
    Tag(&'a str, &'a str),
    /// A URI.
    Uri(&'a str),
}

/// The lines of a playlist.
pub(crate) fn lines(text: &str) -> anyhow::Result<Vec<Numbered<'_>>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut out = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if index == MOST_LINES {
            bail!("a playlist of more than {MOST_LINES} lines");
        }
        let line = line.trim();
        let what = match line.strip_prefix('#') {
            _ if line.is_empty() => continue,
            None => Line::Uri(line),
            Some(tag) if tag.starts_with("EXT") => {
                let (name, value) = tag.split_once(':').unwrap_or((tag, ""));
                Line::Tag(name, value)
            }
            Some(_) => continue,
        };
        out.push(Numbered { number: index + 1, what });
    }
    Ok(out)
}

/// The attributes of a tag (4.2), in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Attributes<'a> {
    /// Reads an attribute list; `Err` with the text where it ends to make sense, and what was read before.
    pub(crate) fn parse(text: &'a str) -> (Self, Option<&'a str>) {
        let mut out = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let Some((name, after)) = rest.split_once('=') else { return (Self(out), Some(rest)) };
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => match quoted.split_once('"') {
                    Some(split) => split,
                    None => return (Self(out), Some(rest)),
                },
                None => after.split_at(after.find(',').unwrap_or(after.len())),
            };
            out.push((name.trim(), value.trim()));
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(after) => after.trim_start(),
                None if after.is_empty() => after,
                None => return (Self(out), Some(after)),
            };
        }
        (Self(out), None)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// A copy of the value, for a report.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(crate::inspect::text::printable)
    }

    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name).and_then(|value| value.parse().ok())
    }

    /// Whether the value is `YES`.
    pub(super) fn yes(&self, name: &str) -> bool {
        self.get(name) == Some("YES")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn attributes_are_split_outside_of_quotes() {
        let (read, rest) = Attributes::parse(r#"METHOD=AES-128, URI="a,b=c",IV=0x01 ,X="#);
        assert_eq!(read.0, [("METHOD", "AES-128"), ("URI", "a,b=c"), ("IV", "0x01"), ("X", "")]);
        assert_eq!(rest, None);
        assert_eq!(Attributes::parse(r#"A=1,URI="open"#).1, Some(r#"URI="open"#));
        assert_eq!(Attributes::parse(r#"A="x"B=1"#).1, Some("B=1"));
        assert_eq!(Attributes::parse("A=1,B").1, Some("B"));
    }

    proptest! {
        #[test]
        fn any_text_has_an_end(text in "\\PC{0,60}") {
            let _ = Attributes::parse(&text);
            let _ = lines(&text);
        }
    }
}
