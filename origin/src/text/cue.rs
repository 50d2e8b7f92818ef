use core::ops::Range;

/// A cue with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// From its first to behind its last moment, in milliseconds on the track's timeline.
    pub time: Range<u64>,
    /// What is shown.
    pub content: Content,
}

/// What a cue shows, and how. Made only of what can stand in a WebVTT file: see [`Content::new`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content {
    id: String,
    settings: String,
    text: String,
}

impl Content {
    /// A cue identifier and settings (each may be empty), and cue text as WebVTT writes it: escaped, with its tags. `None` for text that shows nothing.
    ///
    /// What would end the cue, or begin another, is taken out: line breaks of identifier and settings, blank lines, the arrow.
    pub fn new(id: &str, settings: &str, text: &str) -> Option<Self> {
        let text = lines(text).filter(|line| !line.trim().is_empty()).map(|line| line.replace("-->", "--&gt;"));
        let text = text.collect::<Vec<_>>().join("\n").replace('\0', "\u{fffd}");
        (!text.is_empty()).then(|| Self { id: line(id), settings: line(settings), text })
    }

    /// One line, or empty.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// One line, or empty.
    pub fn settings(&self) -> &str {
        &self.settings
    }

    /// Lines, none of them blank.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The lines of a text, by any of WebVTT's line terminators.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").replace("-->", "->").replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_a_cue() {
        let content =
            Content::new("a\n-->b", "line:0\r\nalign:end", "one\r\n\r\n00:00 --> 00:01\rtwo\n \n").expect("shows");
        assert_eq!((content.id(), content.settings()), ("a ->b", "line:0 align:end"));
        assert_eq!(content.text(), "one\n00:00 --&gt; 00:01\ntwo");
        assert_eq!(Content::new("1", "", " \n\t\r"), None);
    }
}
