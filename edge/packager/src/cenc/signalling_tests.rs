//! What fragments say of later keys, and the clear lead.

use proptest::prelude::*;

use super::{
    Error, FragmentForm, FragmentProtector, InitProtection, IvSource, Signalling, TrackConfig, plan_segment_as,
    protect_init,
    read::Reader,
    record_bytes,
    synthetic::{self, Media, boxed, media, words},
};
use crate::{
    bmff::{Boxes, moov::Init},
    keys::{ContentKey, Kid},
    title::{Delivery, DeliveryKid, Schedule, Scheme, Timeline, TrackId, TrackKind, TrackRecord, Treatment, Version},
};

const FIRST: Kid = Kid([0xa1; 16]);
const LATER: Kid = Kid([0xb2; 16]);

fn key() -> ContentKey {
    ContentKey::new(*b"a content key!!!")
}

fn run(mut protector: FragmentProtector, clear: &[u8], cut: usize) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for piece in clear.chunks(cut) {
        protector.push(piece, &mut out)?;
    }
    protector.finish()?;
    Ok(out)
}

/// The reason for a clear lead, from the only thing that can give one.
fn lead(scheme: Scheme) -> Treatment {
    let record = TrackRecord {
        v: 1,
        track: TrackId::parse("t").expect("id"),
        version: Version::parse("1").expect("id"),
        kind: TrackKind::Video,
        number: 0,
        timescale: 1,
        height: None,
        iframes: false,
        image: None,
        kids: vec![DeliveryKid { scheme: scheme.into(), kid: FIRST, period: 0 }],
        unprotected_title: false,
        sample_entry: String::new(),
        timeline: Timeline { start: 0, runs: Vec::new() },
        schedule: Schedule { clear_lead: 1, periods: Vec::new() },
        pssh: None,
    };
    record.segment_treatment(Delivery::from(scheme), 1).expect("a lead")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn later_keys_and_clear_leads_are_as_planned_and_read_back(
        Media { init, segment } in media(),
        cut in 1usize..900,
        period: bool,
        pssh in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let clear = segment.bytes();
        let config = TrackConfig::from_sample_entry(&record_bytes(&init)?)?;
        let samples = Reader::new(&init)?.clear_samples(&clear, None)?;
        let signalling =
            Signalling { period: period.then_some(LATER), pssh: if pssh.is_empty() { pssh } else { boxed(b"pssh", &[&pssh]) } };
        let form = signalling.form();
        let leading = FragmentForm { lead: true, ..FragmentForm::default() };
        for (at, scheme) in [Scheme::Cenc, Scheme::Cbcs].into_iter().enumerate() {
            let named = if period { LATER } else { FIRST };
            let plan = plan_segment_as(&config, &clear, [form; 2])?.entries;
            let protector = || FragmentProtector::new(
                config.clone(), IvSource::derived(scheme, named, 3), &key(), plan.clone(), Some(segment.time),
            );
            let out = run(protector().signalling(signalling.clone()), &clear, cut)?;
            prop_assert_eq!(out.len() as u64, plan.iter().map(|entry| u64::from(entry.protected(scheme))).sum::<u64>());
            let protection = InitProtection { clear_entry: true, pssh: signalling.pssh.clone(), ..InitProtection::derived(scheme, FIRST) };
            let protected_init = protect_init(&init, &protection)?;
            let reader = Reader::new(&protected_init)?;
            prop_assert_eq!(reader.kids(&out)?, vec![named]);
            let key = key();
            prop_assert_eq!(&reader.clear_samples_by(&out, |kid| (*kid == named).then_some(&key))?, &samples);
            prop_assert!(reader.clear_samples_by(&out, |_| None).is_err());
            // A plan of another form does not fit.
            if form != FragmentForm::default() {
                let misfit = matches!(run(protector(), &clear, cut), Err(Error::PlanSize { .. }));
                prop_assert!(misfit);
            }

            let plan = plan_segment_as(&config, &clear, [leading; 2])?.entries;
            let Treatment::Lead { reason, .. } = lead(scheme) else { panic!("no lead") };
            let led = FragmentProtector::clear_lead(config.clone(), scheme, reason, plan.clone(), Some(segment.time));
            let led = run(led, &clear, cut)?;
            let planned = plan.iter().map(|entry| u64::from(entry.protected(scheme))).sum::<u64>();
            prop_assert_eq!(led.len() as u64, planned, "entry {}", at);
            // By the second sample entry, which is the clear one: no key is asked for.
            prop_assert_eq!(&reader.clear_samples_by(&led, |_| None)?, &samples);
            prop_assert!(reader.kids(&led)?.is_empty());
            let times = |bytes: &[u8]| Ok::<_, Error>(reader.samples(bytes)?.iter().map(|sample| (sample.decode_time, sample.sync)).collect::<Vec<_>>());
            prop_assert_eq!(times(&led)?, times(&out)?);
        }
    }
}

#[test]
fn the_init_segment_keeps_the_clear_entry_behind_the_protected_one() {
    let entry = synthetic::audio_entry();
    let clear = synthetic::init(&entry, b"soun");
    let pssh = boxed(b"pssh", &[&[0; 24]]);
    let plain = InitProtection::derived(Scheme::Cbcs, FIRST);
    let with = protect_init(&clear, &InitProtection { clear_entry: true, pssh: pssh.clone(), ..plain.clone() })
        .expect("protects");
    let parsed = Init::parse(&with).expect("parses");
    assert_eq!(parsed.entry.codec().0, *b"enca");
    assert_eq!(parsed.more_entries.iter().map(|entry| entry.view.bytes).collect::<Vec<_>>(), [&entry[..]]);
    assert_eq!(parsed.path.last().expect("stsd").payload().get(4..8), Some(&2u32.to_be_bytes()[..]));
    let moov = Boxes::of(&with).find_kind(b"moov").expect("parses").expect("moov");
    assert_eq!(moov.children().last().expect("a box").expect("parses").bytes, pssh);
    let without = protect_init(&clear, &plain).expect("protects");
    assert_eq!(with.len(), without.len() + entry.len() + pssh.len());
    // Such a track is no clear one.
    assert!(TrackConfig::from_init(&with).is_err() && protect_init(&with, &plain).is_err());
}

#[test]
fn media_that_names_keys_is_protected_already() {
    let init = synthetic::init(&synthetic::audio_entry(), b"soun");
    let config = TrackConfig::from_sample_entry(&record_bytes(&init).expect("an entry")).expect("known");
    let sgpd = boxed(b"sgpd", &[&[1, 0, 0, 0], b"seig", &words(&[20, 0])]);
    let traf = [
        boxed(b"tfhd", &[&words(&[0x02_0000, 1])]),
        boxed(b"tfdt", &[&words(&[0, 0])]),
        sgpd,
        boxed(b"trun", &[&words(&[0x201, 1, 108, 4])]),
    ];
    let moof = boxed(b"moof", &[&boxed(b"mfhd", &[&words(&[0, 1])]), &boxed(b"traf", &[&traf.concat()])]);
    let segment = [moof, boxed(b"mdat", &[&[1, 2, 3, 4]])].concat();
    let refused = super::plan_segment(&config, &segment).expect_err("is refused");
    assert!(matches!(refused, Error::AlreadyProtected { kind, .. } if kind.0 == *b"sgpd"), "{refused}");
}
