use super::{
    images::put_images,
    set::{Place, put_set, sets, switches_to},
    template::Origin,
    trick::{has_trick, put_trick},
    xml::put,
};
use crate::{
    manifest::{Addressing, Error, Options, Seconds, offered, segments, selection},
    title::{Descriptor, Track, TrackKind},
};

/// The manifest.
///
/// # Errors
/// [`Error::NotOffered`], [`Error::NoKeySystem`] (also where only `identity` is left, which DASH has no form for),
/// [`Error::NothingLeft`], [`Error::TooManySegments`], [`Error::NoRanges`], [`Error::Url`]
pub fn mpd(descriptor: &Descriptor, options: &Options<'_>) -> Result<String, Error> {
    options.check()?;
    let protected = offered(descriptor, options)?.is_some();
    let tracks = selection(descriptor, options)?;
    for track in &tracks {
        segments(track)?;
    }
    let origin = Origin::of(&tracks);
    let media = || tracks.iter().filter(|track| matches!(track.kind, TrackKind::Video | TrackKind::Audio));
    // A representation's bandwidth is the peak of one segment: buffering the longest one makes it hold (5.3.5.4).
    let buffer = media().map(|track| Seconds::up(track.timeline.longest(), track.timescale)).max();
    let zero = Seconds::nearest(0, 1);

    let mut out = String::with_capacity(2048 + 4096 * tracks.len());
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"");
    if protected {
        out.push_str(" xmlns:cenc=\"urn:mpeg:cenc:2013\" xmlns:mspr=\"urn:microsoft:playready\" xmlns:dashif=\"https://dashif.org/CPS\"");
    }
    let profiles = match options.addressing {
        Addressing::Segments => "urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019",
        Addressing::Ranges => "urn:mpeg:dash:profile:isoff-on-demand:2011,urn:mpeg:dash:profile:cmaf:2019",
    };
    put!(
        out,
        " profiles=\"{profiles}\" type=\"static\" mediaPresentationDuration=\"PT{}S\" minBufferTime=\"PT{}S\">\n",
        origin.length(),
        buffer.unwrap_or(zero)
    );
    out.push_str("<Period id=\"1\" start=\"PT0S\">\n");
    let sets = sets(&tracks, descriptor, options)?;
    for (at, set) in sets.iter().enumerate() {
        let place = Place { id: at + 1, main: set.is_main(&tracks), switches_to: &switches_to(&sets, at) };
        put_set(&mut out, &place, set, descriptor, options, origin)?;
    }
    // Behind all others: players that do not know trick modes begin with what comes first.
    let mut ids = sets.len() + 1..;
    for ((main, set), id) in (1..).zip(&sets).filter(|(_, set)| has_trick(set)).zip(ids.by_ref()) {
        put_trick(&mut out, id, main, set, descriptor, options, origin)?;
    }
    for (track, id) in tracks.iter().filter(|track| track.kind == TrackKind::Thumbnail).zip(ids) {
        put_images(&mut out, id, track, descriptor, options, origin);
    }
    out.push_str("</Period>\n</MPD>\n");
    Ok(out)
}

/// The track that a kind's players start with: its default, or else its first. Text starts only where it is a default.
pub(super) fn starting<'d>(tracks: &[&'d Track], kind: TrackKind) -> Option<&'d Track> {
    let of_kind = || tracks.iter().copied().filter(|track| track.kind == kind);
    let first = || of_kind().next().filter(|_| kind != TrackKind::Text);
    of_kind().find(|track| track.default).or_else(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        manifest::fixture,
        title::{Delivery, KeySystem, Run},
    };

    fn ended(text: &str, from: &str, to: &str) -> Vec<String> {
        text.split(from).skip(1).map(|rest| rest.split(to).next().expect("end").to_owned()).collect()
    }

    #[test]
    fn clear_title() {
        let mut title = fixture::unprotected();
        title.tracks.remove(3);
        title.tracks.remove(1);
        assert_eq!(
            mpd(&title, &fixture::options(Delivery::Clear)).expect("manifest"),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019" type="static" mediaPresentationDuration="PT10.005334S" minBufferTime="PT4.010667S">
<Period id="1" start="PT0S">
<AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1"><Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/><SegmentTemplate timescale="12800" initialization="$RepresentationID$/init.mp4?v=r1" media="$RepresentationID$/$Number$.m4s?v=r1" startNumber="1"><SegmentTimeline><S t="0" d="51200" r="1"/><S d="25600"/></SegmentTimeline></SegmentTemplate><Representation id="v720" bandwidth="3000000" codecs="avc1.64001f" width="1280" height="720" frameRate="25"/></AdaptationSet>
<AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" lang="en" segmentAlignment="true" startWithSAP="1"><AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/><Label>English</Label><Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/><SegmentTemplate timescale="48000" initialization="$RepresentationID$/init.mp4?v=r1" media="$RepresentationID$/$Number$.m4s?v=r1" startNumber="1"><SegmentTimeline><S t="0" d="192512"/><S d="191488"/><S d="96256"/></SegmentTimeline></SegmentTemplate><Representation id="en" bandwidth="130000" codecs="mp4a.40.2" audioSamplingRate="48000"/></AdaptationSet>
<AdaptationSet id="3" contentType="text" mimeType="text/vtt" lang="en" segmentAlignment="true"><Label>English</Label><Role schemeIdUri="urn:mpeg:dash:role:2011" value="subtitle"/><SegmentTemplate timescale="1000" media="$RepresentationID$/$Number$.vtt?v=r1" startNumber="1"><SegmentTimeline><S t="0" d="4000" r="1"/><S d="2000"/></SegmentTimeline></SegmentTemplate><Representation id="subs-en" bandwidth="800"/></AdaptationSet>
</Period>
</MPD>
"#
        );
    }

    #[test]
    fn each_set_has_one_scheme_one_key_and_its_systems() {
        let title = fixture::protected();
        for (delivery, systems, video, audio) in [(Delivery::Cenc, 3, 0x10, 0x20), (Delivery::Cbcs, 4, 0x30, 0x40)] {
            let text = mpd(&title, &fixture::options(delivery)).expect("manifest");
            let sets = ended(&text, "<AdaptationSet ", "</AdaptationSet>");
            assert_eq!(sets.len(), 4);
            for (set, kid) in sets.iter().zip([Some(video), Some(audio), Some(audio), None]) {
                let protections = ended(set, "<ContentProtection schemeIdUri=\"", "\"");
                let Some(kid) = kid else {
                    assert_eq!(protections.len(), 0);
                    continue;
                };
                assert_eq!(protections.len(), 1 + systems);
                assert_eq!(protections[0], "urn:mpeg:dash:mp4protection:2011");
                assert_eq!(ended(set, " value=\"", "\"")[usize::from(set.contains("AudioChannel"))], delivery.as_str());
                assert_eq!(ended(set, "cenc:default_KID=\"", "\""), [fixture::kid(kid).uuid()]);
            }
            assert!(!text.contains("1077efec"));
            assert_eq!(text.contains("94ce86fb"), delivery == Delivery::Cbcs);
        }
    }

    #[test]
    fn byte_ranges_are_of_a_file_for_each_track() {
        let title = fixture::protected();
        let options = Options { addressing: Addressing::Ranges, ..fixture::options(Delivery::Cbcs) };
        let text = mpd(&title, &options).expect("manifest");
        let base = "<BaseURL>v720.mp4?v=r1</BaseURL><SegmentBase timescale=\"12800\" indexRange=\"800-875\"><Initialization range=\"0-799\"/></SegmentBase>";
        assert!(
            text.contains(base) && text.contains(" subsegmentAlignment=\"true\" subsegmentStartsWithSAP=\"1\""),
            "{text}"
        );
        assert_eq!((text.matches("<SegmentBase").count(), text.matches("<SegmentTemplate").count()), (4, 1));
        let mut old = title;
        old.tracks[0].init_size = None;
        assert_eq!(mpd(&old, &options), Err(Error::NoRanges));
    }

    #[test]
    fn clearkey_is_a_licence_url_alone() {
        let options = Options { systems: &[KeySystem::Clearkey], ..fixture::options(Delivery::Cenc) };
        let text = mpd(&fixture::protected(), &options).expect("manifest");
        assert!(text.contains(
            "<ContentProtection schemeIdUri=\"urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e\" value=\"ClearKey1.0\">\
             <dashif:Laurl licenseType=\"EME-1.0\">https://edge.example/~h/v1/film/license/clearkey</dashif:Laurl></ContentProtection>"
        ));
        assert!(text.contains(" xmlns:dashif=\"https://dashif.org/CPS\"") && !text.contains("<cenc:pssh>"));
    }

    #[test]
    fn what_dash_has_no_form_for_has_no_manifest() {
        let title = fixture::protected();
        let identity = Options { systems: &[KeySystem::Identity], ..fixture::options(Delivery::Cenc) };
        assert_eq!(mpd(&title, &identity), Err(Error::NoKeySystem));
        for delivery in [Delivery::Clear, Delivery::Aes128] {
            assert_eq!(mpd(&title, &fixture::options(delivery)), Err(Error::NotOffered));
        }
        let mut long = title;
        long.tracks[0].timeline.runs = vec![Run { d: u64::MAX, n: u32::MAX, f: 1 }];
        assert_eq!(mpd(&long, &fixture::options(Delivery::Cenc)), Err(Error::TooManySegments));
    }

    #[test]
    fn other_codecs_timelines_and_names_are_written_apart_and_escaped() {
        let mut title = fixture::unprotected();
        title.tracks[1].timeline.runs.pop();
        title.tracks[2].label = Some("R&B <\"live\">".to_owned());
        title.tracks.push(fixture::video("hevc", "hvc1.1.6.L93.B0", (1280, 720), 1_000_000));
        for (at, rate) in [(0, (0, 0)), (1, (30_000, 1001))] {
            title.tracks[at].video.as_mut().expect("video").frame_rate = rate;
        }
        (title.tracks[0].timescale, title.tracks[4].default) = (0, true);
        let text = mpd(&title, &fixture::options(Delivery::Clear)).expect("manifest");
        let sets = ended(&text, "<AdaptationSet ", "</AdaptationSet>");
        assert_eq!(sets.len(), 5);
        assert!(!sets[0].contains("segmentAlignment") && sets[4].contains("segmentAlignment"));
        assert_eq!(sets[0].matches("<SegmentTemplate").count(), 2);
        assert!(sets[0].contains(" height=\"720\">") && sets[0].contains(" frameRate=\"30000/1001\">"));
        assert!(sets[1].contains("<Label>R&amp;B &lt;&quot;live&quot;&gt;</Label>"));
        assert!(sets[2].contains("value=\"alternate\"") && sets[3].contains("value=\"main\""));
    }
}
