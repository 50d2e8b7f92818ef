#!/usr/bin/env bash
# Makes the corpus of clear media that tests/tests/packager/layouts judges: one short clip per codec by ffmpeg, and of each the
# layouts that ffmpeg's and shaka-packager's muxers can give it. Nothing here is checked in; the tests run this once and keep
# the result by the content of this file and the versions of both tools.
#
# usage: make.sh OUT PATH-TO-SHAKA-PACKAGER
# Writes OUT/CODEC/MUXER/{init.mp4,1.m4s,2.m4s,...}, or OUT/CODEC/MUXER/whole.mp4 where a muxer writes one file. A muxer that
# cannot carry a codec has no folder.
set -euo pipefail
[[ $# == 2 ]] || { echo "usage: make.sh OUT PATH-TO-SHAKA-PACKAGER" >&2; exit 2; }
out=$1
packager=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

exact=(-fflags +bitexact -flags +bitexact -map_metadata -1)

# encode CODEC ARGUMENTS...
encode() {
  local codec=$1
  shift
  ffmpeg -v error -nostdin "$@" -strict experimental "${exact[@]}" "$work/$codec.mp4"
}

picture=(-f lavfi -i testsrc2=size=160x96:rate=25:duration=2,format=yuv420p -g 25 -keyint_min 25 -threads 1)
sound=(-f lavfi -i "anoisesrc=amplitude=0.05:sample_rate=48000:duration=2:seed=1,aformat=channel_layouts=stereo")

encode avc "${picture[@]}" -c:v libx264 -preset medium -sc_threshold 0 -bf 2 -flags +cgop -x264-params slices=2 &
encode hevc "${picture[@]}" -c:v libx265 -preset veryfast -tag:v hvc1 \
  -x265-params log-level=error:info=0:pools=1:scenecut=0:bframes=2:open-gop=0 &
wait
encode av1 "${picture[@]}" -c:v libaom-av1 -cpu-used 8 -crf 45 -lag-in-frames 12 -tiles 2x1 &
encode vp9 "${picture[@]}" -c:v libvpx-vp9 -cpu-used 5 -crf 45 -b:v 0 -auto-alt-ref 1 -lag-in-frames 12 &
wait
encode aac "${sound[@]}" -c:a aac -b:a 64k
encode ac3 "${sound[@]}" -c:a ac3 -b:a 96k
encode eac3 "${sound[@]}" -c:a eac3 -b:a 96k
encode opus "${sound[@]}" -c:a libopus -vbr off -b:a 64k
encode flac "${sound[@]}" -c:a flac -frame_size 1152

# attempt CODEC MUXER COMMAND...: runs it in the layout's folder; where the muxer refuses the codec, there is no folder.
attempt() {
  local folder=$out/$1/$2
  shift 2
  mkdir -p "$folder"
  if ! (cd "$folder" && "$@") >"$work/log" 2>&1; then
    rm -r "$folder"
  fi
}

# remux CODEC MUXER ARGUMENTS...
remux() {
  local codec=$1 muxer=$2
  shift 2
  attempt "$codec" "$muxer" ffmpeg -v error -nostdin -i "$work/$codec.mp4" -map 0:0 -c copy -strict experimental "${exact[@]}" "$@"
}

# fragmented CODEC MUXER MOVFLAGS ARGUMENTS...: one file.
fragmented() {
  local codec=$1 muxer=$2 flags=$3
  shift 3
  remux "$codec" "$muxer" -f mp4 -movflags "$flags" -frag_duration 1000000 "$@" whole.mp4
}

by_ffmpeg() {
  local codec=$1
  remux "$codec" ffmpeg-dash -f dash -dash_segment_type mp4 -seg_duration 1 -frag_type duration -frag_duration 0.5 \
    -init_seg_name init.mp4 -media_seg_name '$Number$.m4s' clip.mpd
  # A fragment for each chunk of a few frames, and a `prft` before each.
  remux "$codec" ffmpeg-dash-chunks -f dash -dash_segment_type mp4 -seg_duration 1 -streaming 1 -ldash 1 -write_prft 1 \
    -frag_type every_frame -init_seg_name init.mp4 -media_seg_name '$Number$.m4s' clip.mpd
  remux "$codec" ffmpeg-hls -f hls -hls_time 1 -hls_playlist_type vod -hls_segment_type fmp4 -hls_fmp4_init_filename init.mp4 \
    -start_number 1 -hls_segment_filename '%d.m4s' clip.m3u8
  # AC-3's configuration is known with its first frame only, so that `moov` cannot be written before it.
  local moov=empty_moov
  [[ $codec != *ac3 ]] || moov=delay_moov
  # The name says what is in tfhd: an explicit base_data_offset, neither base flag, default-base-is-moof.
  fragmented "$codec" ffmpeg-explicit-base "frag_keyframe+$moov"
  fragmented "$codec" ffmpeg-no-base "frag_keyframe+$moov+omit_tfhd_offset"
  fragmented "$codec" ffmpeg-base-is-moof "frag_keyframe+$moov+default_base_moof"
  fragmented "$codec" ffmpeg-delay-moov frag_keyframe+delay_moov+default_base_moof
  fragmented "$codec" ffmpeg-cmaf "cmaf+frag_keyframe+$moov"
  fragmented "$codec" ffmpeg-negative-offsets cmaf+frag_keyframe+delay_moov+negative_cts_offsets -use_editlist 0
  fragmented "$codec" ffmpeg-global-sidx dash+global_sidx+frag_keyframe+delay_moov
  fragmented "$codec" ffmpeg-every-frame "dash+frag_every_frame+$moov"
  # Priming of audio would make the first decode time negative, which is refused. (Video, told the same, gets times that overlap.)
  local zero=()
  [[ $codec == avc || $codec == hevc ]] || zero=(-avoid_negative_ts make_zero)
  remux "$codec" ffmpeg-ismv -f ismv "${zero[@]}" -movflags "$moov" -frag_duration 1000000 whole.mp4
}

# package CODEC STREAM MUXER OUTPUTS ARGUMENTS...
package() {
  local codec=$1 stream=$2 muxer=$3 outputs=$4
  shift 4
  attempt "$codec" "$muxer" "$packager" --quiet --test_packager_version test --segment_duration 1 "$@" "in=$work/$codec.mp4,stream=$stream,$outputs"
}

by_shaka() {
  # shellcheck disable=SC2016
  local codec=$1 stream=$2 segments='init_segment=init.mp4,segment_template=$Number$.m4s'
  package "$codec" "$stream" shaka-live "$segments"
  package "$codec" "$stream" shaka-live-no-sidx "$segments" --generate_sidx_in_media_segments=false
  package "$codec" "$stream" shaka-fragments "$segments" --fragment_duration 0.25 --nosegment_sap_aligned --nofragment_sap_aligned
  package "$codec" "$stream" shaka-on-demand output=whole.mp4 --fragment_duration 0.5 --nofragment_sap_aligned
  package "$codec" "$stream" shaka-low-latency "$segments" --low_latency_dash_mode=true \
    --mpd_output clip.mpd --utc_timings urn:mpeg:dash:utc:http-xsdate:2014=https://time.example/
}

for codec in avc hevc av1 vp9; do
  by_ffmpeg "$codec"
  by_shaka "$codec" video
done
for codec in aac ac3 eac3 opus flac; do
  by_ffmpeg "$codec"
  by_shaka "$codec" audio
done
# Two tracks in one file.
both=$out/avc+aac/ffmpeg-hls
mkdir -p "$both"
(cd "$both" && ffmpeg -v error -nostdin -i "$work/avc.mp4" -i "$work/aac.mp4" -map 0:0 -map 1:0 -c copy "${exact[@]}" \
  -f hls -hls_time 1 -hls_playlist_type vod -hls_segment_type fmp4 -hls_fmp4_init_filename init.mp4 \
  -start_number 1 -hls_segment_filename '%d.m4s' clip.m3u8)
find "$out" -name 'clip.*' -delete
