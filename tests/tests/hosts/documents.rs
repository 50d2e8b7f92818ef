//! Records, plans and descriptors that do not go with the media.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sluice_packager::title::plan::{self, Entry};
use sluice_tests::{faulty::Fault, fixture::Stack, runtime::EdgeHost};

use super::{
    clear, object,
    received::{ClearRuns, receive},
    segment, spoil, stack,
};

const NAME: &str = "v360/1.m4s";

/// Serves `bytes` for a document and wants the segment refused as `expected`; then all is well again.
async fn refused(stack: &Stack, url: &str, document: (&str, Vec<u8>), what: &str, expected: (u16, &str)) -> Result<()> {
    let whole = stack.get(url, &[]).await?.expect(StatusCode::OK)?;
    stack.spoil(document.0, Fault::Replace(document.1.into()));
    let got = receive(stack, url).await?;
    ensure!((got.status, got.code.as_str()) == expected, "{what}: {} {:?}", got.status, got.code);
    stack.faults.heal();
    ensure!(stack.get(url, &[]).await?.expect(StatusCode::OK)? == whole, "{what}: something was kept");
    Ok(())
}

fn edited(document: &[u8], change: impl Fn(&mut Value)) -> Result<Vec<u8>> {
    let mut value = serde_json::from_slice(document)?;
    change(&mut value);
    Ok(serde_json::to_vec(&value)?)
}

pub(super) async fn a_record_that_is_not_the_medias_is_refused(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let path = "v360/record.json";
    let good = clear(&stack, path)?;
    let entry = serde_json::from_slice::<Value>(&good)?["sample_entry"].as_str().map(|text| STANDARD.decode(text));
    let xvid = STANDARD.encode(spoil::codec(&entry.context("no sample entry")??)?);
    let origin = (502, "origin_unreachable");
    let cases = [
        ("another track's", clear(&stack, "v720/record.json")?, origin),
        ("another version's", edited(&good, |record| record["version"] = json!("another"))?, origin),
        ("another format", edited(&good, |record| record["v"] = json!(2))?, origin),
        ("unknown codec", edited(&good, |record| record["sample_entry"] = json!(xvid))?, origin),
        ("no sample entry", edited(&good, |record| record["sample_entry"] = json!(""))?, origin),
        ("no base64", edited(&good, |record| record["sample_entry"] = json!("!"))?, origin),
        ("another start", edited(&good, |record| record["timeline"]["start"] = json!(1))?, origin),
        ("truncated", good[..good.len() / 2].to_vec(), origin),
        ("empty", Vec::new(), origin),
        ("an array", b"[]".to_vec(), origin),
        ("no end", vec![b' '; 300 << 10], origin),
        // A track that is neither text nor of an unprotected title has a key id or is not offered: it is never clear.
        ("no key ids", edited(&good, |record| record["kids"] = json!([]))?, (404, "unknown_track")),
        (
            "declared unprotected",
            edited(&good, |record| {
                record["kids"] = json!([]);
                record["unprotected_title"] = json!(true);
            })?,
            (404, "unknown_track"),
        ),
    ];
    for scheme in ["cenc", "cbcs"] {
        let url = object(&stack, &session, scheme, NAME)?;
        for (what, bytes, expected) in &cases {
            refused(&stack, &url, (path, bytes.clone()), &format!("{scheme}, {what}"), *expected).await?;
        }
    }
    Ok(stack)
}

pub(super) async fn a_plan_that_is_not_the_medias_is_refused(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let url = segment(&stack, &session, NAME)?;
    let path = "v360/plan.bin";
    let file = clear(&stack, path)?;
    let whole = stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
    let count = spoil::fragment_ends(&whole).len();
    let entries = plan::read(&file)?;
    let good = &entries[..count];
    // What the range request brings: entries without a header.
    let with = |index: usize, change: fn(&mut Entry)| {
        let mut entries = good.to_vec();
        change(&mut entries[index]);
        plan::write(&entries)[plan::HEADER..].to_vec()
    };
    let of_audio = &clear(&stack, "a-en/plan.bin")?[plan::HEADER..][..count * plan::STRIDE];
    let origin = (502, "origin_unreachable");
    for (what, bytes) in [
        ("larger in cbcs", with(0, |entry| entry.cbcs += 16)),
        ("smaller in cbcs", with(0, |entry| entry.cbcs -= 16)),
        ("larger in the clear", with(0, |entry| entry.clear += 1)),
        ("nothing of the second", with(1, |entry| entry.clear = 0)),
        ("the largest there are", with(0, |entry| (entry.clear, entry.cbcs) = (u32::MAX, u32::MAX))),
        ("too short", file[plan::HEADER..][..(count - 1) * plan::STRIDE].to_vec()),
        ("within an entry", file[plan::HEADER..][..count * plan::STRIDE - 1].to_vec()),
        ("the whole file", file.clone()),
        ("another track's", of_audio.to_vec()),
        ("empty", Vec::new()),
    ] {
        refused(&stack, &url, (path, bytes), what, origin).await?;
    }

    // Where the sum is right and only a later entry lies, good fragments may have left before it shows.
    let mut swapped = good.to_vec();
    swapped[count - 2].cbcs += 16;
    swapped[count - 1].cbcs -= 16;
    stack.spoil(path, Fault::Replace(plan::write(&swapped)[plan::HEADER..].to_vec().into()));
    let got = receive(&stack, &url).await?;
    // The `sidx` repeats the plan's sizes; the fragments after it are those of a good day.
    let media = whole.windows(4).position(|four| four == b"moof").context("a fragment")?;
    let good = whole[media..].starts_with(got.body.get(media..).unwrap_or_default());
    let broken_off = got.status == 200 && !got.whole && good;
    let told = (got.status, got.code.as_str());
    ensure!(broken_off || told == origin, "a plan that lies further on: {told:?}, whole: {}", got.whole);
    ClearRuns::of(&clear(&stack, "v360/init.mp4")?, &clear(&stack, NAME)?)?.absent_from(&got.body)?;
    stack.faults.heal();
    ensure!(stack.get(&url, &[]).await?.expect(StatusCode::OK)? == whole, "something was kept");
    Ok(stack)
}

pub(super) async fn a_descriptor_that_is_not_the_titles_is_refused(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let path = "/descriptor.json";
    let good = std::fs::read(stack.store().join(stack.title()).join("descriptor.json"))?;
    let manifest = session.hls("cbcs").context("cbcs is offered")?;
    let token = format!("Bearer {}", stack.token(&stack.claims("viewer"))?);
    for (what, bytes) in [
        ("another title's", edited(&good, |descriptor| descriptor["title"] = json!("another"))?),
        ("another format", edited(&good, |descriptor| descriptor["v"] = json!(2))?),
        ("no rights", edited(&good, |descriptor| descriptor["rights"] = json!(null))?),
        ("no tracks", edited(&good, |descriptor| descriptor["tracks"] = json!(null))?),
        ("truncated", good[..good.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("no end", vec![b' '; (1 << 20) + 1]),
    ] {
        refused(&stack, manifest, (path, bytes.clone()), what, (502, "origin_unreachable")).await?;
        stack.spoil(path, Fault::Replace(bytes.into()));
        let wanted = json!({ "title": stack.title(), "device": "fixture" });
        let answer = stack.send(Method::POST, "/v1/sessions", &[("authorization", &token)], Some(&wanted)).await?;
        let problem = answer.problem();
        ensure!(problem == (502, "origin_unreachable".to_owned()), "{what}, a new session: {problem:?}");
        stack.faults.heal();
    }
    stack.session("viewer").await.context("a session of a good day")?;
    Ok(stack)
}
