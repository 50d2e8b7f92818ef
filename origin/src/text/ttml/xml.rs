use quick_xml::{
    NsReader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
    name::{Namespace, ResolveResult},
};

use super::{Bad, What};

/// Longest document, in bytes.
const LARGEST: usize = 4 << 20;
/// Deepest nesting.
const DEEPEST: usize = 48;
/// Most elements of a document.
const MOST_ELEMENTS: usize = 1 << 16;
/// Most attributes of an element, namespace declarations included.
const MOST_ATTRIBUTES: usize = 64;

/// The namespace of TTML, and those of its drafts that files still have.
const TTML: [&str; 4] = [
    "http://www.w3.org/ns/ttml",
    "http://www.w3.org/2006/10/ttaf1",
    "http://www.w3.org/2006/04/ttaf1",
    "http://www.w3.org/2006/02/ttaf1",
];
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Where `backgroundImage` is, by which a document is drawn (SMPTE ST 2052-1).
const SMPTE: &str = "http://www.smpte-ra.org/schemas/2052-1/";

/// Whose attribute it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// The element's own.
    None,
    /// `tts:`
    Style,
    /// `ttp:`
    Parameter,
    /// `xml:`
    Xml,
}

/// An element of TTML; those of other namespaces are passed over with all that is in them.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(Space, String, String)>,
    pub(super) children: Vec<Node>,
    /// Where it begins, in bytes.
    pub(super) at: u64,
}

#[derive(Debug)]
pub(super) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    pub(super) fn attribute(&self, space: Space, name: &str) -> Option<&str> {
        let (_, _, value) = self.attributes.iter().find(|(of, known, _)| *of == space && known == name)?;
        Some(value.trim())
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|child| child.name == name)
    }
}

/// Parses a document whose root is `tt`.
pub(super) fn parse(bytes: &[u8]) -> Result<Element, Bad> {
    if bytes.len() > LARGEST {
        return Err(Bad::new(0, format!("a document of {} bytes, the most is {LARGEST}", bytes.len())));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Bad::new(error.valid_up_to() as u64, "not UTF-8"))?
        // Some packagers end the document as C does.
        .trim_end_matches('\0');
    let unmarked = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = (text.len() - unmarked.len()) as u64;
    let root = tree(unmarked).map_err(|bad| Bad { at: bad.at + mark, ..bad })?;
    if root.name == "tt" { Ok(root) } else { Err(Bad::new(mark, "the root is not tt")) }
}

fn tree(text: &str) -> Result<Element, Bad> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    // Elements whose end has not come, outermost first; `None`: of another namespace.
    let mut open: Vec<Option<Element>> = Vec::new();
    let mut count = 0usize;
    loop {
        let at = reader.buffer_position();
        let bad = |what: &str| Bad::new(at, what);
        let event = reader.read_event().map_err(|error| bad(&format!("not well-formed XML: {error}")))?;
        let closed = match &event {
            Event::Start(start) | Event::Empty(start) => {
                count += 1;
                if count > MOST_ELEMENTS {
                    return Err(bad(&format!("more than {MOST_ELEMENTS} elements")));
                }
                if open.len() >= DEEPEST {
                    return Err(bad(&format!("elements more than {DEEPEST} deep")));
                }
                let inside_other = open.last().is_some_and(Option::is_none);
                let element = element(&reader, start, at)?.filter(|_| !inside_other);
                if matches!(event, Event::Start(_)) {
                    open.push(element);
                    continue;
                }
                element
            }
            Event::End(_) => open.pop().ok_or_else(|| bad("an end without its start"))?,
            Event::Text(text) => {
                append(&mut open, &text.xml10_content());
                continue;
            }
            Event::CData(text) => {
                append(&mut open, &text.xml10_content());
                continue;
            }
            Event::GeneralRef(reference) => {
                let character = reference
                    .resolve_char_ref()
                    .map_err(|_| bad("a reference to a character that XML does not have"))?;
                match character {
                    Some(character) => append(&mut open, character.encode_utf8(&mut [0; 4])),
                    None => {
                        let name = reference.xml10_content();
                        let known = resolve_predefined_entity(&name);
                        append(&mut open, known.ok_or_else(|| bad("an entity that XML does not predefine"))?);
                    }
                }
                continue;
            }
            Event::DocType(_) => return Err(bad("a DOCTYPE, which is refused")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => continue,
            Event::Eof => return Err(bad("the document ends before its root does")),
        };
        match (open.last_mut(), closed) {
            (Some(Some(parent)), Some(element)) => parent.children.push(Node::Element(element)),
            (Some(_), _) => {}
            // What comes behind the root says nothing.
            (None, Some(root)) => return Ok(root),
            (None, None) => return Err(bad("the root is not of the namespace of TTML")),
        }
    }
}

fn append(open: &mut [Option<Element>], text: &str) {
    let Some(Some(element)) = open.last_mut() else { return };
    match element.children.last_mut() {
        Some(Node::Text(before)) => before.push_str(text),
        _ => element.children.push(Node::Text(text.to_owned())),
    }
}

/// `None` for an element of another namespace.
fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>, at: u64) -> Result<Option<Element>, Bad> {
    let resolver = reader.resolver();
    let (namespace, name) = resolver.resolve_element(start.name());
    let undeclared = || Bad::new(at, "the prefix of a namespace that is not declared");
    let ours = match namespace {
        ResolveResult::Bound(Namespace(uri)) => TTML.contains(&uri),
        ResolveResult::Unbound => false,
        ResolveResult::Unknown(_) => return Err(undeclared()),
    };
    let mut attributes = Vec::new();
    for (index, attribute) in start.attributes().enumerate() {
        if index >= MOST_ATTRIBUTES {
            return Err(Bad::new(at, format!("an element of more than {MOST_ATTRIBUTES} attributes")));
        }
        let attribute = attribute.map_err(|error| Bad::new(at, format!("not well-formed XML: {error}")))?;
        let (namespace, local) = resolver.resolve_attribute(attribute.key);
        let local = local.into_inner();
        let space = match namespace {
            ResolveResult::Unbound => Space::None,
            ResolveResult::Bound(Namespace(uri)) => match space(uri) {
                Some(space) => space,
                None if local == "backgroundImage" && uri.starts_with(SMPTE) => {
                    return Err(Bad { at, what: What::Images });
                }
                None => continue,
            },
            ResolveResult::Unknown(_) => return Err(undeclared()),
        };
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|_| Bad::new(at, "an attribute with an entity that XML does not predefine"))?;
        attributes.push((space, local.to_owned(), value.into_owned()));
    }
    let name = name.into_inner();
    if ours && name == "image" {
        return Err(Bad { at, what: What::Images });
    }
    Ok(ours.then(|| Element { name: name.to_owned(), attributes, children: Vec::new(), at }))
}

/// `None`: none of those that are read here.
fn space(uri: &str) -> Option<Space> {
    if uri == XML {
        return Some(Space::Xml);
    }
    match TTML.iter().find_map(|ttml| uri.strip_prefix(ttml))? {
        "#styling" | "#style" => Some(Space::Style),
        "#parameter" => Some(Space::Parameter),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(document: &str) -> (u64, String) {
        let Bad { at, what } = parse(document.as_bytes()).expect_err(document);
        (at, if let What::Said(what) = what { what } else { "images".to_owned() })
    }

    #[test]
    fn what_is_no_ttml_is_refused_by_name_and_place() {
        let tt = |inside: &str| format!("<tt xmlns='http://www.w3.org/ns/ttml'>{inside}</tt>");
        for (document, at, what) in [
            (String::new(), 0, "ends before"),
            ("<tt/>".to_owned(), 0, "namespace of TTML"),
            ("<x:tt/>".to_owned(), 0, "not declared"),
            ("<p xmlns='http://www.w3.org/ns/ttml'/>".to_owned(), 0, "root is not tt"),
            (tt("<body>"), 44, "not well-formed"),
            (tt("<p a='1' a='2'/>"), 38, "not well-formed"),
            (tt("&nbsp;"), 38, "predefine"),
            (tt("<p a='&x;'/>"), 38, "predefine"),
            ("<!DOCTYPE tt []><tt/>".to_owned(), 0, "DOCTYPE"),
            (
                tt("<div xmlns:s='http://www.smpte-ra.org/schemas/2052-1/2010/smpte-tt' s:backgroundImage='#a'/>"),
                38,
                "images",
            ),
            (tt("<div><image src='a.png'/></div>"), 43, "images"),
            (tt(&"<div>".repeat(DEEPEST)), 38 + 5 * (DEEPEST as u64 - 1), "deep"),
            (tt(&"<p/>".repeat(MOST_ELEMENTS)), 38 + 4 * (MOST_ELEMENTS as u64 - 1), "elements"),
        ] {
            let (place, said) = said(&document);
            assert!(said.contains(what), "{document}: {said}");
            assert_eq!(place, at, "{document}: {said}");
        }
        assert_eq!(parse(b"<tt>\xff").expect_err("no UTF-8").at, 4);
        assert!(parse(&vec![b' '; LARGEST + 1]).is_err());
    }

    #[test]
    fn other_namespaces_are_passed_over_and_text_is_joined() {
        let document = "\u{feff}<t:tt xmlns:t='http://www.w3.org/ns/ttml' xmlns:tts='http://www.w3.org/ns/ttml#styling' xml:space='preserve'>\
                        <m xmlns='urn:x'><t:p/>x</m>a<!-- c -->&amp;&#x62;<![CDATA[<]]><t:p tts:color='red' begin=' 1s '/></t:tt>\0";
        let root = parse(document.as_bytes()).expect("parses");
        assert_eq!(root.attribute(Space::Xml, "space"), Some("preserve"));
        assert!(matches!(&root.children[..], [Node::Text(text), Node::Element(_)] if text == "a&b<"));
        let p = root.child("p").expect("p");
        assert_eq!((p.attribute(Space::Style, "color"), p.attribute(Space::None, "begin")), (Some("red"), Some("1s")));
    }
}
