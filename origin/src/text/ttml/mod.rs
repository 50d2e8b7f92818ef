//! TTML (W3C, TTML 1 and 2), as far as IMSC's text profile goes and WebVTT has a form for it: times on every element, `br`, white space, italics, bold,
//! underline, alignment, and the line of a region in the upper half. No entity is expanded but XML's own; size, depth and counts are bounded.

mod clock;
mod flow;
mod paragraph;
mod region;
mod style;
mod xml;

use super::{Cue, Error};

/// The cues of a TTML document, which begins at `offset` of its file, in document order. Times count from zero of the track's timeline (ISO/IEC 14496-30, 5);
/// what has no end lasts until `end`, in milliseconds. An empty document has none.
///
/// # Errors
/// [`Error::Document`], [`Error::Images`]
pub fn cues(document: &[u8], offset: u64, end: u64) -> Result<Vec<Cue>, Error> {
    if document.is_empty() {
        return Ok(Vec::new());
    }
    let root = xml::parse(document).map_err(|error| error.within(offset))?;
    flow::cues(&root, end).map_err(|error| error.within(offset))
}

/// What is wrong with a document, and about where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bad {
    at: u64,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Images,
    Said(String),
}

impl Bad {
    fn new(at: u64, what: impl Into<String>) -> Self {
        Self { at, what: What::Said(what.into()) }
    }

    fn within(self, offset: u64) -> Error {
        let offset = offset.saturating_add(self.at);
        match self.what {
            What::Images => Error::Images { offset },
            What::Said(what) => Error::Document { offset, what },
        }
    }
}
