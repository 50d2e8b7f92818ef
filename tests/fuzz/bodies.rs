//! What must hold of any bytes. A target runs one of these; `edge/packager/tests/corpus.rs` replays seeds and what was found.
use sluice_packager::{
    cenc::{
        FragmentForm, FragmentProtector, InitProtection, IvSource, Signalling, TrackConfig, plan_segment,
        plan_segment_as, protect_init, read::Reader, record_bytes,
    },
    dash,
    drm::{self, Provided, clearkey, pssh},
    hls,
    keys::{ContentKey, Kid},
    manifest::{Addressing, Options},
    title::{ClearReason, Delivery, Descriptor, KeySystem, Scheme, TrackRecord, Treatment, plan},
    trick::{Cutter, Pictures},
};

const KID: Kid = Kid([0x5a; 16]);
const LATER: Kid = Kid([0xa5; 16]);
const KEY: [u8; 16] = [0x0f; 16];

macro_rules! track {
    ($name:literal) => {
        (
            include_bytes!(concat!("../../edge/packager/src/cenc/vectors/", $name, "/clear.init.mp4")),
            include_bytes!(concat!("../../edge/packager/src/cenc/vectors/", $name, "/clear.1.m4s")),
        )
    };
}

/// A clear track of each codec: its init segment and a media segment.
pub(crate) const TRACKS: [(&[u8], &[u8]); 14] = [
    track!("cabac"),
    track!("cavlc"),
    track!("mbaff"),
    track!("high444"),
    track!("hevc-slices"),
    track!("hevc-main10"),
    track!("hevc-444"),
    track!("av1_tiles"),
    track!("av1_grain"),
    track!("av1_screen"),
    track!("av1_random"),
    track!("vp9"),
    track!("vp9_tiles"),
    track!("aac"),
];

/// An init segment: what can be protected says so afterwards, and keeps the rest.
pub(crate) fn init(bytes: &[u8]) {
    let config = TrackConfig::from_init(bytes);
    if let Ok(record) = record_bytes(bytes) {
        assert_eq!(TrackConfig::from_sample_entry(&record).is_ok(), config.is_ok());
    }
    for scheme in [Scheme::Cenc, Scheme::Cbcs] {
        let Ok(protected) = protect_init(bytes, &InitProtection::derived(scheme, KID)) else { continue };
        let with = InitProtection { clear_entry: true, pssh: vec![0; 40], ..InitProtection::derived(scheme, KID) };
        let with = protect_init(bytes, &with).expect("what can be protected can have a clear lead");
        assert!(with.len() > protected.len() + 40);
        let reader = Reader::new(&protected).expect("what was written can be read");
        let sinf = reader.protection().expect("it is protected");
        assert_eq!(sinf.tenc.kid, KID);
        assert!(protect_init(&protected, &InitProtection::derived(scheme, KID)).is_err(), "protected twice");
    }
}

/// A media segment of the track that the first byte names.
pub(crate) fn segment(bytes: &[u8]) {
    let Some((which, segment)) = bytes.split_first() else { return };
    let (init, _) = TRACKS[usize::from(*which) % TRACKS.len()];
    judge(init, segment);
}

/// Samples of the track that the first byte names: the rest, cut where the bytes 00 00 ff say, in a fragment that fits them.
pub(crate) fn sample(bytes: &[u8]) {
    let Some((which, rest)) = bytes.split_first() else { return };
    let (init, _) = TRACKS[usize::from(*which) % TRACKS.len()];
    judge(init, &fragment(init, &cut(rest)));
}

fn cut(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut samples = Vec::new();
    while let Some(at) = bytes.windows(3).position(|three| three == [0, 0, 0xff]) {
        samples.push(&bytes[..at]);
        bytes = &bytes[at + 3..];
    }
    samples.push(bytes);
    samples
}

/// `moof` and `mdat` of these samples.
fn fragment(init: &[u8], samples: &[&[u8]]) -> Vec<u8> {
    let track = sluice_packager::bmff::moov::Init::parse(init).expect("a vector").track_id;
    let boxed = |kind: &[u8; 4], payload: &[u8]| -> Vec<u8> {
        [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, payload].concat()
    };
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_be_bytes()).collect() };
    // default-base-is-moof; version 1 with a 64-bit time; data offset, duration and size per sample.
    let tfhd = boxed(b"tfhd", &words(&[0x02_0000, track]));
    let tfdt = boxed(b"tfdt", &words(&[0x0100_0000, 0, 0]));
    let trun = |offset: u32| {
        let mut fields = vec![0x301, samples.len() as u32, offset];
        fields.extend(samples.iter().flat_map(|sample| [1, sample.len() as u32]));
        boxed(b"trun", &words(&fields))
    };
    let moof = |offset: u32| {
        let traf = boxed(b"traf", &[&tfhd[..], &tfdt, &trun(offset)].concat());
        boxed(b"moof", &[boxed(b"mfhd", &words(&[0, 1])), traf].concat())
    };
    let offset = moof(0).len() as u32 + 8;
    [moof(offset), boxed(b"mdat", &samples.concat())].concat()
}

/// What can be planned can be protected, gets the planned size, and gives the clear samples back: under the init segment's key, under a later one, and
/// as part of a clear lead. What its I-frames alone make is media too, of samples of the segment.
fn judge(init: &[u8], segment: &[u8]) {
    let config = TrackConfig::from_init(init).expect("a vector");
    let Ok(plan) = plan_segment(&config, segment) else { return };
    let clear = Reader::new(init).and_then(|reader| reader.clear_samples(segment, None)).expect("was planned");
    let time = Some(plan.decode_time);
    for scheme in [Scheme::Cenc, Scheme::Cbcs] {
        let protection = InitProtection { clear_entry: true, ..InitProtection::derived(scheme, KID) };
        let reader = protect_init(init, &protection).and_then(|init| Reader::new(&init)).expect("a vector");
        let key = ContentKey::new(KEY);
        let later = Signalling { period: Some(LATER), pssh: vec![0, 0, 0, 12, b'p', b's', b's', b'h', 0, 0, 0, 0] };
        for (kid, signalling) in [(KID, Signalling::default()), (LATER, later)] {
            let entries = plan_segment_as(&config, segment, [signalling.form(); 2]).expect("was planned").entries;
            let ivs = IvSource::derived(scheme, kid, 1);
            let protector = FragmentProtector::new(config.clone(), ivs, &key, entries.clone(), time);
            let out = whole(protector.signalling(signalling), segment, scheme, &entries);
            let found = reader.clear_samples_by(&out, |named| (*named == kid).then_some(&key)).expect("can be read");
            assert!(found == clear, "other samples come back");
        }
        let form = FragmentForm { lead: true, ..FragmentForm::default() };
        let entries = plan_segment_as(&config, segment, [form; 2]).expect("was planned").entries;
        let protector = FragmentProtector::clear_lead(config.clone(), scheme, lead(scheme), entries.clone(), time);
        let out = whole(protector, segment, scheme, &entries);
        assert!(reader.clear_samples_by(&out, |_| None).expect("can be read") == clear, "other samples in the lead");
    }
    let Ok(pictures) = Pictures::of(&plan.entries) else { return };
    let mut cutter = Cutter::new(&config, pictures);
    let cut = cutter.push(segment).and_then(|()| cutter.finish(plan.decode_time.saturating_add(plan.duration)));
    if let Ok(cut) = cut
        && plan_segment(&config, &cut).is_ok()
    {
        let pictures = Reader::new(init).and_then(|reader| reader.clear_samples(&cut, None)).expect("was planned");
        assert!(pictures.iter().all(|picture| clear.contains(picture)), "a picture that is no sample of the segment");
    }
}

/// Protects in pieces; what comes out is as long as planned.
fn whole(mut protector: FragmentProtector, segment: &[u8], scheme: Scheme, entries: &[plan::Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in segment.chunks(segment.len() % 977 + 1) {
        protector.push(chunk, &mut out).expect("what was planned can be protected");
    }
    protector.finish().expect("what was planned can be protected");
    assert_eq!(out.len() as u64, entries.iter().map(|entry| u64::from(entry.protected(scheme))).sum::<u64>());
    out
}

/// The reason for a clear lead, from the only thing that can give one.
fn lead(scheme: Scheme) -> ClearReason {
    let record = serde_json::json!({
        "v": 1, "track": "t", "version": "1", "kind": "video", "number": 0, "timescale": 1,
        "kids": [{"scheme": scheme, "kid": KID}], "timeline": {"start": 0, "runs": []}, "schedule": {"clear_lead": 1}
    });
    let record: TrackRecord = serde_json::from_value(record).expect("a record");
    match record.segment_treatment(scheme.into(), 1) {
        Ok(Treatment::Lead { reason, .. }) => reason,
        other => panic!("no lead: {other:?}"),
    }
}

/// A descriptor and its manifests, a record, a plan, a licence request, a provider's signalling.
pub(crate) fn documents(bytes: &[u8]) {
    let _ = plan::read(bytes);
    let _ = clearkey::request(bytes);
    let _ = serde_json::from_slice::<TrackRecord>(bytes);
    Provided::read(bytes).iter().for_each(signalled);
    let Ok(descriptor) = serde_json::from_slice::<Descriptor>(bytes) else { return };
    let both = [Addressing::Segments, Addressing::Ranges];
    for (delivery, addressing) in Delivery::ALL.into_iter().flat_map(|delivery| both.map(|one| (delivery, one))) {
        let options = Options {
            delivery,
            systems: &KeySystem::ALL,
            max_height: None,
            codecs: None,
            base: "https://edge.example/v1/film",
            query: "",
            addressing,
            define: false,
            provided: None,
        };
        let _ = hls::multivariant(&descriptor, &options);
        let _ = dash::mpd(&descriptor, &options);
        for track in descriptor.tracks.iter().take(4) {
            let _ = hls::media(&descriptor, &track.id, &options);
            let _ = hls::ranges_playlist(&descriptor, &track.id, &[], &options)
                .map(|playlist| playlist.collect::<String>());
            let _ = hls::iframes(&descriptor, &track.id, &[], &options);
        }
    }
}

/// What a provider says of a key leaves in whole boxes, in quotes that it cannot leave.
fn signalled(provided: &Provided) {
    let told = drm::Signalling::Provider(provided);
    for system in [KeySystem::Widevine, KeySystem::Playready] {
        if let Ok(boxes) = told.pssh(system, &[KID], Scheme::Cbcs) {
            assert!(pssh::parse(&boxes).is_ok_and(|(_, after)| after.is_empty()));
        }
        if let Ok(filled) = told.pssh_in_room(&[system], &[KID], Scheme::Cbcs, 2048) {
            assert_eq!(filled.len(), 2048);
        }
    }
    if let Ok(uri) = told.fairplay_uri(&KID) {
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'));
    }
}
