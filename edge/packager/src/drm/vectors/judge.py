"""Judges `judged.json`: what PyPI's `pywidevine` and `pyplayready` read is what it says of each case."""

import base64
import json
import struct
import sys
from uuid import UUID

from pyplayready.system.pssh import PSSH as PlayReady
from pywidevine.license_protocol_pb2 import WidevinePsshData
from pywidevine.pssh import PSSH as Widevine

with open("judged.json") as file:
    cases = json.load(file)
for case in cases:
    kids = [UUID(kid) for kid in case["kids"]]

    # `strict`: a box and nothing else.
    widevine = Widevine(case["widevine"], strict=True)
    assert (widevine.system_id, widevine.version, widevine.flags) == (Widevine.SystemId.Widevine, 0, 0)
    assert widevine.key_ids == kids
    data = WidevinePsshData()
    data.ParseFromString(widevine.init_data)
    assert data.protection_scheme == struct.unpack(">I", case["scheme"].encode())[0]

    # The box, the object alone, and what pywidevine makes of the box.
    box, alone = PlayReady(case["playready"]), PlayReady(case["object"])
    other = Widevine(case["playready"], strict=True)
    assert (other.system_id, other.version) == (Widevine.SystemId.PlayReady, 0)
    assert other.init_data == base64.b64decode(case["object"])
    # pywidevine gives the GUIDs' bytes as they stand, little-endian fields and all.
    assert [UUID(bytes_le=read.bytes) for read in other.key_ids] == kids
    for read in (box, alone):
        (header,) = read.wrm_headers
        assert header.version == header.Version.VERSION_4_3_0_0
        assert [key.value for key in header.key_ids] == kids
        algorithm = {"cenc": "AESCTR", "cbcs": "AESCBC"}[case["scheme"]]
        assert all(key.alg_id.value == algorithm and key.checksum is None for key in header.key_ids)
    print(case["scheme"], len(kids), "keys")
sys.exit(not cases)
