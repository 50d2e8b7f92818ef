#!/usr/bin/env python3
"""Edits the `sidx` boxes of media segments that ffmpeg's dash muxer wrote; all other boxes are kept byte for byte.

ffmpeg writes a `sidx` with a single reference before every `moof`. Packagers such as shaka-packager write one per
segment, with a reference per fragment (ISO/IEC 14496-12, 8.16.3).

usage: sidx.py fold SEGMENT...   one `sidx` that lists all fragments, before the first `moof`
       sidx.py drop SEGMENT...   no `sidx` at all
       sidx.py count SEGMENT     prints the number of fragments
"""

import pathlib
import struct
import sys


def boxes(data):
    """Yields (type, whole box) for each top-level box; sizes of 0 and 1 do not occur in ffmpeg's segments."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data):
            raise ValueError(f"box {kind!r} at {at} has size {size}")
        yield kind, data[at : at + size]
        at += size


def drop(data):
    """The segment without its `sidx` boxes."""
    return b"".join(box for kind, box in boxes(data) if kind != b"sidx")


def fold(data):
    """The segment with its single-reference `sidx` boxes folded into one, ahead of the first `moof`."""
    indexes = [box for kind, box in boxes(data) if kind == b"sidx"]
    # Version 1: header 12, reference_ID, timescale, two 64-bit times, reserved, reference_count at 38, reference at 40.
    if not indexes or any(box[8] != 1 or box[38:40] != b"\0\1" or len(box) != 52 for box in indexes):
        raise ValueError("expected ffmpeg's form: sidx version 1 with one reference before each moof")
    payload = indexes[0][8:38] + struct.pack(">H", len(indexes)) + b"".join(box[40:] for box in indexes)
    folded = struct.pack(">I4s", 8 + len(payload), b"sidx") + payload
    rest = list(boxes(drop(data)))
    at = [kind for kind, _ in rest].index(b"moof")
    return b"".join(box for _, box in rest[:at]) + folded + b"".join(box for _, box in rest[at:])


def main():
    match sys.argv[1:]:
        case ["count", name]:
            print(sum(kind == b"moof" for kind, _ in boxes(pathlib.Path(name).read_bytes())))
        case ["fold" | "drop" as verb, *names] if names:
            for path in map(pathlib.Path, names):
                path.write_bytes((fold if verb == "fold" else drop)(path.read_bytes()))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
