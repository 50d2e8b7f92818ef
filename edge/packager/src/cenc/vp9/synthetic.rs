//! VP9 frames and superframes, written bit by bit after the syntax tables of the VP9 bitstream specification, 6.2 and Annex B: synthetic
//! streams for what no encoder at hand produces (sizes taken from references, all profiles, several hidden frames, …).

use crate::bits::{BitWriter, Dice};

/// A sample, and the header length and the length of every frame in it; of a frame that is only shown both are its length.
#[derive(Clone, Debug, Default)]
pub(in crate::cenc) struct Sample {
    pub(in crate::cenc) bytes: Vec<u8>,
    pub(super) frames: Vec<(usize, usize)>,
}

/// A frame and the length of its uncompressed header. `sizes`: what is in the slots, which the frame changes.
pub(super) fn frame(d: &mut Dice, key: bool, sizes: &mut [[u64; 2]; 8]) -> (Vec<u8>, usize) {
    let mut w = BitWriter::default();
    let w = &mut w;
    let profile = d.roll(4);
    w.u(2, 2).u(1, profile & 1).u(1, profile >> 1).u(if profile == 3 { 1 } else { 0 }, 0);
    w.u(1, 0).u(1, (!key).into());
    let (show, resilient) = (w.flag(d.flip()), w.flag(d.flip()));
    let intra_only = !key && !show && w.flag(d.flip());
    if !key && !resilient {
        w.u(2, 1);
    }
    let mut refresh = 255;
    let mut size = [1 + d.roll(5000), 1 + d.roll(300)];
    if key || intra_only {
        w.u(24, 0x49_8342);
        if key || profile > 0 {
            color(w, d, profile);
        }
        if !key {
            refresh = d.roll(256);
            w.u(8, refresh);
        }
        own(w, size);
    } else {
        refresh = d.roll(256);
        w.u(8, refresh);
        let slots = [d.roll(8), d.roll(8), d.roll(8)];
        for slot in slots {
            w.u(3, slot).u(1, 1);
        }
        let found = d.roll(4) as usize;
        if found < 3 {
            size = sizes[slots[found] as usize];
            w.u(found as u32, 0).u(1, 1);
        } else {
            w.u(3, 0);
            w.u(16, size[0] - 1).u(16, size[1] - 1);
        }
        render(w, d);
        w.u(1, 1);
        if !w.flag(d.flip()) {
            w.u(2, 2);
        }
    }
    if key || intra_only {
        render(w, d);
    }
    if !resilient {
        w.u(2, 2);
    }
    w.u(2, 3);
    tail(w, d, size[0]);
    let compressed = 1 + d.roll(60);
    w.u(16, compressed);
    let mut bytes = w.bytes();
    let header = bytes.len();
    bytes.extend((0..compressed + d.roll(200)).map(|_| d.roll(256) as u8));
    // What a superframe index would end on is no frame's last byte.
    bytes.push(0x80);
    for slot in (0..8).filter(|slot| refresh >> slot & 1 == 1) {
        sizes[slot] = size;
    }
    (bytes, header)
}

fn own(w: &mut BitWriter, size: [u64; 2]) {
    w.u(16, size[0] - 1).u(16, size[1] - 1);
}

fn render(w: &mut BitWriter, d: &mut Dice) {
    if w.flag(d.flip()) {
        w.u(32, 5);
    }
}

fn color(w: &mut BitWriter, d: &mut Dice, profile: u64) {
    if profile >= 2 {
        w.u(1, 1);
    }
    let rgb = profile & 1 == 1 && d.flip();
    w.u(3, if rgb { 7 } else { 2 });
    if !rgb {
        w.u(1, 0);
    }
    match (profile & 1, rgb) {
        (1, false) => w.u(2, 0).u(1, 0),
        (1, true) => w.u(1, 0),
        _ => w,
    };
}

/// From the loop filter to the tiles.
fn tail(w: &mut BitWriter, d: &mut Dice, width: u64) {
    w.u(9, d.roll(512));
    if w.flag(d.flip()) && w.flag(d.flip()) {
        maybe(w, d, &[7; 6]);
    }
    w.u(8, d.roll(256));
    maybe(w, d, &[5; 3]);
    if w.flag(d.flip()) {
        if w.flag(d.flip()) {
            maybe(w, d, &[8; 7]);
            if w.flag(d.flip()) {
                maybe(w, d, &[8; 3]);
            }
        }
        if w.flag(d.flip()) {
            w.u(1, 1);
            maybe(w, d, &[9, 7, 2, 0].repeat(8));
        }
    }
    // Tiles are from 256 to 4096 pixels wide, in superblocks of 64.
    let blocks = width.div_ceil(64);
    let most = (0..7u32).filter(|log| *log == 0 || blocks >> log >= 4).max().expect("at least one column");
    let mut log = (0..7).find(|log| blocks <= 64 << log).expect("not that wide");
    while log < most && w.flag(d.flip()) {
        log += 1;
    }
    if w.flag(d.flip()) {
        w.u(1, 1);
    }
}

/// Values of these widths, each there or not.
fn maybe(w: &mut BitWriter, d: &mut Dice, widths: &[u32]) {
    for width in widths {
        if w.flag(d.flip()) {
            w.u(*width, d.roll(1 << width));
        }
    }
}

/// The frames as a superframe.
pub(super) fn superframe(d: &mut Dice, frames: &[Vec<u8>]) -> Vec<u8> {
    let width = 2 + d.roll(3) as usize;
    let marker = 0xc0 | (width as u8 - 1) << 3 | (frames.len() as u8 - 1);
    let sizes: Vec<u8> = frames.iter().flat_map(|frame| (frame.len() as u32).to_le_bytes()[..width].to_vec()).collect();
    [&frames.concat()[..], &[marker], &sizes, &[marker]].concat()
}

/// Samples of a stream, from a key frame on: frames, superframes, and frames that are only shown.
pub(in crate::cenc) fn samples(seed: u64, count: usize) -> Vec<Sample> {
    let d = &mut Dice(seed);
    let mut sizes = [[0; 2]; 8];
    let sample = |at| {
        if at > 0 && d.roll(4) == 0 {
            let bytes = vec![0x88 | d.roll(8) as u8];
            return Sample { frames: vec![(1, 1)], bytes };
        }
        let count = 1 + d.roll(8);
        let mut written = |n: u64| {
            let key = at == 0 && n == 0 || d.roll(5) == 0;
            frame(d, key, &mut sizes)
        };
        let frames: Vec<_> = (0..count).map(&mut written).collect();
        let layout = frames.iter().map(|(bytes, header)| (*header, bytes.len())).collect();
        let mut frames: Vec<_> = frames.into_iter().map(|(bytes, _)| bytes).collect();
        let bytes = if frames.len() > 1 || d.flip() { superframe(d, &frames) } else { frames.remove(0) };
        Sample { bytes, frames: layout }
    };
    (0..count).map(sample).collect()
}
