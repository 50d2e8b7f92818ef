use super::{Outcome, Reading, SignallingError, data};
use crate::{
    cpix::{Element, Namespace, parse},
    inspect::drm::base64,
};

pub(super) const PART: &str = "ContentProtectionData";
/// `cenc` (ISO/IEC 23001-7, 11.2).
const CENC: &str = "urn:mpeg:cenc:2013";
/// `mspr` (PlayReady's DASH document, 2.2).
const MSPR: &str = "urn:microsoft:playready";

/// Reads what belongs inside of an MPD's `ContentProtection`: a fragment of any number of elements, so that it needs a root to be parsed.
/// Prefixes that providers are known to leave undeclared, as they are on an MPD's root, are declared.
pub(super) fn read(fragment: &[u8], reading: &mut Reading) -> Outcome<()> {
    let text = std::str::from_utf8(fragment).map_err(|_| SignallingError::Form(PART))?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    // A declaration may stand at the very beginning only.
    let text = match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").ok_or(SignallingError::Form(PART))?.1,
        None => text,
    };
    let whole = format!("<root xmlns:cenc=\"{CENC}\" xmlns:mspr=\"{MSPR}\">{text}</root>");
    let root = parse(whole.as_bytes()).map_err(|_| SignallingError::Form(PART))?;
    collect(&root, reading)
}

/// Depth is bounded by the parser.
fn collect(element: &Element, reading: &mut Reading) -> Outcome<()> {
    for child in &element.children {
        let Namespace::Other(namespace) = &child.namespace else { continue };
        match (namespace.as_str(), child.name.as_str()) {
            (CENC, "pssh") => reading.add_pssh(bytes(child)?, PART)?,
            (MSPR, "pro") => reading.add_pro(bytes(child)?, PART)?,
            _ => {
                if (namespace.as_str(), child.name.as_str()) == (CENC, "default_KID") {
                    data::names_key(std::iter::once(child.text.trim().parse().ok()), reading.said.kid, PART)?;
                }
                collect(child, reading)?;
            }
        }
    }
    Ok(())
}

fn bytes(element: &Element) -> Outcome<Vec<u8>> {
    base64(&element.text).map_err(|_| SignallingError::Form(PART))
}
