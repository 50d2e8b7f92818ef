# Tokens of python-cwt, as JSON: `pip install cwt==3.3.0 && python python-cwt.py > python-cwt.json`. Signatures of ECDSA and PSS are
# randomized: every run makes others.
import base64, json
import cbor2
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cwt import COSE, COSEHeaders, COSEKey, Recipient, Signer

CLAIMS = {1: "issuer", 2: "anna", 3: "sluice", 4: 1800003600, 5: 1799999000, 6: 1799999000, 7: b"\x0b\x71", 310: 1}
PAYLOAD = cbor2.dumps(CLAIMS)
SECRET = bytes(range(64))


def pair(key):
    private = key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()).decode()
    public = key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo).decode()
    return private, public


KEYS = {
    "rsa": pair(rsa.generate_private_key(65537, 2048)),
    "p256": pair(ec.generate_private_key(ec.SECP256R1())),
    "p384": pair(ec.generate_private_key(ec.SECP384R1())),
    "p521": pair(ec.generate_private_key(ec.SECP521R1())),
    "k1": pair(ec.generate_private_key(ec.SECP256K1())),
    "ed": pair(ed25519.Ed25519PrivateKey.generate()),
}
TOKENS = {}


def add(name, data, tagged=True):
    TOKENS[name] = base64.urlsafe_b64encode((b"\xd8\x3d" if tagged else b"") + data).rstrip(b"=").decode()


def header(alg, kid):
    return {1: alg, 4: kid}


for name, alg, size in [("HS256", 5, 32), ("HS256/64", 4, 32), ("HS384", 6, 48), ("HS512", 7, 64)]:
    key = COSEKey.from_symmetric_key(SECRET[:size], alg=alg, kid=b"mac")
    add(name, COSE.new().encode_and_mac(PAYLOAD, key, header(alg, b"mac"), {}))
mac = COSEKey.from_symmetric_key(SECRET[:32], alg="HS256", kid=b"mac")
add("HS256, CWT tag left out", COSE.new().encode_and_mac(PAYLOAD, mac, {1: 5}, {4: b"mac"}), tagged=False)
add("HS256, kid unprotected", COSE.new().encode_and_mac(PAYLOAD, mac, {1: 5}, {4: b"mac", 3: 61}))
add("HS256, alg unprotected", COSE.new().encode_and_mac(PAYLOAD, mac, {4: b"mac"}, {1: 5}))
add("HS256, crit", COSE.new().encode_and_mac(PAYLOAD, mac, {1: 5, 2: [-70000], 4: b"mac", -70000: 1}, {}))
add("HS256, no kid", COSE.new().encode_and_mac(PAYLOAD, COSEKey.from_symmetric_key(SECRET[:32], alg="HS256"), {1: 5}, {}))
for name, alg, key in [
    ("ES256", -7, "p256"), ("PS256", -37, "rsa"), ("ES384", -35, "p384"), ("ES512", -36, "p521"), ("ES256K", -47, "k1"),
    ("EdDSA", -8, "ed"), ("PS384", -38, "rsa"), ("PS512", -39, "rsa"), ("RS256", -257, "rsa"),
]:
    signer = COSEKey.from_pem(KEYS[key][0], alg=name, kid=key.encode())
    add(name, COSE.new().encode_and_sign(PAYLOAD, signer, header(alg, key.encode()), {}))
signer = COSEKey.from_pem(KEYS["p256"][0], alg="ES256", kid=b"p256")
add("ES256, kid unprotected", COSE.new().encode_and_sign(PAYLOAD, signer, {1: -7}, {4: b"p256"}))
several = Signer.new(cose_key=signer, protected={1: -7}, unprotected={4: b"p256"})
add("COSE_Sign", COSE.new().encode_and_sign(PAYLOAD, signers=[several]))
direct = Recipient.new(unprotected={1: -6, 4: b"mac"})
add("COSE_Mac", COSE.new().encode_and_mac(PAYLOAD, mac, {1: 5}, {}, recipients=[direct]))
aes = COSEKey.from_symmetric_key(SECRET[:16], alg="A128GCM", kid=b"enc")
add("COSE_Encrypt0", COSE.new().encode_and_encrypt(PAYLOAD, aes, {1: 1}, {4: b"enc", 5: bytes(12)}))
public = {name: key[1] for name, key in KEYS.items()}
print(json.dumps({"secret": SECRET[:32].hex(), "public": public, "p256_private": KEYS["p256"][0], "tokens": TOKENS}, indent=1))
