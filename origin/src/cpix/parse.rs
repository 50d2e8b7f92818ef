use quick_xml::{
    NsReader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
    name::ResolveResult,
};
use zeroize::Zeroizing;

use super::{Element, Namespace};

/// Longest document that is read, in bytes.
pub const LARGEST: usize = 1024 * 1024;
/// Deepest nesting. CPIX needs five.
const DEEPEST: usize = 16;
/// Most elements in a document. A title of 50 keys and 4 systems has about 1500.
const MOST_ELEMENTS: usize = 8192;
/// Most attributes of an element, namespace declarations included.
const MOST_ATTRIBUTES: usize = 32;

/// Why bytes are no document that this program reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Not UTF-8.
    #[error("the document is not UTF-8")]
    Encoding,
    /// Not well-formed.
    #[error("the document is not well-formed XML near byte {0}")]
    Malformed(u64),
    /// A document type declaration: it could name external entities.
    #[error("the document has a DOCTYPE, which is refused")]
    Doctype,
    /// An entity other than XML's own five and character references.
    #[error("the document refers to an entity that it may not define")]
    Entity,
    /// A prefix that is not bound to a namespace.
    #[error("the document uses the prefix of a namespace that it does not declare")]
    Prefix,
    /// Longer, deeper or with more elements than any CPIX document.
    #[error("the document is larger than a CPIX document may be here")]
    TooLarge,
}

/// Parses a document into a tree. Reads no external entity, expands none but XML's own, and bounds size, depth and count.
///
/// # Errors
/// [`XmlError`]
pub fn parse(bytes: &[u8]) -> Result<Element, XmlError> {
    if bytes.len() > LARGEST {
        return Err(XmlError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| XmlError::Encoding)?;
    let mut reader = NsReader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    reader.config_mut().enable_all_checks(true);
    // Elements whose end has not come, outermost first.
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut count = 0usize;
    loop {
        let position = reader.buffer_position();
        let malformed = move || XmlError::Malformed(position);
        let (namespace, event) = reader.read_resolved_event().map_err(|_| malformed())?;
        let closed = match event {
            Event::Start(_) | Event::Empty(_) => {
                count += 1;
                if count > MOST_ELEMENTS || open.len() >= DEEPEST {
                    return Err(XmlError::TooLarge);
                }
                if root.is_some() {
                    return Err(malformed());
                }
                let namespace = match namespace {
                    ResolveResult::Bound(uri) => Namespace::of(uri.as_ref()),
                    ResolveResult::Unbound => Namespace::Other(String::new()),
                    ResolveResult::Unknown(_) => return Err(XmlError::Prefix),
                };
                match event {
                    Event::Empty(start) => Some(element(namespace, &start, malformed)?),
                    Event::Start(start) => {
                        open.push(element(namespace, &start, malformed)?);
                        None
                    }
                    _ => None,
                }
            }
            Event::End(_) => Some(open.pop().ok_or_else(malformed)?),
            Event::Text(text) => {
                append(&mut open, &text.xml10_content(), malformed)?;
                None
            }
            Event::CData(text) => {
                append(&mut open, &text.xml10_content(), malformed)?;
                None
            }
            Event::GeneralRef(reference) => {
                if let Some(character) = reference.resolve_char_ref().map_err(|_| malformed())? {
                    append(&mut open, character.encode_utf8(&mut [0; 4]), malformed)?;
                } else {
                    let name = reference.xml10_content();
                    append(&mut open, resolve_predefined_entity(&name).ok_or(XmlError::Entity)?, malformed)?;
                }
                None
            }
            Event::DocType(_) => return Err(XmlError::Doctype),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => None,
            Event::Eof if open.is_empty() => return root.ok_or_else(malformed),
            Event::Eof => return Err(malformed()),
        };
        if let Some(element) = closed {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => root = Some(element),
            }
        }
    }
}

fn element(
    namespace: Namespace,
    start: &BytesStart<'_>,
    malformed: impl Fn() -> XmlError,
) -> Result<Element, XmlError> {
    let mut attributes = Vec::new();
    for (index, attribute) in start.attributes().enumerate() {
        if index >= MOST_ATTRIBUTES {
            return Err(XmlError::TooLarge);
        }
        let attribute = attribute.map_err(|_| malformed())?;
        let key: &str = attribute.key.as_ref();
        // CPIX's own attributes have no prefix; declarations are the writer's business.
        if key == "xmlns" || key.contains(':') {
            continue;
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| XmlError::Entity)?;
        attributes.push((key.to_owned(), value.into_owned()));
    }
    let name: &str = start.local_name().into_inner();
    Ok(Element { namespace, name: name.to_owned(), attributes, text: Zeroizing::default(), children: Vec::new() })
}

fn append(open: &mut [Element], text: &str, malformed: impl Fn() -> XmlError) -> Result<(), XmlError> {
    match open.last_mut() {
        Some(element) => {
            if element.text.capacity() - element.text.len() < text.len() {
                // A copy by hand, so that what the old buffer held is zeroized with it.
                let mut grown = Zeroizing::new(String::with_capacity((element.text.len() + text.len()) * 2));
                grown.push_str(&element.text);
                element.text = grown;
            }
            element.text.push_str(text);
            Ok(())
        }
        None if text.trim().is_empty() => Ok(()),
        None => Err(malformed()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cpix::write;

    fn refused(text: &str) -> XmlError {
        parse(text.as_bytes()).err().expect("refused")
    }

    #[test]
    fn what_is_no_cpix_is_refused_by_name() {
        assert!(matches!(refused(""), XmlError::Malformed(_)));
        assert!(matches!(refused("<a>"), XmlError::Malformed(_)));
        assert!(matches!(refused("<a></b>"), XmlError::Malformed(_)));
        assert!(matches!(refused("<a/><b/>"), XmlError::Malformed(_)));
        assert!(matches!(refused("<a x='1' x='2'/>"), XmlError::Malformed(_)));
        assert!(matches!(refused("text"), XmlError::Malformed(_)));
        assert_eq!(refused("<c:a/>"), XmlError::Prefix);
        assert_eq!(refused(r#"<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>"#), XmlError::Doctype);
        assert_eq!(refused("<a>&e;</a>"), XmlError::Entity);
        assert_eq!(refused("<a x='&e;'/>"), XmlError::Entity);
        assert_eq!(parse(b"<a>\xff</a>").err(), Some(XmlError::Encoding));
        assert_eq!(refused(&"<a>".repeat(DEEPEST + 1)), XmlError::TooLarge);
        assert_eq!(refused(&format!("<a>{}</a>", "<b/>".repeat(MOST_ELEMENTS))), XmlError::TooLarge);
        assert_eq!(parse(&vec![b' '; LARGEST + 1]).err(), Some(XmlError::TooLarge));
    }

    #[test]
    fn prefixes_do_not_matter_and_namespaces_do() {
        let own =
            parse(b"<CPIX xmlns='urn:dashif:org:cpix' contentId='a&amp;b'>x<!-- y -->&#x7a;</CPIX>").expect("parses");
        assert!(own.is("CPIX"));
        assert_eq!(own.attribute("contentId"), Some("a&b"));
        assert_eq!(own.text.as_str(), "xz");
        let foreign = parse(b"<cpix:CPIX xmlns:cpix='urn:another'/>").expect("parses");
        assert!(!foreign.is("CPIX"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn what_is_written_reads_back(value in "[ -~é]{0,20}", text in "[ -~é]{0,20}") {
            let element = Element::cpix("CPIX").with("contentId", value.clone()).holding([Element::pskc("Secret").saying(text.clone())]);
            let back = parse(write(&element).as_bytes()).expect("well-formed");
            prop_assert_eq!(&back.attributes, &[("contentId".to_owned(), value)]);
            prop_assert_eq!(back.pskc_child("Secret").expect("kept").text.as_str(), &text);
        }
    }
}
