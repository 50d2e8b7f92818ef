//! `sluice protect --runtime wasm` gives the bytes of `--runtime native`: the demo title's tracks, in both schemes, with derived
//! and explicit IVs.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use clap::Parser;
use sluice_origin::protect::{self, Engine, Native, ProtectArgs, wasm::Embedded};
use sluice_packager::{
    cenc::{InitProtection, IvSource, Variant, constant_iv, record_bytes},
    keys::{ContentKey, Kid},
    title::Scheme,
};

const KID: Kid = Kid([0x5a; 16]);
const KEY: [u8; 16] = *b"\x0f\x1e\x2d\x3c\x4b\x5a\x69\x78\x87\x96\xa5\xb4\xc3\xd2\xe1\xf0";
const SEGMENTS: usize = 6;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: ProtectArgs,
}

/// The built component, once per process.
pub(crate) fn component() -> &'static Path {
    static COMPONENT: LazyLock<PathBuf> =
        LazyLock::new(|| sluice_tests::wasm_build::component().expect("the component builds"));
    &COMPONENT
}

fn media(track: &str, name: &str) -> PathBuf {
    sluice_tests::fixture::demo_title().join(track).join(name)
}

fn protect(track: &str, options: &[&str], out: &Path) {
    let hex: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    let kid = KID.hex();
    let (init, out) = (media(track, "init.mp4").display().to_string(), out.display().to_string());
    let mut words = vec!["protect", "--kid", &kid, "--key", &hex, "--init", &init, "--out", &out];
    words.extend(options);
    let segments: Vec<_> =
        (1..=SEGMENTS).map(|number| media(track, &format!("{number}.m4s")).display().to_string()).collect();
    words.extend(segments.iter().map(String::as_str));
    protect::run(Cli::try_parse_from(words).expect("arguments").args).expect("protects");
}

#[test]
fn the_component_writes_the_native_bytes() {
    let component = component().display().to_string();
    let cases: [(&str, &[&str]); 5] = [
        ("cenc", &[]),
        ("cenc", &["--track-number", "7"]),
        // The counter runs over, and on through the segments.
        ("cenc", &["--iv", "ffffffffffffff00"]),
        ("cbcs", &[]),
        ("cbcs", &["--iv", "a1b2c3d4e5f60708090a0b0c0d0e0f10"]),
    ];
    for track in ["v1080", "a-en"] {
        for (scheme, iv) in cases {
            let (native, wasm) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
            let options = [&["--scheme", scheme][..], iv].concat();
            protect(track, &options, native.path());
            protect(track, &[&options[..], &["--runtime", "wasm", "--component", &component]].concat(), wasm.path());
            let names: Vec<_> = std::iter::once("init.mp4".to_owned())
                .chain((1..=SEGMENTS).map(|number| format!("{number}.m4s")))
                .collect();
            for name in names {
                let expected = fs::read(native.path().join(&name)).expect("native wrote it");
                let found = fs::read(wasm.path().join(&name)).expect("wasm wrote it");
                assert!(found == expected, "{track}/{name}, {scheme} {iv:?}: other bytes than native's");
                assert_ne!(found, fs::read(media(track, &name)).expect("reads"), "{track}/{name} is protected");
            }
        }
    }
}

#[test]
fn the_component_answers_and_refuses_as_native_does() {
    let mut wasm = Embedded::load(component()).expect("loads");
    let init = fs::read(media("v1080", "init.mp4")).expect("reads");
    let segment = fs::read(media("v1080", "1.m4s")).expect("reads");
    let entry = record_bytes(&init).expect("an init segment");
    assert_eq!(wasm.sample_entry(&init).expect("an init segment"), entry);

    let key = ContentKey::new(KEY);
    let variant = IvSource::Derived { track: 3, variant: Variant::new(15).expect("a variant") };
    let both = |wasm: &mut Embedded, entry: &[u8], clear: &[u8], ivs| {
        let said = |result: anyhow::Result<(Vec<u8>, u64)>| result.map_err(|error| error.to_string());
        let native = said(Native.segment(entry, clear, ivs, &key));
        assert!(said(wasm.segment(entry, clear, ivs, &key)) == native, "{:?}", native.err());
        native
    };
    both(&mut wasm, &entry, &segment, variant).expect("protects");
    both(&mut wasm, &entry, &segment[..segment.len() - 1], variant).expect_err("ends too early");
    both(&mut wasm, &entry, &init, variant).expect_err("is no segment");
    both(&mut wasm, &entry[..20], &segment, variant).expect_err("is no sample entry");

    let mut inits = |scheme, constant_iv| {
        let protection = InitProtection::new(scheme, KID, constant_iv);
        let said = |result: anyhow::Result<Vec<u8>>| result.map_err(|error| error.to_string());
        let native = said(Native.init(&init, &protection));
        assert_eq!(said(wasm.init(&init, &protection)), native);
        native
    };
    inits(Scheme::Cbcs, Some(constant_iv(&KID))).expect("protects");
    inits(Scheme::Cbcs, None).expect_err("cbcs wants an IV");
    inits(Scheme::Cenc, Some([0; 16])).expect_err("cenc wants none");
}

#[test]
fn every_codecs_vector_gets_the_native_bytes() {
    let mut wasm = Embedded::load(component()).expect("loads");
    let vectors = sluice_tests::toolchain::workspace().join("edge/packager/src/cenc/vectors");
    let folders = vectors.read_dir().expect("the vectors").flatten().map(|entry| entry.path());
    let key = ContentKey::new(KEY);
    let mut compared = 0;
    for folder in folders.filter(|path| path.is_dir()) {
        let name = folder.display();
        let init = fs::read(folder.join("clear.init.mp4")).expect("reads");
        let segment = fs::read(folder.join("clear.1.m4s")).expect("reads");
        let entry = record_bytes(&init).expect("an init segment");
        assert_eq!(wasm.sample_entry(&init).expect("an init segment"), entry, "{name}");
        for scheme in [Scheme::Cenc, Scheme::Cbcs] {
            let protection = InitProtection::derived(scheme, KID);
            let (ours, theirs) = (Native.init(&init, &protection), wasm.init(&init, &protection));
            assert_eq!(ours.expect("protects"), theirs.expect("protects"), "{name}");
            let ivs = IvSource::derived(scheme, KID, 3);
            let native = Native.segment(&entry, &segment, ivs, &key).expect("protects");
            let in_wasm = wasm.segment(&entry, &segment, ivs, &key).expect("protects");
            assert!(in_wasm == native, "{name}: other bytes than native's");
            compared += 1;
        }
    }
    // AVC, HEVC, AV1, VP9 and AAC, in both schemes.
    assert!(compared >= 28, "{compared} vectors");
}

#[test]
fn what_is_no_component_is_refused_with_the_way_to_one() {
    for file in [media("v1080", "init.mp4"), media("v1080", "no-such-file")] {
        let error = Embedded::load(&file).err().expect("is refused");
        let said = format!("{error:#}");
        assert!(said.contains("--component") && said.contains("sluice-edge-component"), "{said}");
        assert!(!said.contains('\n'), "one line: {said}");
    }
}
