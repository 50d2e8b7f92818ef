"""Writes tls.json, with Python's `cryptography` 50.0.2: an authority, a server's certificate for 127.0.0.1, a client's, and one of a stranger's."""

import datetime
import ipaddress
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FROM = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
UNTIL = FROM + datetime.timedelta(days=36500)


def certificate(name, key, issuer, issuer_key, *extensions):
    named = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def pair(name, issuer, issuer_key, *extensions):
    key = ec.generate_private_key(ec.SECP256R1())
    made = certificate(name, key, issuer, issuer_key or key, *extensions)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key, {
        "certificate": made.public_bytes(serialization.Encoding.PEM).decode(),
        "private_key": private.decode(),
    }


AUTHORITY = (x509.BasicConstraints(ca=True, path_length=None), True)
ADDRESS = (x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
SERVER = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
CLIENT = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)

ca_key, ca = pair("authority", "authority", None, AUTHORITY)
other_key, other = pair("another authority", "another authority", None, AUTHORITY)
print(
    json.dumps(
        {
            "ca": ca["certificate"],
            "other_ca": other["certificate"],
            "server": pair("server", "authority", ca_key, ADDRESS, SERVER)[1],
            "client": pair("client", "authority", ca_key, CLIENT)[1],
            "stranger": pair("client", "another authority", other_key, CLIENT)[1],
        },
        indent=1,
    )
)
