//! What only shows where an edge's configuration and a title's descriptor meet.

use std::path::Path;

use sluice_gate::rights::{Anonymizers, Rights};

use super::{Checked, Facts, edge};

/// Warnings, each with the descriptor that it is about.
pub(super) fn warnings<'a>(all: &[(&'a Path, Checked)]) -> Vec<(&'a Path, String)> {
    let mut warnings = Vec::new();
    for (edge_path, checked) in all {
        let Facts::Edge(edge) = &checked.facts else { continue };
        for (path, checked) in all {
            let Facts::Title(rights) = &checked.facts else { continue };
            let said = untold(edge, rights).into_iter();
            warnings.extend(said.map(|(member, header)| {
                let edge = edge_path.display();
                let said = format!(
                    "/rights/{member}: on Spin only a proxy tells this of a viewer, and {edge} names no proxy.{header}: there the title is refused to everybody it is restricted for"
                );
                (*path, said)
            }));
        }
    }
    warnings
}

/// Members of the rights that need what nobody tells, with the header that would.
fn untold(edge: &edge::Facts, rights: &Rights) -> Vec<(&'static str, &'static str)> {
    let mut untold = Vec::new();
    if rights.needs_country() && !edge.country {
        untold.push((if rights.countries.is_some() { "countries" } else { "regions" }, "country_header"));
    }
    if rights.regions.is_some() && !edge.region {
        untold.push(("regions", "region_header"));
    }
    if rights.anonymizers == Anonymizers::Refuse && !edge.anonymizer {
        untold.push(("anonymizers", "anonymizer_header"));
    }
    untold
}
