//! What `sluice inspect` says of a clip's codec, channels and sampling rate, against what ffprobe says.

use std::process::Command;

use crate::{clip::Clip, tools};

/// The codec string is this one; channels and sampling rate are those that ffprobe finds.
pub(crate) fn agree(clip: &Clip, codec: &str) {
    let said = inspect(clip);
    assert!(said.contains(&format!("codec: {codec}\n")), "{}: {codec} is not in:\n{said}", clip.name);
    if clip.stream == "audio" {
        let track = tools::ffprobe(&clip.whole(), "stream=channels,sample_rate");
        let [rate, channels, ..] = &track.trim().split(',').collect::<Vec<_>>()[..] else {
            panic!("ffprobe says {track}")
        };
        let line = format!("audio: {channels} channels, {rate} Hz\n");
        assert!(said.contains(&line), "{}: {line} is not in:\n{said}", clip.name);
    }
}

fn inspect(clip: &Clip) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.arg("inspect").arg(&clip.init);
    String::from_utf8(tools::run(command, &[], "sluice inspect")).expect("UTF-8")
}
