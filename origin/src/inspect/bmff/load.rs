use std::io::{self, Read, Seek, SeekFrom};

use sluice_packager::bmff::{Error, FourCc, Header, MAX_HEADER};

/// Bytes of boxes that are read into memory, `mdat` and its like not counted.
const MOST_BYTES: u64 = 128 << 20;
/// Boxes of a file, those inside of others included.
pub(super) const MOST_BOXES: usize = 1 << 19;
/// Boxes that hold samples or nothing: only their headers are read.
const UNREAD: [&[u8; 4]; 5] = [b"mdat", b"idat", b"free", b"skip", b"wide"];

/// A box of the file's top level.
pub(super) struct Top {
    pub(super) kind: FourCc,
    /// Where it begins in the file.
    pub(super) offset: u64,
    /// What it claims to have, or, where it extends to the end of the file (size 0), has.
    pub(super) size: u64,
    /// The whole box, as far as it is there; of one that holds samples or nothing its header alone.
    pub(super) bytes: Vec<u8>,
    /// Whether `bytes` is all that there is to read of it.
    pub(super) unread: bool,
}

/// The boxes of a file's top level, and what ended the reading of them before the file's end.
pub(super) struct Loaded {
    pub(super) boxes: Vec<Top>,
    pub(super) error: Option<Error>,
    /// Bytes of the file.
    pub(super) len: u64,
}

/// Reads a file's boxes, but not what is in `mdat`.
///
/// # Errors
/// Those of reading.
pub(super) fn load<R: Read + Seek + ?Sized>(file: &mut R) -> io::Result<Loaded> {
    let len = file.seek(SeekFrom::End(0))?;
    let mut loaded = Loaded { boxes: Vec::new(), error: None, len };
    let (mut offset, mut kept) = (0, 0u64);
    while offset < len {
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(MAX_HEADER as u64).read_to_end(&mut bytes)?;
        let available = len - offset;
        let (kind, size, error) = match header(&bytes, offset, available) {
            Ok(found) => found,
            Err(error) => {
                loaded.error = Some(error);
                break;
            }
        };
        let unread = UNREAD.contains(&&kind.0);
        if !unread {
            let part = size.min(available);
            kept = kept.saturating_add(part);
            if kept > MOST_BYTES || loaded.boxes.len() >= MOST_BOXES {
                loaded.error = Some(Error::Invalid {
                    kind,
                    offset,
                    what: "too much for this program: it reads 524288 boxes and 128 MiB of them",
                });
                break;
            }
            bytes.clear();
            file.seek(SeekFrom::Start(offset))?;
            file.take(part).read_to_end(&mut bytes)?;
        } else if loaded.boxes.len() >= MOST_BOXES {
            loaded.error = Some(Error::Count { kind, offset, count: MOST_BOXES as u64 });
            break;
        }
        loaded.boxes.push(Top { kind, offset, size, bytes, unread });
        if error.is_some() {
            loaded.error = error;
            break;
        }
        offset = offset.saturating_add(size);
    }
    Ok(loaded)
}

/// Type and size of a box at `offset` with `available` bytes left in its parent, and what is wrong with its size.
///
/// # Errors
/// [`Error`] where not even the type and size can be had.
pub(super) fn header(bytes: &[u8], offset: u64, available: u64) -> Result<(FourCc, u64, Option<Error>), Error> {
    match Header::peek(bytes, offset) {
        Ok(Some(Header { kind, size, .. })) => {
            let error = (size > available).then_some(Error::PastEnd { kind, offset, size, available });
            Ok((kind, size, error))
        }
        Ok(None) => Err(Error::Truncated { kind: FourCc::FILE, offset, field: "box header" }),
        // To the end of the file (ISO/IEC 14496-12, 4.2).
        Err(Error::Size { kind, size: 0, .. }) => Ok((kind, available, None)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn samples_stay_where_they_are_and_a_cut_file_says_where() {
        let file = b"\0\0\0\x0cstyp\x01\x02\x03\x04\0\0\0\x01mdat\0\0\0\0\0\0\0\x14abcd\0\0\0\0moovxyz";
        let loaded = load(&mut Cursor::new(file)).expect("a cursor");
        let seen: Vec<_> = loaded.boxes.iter().map(|top| (top.kind.to_string(), top.offset, top.size)).collect();
        let name = |name: &str| name.to_owned();
        assert_eq!(seen, [(name("styp"), 0, 12), (name("mdat"), 12, 20), (name("moov"), 32, 11)]);
        assert_eq!(loaded.boxes[1].bytes.len(), 16);
        assert_eq!(loaded.error, None);
        let loaded = load(&mut Cursor::new(&file[..20])).expect("a cursor");
        assert_eq!(
            loaded.error.map(|error| error.to_string()).as_deref(),
            Some("file at byte 12 ends before its box header")
        );
        let loaded = load(&mut Cursor::new(&file[..30])).expect("a cursor");
        let said = loaded.error.map(|error| error.to_string());
        assert_eq!(said.as_deref(), Some("mdat at byte 12 claims 20 bytes, but only 18 are there"));
        assert_eq!(loaded.boxes.len(), 2);
    }
}
