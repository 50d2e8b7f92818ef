"""Vendors' tokens, made by others' libraries from the vendors' documents. Usage: python make.py > tokens.json"""

import base64
import importlib.metadata
import json
import uuid
from datetime import datetime, timezone

import jwt
from pallycon import PallyConClient

NOW = 1_700_000_000
RANDOM = bytes(range(0x10, 0x20))
SD, HD, UHD, SOUND = (bytes([n] * 16) for n in (0x51, 0x52, 0x53, 0x54))
WHO = {"title": "film", "session": "0a" * 16, "account": "3f" * 16}
# They protect nothing.
COMMUNICATION_KEY = bytes(range(32))
SHARED_SECRET = bytes.fromhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
SITE_KEY, ACCESS_KEY = "abcdefghijklmnopqrstuvwxyz012345", "LT2FVJDp2Xr018zf4Di6lzvNOv3DKP20"


def utc(time):
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def text(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def guid(kid):
    return str(uuid.UUID(bytes=kid))


def new_guid():
    return str(uuid.UUID(bytes=RANDOM, version=4))


def key(kid, max_height=None, **needs):
    return {"kid": kid.hex(), "max_height": max_height, **needs}


def signed(claims, secret, **headers):
    claims = json.loads(text(claims))
    return jwt.encode(claims, secret, algorithm="HS256", headers=headers, sort_headers=True)


def case(name, vendor, secrets, carried, *, system, keys, others=(), **restrictions):
    restrictions = {"seconds": 3600, "persistent": False, **restrictions}
    entitlement = {**WHO, "system": system, "keys": list(keys), "others": list(others), "restrictions": restrictions}
    return {"name": name, "vendor": vendor, "secrets": secrets, "entitlement": entitlement, "carried": carried}


# docs.axinom.com: "Entitlement Message", "License Configuration", "Content Key Usage Policies", "Axinom DRM License Service Message".
AXINOM = {"vendor": "axinom", "key_id": "cc36e85d-2fdf-462c-b395-030907447afc", "key": "com"}


def axinom(name, license, inline, policies, vendor=AXINOM, extra=None, **given):
    message = {
        "type": "entitlement_message",
        "version": 2,
        "license": {"expiration_datetime": utc(NOW + license["duration"]), **license},
        "content_keys_source": {"inline": inline},
        "content_key_usage_policies": policies,
        **(extra or {}),
    }
    envelope = {
        "version": 1,
        "id": new_guid(),
        "com_key_id": vendor["key_id"],
        "expiration_date": utc(NOW + 60),
        "message": message,
    }
    secrets = {"com": base64.b64encode(COMMUNICATION_KEY).decode()}
    carried = {"header": "X-AxDRM-Message", "value": signed(envelope, COMMUNICATION_KEY)}
    return case(name, vendor, secrets, carried, **given)


# DRMtoday's "License Delivery Authorization" (Token Authorization, Custom Data Header) and "CRT Selective Overrides" (op.config).
DRMTODAY = {
    "vendor": "drmtoday",
    "tenant": "00112233-4455-6677-8899-aabbccddeeff",
    "key_id": "00000000-1111-2222-3333-444444444444",
    "key": "dt",
}


def drmtoday(name, crt, vendor=DRMTODAY, **given):
    claims = {
        "jti": new_guid(),
        "iat": NOW - 10,
        "exp": NOW + 60,
        "optData": text({"merchant": vendor["tenant"], "userId": WHO["account"]}),
        "crt": text(crt),
    }
    token = signed(claims, SHARED_SECRET, kid=vendor["key_id"])
    return case(name, vendor, {"dt": SHARED_SECRET.hex()}, {"header": "x-dt-auth-token", "value": token}, **given)


# The "License Token Guide", policy version 2.
PALLYCON = {"vendor": "pallycon", "tenant": "ABCD", "key": "site", "access_key": "access"}


def pallycon(name, system, policy, vendor=PALLYCON, **given):
    client = PallyConClient(
        site_id=vendor["tenant"],
        site_key=SITE_KEY,
        access_key=ACCESS_KEY,
        drm_type={"widevine": "Widevine", "playready": "PlayReady", "fairplay": "FairPlay"}[system],
        user_id=WHO["account"],
        content_id=WHO["title"],
        license_rule=json.loads(text(policy)),
    )
    client._get_timestamp = lambda: utc(NOW - 10)
    # The library writes version 1 of the token, which calls the policy "token"; encryption and hash are the same.
    token = json.loads(base64.b64decode(client.license_token))
    token["policy"] = token.pop("token")
    token |= {"response_format": "original", "key_rotation": False}
    carried = {"header": "pallycon-customdata-v2", "json": token, "policy": policy}
    return case(name, vendor, {"site": SITE_KEY, "access": ACCESS_KEY}, carried, system=system, **given)


def custom(who):
    return base64.b64encode(text(who).encode()).decode()


CASES = [
    axinom(
        "axinom, Widevine, a policy for each need",
        {"duration": 3600, "allow_persistence": False, "widevine": {"real_time_duration_expiration": True}},
        [
            {"id": guid(SOUND), "usage_policy": "0"},
            {"id": guid(SD), "usage_policy": "0"},
            {"id": guid(UHD), "usage_policy": "1"},
        ],
        [
            {"name": "0", "widevine": {"device_security_level": "SW_SECURE_DECODE"}},
            {"name": "1", "widevine": {"device_security_level": "HW_SECURE_ALL", "hdcp": "2.2"}},
        ],
        system="widevine",
        keys=[
            key(SOUND),
            key(SD, 576),
            key(UHD, 2160, hdcp="2.2", security_level="hardware_all"),
        ],
        others=[key(HD, 1080)],
        security_level="software_decode",
    ),
    axinom(
        "axinom, PlayReady, HDCP of type 1, stored",
        {"duration": 86400, "allow_persistence": True, "playready": {"real_time_expiration": True}},
        [{"id": guid(UHD), "usage_policy": "0"}],
        [
            {
                "name": "0",
                "playready": {
                    "min_device_security_level": 3000,
                    "uncompressed_digital_video_opl": 300,
                    "digital_video_output_protections": [
                        {"id": "ABB2C6F1-E663-4625-A945-972D17B231E7", "config_data": "AAAAAQ=="}
                    ],
                    "play_enablers": ["786627D8-C2A6-44BE-8F88-08AE255B01A7"],
                },
            }
        ],
        vendor={**AXINOM, "policy": {"playready": {"play_enablers": ["786627D8-C2A6-44BE-8F88-08AE255B01A7"]}}},
        system="playready",
        keys=[key(UHD, 2160)],
        hdcp="2.1",
        security_level="hardware_crypto",
        seconds=86400,
        persistent=True,
    ),
    axinom(
        "axinom, FairPlay, any HDCP, with a template",
        {"duration": 3600, "allow_persistence": False, "fairplay": {"real_time_expiration": True}},
        [{"id": guid(HD), "usage_policy": "0"}],
        [{"name": "0", "fairplay": {"hdcp": "TYPE0", "allow_airplay": False}}],
        vendor={
            **AXINOM,
            "policy": {"fairplay": {"allow_airplay": False}},
            "template": {"session": {"id": "{session}"}},
        },
        extra={"session": {"id": WHO["session"]}},
        system="fairplay",
        keys=[key(HD, 1080)],
        hdcp="1.0",
    ),
    axinom(
        "axinom, FairPlay, HDCP of type 1",
        {"duration": 60, "allow_persistence": False, "fairplay": {"real_time_expiration": True}},
        [{"id": guid(UHD), "usage_policy": "0"}],
        [{"name": "0", "fairplay": {"hdcp": "TYPE1_STRICT"}}],
        system="fairplay",
        keys=[key(UHD, 2160, hdcp="1.0")],
        hdcp="2.2",
        seconds=60,
    ),
    drmtoday(
        "drmtoday, as plain as can be",
        {
            "assetId": "film",
            "profile": {"type": "rental", "relativeExpiration": "PT3600S", "playDuration": "PT3600S"},
            "storeLicense": False,
        },
        system="playready",
        keys=[key(HD, 1080), key(SOUND)],
    ),
    drmtoday(
        "drmtoday, Widevine, HDCP 1, no UHD, with a template",
        {
            "ref": [":shorts_r12h"],
            "assetId": "tv|film",
            "profile": {"type": "rental", "relativeExpiration": "PT7200S", "playDuration": "PT7200S"},
            "storeLicense": True,
            "op": {
                "config": {
                    "AUDIO": {"WidevineM": {"requireHDCP": "HDCP_V1"}},
                    "SD": {"WidevineM": {"requireHDCP": "HDCP_V1"}},
                    "HD": {"WidevineM": {"requireHDCP": "HDCP_V1"}},
                    "UHD": {"WidevineM": {"deny": True}},
                }
            },
        },
        vendor={**DRMTODAY, "content": "tv|{title}", "template": {"ref": [":shorts_r12h"]}},
        system="widevine",
        keys=[key(SD, 576), key(HD, 720), key(SOUND)],
        others=[key(UHD, 2160)],
        hdcp="1.0",
        max_height=1080,
        seconds=7200,
        persistent=True,
    ),
    case(
        "drmtoday, which asks back",
        {"vendor": "drmtoday", "tenant": DRMTODAY["tenant"], "callback": True},
        {},
        {
            "header": "x-dt-custom-data",
            "value": custom(
                {"merchant": DRMTODAY["tenant"], "sessionId": WHO["session"], "userId": WHO["account"]}
            ),
        },
        system="fairplay",
        keys=[key(UHD, 2160)],
        hdcp="2.3",
    ),
    pallycon(
        "pallycon, Widevine, a policy for each class",
        "widevine",
        {
            "policy_version": 2,
            "playback_policy": {"persistent": False, "license_duration": 3600, "allowed_track_types": "SD_HD"},
            "security_policy": [
                {"track_type": "SD", "widevine": {"security_level": 2}},
                {"track_type": "HD", "widevine": {"security_level": 5, "required_hdcp_version": "HDCP_V2_2"}},
            ],
        },
        keys=[key(SD, 480), key(HD, 1080, hdcp="2.2", security_level="hardware_all")],
        others=[key(UHD, 2160)],
        security_level="software_decode",
    ),
    pallycon(
        "pallycon, FairPlay, one key for all pictures, in two key periods",
        "fairplay",
        {
            "policy_version": 2,
            "playback_policy": {"persistent": False, "license_duration": 3600},
            "security_policy": [{"track_type": "ALL_VIDEO", "fairplay": {"hdcp_enforcement": 1}}],
        },
        keys=[key(SOUND), key(HD, 1080, hdcp="2.2"), key(UHD, 1080, hdcp="2.2")],
    ),
    pallycon(
        "pallycon, Widevine, keys that classes do not tell apart",
        "widevine",
        {
            "policy_version": 2,
            "playback_policy": {"persistent": False, "license_duration": 3600},
            "security_policy": [
                {"track_type": "ALL", "widevine": {"security_level": 4, "required_hdcp_version": "HDCP_V1"}}
            ],
        },
        keys=[key(SD, 720, hdcp="1.0"), key(HD, 1080, security_level="hardware_decode"), key(SOUND)],
    ),
    pallycon(
        "pallycon, PlayReady, stored",
        "playready",
        {
            "policy_version": 2,
            "playback_policy": {"persistent": True, "license_duration": 86400},
            "security_policy": [
                {
                    "track_type": "ALL",
                    "playready": {
                        "security_level": 3000,
                        "digital_video_protection_level": 300,
                        "require_hdcp_type_1": True,
                    },
                }
            ],
        },
        keys=[key(HD, 1080)],
        hdcp="2.0",
        security_level="hardware_decode",
        seconds=86400,
        persistent=True,
    ),
    pallycon(
        "pallycon, FairPlay, with a policy of the operator's",
        "fairplay",
        {
            "policy_version": 2,
            "playback_policy": {"persistent": False, "license_duration": 3600},
            "security_policy": [{"track_type": "ALL", "fairplay": {"hdcp_enforcement": 0, "allow_airplay": False}}],
        },
        vendor={**PALLYCON, "policy": {"fairplay": {"allow_airplay": False}}},
        keys=[key(HD, 1080), key(SOUND)],
        hdcp="1.0",
    ),
    case(
        "ezdrm, which asks back",
        {"vendor": "ezdrm", "callback": True},
        {},
        {
            "query": "CustomData",
            "value": custom(
                {"session": WHO["session"], "title": "film", "system": "widevine", "kids": [HD.hex(), SOUND.hex()]}
            ),
        },
        system="widevine",
        keys=[key(HD, 1080), key(SOUND)],
    ),
]

made_by = {name: importlib.metadata.version(name) for name in ("PyJWT", "python-pallycon", "pycryptodome")}
print(json.dumps({"made_by": made_by, "now": NOW, "random": RANDOM.hex(), "cases": CASES}, indent=1, sort_keys=True))
