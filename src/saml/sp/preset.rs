//! What kinds of identity providers call things: where to begin for each.

use serde::Deserialize;

use crate::saml::names;

/// A kind of identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Microsoft Entra ID.
    Entra,
    /// Active Directory Federation Services.
    Adfs,
    /// Okta.
    Okta,
    /// Google Workspace.
    Google,
    /// Any other: Shibboleth, Keycloak, `SimpleSAMLphp`.
    Generic,
}

impl Preset {
    /// The format of names that is asked for.
    #[must_use]
    pub const fn name_id_format(self) -> &'static str {
        match self {
            Self::Entra | Self::Adfs | Self::Generic => names::PERSISTENT,
            Self::Okta => names::UNSPECIFIED,
            Self::Google => names::EMAIL,
        }
    }

    /// The attribute that names people for ever, where it is a better one than the `NameID`.
    #[must_use]
    pub const fn subject(self) -> Option<&'static str> {
        match self {
            Self::Entra => Some("http://schemas.microsoft.com/identity/claims/objectidentifier"),
            Self::Adfs | Self::Okta | Self::Google | Self::Generic => None,
        }
    }

    /// What is told of people unless the settings say otherwise: the key, and templates. `NameID` is the name of the subject.
    #[must_use]
    pub const fn attributes(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Entra => ENTRA,
            Self::Adfs => ADFS,
            Self::Okta => OKTA,
            Self::Google => GOOGLE,
            Self::Generic => GENERIC,
        }
    }
}

type Attributes = &'static [(&'static str, &'static [&'static str])];

const ENTRA: Attributes = &[
    ("userName", &["{http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name|lower}"]),
    ("emails", &["{http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress}"]),
    (
        "displayName",
        &[
            "{http://schemas.microsoft.com/identity/claims/displayname}",
            "{http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname} {http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname}",
        ],
    ),
    ("name.givenName", &["{http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname}"]),
    ("name.familyName", &["{http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname}"]),
];

const ADFS: Attributes = &[
    ("userName", &["{http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn|lower}"]),
    ("emails", &["{http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress}"]),
    (
        "displayName",
        &[
            "{http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name}",
            "{http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname} {http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname}",
        ],
    ),
    ("name.givenName", &["{http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname}"]),
    ("name.familyName", &["{http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname}"]),
];

const OKTA: Attributes = &[
    ("userName", &["{login|lower}", "{NameID|lower}"]),
    ("emails", &["{email}"]),
    ("displayName", &["{displayName}", "{firstName} {lastName}"]),
    ("name.givenName", &["{firstName}"]),
    ("name.familyName", &["{lastName}"]),
];

const GOOGLE: Attributes = &[
    ("userName", &["{NameID|lower}"]),
    ("emails", &["{email}", "{NameID}"]),
    ("displayName", &["{displayName}", "{firstName} {lastName}"]),
    ("name.givenName", &["{firstName}"]),
    ("name.familyName", &["{lastName}"]),
];

/// By the friendly names and by the object identifiers of eduPerson and inetOrgPerson.
const GENERIC: Attributes = &[
    (
        "userName",
        &[
            "{eduPersonPrincipalName|lower}",
            "{urn:oid:1.3.6.1.4.1.5923.1.1.1.6|lower}",
            "{uid|lower}",
            "{urn:oid:0.9.2342.19200300.100.1.1|lower}",
        ],
    ),
    ("emails", &["{mail}", "{urn:oid:0.9.2342.19200300.100.1.3}", "{email}"]),
    ("displayName", &["{displayName}", "{urn:oid:2.16.840.1.113730.3.1.241}", "{cn}", "{givenName} {sn}"]),
    ("name.givenName", &["{givenName}", "{urn:oid:2.5.4.42}"]),
    ("name.familyName", &["{sn}", "{urn:oid:2.5.4.4}"]),
];
