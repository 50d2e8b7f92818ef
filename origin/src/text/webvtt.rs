use core::fmt::{self, Write};

use super::{Cue, cue::lines};

/// What stands before the cues of every segment, from `WEBVTT` to the last style or region block.
pub(super) struct Header(String);

/// Zero of the cues is zero of the media's clock.
const TIMESTAMP_MAP: &str = "X-TIMESTAMP-MAP=";

impl Header {
    /// Of a WebVTT file's own header (`vttC`); may be empty.
    pub(super) fn of(config: &str) -> Self {
        let config = config.trim_start_matches('\u{feff}').trim_end();
        let mut own = lines(config).take_while(|line| !line.contains("-->")).peekable();
        let signature = own.next_if(|line| line.starts_with("WEBVTT")).unwrap_or("WEBVTT");
        let mut out = format!("{signature}\n{TIMESTAMP_MAP}MPEGTS:0,LOCAL:00:00:00.000\n");
        for line in own.filter(|line| !line.starts_with(TIMESTAMP_MAP)) {
            out.push_str(line);
            out.push('\n');
        }
        Self(format!("{}\n", out.trim_end()).replace('\0', "\u{fffd}"))
    }
}

/// A segment's WebVTT file.
pub(super) fn write(header: &Header, cues: &[Cue]) -> String {
    let mut out = header.0.clone();
    for Cue { time, content } in cues {
        out.push('\n');
        if !content.id().is_empty() {
            out.push_str(content.id());
            out.push('\n');
        }
        // A `String` takes every write.
        let _: fmt::Result = write!(out, "{} --> {}", Timestamp(time.start), Timestamp(time.end));
        if !content.settings().is_empty() {
            out.push(' ');
            out.push_str(content.settings());
        }
        out.push('\n');
        out.push_str(content.text());
        out.push('\n');
    }
    out
}

/// Milliseconds as `hh:mm:ss.mmm`.
struct Timestamp(u64);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0 / 1000, self.0 % 1000);
        write!(f, "{:02}:{:02}:{:02}.{millis:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Content;

    #[test]
    fn a_segment_has_the_files_header_and_the_map() {
        let map = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n";
        let content = Content::new("7", "line:0", "<i>Ja</i>").expect("shows");
        let cue = Cue { time: 3_723_004..360_000_000, content };
        for (config, header) in [
            ("", format!("WEBVTT\n{map}")),
            ("WEBVTT\n", format!("WEBVTT\n{map}")),
            (
                "\u{feff}WEBVTT - x\r\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\r\n\r\nSTYLE\r\n::cue {}\r\n\r\n",
                format!("WEBVTT - x\n{map}\nSTYLE\n::cue {{}}\n"),
            ),
            ("WEBVTT\n\n00:00.000 --> 00:01.000\nno header", format!("WEBVTT\n{map}")),
        ] {
            assert_eq!(
                write(&Header::of(config), core::slice::from_ref(&cue)),
                format!("{header}\n7\n01:02:03.004 --> 100:00:00.000 line:0\n<i>Ja</i>\n")
            );
        }
    }
}
