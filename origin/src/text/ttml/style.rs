use std::collections::BTreeMap;

use super::xml::{Element, Space};

/// What an element or style says of the text in it, so far as WebVTT has a form for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Declared {
    pub(super) italic: Option<bool>,
    pub(super) bold: Option<bool>,
    pub(super) underline: Option<bool>,
    /// `visibility="hidden"`
    pub(super) hidden: Option<bool>,
    /// `display="none"`, which is not inherited but takes all inside with it.
    pub(super) absent: Option<bool>,
    pub(super) align: Option<&'static str>,
    /// Of regions: `displayAlign`, `origin` and `extent` as they are written.
    pub(super) display_align: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) extent: Option<String>,
}

impl Declared {
    /// Of the attributes of one element alone.
    fn inline(element: &Element) -> Self {
        let attribute = |name| element.attribute(Space::Style, name);
        let decoration = attribute("textDecoration").and_then(|words| {
            words.split_whitespace().find_map(|word| match word {
                "underline" => Some(true),
                "none" | "noUnderline" => Some(false),
                _ => None,
            })
        });
        Self {
            italic: attribute("fontStyle").map(|style| matches!(style, "italic" | "oblique")),
            bold: attribute("fontWeight").map(|weight| weight == "bold"),
            underline: decoration,
            hidden: attribute("visibility").map(|visibility| visibility == "hidden"),
            absent: attribute("display").map(|display| display == "none"),
            align: attribute("textAlign").and_then(|align| match align {
                "left" => Some("left"),
                "start" => Some("start"),
                "center" => Some("center"),
                "right" => Some("right"),
                "end" => Some("end"),
                _ => None,
            }),
            display_align: attribute("displayAlign").map(str::to_owned),
            origin: attribute("origin").map(str::to_owned),
            extent: attribute("extent").map(str::to_owned),
        }
    }

    /// This, and where it says nothing, what `under` says.
    pub(super) fn over(self, under: &Self) -> Self {
        Self {
            italic: self.italic.or(under.italic),
            bold: self.bold.or(under.bold),
            underline: self.underline.or(under.underline),
            hidden: self.hidden.or(under.hidden),
            absent: self.absent.or(under.absent),
            align: self.align.or(under.align),
            display_align: self.display_align.or_else(|| under.display_align.clone()),
            origin: self.origin.or_else(|| under.origin.clone()),
            extent: self.extent.or_else(|| under.extent.clone()),
        }
    }

    /// What it hands on to the elements inside.
    pub(super) fn inherited(&self) -> Self {
        Self {
            italic: self.italic,
            bold: self.bold,
            underline: self.underline,
            hidden: self.hidden,
            align: self.align,
            ..Self::default()
        }
    }
}

/// The document's `style` elements by id (TTML, 8.1.2), each with those that it refers to.
#[derive(Debug, Default)]
pub(super) struct Styles(BTreeMap<String, Declared>);

/// Longest chain of references; a circle ends there too.
const LONGEST_CHAIN: usize = 8;
/// Most references of one element: each is looked up for each element that makes it.
const MOST_REFERENCES: usize = 16;

impl Styles {
    pub(super) fn of(head: Option<&Element>) -> Self {
        let styling = head.and_then(|head| head.child("styling"));
        let elements = || styling.into_iter().flat_map(Element::elements).filter(|child| child.name == "style");
        let with_id = |element| Some((Element::attribute(element, Space::Xml, "id")?.to_owned(), element));
        let mut styles =
            Self(elements().filter_map(with_id).map(|(id, style)| (id, Declared::inline(style))).collect());
        // Each pass lets every style see one reference further.
        for _ in 0..LONGEST_CHAIN {
            let referred: Vec<_> =
                elements().filter_map(with_id).map(|(id, style)| (id, styles.declared(style))).collect();
            if referred.iter().all(|(id, declared)| styles.0.get(id) == Some(declared)) {
                break;
            }
            styles.0.extend(referred);
        }
        styles
    }

    /// What the element says: its own attributes, then the styles that it refers to, the last one first.
    pub(super) fn declared(&self, element: &Element) -> Declared {
        let references = element.attribute(Space::None, "style").unwrap_or_default();
        let references: Vec<_> = references.split_whitespace().take(MOST_REFERENCES).collect();
        let found = references.iter().rev().filter_map(|id| self.0.get(*id));
        found.fold(Declared::inline(element), |declared, style| declared.over(style))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::ttml::xml;

    #[test]
    fn styles_refer_to_styles_and_circles_end() {
        let document = "<tt xmlns='http://www.w3.org/ns/ttml' xmlns:tts='http://www.w3.org/ns/ttml#styling'><head><styling>\
            <style xml:id='a' tts:fontStyle='italic' style='b'/><style xml:id='b' tts:fontWeight='bold' tts:fontStyle='normal' style='a'/>\
            <style xml:id='c' tts:fontWeight='normal' tts:textDecoration='underline'/></styling></head>\
            <body><p style='a'/><p style='a c'/><p style='c a' tts:fontStyle='oblique'/><p style='none'/></body></tt>";
        let root = xml::parse(document.as_bytes()).expect("parses");
        let styles = Styles::of(root.child("head"));
        let told: Vec<_> = root
            .child("body")
            .expect("body")
            .elements()
            .map(|p| styles.declared(p))
            .map(|declared| (declared.italic, declared.bold, declared.underline))
            .collect();
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(told, [(yes, yes, None), (yes, no, yes), (yes, yes, yes), (None, None, None)]);
    }
}
