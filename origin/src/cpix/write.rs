use quick_xml::escape::escape;
use zeroize::Zeroizing;

use super::{
    Element, Namespace,
    tree::{CPIX, PSKC},
};

/// Writes a document, UTF-8, with the prefixes `cpix` and `pskc`. Zeroized when dropped, since it may hold keys.
pub fn write(root: &Element) -> Zeroizing<String> {
    // Room for all of it, so that growing leaves no copies of keys behind.
    let mut out = Zeroizing::new(String::with_capacity(256 + size(root)));
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    element(&mut out, root, true);
    out
}

/// An upper bound of the bytes of an element: escaping makes at most six of one.
fn size(element: &Element) -> usize {
    let own = 2 * element.name.len() + 64 + 6 * element.text.len();
    let namespace = match &element.namespace {
        Namespace::Other(uri) => 6 * uri.len(),
        Namespace::Cpix | Namespace::Pskc => 0,
    };
    let attributes: usize = element.attributes.iter().map(|(name, value)| name.len() + 6 * value.len() + 4).sum();
    own + namespace + attributes + element.children.iter().map(size).sum::<usize>()
}

fn element(out: &mut String, element_: &Element, root: bool) {
    let prefix = match &element_.namespace {
        Namespace::Cpix => "cpix:",
        Namespace::Pskc => "pskc:",
        Namespace::Other(_) => "",
    };
    out.push('<');
    out.push_str(prefix);
    out.push_str(&element_.name);
    if root {
        out.push_str(&format!(" xmlns:cpix=\"{CPIX}\" xmlns:pskc=\"{PSKC}\""));
    }
    if let Namespace::Other(uri) = &element_.namespace {
        out.push_str(&format!(" xmlns=\"{}\"", escape(uri.as_str())));
    }
    for (name, value) in &element_.attributes {
        out.push_str(&format!(" {name}=\"{}\"", escape(value.as_str())));
    }
    if element_.children.is_empty() && element_.text.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    if !element_.text.trim().is_empty() || element_.children.is_empty() {
        out.push_str(&escape(element_.text.as_str()));
    }
    for child in &element_.children {
        element(out, child, false);
    }
    out.push_str("</");
    out.push_str(prefix);
    out.push_str(&element_.name);
    out.push('>');
}
