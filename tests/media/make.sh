#!/usr/bin/env bash
# Makes the sample title from ffmpeg's synthetic sources: nothing in it was recorded, drawn or composed by anyone else,
# and it is under the repository's own licence.
#
# Made with ffmpeg 5.1.9 (Debian 12), libx264 164, python 3.11. The same versions give the same bytes, as encoders run
# with a fixed number of threads and `bitexact`; another version gives the same structure with other bytes.
#
# How, and why so: ffmpeg encodes each track once and its dash muxer cuts it (closed GOPs of one second, a fragment per
# GOP, a segment per four), so that no packager is under test here that also is an oracle elsewhere. sidx.py then
# gives the video segments one `sidx` of four references, the form other packagers write; audio segments carry none.
# All tracks begin at decode time 0 and presentation time 0 (negative composition offsets, no edit list).
#
# What a test may rely on, in either form:
#   - 24 s, six segments of 4 s, four fragments in each, 25 frames a second, a closed GOP (IDR) per fragment;
#   - a flat patch of colour #2060E0 (BT.709) over the top left eighth of the width and of the height, in every frame;
#   - v1080 High, two B-frames, CABAC; v720 Main, two B-frames, CABAC; v360 Main, one B-frame, four slices per picture;
#   - a-en is 440 Hz, a-fr is 660 Hz, louder for 0.1 s at the start of each second, AAC-LC 48 kHz stereo; segments are
#     whole AAC frames, so they end within one frame (21 ms) of the video's;
#   - t-en: cues given again in each segment that they touch; X-TIMESTAMP-MAP maps media time 0 to 0.
set -euo pipefail

readonly SECONDS_TOTAL=24 SEGMENT=4 RATE=25
readonly FONT=${FONT:-/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf}
readonly PATCH=0x2060E0
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here

usage() {
  cat <<'USAGE'
usage: make.sh demo OUT      the small title that the repository carries (about 4 MB)
       make.sh ladder OUT    the same at full bit rates (1080p at 6 Mb/s, about 30 MB)

Writes OUT/TRACK/{init.mp4,1.m4s,...} (text: 1.vtt,...) and OUT/title.toml; tracks v1080 v720 v360 a-en a-fr t-en.
OUT must not exist. Needs ffmpeg with libx264 and drawtext, python3, and a font (FONT=FILE to choose another).
USAGE
}

die() {
  echo "make.sh: $*" >&2
  exit 1
}

need() {
  command -v ffmpeg >/dev/null || die "ffmpeg is missing: apt-get install ffmpeg"
  command -v python3 >/dev/null || die "python3 is missing: apt-get install python3"
  [[ -r $FONT ]] || die "no font at $FONT: apt-get install fonts-dejavu-core, or set FONT=FILE"
  # Whole output into variables: `grep -q` on a pipe would end ffmpeg by SIGPIPE, which pipefail reports as failure.
  local encoders filters
  encoders=$(ffmpeg -hide_banner -encoders 2>/dev/null)
  filters=$(ffmpeg -hide_banner -filters 2>/dev/null)
  [[ $encoders == *libx264* ]] || die "this ffmpeg has no libx264 encoder"
  [[ $filters == *drawtext* ]] || die "this ffmpeg has no drawtext filter (libfreetype)"
}

# cut INPUT TRACK: one elementary track to OUT/TRACK/{init.mp4,N.m4s}. Without the timeline the muxer counts segment ends
# from the track's start, not from the segment's; else audio, which has no frame boundary at 4 s, drifts.
cut() {
  mkdir "$out/$2"
  ffmpeg -v error -nostdin -i "$1" -map 0:0 -c copy -fflags +bitexact -flags +bitexact -map_metadata -1 \
    -f dash -use_timeline 0 -seg_duration $SEGMENT -frag_type duration -frag_duration 1 \
    -init_seg_name init.mp4 -media_seg_name '$Number$.m4s' \
    -format_options movflags=+negative_cts_offsets:fflags=+bitexact:use_editlist=0 "$out/$2/cut.mpd"
  rm "$out/$2/cut.mpd"
}

# video TRACK WIDTH HEIGHT KBPS X264_PROFILE X264_PARAMS
video() {
  local track=$1 w=$2 h=$3 kbps=$4 profile=$5 params=$6
  local text="fontfile=$FONT:fontcolor=white:box=1:boxcolor=black:boxborderw=$((h / 90))"
  # Drawn in RGB and converted once, with the matrix named, so that the patch has exactly the colour said above.
  local scene="scale=in_color_matrix=bt709,format=gbrp,$grain"
  scene+="drawbox=x=0:y=0:w=iw/8:h=ih/8:color=$PATCH:t=fill,"
  scene+="drawtext=$text:fontsize=h/9:x=(w-tw)/2:y=h*0.60:text='%{pts\:hms}',"
  scene+="drawtext=$text:fontsize=h/18:x=(w-tw)/2:y=h*0.46:text='$track  frame %{frame_num}',"
  scene+="scale=out_color_matrix=bt709:out_range=tv,format=yuv420p[drawn];"
  # A ball on a Lissajous path: motion in both directions, for the motion search and for the eye.
  scene+="color=c=white:s=$((h / 10))x$((h / 10)):r=$RATE:d=$SECONDS_TOTAL[ball];"
  scene+="[drawn][ball]overlay=shortest=1:x='W/2-w/2+W*0.3*sin(t*1.7)':y='H*0.25-h/2+H*0.2*sin(t*2.3)'"

  # No -maxrate: x264's buffer model (VBV) with several threads gives other bytes in each run.
  ffmpeg -v error -nostdin -f lavfi -i "smptehdbars=size=${w}x$h:rate=$RATE:duration=$SECONDS_TOTAL" \
    -filter_complex "[0:v]$scene,format=yuv420p" -c:v libx264 -threads 4 -profile:v "$profile" -preset medium \
    -b:v "${kbps}k" \
    -g $RATE -keyint_min $RATE -sc_threshold 0 -flags +bitexact+cgop -x264-params "$params" \
    -color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv "$work/$track.mp4"
  cut "$work/$track.mp4" "$track"
  python3 "$here/sidx.py" fold "$out/$track"/*.m4s
}

# audio TRACK HZ KBPS
audio() {
  local track=$1 hz=$2 kbps=$3
  # The encoder begins with a frame of 1024 priming samples. Dropping the source's first 1024 samples lets the rest
  # fall on their proper times without an edit list; ADTS between encoder and muxer forgets the priming.
  # The tone never stops: a frame of silence has six bytes, and cbcs protects whole blocks of sixteen only.
  ffmpeg -v error -nostdin -f lavfi \
    -i "aevalsrc=exprs='(0.05+0.2*lt(mod(t\,1)\,0.1))*sin(2*PI*$hz*t)':sample_rate=48000:duration=$SECONDS_TOTAL" \
    -af "atrim=start_sample=1024,asetpts=N,aformat=channel_layouts=stereo,pan=stereo|c0=c0|c1=c0" \
    -c:a aac -b:a "${kbps}k" -flags +bitexact -f adts "$work/$track.aac"
  cut "$work/$track.aac" "$track"
  # The dash muxer writes a `sidx` for audio too; without it the title has segments of both kinds.
  python3 "$here/sidx.py" drop "$out/$track"/*.m4s
}

# text TRACK: cues that begin and end within segments, span two, and span three.
text() {
  mkdir "$out/$1"
  local n
  for ((n = 1; n <= SECONDS_TOTAL / SEGMENT; n++)); do
    awk -v from=$(((n - 1) * SEGMENT)) -v to=$((n * SEGMENT)) '
      function hms(t) { return sprintf("%02d:%02d:%06.3f", t / 3600, (t % 3600) / 60, t % 60) }
      BEGIN { printf "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n" }
      $1 < to && $2 > from {
        printf "\n%d\n%s --> %s\n", NR, hms($1), hms($2)
        $1 = $2 = ""; sub(/^ +/, ""); print
      }' <<'CUES' >"$out/$1/$n.vtt"
0.5 2.5 A sluice is a gate in a stream.
3 5 This cue crosses the first boundary.
6 7.5 440 hertz: English.
8 12 This one fills the third segment and no more.
12.25 13.75 The patch in the corner is blue.
14 21 This one touches three segments.
21.5 23.75 The end.
CUES
  done
}

title_toml() {
  cat >"$out/title.toml" <<'TOML'
# Read by `sluice index`; synthetic media, made by tests/media/make.sh.
title = "demo"

[rights]
state = "published"

[key_policy]
systems = ["widevine", "playready", "fairplay", "clearkey", "identity"]
schemes = ["cenc", "cbcs", "aes128"]

[tracks.a-en]
language = "en"
label = "English"
default = true

[tracks.a-fr]
language = "fr"
label = "Français"

[tracks.t-en]
language = "en"
label = "English"
TOML
}

# Fails unless each track decodes without a complaint and has the number of segments and fragments promised above.
check() {
  local track n fragments said
  for track in v1080 v720 v360 a-en a-fr; do
    for ((n = 1; n <= SECONDS_TOTAL / SEGMENT; n++)); do
      fragments=$(python3 "$here/sidx.py" count "$out/$track/$n.m4s")
      [[ $fragments == "$SEGMENT" ]] || die "$track/$n.m4s has $fragments fragments instead of $SEGMENT"
    done
    [[ ! -e $out/$track/$n.m4s ]] || die "$track has more than $((n - 1)) segments"
    said=$(cd "$out/$track" && cat init.mp4 {1..6}.m4s | ffmpeg -v warning -xerror -i - -f null - 2>&1) ||
      die "$track does not decode: $said"
    [[ -z $said ]] || die "$track decodes with complaints: $said"
  done
}

[[ $# == 2 ]] || { usage >&2; exit 2; }
out=$2
case $1 in
  demo) v1080=560 v720=300 v360=150 audio=48 grain= ;;
  # Bars alone cannot fill 6 Mb/s: grain makes the encoder spend what it is given.
  ladder) v1080=6000 v720=3000 v360=800 audio=128 grain='noise=alls=24:allf=t,' ;;
  *) usage >&2; exit 2 ;;
esac
need
[[ ! -e $out ]] || die "$out exists already"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
out=$(cd "$out" && pwd)

video v1080 1920 1080 $v1080 high bframes=2
video v720 1280 720 $v720 main bframes=2
video v360 640 360 $v360 main bframes=1:slices=4
audio a-en 440 $audio
audio a-fr 660 $audio
text t-en
title_toml
check
du -sh "$out" | awk '{ print "made", $2, "(" $1 ")" }'
