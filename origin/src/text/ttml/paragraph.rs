use core::ops::Range;

use super::style::Declared;

/// A paragraph's text in order, each run with its time.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    runs: Vec<Run>,
}

#[derive(Debug)]
struct Run {
    time: Range<u64>,
    style: Tags,
    what: Piece,
}

#[derive(Debug)]
enum Piece {
    Break,
    /// White space counts once, unless it is to be kept.
    Text {
        text: String,
        keep: bool,
    },
}

/// Tags that WebVTT has for a style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tags {
    italic: bool,
    bold: bool,
    underline: bool,
}

/// Most moments at which a paragraph's text changes: the text is written anew for each.
const MOST_CHANGES: usize = 256;

impl Paragraph {
    pub(super) fn text(&mut self, time: &Range<u64>, style: &Declared, text: &str, keep: bool) {
        let yes = |flag: Option<bool>| flag == Some(true);
        if !yes(style.hidden) {
            let style = Tags { italic: yes(style.italic), bold: yes(style.bold), underline: yes(style.underline) };
            self.runs.push(Run { time: time.clone(), style, what: Piece::Text { text: text.to_owned(), keep } });
        }
    }

    pub(super) fn line_break(&mut self, time: &Range<u64>) {
        self.runs.push(Run { time: time.clone(), style: Tags::default(), what: Piece::Break });
    }

    /// The texts that it shows one after another, as WebVTT's cue text; `None` where they change too often.
    pub(super) fn shown(&self) -> Option<Vec<(Range<u64>, String)>> {
        let mut changes: Vec<u64> = self.runs.iter().flat_map(|run| [run.time.start, run.time.end]).collect();
        changes.sort_unstable();
        changes.dedup();
        if changes.len() > MOST_CHANGES {
            return None;
        }
        let mut shown: Vec<(Range<u64>, String)> = Vec::new();
        for (from, to) in changes.iter().zip(changes.iter().skip(1)) {
            let mut line = Writer::default();
            self.runs.iter().filter(|run| run.time.contains(from)).for_each(|run| line.run(run));
            let text = line.finish();
            match shown.last_mut() {
                _ if text.is_empty() => {}
                Some((time, before)) if time.end == *from && *before == text => time.end = *to,
                _ => shown.push((*from..*to, text)),
            }
        }
        Some(shown)
    }
}

/// Puts runs together: white space and breaks wait for what they are to stand before, so that none is left over at an end.
#[derive(Default)]
struct Writer {
    out: String,
    open: Tags,
    spaces: usize,
    line_break: bool,
}

impl Writer {
    fn run(&mut self, run: &Run) {
        let (text, keep) = match &run.what {
            Piece::Break => return self.new_line(),
            Piece::Text { text, keep } => (text, *keep),
        };
        for c in text.chars() {
            match c {
                '\n' if keep => self.new_line(),
                ' ' | '\t' | '\r' | '\n' if keep => self.spaces += 1,
                ' ' | '\t' | '\r' | '\n' => {
                    let line_begins = self.out.is_empty() || self.line_break;
                    self.spaces = self.spaces.max(usize::from(!line_begins));
                }
                c => self.character(c, run.style),
            }
        }
    }

    fn new_line(&mut self) {
        self.spaces = 0;
        self.line_break = !self.out.is_empty();
    }

    fn character(&mut self, c: char, style: Tags) {
        if style != self.open {
            self.close();
        }
        if core::mem::take(&mut self.line_break) {
            self.out.push('\n');
        }
        let spaces = core::mem::take(&mut self.spaces);
        self.out.extend(core::iter::repeat_n(' ', spaces));
        if style != self.open {
            self.open = style;
            for (tag, _) in self.tags() {
                self.out.push_str(tag);
            }
        }
        match c {
            '&' => self.out.push_str("&amp;"),
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            c => self.out.push(c),
        }
    }

    fn tags(&self) -> Vec<(&'static str, &'static str)> {
        let Tags { italic, bold, underline } = self.open;
        [(italic, ("<i>", "</i>")), (bold, ("<b>", "</b>")), (underline, ("<u>", "</u>"))]
            .into_iter()
            .filter_map(|(wanted, tags)| wanted.then_some(tags))
            .collect()
    }

    fn close(&mut self) {
        for (_, tag) in self.tags().into_iter().rev() {
            self.out.push_str(tag);
        }
        self.open = Tags::default();
    }

    fn finish(mut self) -> String {
        self.close();
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_put_together_by_time() {
        let italic = Declared { italic: Some(true), bold: Some(true), ..Declared::default() };
        let plain = Declared::default();
        let mut paragraph = Paragraph::default();
        paragraph.text(&(0..10), &plain, "\n  One ", false);
        paragraph.text(&(2..10), &italic, " two\n", false);
        paragraph.line_break(&(0..10));
        paragraph.line_break(&(0..10));
        paragraph.text(&(4..6), &plain, "<three>  & ", false);
        paragraph.text(&(8..8), &plain, "never", false);
        paragraph.line_break(&(0..10));
        let shown = paragraph.shown().expect("few changes");
        let expected = [
            (0..2, "One"),
            (2..4, "One <i><b>two</b></i>"),
            (4..6, "One <i><b>two</b></i>\n&lt;three&gt; &amp;"),
            (6..10, "One <i><b>two</b></i>"),
        ];
        assert_eq!(shown, expected.map(|(time, text)| (time, text.to_owned())));
    }

    #[test]
    fn white_space_that_is_kept_breaks_lines() {
        let mut paragraph = Paragraph::default();
        paragraph.text(&(0..1), &Declared::default(), "\n  a  b \n \n\tc\n", true);
        assert_eq!(paragraph.shown().expect("few"), [(0..1, "  a  b\n c".to_owned())]);
    }

    #[test]
    fn text_that_changes_too_often_is_refused() {
        let mut paragraph = Paragraph::default();
        for at in 0..MOST_CHANGES as u64 {
            paragraph.text(&(at..at + 1), &Declared::default(), "x", false);
        }
        assert_eq!(paragraph.shown(), None);
    }
}
