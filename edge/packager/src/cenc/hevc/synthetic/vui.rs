//! Video usability information.

use super::Choices;
use crate::cenc::nal::synthetic::BitWriter;

fn hrd(w: &mut BitWriter, sub_layers: u64, choices: Choices) {
    let (nal, vcl, sub_pictures) = (choices.bit(0), choices.bit(1), choices.bit(2));
    w.u(1, nal).u(1, vcl);
    if nal + vcl > 0 {
        w.u(1, sub_pictures);
        if sub_pictures == 1 {
            w.u(8, 3).u(5, 4).u(1, 1).u(5, 6);
        }
        w.u(4, 1).u(4, 2);
        if sub_pictures == 1 {
            w.u(4, 9);
        }
        w.u(5, 23).u(5, 22).u(5, 21);
    }
    for layer in 0..=sub_layers as u32 {
        let (general, within, low_delay) = (choices.flag(layer), choices.flag(layer + 8), choices.bit(layer + 16));
        w.u(1, general.into());
        if !general {
            w.u(1, within.into());
        }
        let low_delay = if general || within {
            w.ue(2047);
            0
        } else {
            w.u(1, low_delay);
            low_delay
        };
        let count = if low_delay == 0 { choices.below(layer, 4) } else { 0 };
        if low_delay == 0 {
            w.ue(count);
        }
        for _ in 0..(nal + vcl) * (count + 1) {
            w.ue(70_000).ue(80_000);
            if sub_pictures == 1 && nal + vcl > 0 {
                w.ue(5).ue(6);
            }
            w.u(1, 1);
        }
    }
}

pub(super) fn write(w: &mut BitWriter, sub_layers: u64, choices: Choices) {
    match choices.below(0, 3) {
        0 => w.u(1, 0),
        1 => w.u(1, 1).u(8, 1),
        _ => w.u(1, 1).u(8, 255).u(16, 4).u(16, 3),
    };
    w.u(1, 1).u(1, 0).u(1, 1).u(3, 5).u(1, 0).u(1, choices.bit(1));
    if choices.flag(1) {
        w.u(24, 0x01_0d01);
    }
    w.u(1, 1).ue(2).ue(2).u(3, 0).u(1, choices.bit(2));
    if choices.flag(2) {
        w.ue(1).ue(2).ue(3).ue(4);
    }
    w.u(1, choices.bit(3));
    if choices.flag(3) {
        w.u(32, 1001).u(32, 60_000).u(1, choices.bit(4));
        if choices.flag(4) {
            w.ue(9);
        }
        w.u(1, choices.bit(5));
        if choices.flag(5) {
            hrd(w, sub_layers, choices);
        }
    }
    w.u(1, choices.bit(6));
    if choices.flag(6) {
        w.u(3, 2).ue(100).ue(2).ue(1).ue(15).ue(15);
    }
}
