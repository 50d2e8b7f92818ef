#!/usr/bin/env bash
# Makes the vectors here: tiny clips by ffmpeg (libx264, libx265, libaom-av1, libsvtav1, libvpx-vp9, aac), cut and encrypted by shaka-packager.
# usage: make.sh PATH-TO-SHAKA-PACKAGER
set -euo pipefail
packager=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

vector() {
  local name=$1 stream=$2
  shift 2
  ffmpeg -v error -nostdin "$@" -bitexact "$work/$name.mp4"
  mkdir -p "$here/$name"
  local scheme
  for scheme in clear cenc cbcs; do
    local protect=()
    # Key, key id and IVs are those of tests in ../vectors.rs.
    [[ $scheme == clear ]] || protect=(--enable_raw_key_encryption --clear_lead 0 --protection_scheme "$scheme"
      --keys label=:key_id=00112233445566778899aabbccddeeff:key=0f1e2d3c4b5a69788796a5b4c3d2e1f0)
    [[ $scheme == cenc ]] && protect+=(--iv a1b2c3d4e5f60708)
    [[ $scheme == cbcs ]] && protect+=(--iv a1b2c3d4e5f60708090a0b0c0d0e0f10)
    # The segment's template must hold $Number$.
    "$packager" --quiet --segment_duration 10 "${protect[@]}" \
      "in=$work/$name.mp4,stream=$stream,init_segment=$here/$name/$scheme.init.mp4,segment_template=$here/$name/$scheme.\$Number\$.m4s" >/dev/null 2>&1
  done
}

picture=(-f lavfi -i testsrc2=size=160x96:rate=25:duration=0.6 -c:v libx264 -preset slow -pix_fmt yuv420p -threads 1)
vector cabac video "${picture[@]}" -bf 2 -x264-params slices=2:weightp=2:ref=3
vector cavlc video "${picture[@]}" -bf 1 -profile:v main -x264-params cabac=0:weightb=1:ref=3
vector mbaff video "${picture[@]}" -bf 2 -flags +ildct+ilme -x264-params tff=1:ref=3
vector high444 video "${picture[@]}" -pix_fmt yuv444p -bf 2 -x264-params cqm=jvt
hevc=("${picture[@]/libx264/libx265}")
quiet=log-level=error:info=0:pools=1
vector hevc-slices video "${hevc[@]}" -tag:v hvc1 -x265-params "$quiet:slices=3:wpp=1:ctu=16:bframes=3:weightb=1:ref=3"
vector hevc-main10 video "${hevc[@]}" -tag:v hev1 -pix_fmt yuv420p10le \
  -x265-params "$quiet:repeat-headers=1:wpp=0:ctu=32:no-sao=1:deblock=2,-2:opt-ref-list-length-pps=1"
vector hevc-444 video "${hevc[@]}" -tag:v hvc1 -pix_fmt yuv444p12le \
  -x265-params "$quiet:wpp=1:ctu=16:scaling-list=default:temporal-layers=1:cbqpoffs=2:tskip=1"
vector aac audio -f lavfi -i anoisesrc=amplitude=0.05:duration=0.4 -c:a aac -ac 2 -ar 48000 -b:a 32k

# Two tile groups of two tiles; a decoder model, quantizer matrices, hidden frames that are shown later.
vector av1_tiles video -f lavfi -i testsrc2=size=256x192:rate=25:duration=0.6,format=yuv420p -c:v libaom-av1 -cpu-used 4 \
  -threads 1 -tiles 2x2 -crf 45 -lag-in-frames 16 -aom-params num-tile-groups=2:timing-info=model:enable-qm=1
# Super-resolution, film grain, 10 bits.
vector av1_grain video -f lavfi -i testsrc2=size=128x96:rate=25:duration=0.6,format=yuv420p10 -c:v libsvtav1 -preset 8 \
  -crf 50 -svtav1-params superres-mode=1:superres-denom=12:film-grain=20:lp=1
# RGB screen content: intra block copy, integer motion vectors, error-resilient frames with the order hints of all slots.
vector av1_screen video -f lavfi -i testsrc2=size=96x64:rate=25:duration=0.6,format=gbrp -c:v libaom-av1 -cpu-used 4 \
  -threads 1 -crf 45 -error-resilience default -aom-params tune-content=screen:aq-mode=1
# Superframes with a hidden frame.
vector vp9 video -f lavfi -i testsrc2=size=160x96:rate=25:duration=0.6,format=yuv420p -c:v libvpx-vp9 \
  -threads 1 -auto-alt-ref 1 -lag-in-frames 16 -crf 45 -b:v 0
# Profile 2 with 10 bits, two tile columns, segmentation.
vector vp9_tiles video -f lavfi -i testsrc2=size=512x64:rate=25:duration=0.5,format=yuv420p10 -c:v libvpx-vp9 \
  -threads 1 -tile-columns 1 -aq-mode 2 -crf 50 -b:v 0
