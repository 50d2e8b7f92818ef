//! Media that is not what it claims: told as an origin that fails, never passed on, never kept.

use anyhow::{Context, Result, ensure};
use http::StatusCode;
use serde_json::json;
use sluice_tests::{faulty::Fault, fixture::Stack, runtime::EdgeHost};

use super::{
    clear, object,
    received::{ClearRuns, receive},
    spoil, stack,
};

const SCHEMES: [&str; 2] = ["cenc", "cbcs"];

pub(super) async fn a_spoiled_init_is_refused(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let name = "v360/init.mp4";
    let good = clear(&stack, name)?;
    let spoiled = [
        ("empty", Vec::new()),
        ("truncated", good[..good.len() - 20].to_vec()),
        ("ftyp alone", good[..spoil_ftyp(&good)].to_vec()),
        ("moov past the end", spoil::box_size(&good, 0, b"moov", |size| size + 4096)?),
        ("moov of no size", spoil::box_size(&good, 0, b"moov", |_| 7)?),
        ("unknown codec", spoil::codec(&good)?),
        ("another file", clear(&stack, "v360/1.m4s")?),
        ("zeros", vec![0; good.len()]),
        ("larger than any init", vec![0; (1 << 20) + 1]),
    ];
    for scheme in SCHEMES {
        let url = object(&stack, &session, scheme, name)?;
        let whole = stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
        for (what, bytes) in &spoiled {
            stack.spoil(name, Fault::Replace(bytes.clone().into()));
            let problem = stack.get(&url, &[]).await?.problem();
            ensure!(problem == (502, "origin_unreachable".to_owned()), "{scheme}, {what}: {problem:?}");
            stack.faults.heal();
            ensure!(
                stack.get(&url, &[]).await?.expect(StatusCode::OK)? == whole,
                "{scheme}, {what}: something was kept"
            );
        }
    }
    Ok(stack)
}

fn spoil_ftyp(init: &[u8]) -> usize {
    init.windows(4).position(|four| four == b"moov").map_or(0, |at| at - 4)
}

/// When a spoiled segment shows.
#[derive(Clone, Copy)]
enum Outcome {
    /// Before anything is sent.
    Refused,
    /// There, or after whole fragments.
    RefusedOrBrokenOff,
}

async fn segments(
    stack: &Stack,
    outcome: Outcome,
    spoiled: impl Fn(&[u8]) -> Result<Vec<(&'static str, Vec<u8>)>>,
) -> Result<()> {
    let session = stack.session("viewer").await?;
    let name = "v360/1.m4s";
    let good = clear(stack, name)?;
    let runs = ClearRuns::of(&clear(stack, "v360/init.mp4")?, &good)?;
    ensure!(runs.absent_from(&good).is_err(), "clear media is not known again");
    for scheme in SCHEMES {
        let url = object(stack, &session, scheme, name)?;
        let whole = stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
        runs.absent_from(&whole).with_context(|| format!("{scheme}, a good day"))?;
        let ends = spoil::fragment_ends(&whole);
        for (what, bytes) in spoiled(&good)? {
            stack.spoil(name, Fault::Replace(bytes.into()));
            let got = receive(stack, &url).await?;
            runs.absent_from(&got.body).with_context(|| format!("{scheme}, {what}"))?;
            let (status, code, length) = (got.status, &got.code, got.body.len());
            match outcome {
                Outcome::Refused => {
                    ensure!(
                        (status, code.as_str()) == (502, "origin_unreachable"),
                        "{scheme}, {what}: {status} {code}"
                    );
                }
                Outcome::RefusedOrBrokenOff => {
                    // An origin that is quick lets the edge see the fault before the first byte leaves.
                    let refused = (status, code.as_str()) == (502, "origin_unreachable");
                    // The transport may lose what it had not yet written; what came is of the good fragments.
                    let good = length <= ends[ends.len() - 2] && whole.starts_with(&got.body);
                    let broken_off = status == 200 && !got.whole && good;
                    ensure!(
                        refused || broken_off,
                        "{scheme}, {what}: {status} {code}, {length} bytes, whole: {}",
                        got.whole
                    );
                }
            }
            stack.faults.heal();
            let healed = stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
            ensure!(healed == whole, "{scheme}, {what}: something was kept");
        }
    }
    Ok(())
}

pub(super) async fn a_segment_spoiled_from_the_start_is_refused(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let another = clear(&stack, "v360/2.m4s")?;
    let of_another_track = clear(&stack, "v720/1.m4s")?;
    segments(&stack, Outcome::Refused, |good| {
        Ok(vec![
            ("empty", Vec::new()),
            ("truncated", good[..good.len() / 2].to_vec()),
            ("a byte short", good[..good.len() - 1].to_vec()),
            ("a byte long", [good, b"\0"].concat()),
            ("zeros", vec![0; good.len()]),
            ("another segment", another.clone()),
            ("another track's", of_another_track.clone()),
            ("moof past the end", spoil::box_size(good, 0, b"moof", |size| size + (1 << 20))?),
            ("mdat past the end", spoil::box_size(good, 0, b"mdat", |size| size + (1 << 20))?),
            ("mdat of 4 GB", spoil::box_size(good, 0, b"mdat", |_| u32::MAX)?),
            ("mdat of no size", spoil::box_size(good, 0, b"mdat", |_| 7)?),
            ("a sample too many", spoil::sample_count(good, 0, |count| count + 1)?),
            ("samples too many for any memory", spoil::sample_count(good, 0, |_| u32::MAX)?),
            ("a sample too few", spoil::sample_count(good, 0, |count| count - 1)?),
            ("no samples", spoil::sample_count(good, 0, |_| 0)?),
            ("two samples unclaimed", spoil::two_samples_unclaimed(good, 0)?),
            ("a NAL unit past its sample", spoil::nal_length(good, 0)?),
            ("wrong decode time", spoil::decode_time(good, 0, |time| time + 1)?),
        ])
    })
    .await?;
    Ok(stack)
}

pub(super) async fn a_segment_spoiled_further_on_is_refused_or_broken_off(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    segments(&stack, Outcome::RefusedOrBrokenOff, |good| {
        let last = spoil::fragment_ends(good).len() - 1;
        ensure!(last >= 2, "the sample title has several fragments per segment");
        Ok(vec![
            ("moof past the end", spoil::box_size(good, last, b"moof", |size| size + (1 << 20))?),
            ("mdat past the end", spoil::box_size(good, last, b"mdat", |size| size + 1)?),
            ("a sample too many", spoil::sample_count(good, last, |count| count + 1)?),
            ("samples too many for any memory", spoil::sample_count(good, last, |_| u32::MAX)?),
            ("two samples unclaimed", spoil::two_samples_unclaimed(good, last)?),
            ("a NAL unit past its sample", spoil::nal_length(good, last)?),
            ("going back in time", spoil::decode_time(good, last, |_| 0)?),
        ])
    })
    .await?;
    Ok(stack)
}
