use sluice_packager::{
    keys::Kid,
    title::{KeySystem, Scheme},
};

use super::{Refusal, contract, refusal::said};
use crate::cpix::{Element, SpekeVersion, system_id};

/// What a request that is in order asks for.
pub(super) struct Checked {
    pub(super) scheme: Scheme,
}

/// Checks what SPEKE v2 makes mandatory, and that the document does not contradict itself. `version` is the one that
/// the request is in.
pub(super) fn check(root: &Element, version: SpekeVersion) -> Result<Checked, Refusal> {
    if !root.is("CPIX") {
        return Err(Refusal::NotCpix);
    }
    root.attribute("contentId").ok_or(Refusal::Missing("CPIX@contentId"))?;
    if root.attribute("version").ok_or(Refusal::Missing("CPIX@version"))? != version.cpix() {
        return Err(Refusal::CpixVersion);
    }
    let keys = list(root, "ContentKeyList", "ContentKey")?;
    let systems = list(root, "DRMSystemList", "DRMSystem")?;
    let (scheme, kids) = content_keys(keys, systems)?;
    check_systems(systems, scheme, &kids)?;
    let periods = match optional(root, "ContentKeyPeriodList")? {
        Some(list) => Some(key_periods(list)?),
        None => None,
    };
    contract::check(list(root, "ContentKeyUsageRuleList", "ContentKeyUsageRule")?, &kids, periods.as_deref())?;
    Ok(Checked { scheme })
}

/// The one list of that name, if there is one.
pub(super) fn optional<'a>(root: &'a Element, name: &'static str) -> Result<Option<&'a Element>, Refusal> {
    let mut all = root.all(name);
    let list = all.next();
    if all.next().is_some() { Err(Refusal::Repeated(name)) } else { Ok(list) }
}

/// The one list of that name, which must not be empty.
fn list<'a>(root: &'a Element, name: &'static str, entry: &'static str) -> Result<&'a Element, Refusal> {
    let list = optional(root, name)?.ok_or(Refusal::Missing(name))?;
    list.child(entry).ok_or(Refusal::Missing(entry))?;
    Ok(list)
}

pub(super) fn kid_of(element: &Element, missing: &'static str) -> Result<Kid, Refusal> {
    element.attribute("kid").and_then(|kid| kid.parse().ok()).ok_or(Refusal::Missing(missing))
}

/// The system of a `DRMSystem`, of those that content can be signalled for.
pub(super) fn system_of(element: &Element) -> Result<KeySystem, Refusal> {
    let id = system_id_of(element)?;
    KeySystem::ALL
        .into_iter()
        .find(|system| system_id(*system).is_some_and(|known| known.eq_ignore_ascii_case(id)))
        .ok_or_else(|| Refusal::System(said(id)))
}

fn system_id_of(element: &Element) -> Result<&str, Refusal> {
    element.attribute("systemId").ok_or(Refusal::Missing("DRMSystem@systemId"))
}

fn content_keys(keys: &Element, systems: &Element) -> Result<(Scheme, Vec<Kid>), Refusal> {
    let (mut scheme, mut kids) = (None, Vec::new());
    for key in keys.all("ContentKey") {
        let kid = kid_of(key, "ContentKey@kid")?;
        if kids.contains(&kid) {
            return Err(Refusal::Twice { kid, list: "ContentKeyList" });
        }
        kids.push(kid);
        let own = key.attribute("commonEncryptionScheme").ok_or(Refusal::NoScheme(kid))?;
        if *scheme.get_or_insert(own) != own {
            return Err(Refusal::Schemes);
        }
    }
    let scheme = match scheme.ok_or(Refusal::Missing("ContentKey"))? {
        "cenc" => Scheme::Cenc,
        "cbcs" => Scheme::Cbcs,
        "cbc1" | "cens" => {
            let first = systems.child("DRMSystem").ok_or(Refusal::Missing("DRMSystem"))?;
            return Err(Refusal::SchemeOfSystem(said(system_id_of(first)?)));
        }
        other => return Err(Refusal::Scheme(said(other))),
    };
    Ok((scheme, kids))
}

fn check_systems(list: &Element, scheme: Scheme, kids: &[Kid]) -> Result<(), Refusal> {
    let mut seen = Vec::new();
    for element in list.all("DRMSystem") {
        let kid = kid_of(element, "DRMSystem@kid")?;
        let system = system_of(element)?;
        if !kids.contains(&kid) {
            return Err(Refusal::UnknownKid { kid, list: "DRMSystemList" });
        }
        if seen.contains(&(kid, system)) {
            return Err(Refusal::Twice { kid, list: "DRMSystemList" });
        }
        seen.push((kid, system));
        if !system.allows(scheme) {
            return Err(Refusal::SchemeOfSystem(said(system_id_of(element)?)));
        }
        let mut playlists: Vec<_> = element.all("HLSSignalingData").map(|data| data.attribute("playlist")).collect();
        playlists.sort_unstable();
        if !playlists.is_empty() && playlists != [Some("master"), Some("media")] {
            return Err(Refusal::HlsPair(kid));
        }
    }
    Ok(())
}

/// The ids of the key periods. A period is known by its index or, from CPIX 2.4 on, by when it begins and ends, too.
fn key_periods(list: &Element) -> Result<Vec<&str>, Refusal> {
    let (mut ids, mut indexes) = (Vec::new(), Vec::new());
    for period in list.all("ContentKeyPeriod") {
        let id = period.attribute("id").ok_or(Refusal::Missing("ContentKeyPeriod@id"))?;
        let has = |name| period.attribute(name).is_some();
        let whole = |begin, end| has(begin) && has(end) && period.attribute(begin) != period.attribute(end);
        let ends = whole("start", "end") || whole("startOffset", "endOffset");
        let half = ["start", "end", "startOffset", "endOffset"].into_iter().any(has) && !ends;
        let index = period.attribute("index").map(str::parse::<u64>);
        let good = match index {
            Some(Ok(index)) => !indexes.contains(&index),
            Some(Err(_)) => false,
            None => ends,
        };
        if !good || half || ids.contains(&id) {
            return Err(Refusal::Period(said(id)));
        }
        indexes.extend(index.and_then(Result::ok));
        ids.push(id);
    }
    Ok(ids)
}
