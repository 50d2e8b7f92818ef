//! Whole segments through the packager, a fragment at a time, beside a copy of the same bytes, the crates' ciphers and the kernels alone.

use std::{cell::RefCell, collections::VecDeque, fs, ops::Range, path::Path, rc::Rc};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use sluice_packager::{
    bmff::Boxes,
    cenc::{FragmentProtector, IvSource, TrackConfig, plan_segment},
    cipher::{Cipher, CounterSample, FragmentCipher, Portable, Span},
    keys::{ContentKey, Kid},
    title::{Scheme, plan::Entry},
};

use crate::{
    measure::{Caches, Candidate, interleaved},
    recorder::{Call, Recorder},
};

/// Folders of the media, and how their figures are called. What is not there is not measured.
const RENDITIONS: [(&str, &str); 4] =
    [("v360", "360p"), ("v1080", "1080p"), ("v2160", "2160p"), ("v1080-one", "1080p_one_fragment")];
/// The one that is looked at more closely.
const CLOSELY: &str = "1080p";
/// How the origin's bytes come in at an edge.
const CHUNK: usize = 64 << 10;
const KID: Kid = Kid([0x5a; 16]);
const KEY: [u8; 16] = *b"\x0f\x1e\x2d\x3c\x4b\x5a\x69\x78\x87\x96\xa5\xb4\xc3\xd2\xe1\xf0";

/// A clear segment, and what an edge has read of its track before.
struct Clear {
    config: TrackConfig,
    plan: Vec<Entry>,
    bytes: Vec<u8>,
    fragments: Vec<Range<usize>>,
}

/// What leaves an edge of a piece that came in.
type Out = Rc<RefCell<VecDeque<Bytes>>>;

pub(crate) fn measure(runs: usize, media: &Path) -> Result<()> {
    let mut measured = 0;
    for (folder, name) in RENDITIONS {
        let folder = media.join(folder);
        if folder.is_dir() {
            let clear = Clear::read(&folder).with_context(|| folder.display().to_string())?;
            interleaved(runs, Caches::Emptied, candidates(&clear, name)?)?;
            if name == CLOSELY {
                interleaved(runs, Caches::Warm, candidates(&clear, &format!("{name}_hot"))?)?;
            }
            measured += 1;
        }
    }
    ensure!(measured > 0, "{}: no rendition that is known here", media.display());
    Ok(())
}

fn candidates<'a>(clear: &'a Clear, name: &str) -> Result<Vec<Candidate<'a>>> {
    let out = Out::default();
    let bytes = clear.bytes.len();
    let mut all =
        vec![Candidate::pieces(format!("memcpy_{name}"), bytes, clear.fragments.len(), copy(clear, vec![0; bytes]))];
    for scheme in [Scheme::Cenc, Scheme::Cbcs] {
        let ivs = IvSource::derived(scheme, KID, 1);
        let ours = protect(clear, ivs, &clear.fragments, Cipher::new, out.clone());
        let crates = protect(clear, ivs, &clear.fragments, Portable::new, out.clone());
        let pieces = clear.fragments.len() + 2;
        let (ours, crates) = agreed(ours, crates, pieces, &out)?;
        let scheme = scheme.as_str();
        all.push(Candidate::pieces(format!("{scheme}_{name}"), bytes, pieces, ours));
        all.push(Candidate::pieces(format!("{scheme}_crates_{name}"), bytes, pieces, crates));
        if name == CLOSELY {
            let chunks: Vec<_> = (0..bytes).step_by(CHUNK).map(|at| at..bytes.min(at + CHUNK)).collect();
            let (pieces, body) = (chunks.len() + 2, protect(clear, ivs, &chunks, Cipher::new, out.clone()));
            all.push(Candidate::pieces(format!("{scheme}_chunks_{name}"), bytes, pieces, body));
            all.extend(kernels(calls(clear, ivs)?, scheme, name));
        }
    }
    Ok(all)
}

/// The segment's protection, as an edge has it done: the first piece begins it, each of `cuts` goes in, the last piece ends it.
fn protect<'a, C: FragmentCipher + 'a>(
    clear: &'a Clear,
    ivs: IvSource,
    cuts: &[Range<usize>],
    cipher: impl Fn(&ContentKey) -> C + 'a,
    out: Out,
) -> impl FnMut(usize) -> Result<()> + 'a {
    let cuts = cuts.to_vec();
    let key = ContentKey::new(KEY);
    let mut protector = None;
    move |piece| {
        let mut out = out.borrow_mut();
        out.clear();
        if piece == 0 {
            let (config, plan) = (clear.config.clone(), clear.plan.clone());
            protector = Some(FragmentProtector::with_cipher(config, ivs, cipher(&key), plan, None));
        } else if let Some(cut) = cuts.get(piece - 1) {
            let bytes = clear.bytes.get(cut.clone()).context("within the segment")?;
            protector.as_mut().context("begun")?.push(bytes, &mut *out)?;
        } else {
            protector.take().context("begun")?.finish()?;
        }
        Ok(())
    }
}

/// The same bytes copied, and nothing else.
fn copy(clear: &Clear, mut to: Vec<u8>) -> impl FnMut(usize) -> Result<()> {
    move |piece| {
        let fragment = clear.fragments.get(piece).context("a fragment")?.clone();
        let from = clear.bytes.get(fragment.clone()).context("within the segment")?;
        std::hint::black_box(to.get_mut(fragment).context("within the segment")?)
            .copy_from_slice(std::hint::black_box(from));
        Ok(())
    }
}

/// What the cipher is asked to do for the segment.
fn calls(clear: &Clear, ivs: IvSource) -> Result<Vec<Call>> {
    let recorder = Recorder::default();
    let mut record = protect(clear, ivs, &clear.fragments, |_| recorder.clone(), Out::default());
    (0..clear.fragments.len() + 2).try_for_each(&mut record)?;
    drop(record);
    Ok(recorder.calls())
}

/// The kernels alone: on the very ranges of the segment; and in counter mode on as many bytes in one piece.
fn kernels<'a>(calls: Vec<Call>, scheme: &str, name: &str) -> Vec<Candidate<'a>> {
    let bytes = calls.iter().map(Call::protected).sum();
    let longest = calls.iter().map(Call::buffer).max().unwrap_or_default();
    let mut all = Vec::new();
    if scheme == Scheme::Cenc.as_str() {
        let (cipher, mut buffer) = (Cipher::new(&ContentKey::new(KEY)), vec![0; longest]);
        let lengths: Vec<usize> = calls.iter().map(Call::protected).collect();
        all.push(Candidate::pieces(format!("{scheme}_kernel_{name}"), bytes, calls.len(), move |piece| {
            let spans = [Span { start: 0, len: *lengths.get(piece).context("a fragment")? }];
            Ok(cipher.counter(&mut buffer, &spans, &[CounterSample { counter: [7; 16], spans: 0..1 }])?)
        }));
    }
    let (cipher, mut buffer) = (Cipher::new(&ContentKey::new(KEY)), vec![0; longest]);
    all.push(Candidate::pieces(format!("{scheme}_spans_{name}"), bytes, calls.len(), move |piece| {
        let call = calls.get(piece).context("a fragment")?;
        call.repeat(&cipher, buffer.get_mut(..call.buffer()).context("long enough")?)
    }));
    all
}

/// Both bodies, where they give the same bytes: a race is void where one of the runners takes another way.
fn agreed<A, B>(mut one: A, mut other: B, pieces: usize, out: &Out) -> Result<(A, B)>
where
    A: FnMut(usize) -> Result<()>,
    B: FnMut(usize) -> Result<()>,
{
    let whole = |body: &mut dyn FnMut(usize) -> Result<()>| -> Result<Vec<u8>> {
        let mut whole = Vec::new();
        for piece in 0..pieces {
            body(piece)?;
            out.borrow().iter().for_each(|bytes| whole.extend_from_slice(bytes));
        }
        Ok(whole)
    };
    let ours = whole(&mut one)?;
    ensure!(!ours.is_empty() && whole(&mut other)? == ours, "the kernels and the crates give different bytes");
    Ok((one, other))
}

impl Clear {
    fn read(folder: &Path) -> Result<Self> {
        let config = TrackConfig::from_init(&fs::read(folder.join("init.mp4"))?)?;
        let bytes = fs::read(folder.join("1.m4s"))?;
        let plan = plan_segment(&config, &bytes)?.entries;
        let mut fragments = Vec::new();
        let mut start = 0;
        for view in Boxes::of(&bytes) {
            let view = view?;
            if view.is(b"mdat") {
                let end = usize::try_from(view.end())?;
                fragments.push(start..end);
                start = end;
            }
        }
        ensure!(start == bytes.len() && start > 0, "1.m4s does not end with an mdat");
        Ok(Self { config, plan, bytes, fragments })
    }
}
