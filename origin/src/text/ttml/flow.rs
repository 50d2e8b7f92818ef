use core::ops::Range;

use super::{
    Bad, Cue,
    clock::Clock,
    paragraph::Paragraph,
    region::{Region, Regions},
    style::{Declared, Styles},
    xml::{Element, Node, Space},
};
use crate::text::Content;

/// The cues of a document's body, in document order; what has no end lasts until `end`.
pub(super) fn cues(tt: &Element, end: u64) -> Result<Vec<Cue>, Bad> {
    let head = tt.child("head");
    let styles = Styles::of(head);
    let regions = Regions::of(head, &styles);
    let mut flow = Flow { clock: Clock::of(tt)?, styles, regions, cues: Vec::new() };
    let keep = tt.attribute(Space::Xml, "space") == Some("preserve");
    if let Some(body) = tt.child("body") {
        let around = Around { time: 0..end, next: None, style: Declared::default(), region: None, keep };
        flow.container(body, &around)?;
    }
    Ok(flow.cues)
}

struct Flow {
    clock: Clock,
    styles: Styles,
    regions: Regions,
    cues: Vec<Cue>,
}

/// What an element has from those around it.
#[derive(Clone)]
struct Around {
    /// In milliseconds.
    time: Range<u64>,
    /// In a sequence, where the element before ended, from which this one counts.
    next: Option<u64>,
    style: Declared,
    region: Option<String>,
    keep: bool,
}

impl Flow {
    /// `body` or `div`.
    fn container(&mut self, element: &Element, around: &Around) -> Result<u64, Bad> {
        let Some(mut inner) = self.enter(element, around)? else { return Ok(around.time.start) };
        // Before what stands in them: shaka-packager writes regions into the div.
        element.elements().for_each(|child| self.regions.add(child, &self.styles));
        for child in element.elements() {
            let ended = match child.name.as_str() {
                "div" => self.container(child, &inner)?,
                "p" => self.paragraph(child, &inner)?,
                _ => continue,
            };
            inner.next = inner.next.map(|_| ended);
        }
        Ok(inner.time.end)
    }

    fn paragraph(&mut self, element: &Element, around: &Around) -> Result<u64, Bad> {
        let region_of = |id: Option<&str>| id.and_then(|id| self.regions.find(id));
        let own = element.attribute(Space::None, "region").or(around.region.as_deref());
        // Text inherits from its region what the elements around it do not say.
        let around = match region_of(own) {
            Some(Region { style, .. }) => Around { style: around.style.clone().over(style), ..around.clone() },
            None => around.clone(),
        };
        let line = region_of(own).and_then(|region| region.line.clone());
        let Some(inner) = self.enter(element, &around)? else { return Ok(around.time.start) };
        let mut paragraph = Paragraph::default();
        self.inline(element, &inner, &mut paragraph)?;
        let shown = paragraph.shown().ok_or_else(|| Bad::new(element.at, "p: its text changes too often"))?;
        let align = inner.style.align.filter(|align| *align != "center").map(|align| format!("align:{align}"));
        let settings = line.into_iter().chain(align).collect::<Vec<_>>().join(" ");
        self.cues.extend(
            shown
                .into_iter()
                .filter_map(|(time, text)| Some(Cue { time, content: Content::new("", &settings, &text)? })),
        );
        Ok(inner.time.end)
    }

    /// What stands in `p` or `span`.
    fn inline(&self, element: &Element, around: &Around, paragraph: &mut Paragraph) -> Result<(), Bad> {
        let mut around = around.clone();
        for node in &element.children {
            match node {
                Node::Text(text) => paragraph.text(&around.time, &around.style, text, around.keep),
                Node::Element(child) if child.name == "span" => {
                    if let Some(inner) = self.enter(child, &around)? {
                        self.inline(child, &inner, paragraph)?;
                        around.next = around.next.map(|_| inner.time.end);
                    }
                }
                Node::Element(child) if child.name == "br" => paragraph.line_break(&around.time),
                Node::Element(_) => {}
            }
        }
        Ok(())
    }

    /// What an element hands on; `None` where it is not displayed.
    fn enter(&self, element: &Element, around: &Around) -> Result<Option<Around>, Bad> {
        let declared = self.styles.declared(element);
        if declared.absent == Some(true) {
            return Ok(None);
        }
        let time = self.time(element, around)?;
        let sequence = element.attribute(Space::None, "timeContainer") == Some("seq");
        Ok(Some(Around {
            next: sequence.then_some(time.start),
            time,
            style: declared.over(&around.style).inherited(),
            region: element.attribute(Space::None, "region").map(str::to_owned).or_else(|| around.region.clone()),
            keep: match element.attribute(Space::Xml, "space") {
                Some(space) => space == "preserve",
                None => around.keep,
            },
        }))
    }

    /// `begin`, `end` and `dur` (TTML, 10.2), each counted from where the element around begins, or in a sequence the one before ends.
    fn time(&self, element: &Element, around: &Around) -> Result<Range<u64>, Bad> {
        let read = |name: &str| {
            let Some(text) = element.attribute(Space::None, name) else { return Ok(None) };
            let not_a_time = || Bad::new(element.at, format!("{}: {name} is {text:?}, which is no time", element.name));
            self.clock.millis(text).map(Some).ok_or_else(not_a_time)
        };
        let reference = around.next.unwrap_or(around.time.start);
        let (begin, end, duration) = (read("begin")?.unwrap_or(0), read("end")?, read("dur")?);
        let start = reference.saturating_add(begin);
        let ends =
            [end.map(|end| reference.saturating_add(end)), duration.map(|duration| start.saturating_add(duration))];
        let end = ends.into_iter().flatten().fold(around.time.end, u64::min);
        Ok(start..end.max(start))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
