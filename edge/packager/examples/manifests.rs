//! Writes the manifests of a title's descriptor, for checks with tools that others wrote.
//!
//! `cargo run -p sluice-packager --example manifests -- DESCRIPTOR.json cenc|cbcs|clear OUT [KS,…]` writes `manifest.mpd`,
//! `main.m3u8` and `TRACK.m3u8` into the directory OUT.

use std::{error::Error, fs, path::Path};

use sluice_packager::{
    dash, hls,
    manifest::{Addressing, Options},
    title::{Delivery, Descriptor, KeySystem},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [descriptor, delivery, out, rest @ ..] = &arguments[..] else {
        return Err("usage: manifests DESCRIPTOR.json cenc|cbcs|clear OUT [KS,…]".into());
    };
    let descriptor: Descriptor = serde_json::from_slice(&fs::read(descriptor)?)?;
    let delivery = Delivery::parse(delivery).ok_or("the delivery is cenc, cbcs or clear")?;
    let wanted: Option<Vec<KeySystem>> = match rest {
        [] => None,
        [words, ..] => Some(words.split(',').map(KeySystem::parse).collect::<Option<_>>().ok_or("unknown key system")?),
    };
    let systems = match (&descriptor.key_policy, delivery.scheme()) {
        (Some(policy), Some(scheme)) => policy.systems_for(scheme, wanted.as_deref()),
        _ => Vec::new(),
    };
    let base = format!("https://edge.example/v1/{}", descriptor.title);
    let options = Options {
        delivery,
        systems: &systems,
        max_height: None,
        codecs: None,
        base: &base,
        query: "",
        addressing: Addressing::Segments,
        define: false,
        provided: None,
    };
    let out = Path::new(out);
    fs::create_dir_all(out)?;
    fs::write(out.join("manifest.mpd"), dash::mpd(&descriptor, &options)?)?;
    fs::write(out.join("main.m3u8"), hls::multivariant(&descriptor, &options)?)?;
    for track in &descriptor.tracks {
        fs::write(out.join(format!("{}.m3u8", track.id)), hls::media(&descriptor, &track.id, &options)?)?;
    }
    Ok(())
}
