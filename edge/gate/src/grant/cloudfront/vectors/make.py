"""Signed URLs by botocore, which leaves the signature itself to its caller: `cryptography` makes it."""

import json
from datetime import datetime, timezone

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

ENDS, AFTER = 1_800_000_000, 1_790_000_000
FOLDER = "https://tv.example/v1/film/"


def time(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc)


def signer(name, hash):
    with open(f"{name}.pem", "rb") as file:
        key = serialization.load_pem_private_key(file.read(), None)
    if name == "rsa":
        return CloudFrontSigner("KRSA", lambda message: key.sign(message, padding.PKCS1v15(), hash))
    return CloudFrontSigner("KP256", lambda message: key.sign(message, ec.ECDSA(hash)))


def vector(name, key, url, after=None, client=None):
    return {"name": f"botocore, {name}", "key": key, "url": url, "ends": ENDS, "after": after, "client": client}


vectors = []
for key, word in [("rsa", "RSA"), ("p256", "ECDSA")]:
    made = signer(key, hashes.SHA1())
    url = FOLDER + "cbcs/main.m3u8?ks=widevine"
    vectors.append(vector(f"canned, {word} with SHA-1", key, made.generate_presigned_url(url, date_less_than=time(ENDS))))
    policy = made.build_policy(FOLDER + "*", time(ENDS), time(AFTER), "192.0.2.0/24")
    url = made.generate_presigned_url(FOLDER, policy=policy)
    vectors.append(vector(f"custom, {word} with SHA-1", key, url, AFTER, "192.0.2.7"))
    # botocore knows no other hash, so the parameter that names it is added here.
    made = signer(key, hashes.SHA256())
    policy = made.build_policy("http*://tv.example/v1/f?lm/*", time(ENDS), ip_address="192.0.2.7")
    url = made.generate_presigned_url(FOLDER + "?x=1", policy=policy) + "&Hash-Algorithm=SHA256"
    vectors.append(vector(f"custom, {word} with SHA-256", key, url, None, "192.0.2.7"))

print(json.dumps(vectors, indent=1))
