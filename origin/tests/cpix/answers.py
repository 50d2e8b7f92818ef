"""Writes answers.json: answers of a key provider, made by PyPI's `cpix` and by Python's `cryptography`. README.md says how it is run.

`plain` is written by `cpix` alone, with boxes and PlayReady objects of its own making. `encrypted` has its DeliveryData; it does not write
encrypted content keys, so that these are written here. Keys and certificates are made anew each time, and serve nothing but the tests.
"""

import base64
import datetime
import hashlib
import hmac
import json
import os
import uuid

import cpix
from cpix.drm import playready, widevine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding as block_padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.x509.oid import NameOID
from lxml import etree

B64 = lambda data: base64.b64encode(data).decode()
NOW = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
YEAR = datetime.timedelta(days=365)
CPIX = "urn:dashif:org:cpix"
PSKC = "urn:ietf:params:xml:ns:keyprov:pskc"
ENC = "http://www.w3.org/2001/04/xmlenc#"


def certificate(key, before=NOW, after=NOW + 100 * YEAR):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "encryptor")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(before)
        .not_valid_after(after)
        .sign(key, hashes.SHA256())
    )
    return made


def pem(made):
    return made.public_bytes(serialization.Encoding.PEM).decode()


def private(key, form=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def rsa_key(bits):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


key = rsa_key(2048)
made = certificate(key)
oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
document_key, mac_key = os.urandom(32), os.urandom(64)
seal = lambda data: B64(key.public_key().encrypt(data, oaep))
delivery = cpix.DeliveryData(
    delivery_key=cpix.DeliveryKey(B64(made.public_bytes(serialization.Encoding.DER))),
    document_key=cpix.DocumentKey(seal(document_key)),
    mac_method=cpix.MACMethod(seal(mac_key)),
)


def encrypted(plain):
    iv = os.urandom(16)
    pad = block_padding.PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(document_key), modes.CBC(iv)).encryptor()
    value = iv + cipher.update(pad.update(plain) + pad.finalize()) + cipher.finalize()
    return value, hmac.new(mac_key, value, hashlib.sha512).digest()


def q(uri, name):
    return "{%s}%s" % (uri, name)


kids = [uuid.UUID(bytes=bytes([n]) * 16) for n in (1, 2)]
keys = [os.urandom(16) for _ in kids]
root = etree.Element(q(CPIX, "CPIX"), nsmap={"cpix": CPIX, "pskc": PSKC, "enc": ENC}, contentId="final", version="2.3")
deliveries = etree.SubElement(root, q(CPIX, "DeliveryDataList"))
# `cpix` leaves its own elements without a namespace, which the document's root gives them when it is written as text.
element = delivery.element()
for part in element.iter():
    if etree.QName(part).namespace is None:
        part.tag = q(CPIX, part.tag)
deliveries.append(element)
content_keys = etree.SubElement(root, q(CPIX, "ContentKeyList"))
for kid, plain in zip(kids, keys):
    content_key = etree.SubElement(content_keys, q(CPIX, "ContentKey"), kid=str(kid), commonEncryptionScheme="cenc")
    secret = etree.SubElement(etree.SubElement(content_key, q(CPIX, "Data")), q(PSKC, "Secret"))
    value, mac = encrypted(plain)
    holder = etree.SubElement(secret, q(PSKC, "EncryptedValue"))
    etree.SubElement(holder, q(ENC, "EncryptionMethod"), Algorithm=ENC + "aes256-cbc")
    etree.SubElement(etree.SubElement(holder, q(ENC, "CipherData")), q(ENC, "CipherValue")).text = B64(value)
    etree.SubElement(secret, q(PSKC, "ValueMAC")).text = B64(mac)
systems = etree.SubElement(root, q(CPIX, "DRMSystemList"))
for kid in kids:
    etree.SubElement(
        systems, q(CPIX, "DRMSystem"), kid=str(kid), systemId="e2719d58-a985-b3c9-781a-b030af78d30e"
    ).append(etree.Element(q(CPIX, "ContentProtectionData")))
for data in root.iter(q(CPIX, "ContentProtectionData")):
    data.text = B64(b'<cenc:default_KID xmlns:cenc="urn:mpeg:cenc:2013">%s</cenc:default_KID>' % data.getparent().get("kid").encode())
rules = etree.SubElement(root, q(CPIX, "ContentKeyUsageRuleList"))
for kid, word, kind in zip(kids, ("VIDEO", "AUDIO"), ("VideoFilter", "AudioFilter")):
    rule = etree.SubElement(rules, q(CPIX, "ContentKeyUsageRule"), kid=str(kid), intendedTrackType=word)
    etree.SubElement(rule, q(CPIX, kind))

WIDEVINE, PLAYREADY, FAIRPLAY = (
    "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",
    "9a04f079-9840-4286-ab92-e65be0885f95",
    "94ce86fb-07ff-4f43-adb8-93d2fa968ca2",
)


def tags(keyformat, uri):
    """The two HLSSignalingData."""
    attributes = f'METHOD=SAMPLE-AES,URI="{uri}",KEYFORMAT="{keyformat}",KEYFORMATVERSIONS="1"'
    return {
        "hls_signaling_data": B64(f"#EXT-X-KEY:{attributes}".encode()),
        "hls_signaling_data_master": B64(f"#EXT-X-SESSION-KEY:{attributes}".encode()),
    }


def systems_of(kid, plain):
    pssh = widevine.generate_pssh([kid], provider="acme", content_id="final", protection_scheme="cbcs")
    yield cpix.DRMSystem(
        kid,
        WIDEVINE,
        pssh=B64(pssh),
        content_protection_data=B64(f'<pssh xmlns="urn:mpeg:cenc:2013">{B64(pssh)}</pssh>'.encode()),
        **tags("urn:uuid:" + WIDEVINE, "data:text/plain;base64," + B64(pssh)),
    )
    header = {"key_id": kid, "key": B64(plain)}
    url = "https://playready.example/rightsmanager.asmx"
    pssh = playready.generate_pssh([header], url, algorithm="AESCBC")
    pro = playready.generate_playready_object(playready.generate_wrmheader([header], url, algorithm="AESCBC"))
    inside = f'<cenc:pssh xmlns:cenc="urn:mpeg:cenc:2013">{B64(pssh)}</cenc:pssh>'
    inside += f'<mspr:pro xmlns:mspr="urn:microsoft:playready">{B64(pro)}</mspr:pro>'
    yield cpix.DRMSystem(
        kid,
        PLAYREADY,
        pssh=B64(pssh),
        content_protection_data=B64(inside.encode()),
        **tags("com.microsoft.playready", "data:text/plain;charset=UTF-16;base64," + B64(pro)),
    )
    yield cpix.DRMSystem(kid, FAIRPLAY, **tags("com.apple.streamingkeydelivery", f"skd://acme/{kid}"))


plain_answer = cpix.CPIX(
    content_keys=cpix.ContentKeyList(
        *[cpix.ContentKey(kid, B64(plain), common_encryption_scheme="cbcs") for kid, plain in zip(kids, keys)]
    ),
    drm_systems=cpix.DRMSystemList(*[system for pair in zip(kids, keys) for system in systems_of(*pair)]),
    usage_rules=cpix.UsageRuleList(
        cpix.UsageRule(kids[0], [cpix.VideoFilter()], "VIDEO"), cpix.UsageRule(kids[1], [cpix.AudioFilter()], "AUDIO")
    ),
    content_id="final",
    version="2.3",
)

small, other, elliptic = rsa_key(1024), rsa_key(2048), ec.generate_private_key(ec.SECP256R1())
print(
    json.dumps(
        {
            "made_by": "answers.py with PyPI cpix 1.4.1 and cryptography 50.0.2",
            "certificate": pem(made),
            "private_key": private(key),
            "private_key_pkcs1": private(key, serialization.PrivateFormat.TraditionalOpenSSL),
            "expired": pem(certificate(key, NOW - 2 * YEAR, NOW - YEAR)),
            "future": pem(certificate(key, NOW + 50 * YEAR)),
            "small": {"certificate": pem(certificate(small)), "private_key": private(small)},
            "other_private_key": private(other),
            "other_certificate": pem(certificate(other)),
            "elliptic": pem(certificate(elliptic)),
            "encrypted": etree.tostring(root).decode(),
            "plain": str(plain_answer),
            "pssh": {
                kid.hex: {system.system_id.hex: system.pssh for system in plain_answer.drm_systems if system.kid == kid and system.pssh}
                for kid in kids
            },
            "keys": {kid.hex: plain.hex() for kid, plain in zip(kids, keys)},
        },
        indent=1,
    )
)
