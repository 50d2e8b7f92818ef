use std::time::SystemTime;

use base64::{Engine, engine::general_purpose::STANDARD};
use rsa::rand_core::CryptoRngCore;

use super::{
    MasterSecret, Refusal,
    check::{Checked, check, kid_of, optional, system_of},
    signal::Signalling,
};
use crate::cpix::{DocumentKeys, Element, SpekeVersion, recipient};

/// Most recipients of one document.
const MOST_RECIPIENTS: usize = 16;

/// Turns a request into its answer: the same document with keys and signalling filled in. Nothing that was asked for is
/// removed, nothing that was not is added, usage rules and key periods come back as they were. Keys are encrypted where the
/// request says for whom. `version` is the one that the request is in.
pub(super) fn fill(
    mut root: Element,
    version: SpekeVersion,
    master: &MasterSecret,
    now: SystemTime,
    random: &mut impl CryptoRngCore,
) -> Result<Element, Refusal> {
    let checked = check(&root, version)?;
    let content_id = root.attribute("contentId").unwrap_or_default().to_owned();
    let document = optional(&root, "DeliveryDataList")?.map(|_| DocumentKeys::generate(random));
    for list in &mut root.children {
        if let Some(document) = document.as_ref().filter(|_| list.is("DeliveryDataList")) {
            deliver(list, document, now, random)?;
        } else if list.is("ContentKeyList") {
            for key in list.children.iter_mut().filter(|child| child.is("ContentKey")) {
                fill_key(key, master, document.as_ref(), random)?;
            }
        } else if list.is("DRMSystemList") {
            for system in list.children.iter_mut().filter(|child| child.is("DRMSystem")) {
                fill_system(system, master, &checked, &content_id)?;
            }
        }
    }
    Ok(root)
}

/// Gives each recipient the keys of the document.
fn deliver(
    list: &mut Element,
    document: &DocumentKeys,
    now: SystemTime,
    random: &mut impl CryptoRngCore,
) -> Result<(), Refusal> {
    match list.all("DeliveryData").count() {
        0 => return Err(Refusal::Missing("DeliveryData")),
        1..=MOST_RECIPIENTS => {}
        _ => return Err(Refusal::Recipients(MOST_RECIPIENTS)),
    }
    for (at, delivery) in list.children.iter_mut().filter(|child| child.is("DeliveryData")).enumerate() {
        let keys = recipient(delivery, now)
            .and_then(|key| document.deliver(&key, random))
            .map_err(|error| Refusal::Certificate { number: at + 1, error })?;
        delivery.children.retain(|child| !child.is("DocumentKey") && !child.is("MACMethod"));
        // The schema has them right behind the certificate.
        let behind = delivery.children.iter().position(|child| child.is("DeliveryKey")).map_or(0, |at| at + 1);
        delivery.children.splice(behind..behind, keys);
    }
    Ok(())
}

fn fill_system(
    system: &mut Element,
    master: &MasterSecret,
    checked: &Checked,
    content_id: &str,
) -> Result<(), Refusal> {
    let kid = kid_of(system, "DRMSystem@kid")?;
    let signalling = Signalling::new(system_of(system)?, &kid, checked.scheme, content_id, &master.content_key(&kid));
    let text = |child: &Element| match child.name.as_str() {
        "PSSH" => signalling.pssh(),
        "ContentProtectionData" => signalling.content_protection(),
        "HLSSignalingData" => child.attribute("playlist").and_then(|playlist| signalling.hls(playlist)),
        "SmoothStreamingProtectionHeaderData" => signalling.smooth_streaming(),
        _ => None,
    };
    // FairPlay has no `pssh`, say; an empty element of it would be an answer without a value.
    let blank = ["PSSH", "ContentProtectionData", "HLSSignalingData", "SmoothStreamingProtectionHeaderData"];
    system.children.retain(|child| !blank.iter().any(|name| child.is(name)) || text(child).is_some());
    for child in &mut system.children {
        if let Some(text) = blank.iter().any(|name| child.is(name)).then(|| text(child)).flatten() {
            child.text = text.into();
        }
    }
    Ok(())
}

fn fill_key(
    key: &mut Element,
    master: &MasterSecret,
    document: Option<&DocumentKeys>,
    random: &mut impl CryptoRngCore,
) -> Result<(), Refusal> {
    let kid = kid_of(key, "ContentKey@kid")?;
    if let Some(iv) = key.attribute("explicitIV")
        && STANDARD.decode(iv).map_or(0, |iv| iv.len()) != 16
    {
        return Err(Refusal::ExplicitIv(kid));
    }
    // One that is asked for without being given is the key id: constant, as SPEKE wants for one key.
    if let Some((_, iv)) =
        key.attributes.iter_mut().find(|(name, value)| name == "explicitIV" && value.trim().is_empty())
    {
        *iv = STANDARD.encode(kid.0);
    }
    let content_key = master.content_key(&kid);
    let secret = match document {
        Some(document) => document.secret(&content_key, random),
        None => {
            let value = Element::pskc("PlainValue").saying(STANDARD.encode(content_key.expose()));
            Element::pskc("Secret").holding([value])
        }
    };
    key.children.retain(|child| !child.is("Data"));
    key.children.push(Element::cpix("Data").holding([secret]));
    Ok(())
}
