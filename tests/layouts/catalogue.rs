//! The layouts by name.

use super::boxes::leaves;
use super::segment::{Base, Layout, Runs, Sizes, Time, Wide};

/// Of everything that has not its own word.
const PLAIN: Layout = Layout {
    runs: Runs::One,
    sizes: Sizes::Sample,
    base: Base::Moof,
    time: Time::Wide,
    wide: Wide::No,
    signed: false,
    events: false,
    dependencies: false,
    groups: false,
    unknown: false,
    sidx: None,
    mfra: false,
    two_trafs: false,
    two_tracks: false,
    open_end: false,
};

/// What must pass through unharmed.
pub(crate) const TAKEN: [(&str, Layout); 20] = [
    ("plain", PLAIN),
    ("64-bit mdat", Layout { wide: Wide::Mdat, ..PLAIN }),
    ("64-bit moof, traf, mdat", Layout { wide: Wide::All, ..PLAIN }),
    ("several trun, an offset each", Layout { runs: Runs::Several(5), ..PLAIN }),
    ("several trun, following", Layout { runs: Runs::Following(3), ..PLAIN }),
    ("defaults in tfhd", Layout { sizes: Sizes::Header, ..PLAIN }),
    ("defaults in trex", Layout { sizes: Sizes::Track, ..PLAIN }),
    ("base_data_offset of moof", Layout { base: Base::Position, ..PLAIN }),
    ("base_data_offset of data", Layout { base: Base::Data, runs: Runs::Several(4), time: Time::Narrow, ..PLAIN }),
    ("base_data_offset alone", Layout { base: Base::DataUnsaid, ..PLAIN }),
    ("no base flag", Layout { base: Base::Unsaid, ..PLAIN }),
    ("negative composition", Layout { signed: true, ..PLAIN }),
    ("emsg v0, v1, prft", Layout { events: true, sidx: Some(1), ..PLAIN }),
    ("sdtp, subs", Layout { dependencies: true, ..PLAIN }),
    ("sgpd, sbgp", Layout { groups: true, ..PLAIN }),
    ("unknown boxes", Layout { unknown: true, ..PLAIN }),
    ("sidx v0, tfdt v0, mfra", Layout { sidx: Some(0), time: Time::Narrow, mfra: true, ..PLAIN }),
    ("tfxd, no tfdt", Layout { time: Time::Smooth, base: Base::Unsaid, ..PLAIN }),
    (
        "all but runs",
        Layout {
            base: Base::Position,
            time: Time::Smooth,
            wide: Wide::Mdat,
            signed: true,
            events: true,
            dependencies: true,
            groups: true,
            unknown: true,
            sidx: Some(1),
            mfra: true,
            ..PLAIN
        },
    ),
    (
        "all and runs",
        Layout {
            runs: Runs::Several(3),
            wide: Wide::Mdat,
            signed: true,
            events: true,
            dependencies: true,
            groups: true,
            unknown: true,
            sidx: Some(0),
            mfra: true,
            ..PLAIN
        },
    ),
];

/// What is refused, by decision.
pub(crate) struct Refused {
    pub(crate) name: &'static str,
    pub(crate) layout: Layout,
    /// The box that the error names, which is where it says: the how-many-th of its kind.
    pub(crate) kind: &'static [u8; 4],
    pub(crate) nth: usize,
    /// Whether the box is in the init segment.
    pub(crate) in_init: bool,
    /// What the error says.
    pub(crate) says: &'static str,
    /// Why it is refused.
    pub(crate) reason: &'static str,
}

/// Where the box is that the error of a refused layout names, in what it was made into.
pub(crate) fn position(bytes: &[u8], refused: &Refused) -> usize {
    if refused.layout.open_end {
        // Nothing is behind the last box, whose size cannot be read.
        return bytes.windows(4).rposition(|four| four == refused.kind).expect("a box") - 4;
    }
    let all = leaves(bytes).into_iter().filter(|leaf| leaf.is(refused.kind));
    all.map(|leaf| leaf.start).nth(refused.nth).expect("such a box")
}

/// What is refused, with an error that names the box and where it is.
pub(crate) const REFUSED: [Refused; 6] = [
    Refused {
        name: "two traf in a moof",
        layout: Layout { two_trafs: true, ..PLAIN },
        kind: b"traf",
        nth: 1,
        in_init: false,
        says: "second traf",
        reason: "CMAF has one track per fragment",
    },
    Refused {
        name: "two tracks in an init",
        layout: Layout { two_tracks: true, ..PLAIN },
        kind: b"trak",
        nth: 1,
        in_init: true,
        says: "second track",
        reason: "CMAF has one track per file",
    },
    Refused {
        name: "neither tfdt nor tfxd",
        layout: Layout { time: Time::Unsaid, ..PLAIN },
        kind: b"traf",
        nth: 0,
        in_init: false,
        says: "no tfdt",
        reason: "cenc IVs are made of decode times, which a segment alone does not tell",
    },
    Refused {
        name: "tfxd before 0",
        layout: Layout { time: Time::SmoothBefore, ..PLAIN },
        kind: b"uuid",
        nth: 0,
        in_init: false,
        says: "negative",
        reason: "tfdt has no sign (ffmpeg's ismv needs -avoid_negative_ts make_zero for AAC)",
    },
    Refused {
        name: "no base, no data_offset",
        layout: Layout { base: Base::Nowhere, ..PLAIN },
        kind: b"trun",
        nth: 0,
        in_init: false,
        says: "no data_offset",
        reason: "samples would begin where moof does",
    },
    Refused {
        name: "mdat to the end of the file",
        layout: Layout { open_end: true, ..PLAIN },
        kind: b"mdat",
        nth: 0,
        in_init: false,
        says: "impossible size 0",
        reason: "a whole segment could not be told from a part",
    },
];
