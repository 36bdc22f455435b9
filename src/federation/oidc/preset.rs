//! What providers are like that many clinics have: where to begin for each.

use serde::Deserialize;

/// A kind of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Microsoft Entra ID.
    Entra,
    /// Google Workspace.
    Google,
    /// Okta.
    Okta,
    /// Another Lanyard.
    Lanyard,
    /// Any other.
    #[default]
    Other,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 5] = [Self::Entra, Self::Google, Self::Okta, Self::Lanyard, Self::Other];

    /// Scopes besides `openid`.
    #[must_use]
    pub const fn scopes(self) -> &'static [&'static str] {
        match self {
            // With scopes of Graph the access token is for Graph, where groups that a token has no room for are asked for.
            Self::Entra => &["profile", "email", "https://graph.microsoft.com/GroupMember.Read.All"],
            Self::Google | Self::Other => &["profile", "email"],
            Self::Okta => &["profile", "email", "groups"],
            Self::Lanyard => &["profile", "email", "groups", "roles"],
        }
    }

    /// How its ID tokens are signed.
    #[must_use]
    pub const fn algorithms(self) -> &'static [&'static str] {
        match self {
            Self::Lanyard => &["ES256", "RS256", "PS256", "EdDSA"],
            _ => &["RS256"],
        }
    }

    /// Whether userinfo says what the ID token does not.
    #[must_use]
    pub const fn asks_userinfo(self) -> bool {
        matches!(self, Self::Okta | Self::Lanyard | Self::Other)
    }

    /// Whether it answers a `max_age` with when somebody proved themselves.
    #[must_use]
    pub const fn answers_max_age(self) -> bool {
        !matches!(self, Self::Entra | Self::Google)
    }

    /// Where groups are asked for that a token has no room for.
    #[must_use]
    pub const fn groups_endpoint(self) -> Option<&'static str> {
        match self {
            Self::Entra => Some(
                "https://graph.microsoft.com/v1.0/me/transitiveMemberOf/microsoft.graph.group?$select=id,displayName&$top=999",
            ),
            _ => None,
        }
    }

    /// What is told of people unless the settings say otherwise: the key, and templates.
    #[must_use]
    pub const fn attributes(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Entra => &[
                ("userName", &["{preferred_username|lower}", "{upn|lower}", "{email|lower}"]),
                ("emails", &["{email}"]),
                ("displayName", &["{name}", "{given_name} {family_name}"]),
                ("name.givenName", &["{given_name}"]),
                ("name.familyName", &["{family_name}"]),
            ],
            Self::Google => &[
                ("userName", &["{email|lower}"]),
                ("emails", &["{email}"]),
                ("displayName", &["{name}", "{given_name} {family_name}"]),
                ("name.givenName", &["{given_name}"]),
                ("name.familyName", &["{family_name}"]),
                ("preferredLanguage", &["{locale}"]),
            ],
            Self::Okta | Self::Lanyard | Self::Other => &[
                ("userName", &["{preferred_username|lower}", "{email|lower}"]),
                ("emails", &["{email}"]),
                ("displayName", &["{name}", "{given_name} {family_name}"]),
                ("name.givenName", &["{given_name}"]),
                ("name.familyName", &["{family_name}"]),
                ("preferredLanguage", &["{locale}"]),
            ],
        }
    }
}
