"""Validates the documents beside it against the CPIX schema that PyPI's `cpix` carries, and reads them with its parser.

That schema is of CPIX 2.2. Three things are put right in it, as the schema of 2.3 has them or as SPEKE v2.0 does:
ContentKey@commonEncryptionScheme, KeyPeriodFilter@periodId (which names an ID and is none itself), and DeliveryData without DocumentKey, which is the
provider's to make.
"""

import pathlib
import sys

import cpix
from lxml import etree

HERE = pathlib.Path(__file__).parent
XS = "{http://www.w3.org/2001/XMLSchema}"
PATH = pathlib.Path(cpix.__file__).parent / "schema" / "cpix.xsd"


def schema():
    document = etree.parse(str(PATH))
    of = lambda name: document.find(f"{XS}complexType[@name='{name}']")
    keys = of("ContentKeyType").find(f".//{XS}extension")
    if keys.find(f"{XS}attribute[@name='commonEncryptionScheme']") is None:
        etree.SubElement(keys, f"{XS}attribute", name="commonEncryptionScheme", type="xs:string")
    of("KeyPeriodFilterType").find(f"{XS}attribute").set("type", "xs:IDREF")
    of("DeliveryDataType").find(f".//{XS}element[@name='DocumentKey']").set("minOccurs", "0")
    return etree.XMLSchema(document)


def main():
    failed = False
    judge = schema()
    for path in sorted((HERE / "documents").glob("*.xml")):
        document = etree.parse(str(path))
        if not judge.validate(document):
            print(f"{path.name}: invalid: {judge.error_log}")
            failed = True
            continue
        read = "not read: `cpix` knows neither DeliveryData without DocumentKey nor ClearKey"
        if not any(word in path.name for word in ("encrypted", "clearkey")):
            parsed = cpix.parse(path.read_bytes())
            good, errors = parsed.validate_content()
            failed |= not good
            read = f"{len(parsed.content_keys)} keys, {len(parsed.drm_systems)} systems, {len(parsed.usage_rules)} rules {errors or ''}"
        print(f"{path.name}: valid; {read}")
    return failed


sys.exit(main())
