//! The algorithms that CPIX 2.3 makes mandatory for encrypted keys, and the namespaces that name them.

/// XML Signature, where `X509Data` is from.
pub(super) const XMLDSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// XML Encryption.
pub(super) const XMLENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// How a recipient's certificate encrypts: RSA-OAEP with SHA-1 and MGF1 with SHA-1.
pub(super) const RSA_OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
/// How a document key encrypts.
pub(super) const AES_256_CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
pub(super) const HMAC_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512";
