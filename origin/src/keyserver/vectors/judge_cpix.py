"""Judges the requests and answers here: CPIX's schema and reader of PyPI `cpix`, and `cryptography` for encrypted keys.

The schema of `cpix` 1.4.1 is older than CPIX 2.3. It is taken as it is but for what CPIX 2.3 and SPEKE v2.0 have and it
has not, each named below.
"""

import base64
import glob
import hashlib
import hmac
import json
import sys
import uuid
import warnings

warnings.simplefilter("ignore")
import cpix
import pkg_resources
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as asymmetric
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"
NS = {
    "c": "urn:dashif:org:cpix",
    "p": "urn:ietf:params:xml:ns:keyprov:pskc",
    "e": "http://www.w3.org/2001/04/xmlenc#",
    "d": "http://www.w3.org/2000/09/xmldsig#",
}


def schema(request):
    path = pkg_resources.resource_filename("cpix", "schema/cpix.xsd")
    tree = etree.parse(path)
    named = lambda kind, name: tree.getroot().find(f'.//{XS}{kind}[@name="{name}"]')
    # CPIX 2.3: ContentKey@commonEncryptionScheme.
    keys = named("complexType", "ContentKeyType").find(f".//{XS}extension")
    etree.SubElement(keys, f"{XS}attribute", name="commonEncryptionScheme", type="xs:string")
    # CPIX 2.3: several rules may name one period, so that KeyPeriodFilter@periodId is no xs:ID.
    named("complexType", "KeyPeriodFilterType").find(f"{XS}attribute").set("type", "xs:string")
    # CPIX 2.3: MACMethod/Key, in CPIX's namespace and with a ValueMAC of its own.
    method = named("complexType", "DeliveryDataType").find(f'.//{XS}element[@name="MACMethod"]')
    del method.attrib["type"]
    kind = etree.SubElement(method, f"{XS}complexType")
    sequence = etree.SubElement(kind, f"{XS}sequence")
    etree.SubElement(sequence, f"{XS}element", name="Key", type="pskc:binaryDataType")
    etree.SubElement(kind, f"{XS}attribute", name="Algorithm", type="xs:anyURI", use="required")
    if request:
        # SPEKE v2.0: the request's DeliveryData has a certificate alone.
        named("complexType", "DeliveryDataType").find(f'.//{XS}element[@name="DocumentKey"]').set("minOccurs", "0")
    return etree.XMLSchema(tree)


def judge(name):
    """The keys of an answer, decrypted where they are encrypted."""
    request = etree.parse(f"{name}.request.xml").getroot()
    answer = etree.parse(f"{name}.answer.xml").getroot()
    schema(True).assertValid(request)
    schema(False).assertValid(answer)
    # cpix's own reader and its checks: rules and systems name known keys, filters known periods. It does not know ClearKey's
    # id in CPIX, which DASH-IF registered.
    known = etree.fromstring(etree.tostring(answer))
    for system in known.xpath("//c:DRMSystem[@systemId='e2719d58-a985-b3c9-781a-b030af78d30e']", namespaces=NS):
        system.set("systemId", "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")
    read = cpix.parse(known)
    assert read.validate_content() == (True, []), read.validate_content()
    assert len(read.content_keys) == len(request.findall(".//c:ContentKey", NS))
    # Nothing that was asked for is gone, nothing of it is empty.
    for element in request.iter():
        path = etree.ElementTree(request).getelementpath(element)
        assert path == "." or answer.find(path) is not None, path
        assert path == "." or dict(answer.find(path).attrib) == dict(element.attrib), path
    for system in answer.iterfind(".//c:DRMSystem", NS):
        assert all(base64.b64decode(child.text, validate=True) for child in system)
        judge_signalling(system)
    return {key.get("kid"): secret(answer, key) for key in answer.iterfind(".//c:ContentKey", NS)}


def judge_signalling(system):
    text = lambda name: [base64.b64decode(child.text) for child in system.findall(f"c:{name}", NS)]
    lines = [line.decode().split(":", 1) for line in text("HLSSignalingData")]
    if lines:
        assert [tag for tag, _ in lines] == ["#EXT-X-KEY", "#EXT-X-SESSION-KEY"] and lines[0][1] == lines[1][1], lines
    for data in text("ContentProtectionData"):
        inner = etree.fromstring(b"<x>" + data + b"</x>")
        pssh = inner.findtext("{urn:mpeg:cenc:2013}pssh")
        assert pssh is None or pssh == system.findtext("c:PSSH", namespaces=NS)
        pro = inner.findtext("{urn:microsoft:playready}pro")
        smooth = system.findtext("c:SmoothStreamingProtectionHeaderData", namespaces=NS)
        assert pro == smooth
        assert pro is None or base64.b64decode(pssh)[32:] == base64.b64decode(pro)


def secret(answer, key):
    plain = key.find("c:Data/p:Secret/p:PlainValue", NS)
    if plain is not None:
        assert answer.find("c:DeliveryDataList", NS) is None
        return base64.b64decode(plain.text)
    with open("certificates.json") as file:
        private = json.load(file)["private"]
    found = set()
    for delivery, pem in zip(answer.findall(".//c:DeliveryData", NS), private, strict=True):
        own = serialization.load_pem_private_key(pem.encode(), None)
        oaep = asymmetric.OAEP(asymmetric.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        opened = lambda path: own.decrypt(sealed(delivery.find(path, NS), "rsa-oaep-mgf1p"), oaep)
        document, mac = opened("c:DocumentKey/c:Data/p:Secret"), opened("c:MACMethod/c:Key")
        assert (len(document), len(mac)) == (32, 64)
        assert delivery.find("c:DocumentKey", NS).get("Algorithm") == "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
        assert (
            delivery.find("c:MACMethod", NS).get("Algorithm") == "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512"
        )
        for path in ("c:DocumentKey/c:Data/p:Secret", "c:MACMethod/c:Key"):
            check_mac(delivery.find(path, NS), mac)
        value = key.find("c:Data/p:Secret", NS)
        check_mac(value, mac)
        cipher_value = sealed(value, "aes256-cbc")
        decryptor = Cipher(algorithms.AES(document), modes.CBC(cipher_value[:16])).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        text = decryptor.update(cipher_value[16:]) + decryptor.finalize()
        found.add(unpadder.update(text) + unpadder.finalize())
    assert len(found) == 1
    return found.pop()


def sealed(value, algorithm):
    method = value.find("p:EncryptedValue/e:EncryptionMethod", NS).get("Algorithm")
    assert method == f"http://www.w3.org/2001/04/xmlenc#{algorithm}", method
    return base64.b64decode(value.findtext("p:EncryptedValue/e:CipherData/e:CipherValue", namespaces=NS))


def check_mac(value, key):
    data = base64.b64decode(value.findtext("p:EncryptedValue/e:CipherData/e:CipherValue", namespaces=NS))
    mac = base64.b64decode(value.findtext("p:ValueMAC", namespaces=NS))
    assert hmac.compare_digest(hmac.new(key, data, hashlib.sha512).digest(), mac)


def derived(kid):
    """What the key server says that its built-in secret makes of a key id."""
    master = b"sluice development master secret, public"
    return hmac.new(master, b"sluice content key" + uuid.UUID(kid).bytes, hashlib.sha256).digest()[:16]


names = sorted(path.removesuffix(".request.xml") for path in glob.glob("*.request.xml"))
for name in names:
    keys = judge(name)
    assert keys and all(key == derived(kid) for kid, key in keys.items()), name
    print(f"{name}: {len(keys)} keys")
sys.exit(not names)
