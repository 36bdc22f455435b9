//! The names of the specifications: namespaces, bindings, formats, algorithms.

/// Assertions (`saml-schema-assertion-2.0`).
pub const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Requests and responses (`saml-schema-protocol-2.0`).
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Metadata (`saml-schema-metadata-2.0`).
pub const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// Signatures (XML Signature §1.3).
pub const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Encryption (XML Encryption 1.1 §1.3).
pub const ENCRYPTION: &str = "http://www.w3.org/2001/04/xmlenc#";
/// What came with version 1.1 of it.
pub const ENCRYPTION_11: &str = "http://www.w3.org/2009/xmlenc11#";
/// The namespace of `xml:…`.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A message in the address, compressed (bindings §3.4).
pub const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
/// A message in a form that sends itself (bindings §3.5).
pub const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// Whoever shows an assertion is its subject (profiles §3.3).
pub const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
/// What was asked for was done (core §3.2.2.2).
pub const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// A name that stays and that no other service is told (core §8.3.7).
pub const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
/// A name for this once (core §8.3.8).
pub const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
/// An e-mail address (core §8.3.2).
pub const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
/// Whatever the identity provider likes (core §8.3.1).
pub const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
/// The issuer of a message (core §8.3.6).
pub const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

/// Exclusive canonical form without comments.
pub const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// Without the signature itself.
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// RSA PKCS #1 v1.5 with SHA-256 (RFC 9231 §2.3.2).
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
/// SHA-256.
pub const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
