use std::fmt::{self, Write};

use serde::Serialize;
use sluice_packager::bmff::{Error, Fields, FourCc, MAX_HEADER};

use super::{
    boxes::{self, Inside},
    load::{Loaded, MOST_BOXES, header},
};
use crate::inspect::{drm::Signalling, facts::Facts};

/// Deepest nesting. `moov` down to the boxes of a sample entry's `schi` is ten.
const DEEPEST: usize = 24;

/// Values in lists, of all boxes together: what is listed takes more memory than what it was read from.
const MOST_LISTED: usize = 1 << 21;

/// A box: where it is, what its fields say, what it holds.
#[derive(Clone, Debug, Serialize)]
pub struct BoxNode {
    /// The type: four characters.
    #[serde(rename = "type")]
    pub kind: String,
    /// What a `uuid` box is, where its extended type is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'static str>,
    /// Where it begins, in bytes from the start of the file.
    pub offset: u64,
    /// Bytes, header included, as it claims.
    pub size: u64,
    /// Its fields, under their names in ISO/IEC 14496-12, 14496-14, 14496-15 and 23001-7.
    #[serde(skip_serializing_if = "Facts::is_empty")]
    pub fields: Facts,
    /// The data of a `pssh` box, decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signalling: Option<Signalling>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The boxes that it holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<BoxNode>,
}

/// What a box is read in the light of.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) parent: FourCc,
    /// `handler_type` of the track, once its `hdlr` was read.
    pub(super) handler: Option<FourCc>,
}

/// Builds the tree; keeps the errors in the order of the file.
pub(super) struct Builder {
    errors: Vec<Error>,
    left: usize,
    listed: usize,
}

/// The boxes of a file, and every error in them.
pub(super) fn tree(loaded: &Loaded) -> (Vec<BoxNode>, Vec<Error>) {
    let mut builder = Builder { errors: Vec::new(), left: MOST_BOXES, listed: 0 };
    let mut nodes = Vec::new();
    for top in &loaded.boxes {
        let context = Context { parent: FourCc::FILE, handler: None };
        if top.unread {
            nodes.push(BoxNode::empty(top.kind, top.offset, top.size));
        } else {
            nodes.push(builder.node(top.kind, top.offset, top.size, &top.bytes, context, 0));
        }
    }
    if let Some(error) = &loaded.error {
        if let Some(last) =
            nodes.last_mut().filter(|last| matches!(error, Error::PastEnd { offset, .. } if *offset == last.offset))
        {
            last.error = Some(error.to_string());
        }
        builder.errors.push(error.clone());
    }
    (nodes, builder.errors)
}

impl BoxNode {
    fn empty(kind: FourCc, offset: u64, size: u64) -> Self {
        Self {
            kind: kind.to_string(),
            name: None,
            offset,
            size,
            fields: Facts::default(),
            signalling: None,
            error: None,
            children: Vec::new(),
        }
    }

    /// Writes it and what it holds, a line each, indented by depth.
    pub(super) fn write(&self, f: &mut impl Write, depth: usize) -> fmt::Result {
        let indent = 2 * depth;
        write!(f, "{:indent$}{} at {} size {}", "", self.kind, self.offset, self.size)?;
        if let Some(name) = self.name {
            write!(f, "  {name}")?;
        }
        if !self.fields.is_empty() {
            write!(f, "  {}", self.fields)?;
        }
        if let Some(error) = &self.error {
            write!(f, "  !! {error}")?;
        }
        writeln!(f)?;
        for (name, rows) in self.fields.tables() {
            writeln!(f, "{:indent$}  {name}:", "")?;
            rows.iter().try_for_each(|row| writeln!(f, "{:indent$}    {row}", ""))?;
        }
        if let Some(signalling) = &self.signalling {
            signalling.write(f, indent + 2)?;
        }
        self.children.iter().try_for_each(|child| child.write(f, depth + 1))
    }
}

impl Builder {
    /// A box whose bytes, as far as they are there, are `bytes`.
    fn node(&mut self, kind: FourCc, offset: u64, size: u64, bytes: &[u8], context: Context, depth: usize) -> BoxNode {
        let mut node = BoxNode::empty(kind, offset, size);
        let header = if bytes.starts_with(&[0, 0, 0, 1]) { 16 } else { 8 };
        let payload = bytes.get(header..).unwrap_or_default();
        let mut fields = Fields::new(kind, offset, payload);
        let decoded = boxes::decode(kind, context, &mut fields, &mut node);
        self.listed = self.listed.saturating_add(node.fields.listed());
        if self.listed > MOST_LISTED {
            node.fields.drop_lists();
        }
        if &kind.0 == b"pssh" {
            node.signalling = Some(Signalling::pssh(bytes));
        }
        match decoded {
            Ok(Inside::Boxes) if depth < DEEPEST => {
                let start = offset.saturating_add((bytes.len() - fields.rest().len()) as u64);
                node.children = self.children(fields.rest(), start, Context { parent: kind, ..context }, depth + 1);
            }
            Ok(Inside::Boxes) => {
                self.wrong(&mut node, Error::Invalid { kind, offset, what: "nested deeper than any known box" });
            }
            Ok(Inside::Nothing) => {}
            // A box that is cut off has its error already.
            Err(error) if (bytes.len() as u64) < size => node.error = Some(error.to_string()),
            Err(error) => self.wrong(&mut node, error),
        }
        node
    }

    fn wrong(&mut self, node: &mut BoxNode, error: Error) {
        node.error = Some(error.to_string());
        self.errors.push(error);
    }

    fn children(&mut self, mut bytes: &[u8], mut offset: u64, mut context: Context, depth: usize) -> Vec<BoxNode> {
        let mut nodes: Vec<BoxNode> = Vec::new();
        // QuickTime ends some lists of boxes by four zero bytes.
        while !bytes.is_empty() && bytes != [0; 4] {
            let head = bytes.get(..MAX_HEADER).unwrap_or(bytes);
            let (kind, size, error) = match header(head, offset, bytes.len() as u64) {
                Ok(found) => found,
                Err(error) => {
                    self.errors.push(error);
                    break;
                }
            };
            if self.left == 0 {
                self.errors.push(Error::Count { kind, offset, count: MOST_BOXES as u64 });
                break;
            }
            self.left -= 1;
            let whole = usize::try_from(size).unwrap_or(usize::MAX).min(bytes.len());
            let (own, rest) = bytes.split_at(whole);
            let mut node = self.node(kind, offset, size, own, context, depth);
            if context.handler.is_none() || &kind.0 == b"hdlr" {
                // `hdlr` stands before `minf` in `mdia`.
                context.handler = handler(&node).or(context.handler);
            }
            if let Some(error) = error {
                self.wrong(&mut node, error);
                nodes.push(node);
                break;
            }
            nodes.push(node);
            (bytes, offset) = (rest, offset.saturating_add(size));
        }
        nodes
    }
}

fn handler(node: &BoxNode) -> Option<FourCc> {
    if node.kind != "hdlr" {
        return None;
    }
    node.fields.text("handler_type").and_then(|text| <[u8; 4]>::try_from(text.as_bytes()).ok()).map(FourCc)
}
