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
            let Facts::Title(title) = &checked.facts else { continue };
            let said = untold(edge, &title.rights).into_iter();
            warnings.extend(said.map(|(member, header)| {
                let edge = edge_path.display();
                let said = format!(
                    "/rights/{member}: on Spin only a proxy tells this of a viewer, and {edge} names no proxy.{header}: there nobody is admitted of whom it has to be known"
                );
                (*path, said)
            }));
            for system in title.systems.iter().filter(|system| edge.unserved.contains(system)) {
                let (system, edge_path) = (system.as_str(), edge_path.display());
                let asks =
                    if edge.answers { ", unless players ask a server of their own, which asks the edge" } else { "" };
                let said = format!(
                    "/key_policy/systems: {edge_path} names no licence server of {system} in /licenses: there nobody gets a licence{asks}"
                );
                warnings.push((*path, said));
            }
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
