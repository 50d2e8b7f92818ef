#!/usr/bin/env bash
# Makes another title of the sample one's picture: two renditions in AV1 or VP9, the sample's English sound and text beside them.
#
# Cut like the sample title: a closed GOP and a fragment a second, a segment every four.
set -euo pipefail

usage() {
  echo "usage: transcode.sh av1|vp9 DEMO OUT    DEMO: the folder of the sample title; OUT must not exist" >&2
  exit 2
}

[[ $# == 3 ]] || usage
readonly codec=$1 demo=$2 out=$3
case $codec in
  av1) encoder=(-c:v libsvtav1 -preset 12 -crf 45 -svtav1-params scd=0) ;;
  vp9) encoder=(-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -row-mt 1 -b:v 300k) ;;
  *) usage ;;
esac
[[ ! -e $out ]] || { echo "transcode.sh: $out exists already" >&2; exit 1; }

# Errors only, as of ffmpeg.
export SVT_LOG=1
mkdir -p "$out"
cp -r "$demo/a-en" "$demo/t-en" "$out/"
for height in 360 180; do
  track=v$height
  mkdir "$out/$track"
  cat "$demo"/v360/init.mp4 "$demo"/v360/{1..6}.m4s | ffmpeg -v error -f mp4 -i - -vf "scale=-2:$height" \
    "${encoder[@]}" -pix_fmt yuv420p -g 25 -keyint_min 25 \
    -color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv \
    -f dash -dash_segment_type mp4 -use_timeline 0 -seg_duration 4 -frag_type duration -frag_duration 1 \
    -init_seg_name init.mp4 -media_seg_name '$Number$.m4s' "$out/$track/cut.mpd"
  rm "$out/$track/cut.mpd"
done
sed -e "s/title = \"demo\"/title = \"$codec\"/" -e '/a-fr/,/^$/d' "$demo/title.toml" >"$out/title.toml"
