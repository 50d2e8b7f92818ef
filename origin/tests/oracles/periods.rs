//! Key periods and the clear lead: no command of the operator's makes them of files, as titles have them, so the packager is called here; shaka-packager
//! and ffmpeg read what comes out.

use base64::{Engine, engine::general_purpose::STANDARD};
use sluice_packager::{
    cenc::{
        FragmentForm, FragmentProtector, InitProtection, IvSource, Signalling, TrackConfig, plan_segment_as,
        protect_init,
    },
    drm::{Provided, Signalling as KeySignalling, pssh_boxes},
    keys::{ContentKey, Kid},
    title::{
        Delivery, DeliveryKid, KeySystem, Schedule, Scheme, Timeline, TrackId, TrackKind, TrackRecord, Treatment,
        Version,
    },
};

use crate::{
    boxes,
    clip::{self, Clip},
    compare::assert_same_samples,
    process::ffmpeg_packets,
    tools,
};

const KEYS: [(Kid, [u8; 16]); 2] = [(Kid([0xa1; 16]), [0x11; 16]), (Kid([0xb2; 16]), [0x22; 16])];

/// What each segment of a clip becomes.
#[derive(Clone, Copy)]
enum Kind {
    Lead,
    /// Under this of [`KEYS`].
    Key(usize),
}

fn record(scheme: Scheme) -> TrackRecord {
    TrackRecord {
        v: 1,
        track: TrackId::parse("t").expect("id"),
        version: Version::parse("1").expect("id"),
        kind: TrackKind::Video,
        number: 0,
        timescale: 1,
        height: None,
        iframes: false,
        image: None,
        kids: vec![DeliveryKid { scheme: scheme.into(), kid: KEYS[0].0, period: 0 }],
        unprotected_title: false,
        sample_entry: String::new(),
        timeline: Timeline { start: 0, runs: Vec::new() },
        schedule: Schedule { clear_lead: 1, periods: Vec::new() },
        pssh: None,
    }
}

/// A key provider that says of each key what the edge would, if it were asked alone.
fn provided(scheme: Scheme) -> Provided {
    let of = |(kid, system): (Kid, KeySystem)| {
        let boxed = pssh_boxes(&[system], &[kid], scheme);
        serde_json::json!({"kid": kid, "system": system, "pssh": STANDARD.encode(boxed)})
    };
    let entries = KEYS.iter().flat_map(|(kid, _)| [(*kid, KeySystem::Widevine), (*kid, KeySystem::Playready)]).map(of);
    let document = serde_json::json!({"signalling": entries.collect::<Vec<_>>()});
    Provided::read(document.to_string().as_bytes()).expect("a document")
}

/// The whole track, `pssh` boxes, the provider's and what fills their room, in its init segment and in every protected fragment.
fn protect(clip: &Clip, scheme: Scheme, kinds: &[Kind]) -> Vec<u8> {
    let systems = [KeySystem::Widevine, KeySystem::Playready, KeySystem::Clearkey];
    let init = tools::read(&clip.init);
    let config = TrackConfig::from_init(&init).expect("a clear init segment");
    let protection = InitProtection {
        clear_entry: true,
        pssh: KeySignalling::Provider(&provided(scheme))
            .pssh_in_room(&systems, &KEYS.map(|(kid, _)| kid), scheme, 2048)
            .expect("fits"),
        ..InitProtection::derived(scheme, KEYS[0].0)
    };
    let mut whole = protect_init(&init, &protection).expect("protects");
    for (segment, kind) in clip.segments.iter().zip(kinds) {
        let clear = tools::read(segment);
        let plan = |form| plan_segment_as(&config, &clear, [form; 2]).expect("plans").entries;
        let mut protector = match *kind {
            Kind::Lead => {
                let treatment = record(scheme).segment_treatment(Delivery::from(scheme), 1).expect("a treatment");
                let Treatment::Lead { reason, .. } = treatment else { panic!("no lead: {treatment:?}") };
                let plan = plan(FragmentForm { lead: true, ..FragmentForm::default() });
                FragmentProtector::clear_lead(config.clone(), scheme, reason, plan, None)
            }
            Kind::Key(index) => {
                let (kid, key) = KEYS[index];
                let signalling =
                    Signalling { period: (index > 0).then_some(kid), pssh: pssh_boxes(&systems, &[kid], scheme) };
                let ivs = IvSource::derived(scheme, kid, 0);
                FragmentProtector::new(config.clone(), ivs, &ContentKey::new(key), plan(signalling.form()), None)
                    .signalling(signalling)
            }
        };
        protector.push(&clear, &mut whole).expect("protects");
        protector.finish().expect("as planned");
    }
    whole
}

fn clips() -> [&'static Clip; 2] {
    [clip::slices(), clip::aac()]
}

/// Neither tool reads `seig`: each takes a fragment to be under the init segment's key id and constant IV. So each period's segments are given to them
/// alone, with that period's key, in `cenc`, where the IVs are the samples' own. `cbcs` is Chromium's to judge, which follows `seig`.
#[test]
#[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
fn the_segments_of_a_later_period_are_under_its_key() {
    for clip in clips() {
        let later = Clip { segments: clip.segments[1..].to_vec(), init: clip.init.clone(), ..*clip };
        let protected = protect(&later, Scheme::Cenc, &vec![Kind::Key(1); later.segments.len()]);
        let (first, key) = (KEYS[0].0, hex(KEYS[1].1));
        let decrypted = tools::shaka_decrypt_with(clip, &protected, &format!("label=:key_id={first}:key={key}"));
        let what = format!("{}: a later key", clip.name);
        assert_same_samples(&boxes::fragments(&decrypted), &boxes::fragments(&later.whole()), &what);
        let clear = packets(&later.whole(), None);
        assert!(packets(&protected, Some(&key)) == clear, "{what}, ffmpeg");
        assert!(packets(&protected, Some(&hex(KEYS[0].1))) != clear, "{what}: any key will do");
    }
}

fn hex(bytes: [u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Without side data, which is what ffmpeg makes of `pssh` boxes.
fn packets(track: &[u8], key: Option<&str>) -> Vec<String> {
    let all = ffmpeg_packets(track, key).expect("ffmpeg reads it");
    let packets = all.lines().filter(|line| !line.starts_with('#'));
    packets.map(|line| line.split(',').take(6).collect::<Vec<_>>().join(",")).collect()
}

#[test]
#[ignore = "needs ffmpeg and shaka-packager; run by cargo verify packager"]
fn a_clear_lead_is_read_by_its_own_sample_entry() {
    let key = hex(KEYS[0].1);
    for clip in clips() {
        for scheme in [Scheme::Cenc, Scheme::Cbcs] {
            let kinds: Vec<_> =
                (0..clip.segments.len()).map(|at| if at == 0 { Kind::Lead } else { Kind::Key(0) }).collect();
            let protected = protect(clip, scheme, &kinds);
            let given = format!("label=:key_id={}:key={key}", KEYS[0].0);
            let decrypted = tools::shaka_decrypt_with(clip, &protected, &given);
            let what = format!("{} {scheme:?}: clear lead", clip.name);
            assert_same_samples(&boxes::fragments(&decrypted), &boxes::fragments(&clip.whole()), &what);
            assert!(packets(&protected, Some(&key)) == packets(&clip.whole(), None), "{what}, ffmpeg");
        }
    }
}
