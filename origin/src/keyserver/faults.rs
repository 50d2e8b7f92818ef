use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{config::Faults, cpix::Element};

/// Makes of a good answer the one that an operator rehearses.
pub(super) fn spoil(answer: &mut Element, faults: &Faults) {
    if faults.wrong_kid {
        // Another id for the first key, everywhere: an answer that agrees with itself, and not with what was asked.
        if let Some(kid) = first(answer, "ContentKey").and_then(|key| attribute(key, "kid").cloned()) {
            each(answer, &mut |element| {
                if let Some(own) = attribute(element, "kid").filter(|own| **own == kid) {
                    *own = "ffffffff-ffff-ffff-ffff-ffffffffffff".to_owned();
                }
            });
        }
    }
    if faults.wrong_length {
        each(answer, &mut |element| {
            if element.name == "PlainValue" {
                element.text = STANDARD.encode([0x5a; 15]).into();
            }
        });
    }
    if faults.bad_mac {
        each(answer, &mut |element| {
            if element.name == "ValueMAC" {
                element.text = STANDARD.encode([0x5a; 64]).into();
            }
        });
    }
    if faults.pssh_mismatch {
        each(answer, &mut |element| {
            if element.is("PSSH") {
                let mut pssh = STANDARD.decode(element.text.as_bytes()).unwrap_or_default();
                if let Some(last) = pssh.last_mut() {
                    *last ^= 1;
                }
                element.text = STANDARD.encode(pssh).into();
            }
        });
    }
    if faults.missing_filter {
        each(answer, &mut |element| {
            element.children.retain(|child| !child.is("VideoFilter") && !child.is("AudioFilter"));
        });
    }
}

fn attribute<'a>(element: &'a mut Element, name: &str) -> Option<&'a mut String> {
    element.attributes.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn first<'a>(element: &'a mut Element, name: &str) -> Option<&'a mut Element> {
    if element.is(name) {
        return Some(element);
    }
    element.children.iter_mut().find_map(|child| first(child, name))
}

fn each(element: &mut Element, change: &mut impl FnMut(&mut Element)) {
    change(element);
    element.children.iter_mut().for_each(|child| each(child, change));
}
