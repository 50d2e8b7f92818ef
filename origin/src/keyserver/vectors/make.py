"""The requests, and the certificates of those that ask for encrypted keys. Certificates differ each time that they are made."""

import base64
import datetime
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

WIDEVINE = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
PLAYREADY = "9a04f079-9840-4286-ab92-e65be0885f95"
FAIRPLAY = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2"
CLEARKEY = "e2719d58-a985-b3c9-781a-b030af78d30e"
DASH, HLS = ["PSSH", "ContentProtectionData"], ['HLSSignalingData playlist="media"', 'HLSSignalingData playlist="master"']
BLANKS = {
    WIDEVINE: DASH + HLS,
    PLAYREADY: DASH + HLS + ["SmoothStreamingProtectionHeaderData"],
    FAIRPLAY: HLS,
    CLEARKEY: ["ContentProtectionData"] + HLS,
}
FILTERS = {
    "ALL": "<cpix:VideoFilter/><cpix:AudioFilter/>",
    "VIDEO": "<cpix:VideoFilter/>",
    "AUDIO": "<cpix:AudioFilter/>",
    "SD+HD1": '<cpix:VideoFilter maxPixels="921600"/>',
    "HD2": '<cpix:VideoFilter minPixels="921601" maxPixels="2073600"/>',
    "UHD1": '<cpix:VideoFilter minPixels="2073601" maxPixels="8847360"/>',
    "UHD2": '<cpix:VideoFilter minPixels="8847361"/>',
    "STEREO_AUDIO": '<cpix:AudioFilter maxChannels="2"/>',
    "MULTICHANNEL_AUDIO": '<cpix:AudioFilter minChannels="3"/>',
}


def kid(n):
    return f"0f1e2d3c-4b5a-4697-8887-{n:012x}"


def request(scheme, systems, keys, periods=(), certificates=()):
    """keys: (track type, period or None)."""
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<cpix:CPIX xmlns:cpix="urn:dashif:org:cpix" xmlns:pskc="urn:ietf:params:xml:ns:keyprov:pskc" '
        'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" contentId="a film" version="2.3">',
    ]
    if certificates:
        out.append("<cpix:DeliveryDataList>")
        for n, certificate in enumerate(certificates):
            out.append(
                f'<cpix:DeliveryData id="origin-{n}"><cpix:DeliveryKey><ds:X509Data><ds:X509Certificate>{certificate}'
                "</ds:X509Certificate></ds:X509Data></cpix:DeliveryKey></cpix:DeliveryData>"
            )
        out.append("</cpix:DeliveryDataList>")
    out.append("<cpix:ContentKeyList>")
    out += [f'<cpix:ContentKey kid="{kid(n)}" commonEncryptionScheme="{scheme}"/>' for n in range(len(keys))]
    out += ["</cpix:ContentKeyList>", "<cpix:DRMSystemList>"]
    for system in systems:
        for n in range(len(keys)):
            blanks = "".join(f"<cpix:{blank}/>" for blank in BLANKS[system])
            out.append(f'<cpix:DRMSystem kid="{kid(n)}" systemId="{system}">{blanks}</cpix:DRMSystem>')
    out.append("</cpix:DRMSystemList>")
    if periods:
        out.append("<cpix:ContentKeyPeriodList>")
        out += [f'<cpix:ContentKeyPeriod id="{name}" {what}/>' for name, what in periods]
        out.append("</cpix:ContentKeyPeriodList>")
    out.append("<cpix:ContentKeyUsageRuleList>")
    for n, (tracks, period) in enumerate(keys):
        filters = f'<cpix:KeyPeriodFilter periodId="{period}"/>' if period else ""
        filters += FILTERS[tracks]
        out.append(
            f'<cpix:ContentKeyUsageRule kid="{kid(n)}" intendedTrackType="{tracks}">{filters}</cpix:ContentKeyUsageRule>'
        )
    out += ["</cpix:ContentKeyUsageRuleList>", "</cpix:CPIX>", ""]
    return "\n".join(out)


def certificate(key, begins, ends, signer=None):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an origin")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime.datetime(begins, 1, 1))
        .not_valid_after(datetime.datetime(ends, 1, 1))
        .sign(signer or key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def main():
    keys = [rsa.generate_private_key(65537, bits) for bits in (2048, 3072)]
    private = [
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        for key in keys
    ]
    good = [certificate(key, 2026, 2126) for key in keys]
    certificates = {
        "private": private,
        "good": good,
        "expired": certificate(keys[0], 2020, 2021),
        "early": certificate(keys[0], 2126, 2127),
        "short": certificate(rsa.generate_private_key(65537, 1024), 2026, 2126, keys[0]),
        "elliptic": certificate(ec.generate_private_key(ec.SECP256R1()), 2026, 2126),
    }
    with open("certificates.json", "w") as file:
        json.dump(certificates, file, indent=2)
        file.write("\n")
    preset = ["SD+HD1", "HD2", "UHD1", "UHD2", "STEREO_AUDIO", "MULTICHANNEL_AUDIO"]
    requests = {
        "cenc": request(
            "cenc", [WIDEVINE, PLAYREADY, CLEARKEY], [("VIDEO", "p0"), ("AUDIO", "p0")], [("p0", 'index="0"')]
        ),
        "cbcs": request("cbcs", [WIDEVINE, PLAYREADY, FAIRPLAY], [(tracks, None) for tracks in preset]),
        "shared": request("cbcs", [FAIRPLAY], [("ALL", None)]),
        "rotation": request(
            "cbcs",
            [WIDEVINE, FAIRPLAY],
            [("VIDEO", "p7"), ("AUDIO", "p7"), ("VIDEO", "p8"), ("AUDIO", "p8")],
            [
                ("p7", 'index="7"'),
                ("p8", 'start="2026-01-01T00:05:00Z" end="2026-01-01T00:10:00Z"'),
            ],
        ),
        "encrypted": request("cbcs", [WIDEVINE], [("VIDEO", None), ("AUDIO", None)], certificates=good),
    }
    for name, text in requests.items():
        with open(f"{name}.request.xml", "w") as file:
            file.write(text)


main()
