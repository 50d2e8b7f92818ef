use std::fmt::Write;

use sluice_packager::bmff::{self, BoxView, Boxes};

/// Boxes that hold only boxes.
const CONTAINERS: [&[u8; 4]; 12] =
    [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"edts", b"moof", b"traf", b"mfra", b"sinf", b"schi"];

/// The box tree: type, offset and size, indented.
pub(super) fn tree(bytes: &[u8]) -> Result<String, bmff::Error> {
    let mut out = String::new();
    level(Boxes::of(bytes), 0, &mut out)?;
    Ok(out)
}

fn level(boxes: Boxes<'_>, depth: usize, out: &mut String) -> Result<(), bmff::Error> {
    for view in boxes {
        let view = view?;
        let _ = writeln!(
            out,
            "{:indent$}{} at {} size {}",
            "",
            view.kind(),
            view.offset,
            view.bytes.len(),
            indent = 2 * depth
        );
        if depth < 16
            && let Some(children) = children(&view)
        {
            level(children, depth + 1, out)?;
        }
    }
    Ok(())
}

fn children<'a>(view: &BoxView<'a>) -> Option<Boxes<'a>> {
    CONTAINERS.contains(&&view.header.kind.0).then(|| view.children())
}
