use std::collections::BTreeMap;

use super::{
    style::{Declared, Styles},
    xml::{Element, Space},
};

/// Where text stands (TTML, 9.1.2).
#[derive(Debug, Default)]
pub(super) struct Region {
    /// What the text in it inherits.
    pub(super) style: Declared,
    /// The cue setting of WebVTT for a region in the upper half; below it, players' own place under the others is the better one.
    pub(super) line: Option<String>,
}

/// The document's regions by id.
#[derive(Debug, Default)]
pub(super) struct Regions(BTreeMap<String, Region>);

impl Regions {
    pub(super) fn of(head: Option<&Element>, styles: &Styles) -> Self {
        let layout = head.and_then(|head| head.child("layout"));
        let mut regions = Self::default();
        layout.into_iter().flat_map(Element::elements).for_each(|element| regions.add(element, styles));
        regions
    }

    /// Takes an element that may be a region: some packagers have them among the paragraphs.
    pub(super) fn add(&mut self, element: &Element, styles: &Styles) {
        let Some(id) = element.attribute(Space::Xml, "id").filter(|_| element.name == "region") else { return };
        let nested = element.elements().filter(|child| child.name == "style").map(|child| styles.declared(child));
        let declared = nested.fold(styles.declared(element), |declared, style| declared.over(&style));
        let line = line(&declared);
        self.0.insert(id.to_owned(), Region { style: declared.inherited(), line });
    }

    pub(super) fn find(&self, id: &str) -> Option<&Region> {
        self.0.get(id)
    }
}

/// `line:10%` and the like, for regions that give their place in percent.
fn line(declared: &Declared) -> Option<String> {
    let top = vertical(declared.origin.as_deref()?)?;
    let height = vertical(declared.extent.as_deref().unwrap_or("100% 100%"))?;
    let (line, anchor) = match declared.display_align.as_deref() {
        Some("after") => (top + height, ",end"),
        Some("center") => (top + height / 2.0, ",center"),
        _ => (top, ""),
    };
    (0.0..50.0).contains(&line).then(|| format!("line:{}%{anchor}", line.round()))
}

/// The second of two lengths, in percent.
fn vertical(lengths: &str) -> Option<f64> {
    let length = lengths.split_whitespace().nth(1)?;
    let percent: f64 = match length.strip_suffix('%') {
        Some(number) => number.parse().ok()?,
        // Zero is zero in every unit.
        None => length.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok().filter(|zero| *zero == 0.0)?,
    };
    (0.0..=100.0).contains(&percent).then_some(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_meant_for_the_upper_half_gets_a_line() {
        for (origin, extent, align, expected) in [
            (Some("10% 80%"), Some("80% 20%"), None, None),
            (Some("10% 10%"), Some("80% 80%"), Some("after"), None),
            (Some("10% 5.4%"), Some("80% 20%"), None, Some("line:5%")),
            (Some("10% 5%"), Some("80% 20%"), Some("after"), Some("line:25%,end")),
            (Some("10% 5%"), Some("80% 20%"), Some("center"), Some("line:15%,center")),
            (Some("0px 0px"), Some("100% 100%"), None, Some("line:0%")),
            (Some("10px 10px"), None, None, None),
            (Some("10% nan%"), None, None, None),
            (Some("10%"), None, None, None),
            (None, None, None, None),
        ] {
            let declared = Declared {
                origin: origin.map(str::to_owned),
                extent: extent.map(str::to_owned),
                display_align: align.map(str::to_owned),
                ..Declared::default()
            };
            assert_eq!(line(&declared).as_deref(), expected, "{origin:?} {extent:?} {align:?}");
        }
    }
}
