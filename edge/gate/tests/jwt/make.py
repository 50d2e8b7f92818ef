"""Writes pyjwt.json: see README.md."""

import base64
import importlib.metadata
import json

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import ECAlgorithm, HMACAlgorithm, OKPAlgorithm, RSAAlgorithm

NOW = 1_900_000_000
CLAIMS = {"iss": "https://accounts.example", "aud": "sluice", "sub": "anna", "tier": "premium", "nbf": NOW, "iat": NOW, "exp": NOW + 3600}

rsa_key = rsa.generate_private_key(65537, 2048)
weak = rsa.generate_private_key(65537, 1024)
curves = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1(), "k256": ec.SECP256K1()}
ec_keys = {name: ec.generate_private_key(curve) for name, curve in curves.items()}
ed = ed25519.Ed25519PrivateKey.generate()
goldilocks = ed448.Ed448PrivateKey.generate()
secret = bytes(range(64))


def public(algorithm, key, kid, **more):
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


jwks = {
    "keys": [
        public(RSAAlgorithm, rsa_key, "rsa"),
        public(RSAAlgorithm, rsa_key, "pss", alg="PS256", use="sig"),
        public(RSAAlgorithm, rsa_key, "rs512", alg="RS512", use="sig"),
        public(RSAAlgorithm, rsa_key, "encryption", alg="RSA-OAEP", use="enc"),
        public(RSAAlgorithm, weak, "weak"),
        *[public(ECAlgorithm, key, name) for name, key in ec_keys.items()],
        public(OKPAlgorithm, ed, "ed25519"),
        public(OKPAlgorithm, goldilocks, "ed448"),
        {**HMACAlgorithm.to_jwk(secret, as_dict=True), "kid": "oct"},
        public(RSAAlgorithm, rsa_key, "private", d="AQAB"),
    ]
}


def token(name, alg, key, kid):
    return {"name": name, "alg": alg, "kid": kid, "token": jwt.encode(CLAIMS, key, alg, {"kid": kid})}


accepted = [
    token("HS256 of a configured secret", "HS256", secret, "configured"),
    token("RS256", "RS256", rsa_key, "rsa"),
    token("PS256", "PS256", rsa_key, "pss"),
    token("ES256", "ES256", ec_keys["p256"], "p256"),
    token("EdDSA", "EdDSA", ed, "ed25519"),
]
refused = [
    *[(token(alg, alg, secret, "configured"), f"alg {alg}") for alg in ("HS384", "HS512")],
    *[(token(alg, alg, rsa_key, "rsa"), f"alg {alg}") for alg in ("RS384", "RS512", "PS384", "PS512")],
    (token("ES384", "ES384", ec_keys["p384"], "p384"), "alg ES384"),
    (token("ES512", "ES512", ec_keys["p521"], "p521"), "alg ES512"),
    (token("ES256K", "ES256K", ec_keys["k256"], "k256"), "alg ES256K"),
    (token("none", "none", None, "rsa"), "alg none"),
    (token("EdDSA with Ed448", "EdDSA", goldilocks, "ed448"), "a key of crv Ed448"),
    (token("HS256 of a published secret", "HS256", secret, "oct"), "a key of kty oct"),
    (token("RSA of 1024 bits", "RS256", weak, "weak"), "a key that is an RSA key of 1024 bits where at least 2048 are needed"),
    (token("a key for RS512", "RS256", rsa_key, "rs512"), "a key for alg RS512"),
    (token("a key for encryption", "RS256", rsa_key, "encryption"), "a key that is not for verifying signatures"),
    (token("a published private key", "RS256", rsa_key, "private"), "a key that is published with its private half"),
    # What is merely wrong is not named.
    (token("PS256 with a key pinned to RS256", "PS256", rsa_key, "rsa"), None),
    (token("RS256 with a key pinned to PS256", "RS256", rsa_key, "pss"), None),
    (token("RS256 under the kid of another", "RS256", rsa_key, "p256"), None),
    (token("a kid that nobody has", "RS256", rsa_key, "nobody"), None),
]
versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("PyJWT", "cryptography"))
document = {
    "made_with": versions,
    "now": NOW,
    "secret": base64.urlsafe_b64encode(secret).decode().rstrip("="),
    "jwks": jwks,
    "accepted": accepted,
    "refused": [{**made, "says": says} for made, says in refused],
}
with open("pyjwt.json", "w") as file:
    json.dump(document, file, indent=1)
    file.write("\n")
