use sluice_packager::{bmff, cenc::Error};

/// What to do about an error, where that is not plain from the error itself.
pub(super) fn of(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::AlreadyProtected { .. } => "index the clear media that it was made of",
        Error::UnknownCodec(_) => {
            "AVC, HEVC, AV1, VP9, AAC, AC-3, E-AC-3, AC-4, Opus and FLAC can; encode to one of them"
        }
        Error::Truncated { .. } => "the file is not complete",
        Error::SampleOutside { .. } => "the file is not complete, or not of this moof",
        Error::Box(bmff::Error::PastEnd { .. }) => "the file is not complete, or no MP4",
        Error::Box(bmff::Error::Missing { missing, .. }) => match &missing.0 {
            b"tfdt" => "its decode time is told nowhere; write CMAF (ffmpeg: -f dash, or -movflags +dash)",
            b"avcC" | b"hvcC" | b"av1C" | b"vpcC" | b"esds" | b"dac3" | b"dec3" | b"dac4" | b"dOps" | b"dfLa" => {
                "the codec configuration is missing; package again from the encoder's output"
            }
            b"trak" => "the init segment has no track",
            _ => return None,
        },
        Error::Box(bmff::Error::Repeated { kind, .. }) if kind.0 == *b"traf" => {
            "a fragment of several tracks; write audio and video apart, a file for each"
        }
        _ => return None,
    })
}
