//! What kinds of directories call things: where to begin for each, and what tells whether somebody may sign in.

use serde::Deserialize;

/// A kind of directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Active Directory, or Samba in its place.
    ActiveDirectory,
    /// OpenLDAP, and what is like it (RFC 2798, RFC 2307).
    OpenLdap,
}

impl Preset {
    /// The attribute that stays the same when an entry is renamed or moved.
    #[must_use]
    pub const fn anchor(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "objectGUID",
            Self::OpenLdap => "entryUUID",
        }
    }

    /// People. In Active Directory computers are users, too.
    #[must_use]
    pub const fn people(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "(&(objectCategory=person)(objectClass=user))",
            Self::OpenLdap => "(objectClass=inetOrgPerson)",
        }
    }

    /// Groups.
    #[must_use]
    pub const fn groups(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "(objectClass=group)",
            Self::OpenLdap => "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))",
        }
    }

    /// What somebody may type to sign in.
    #[must_use]
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::ActiveDirectory => &["userPrincipalName", "sAMAccountName", "mail"],
            Self::OpenLdap => &["uid", "mail"],
        }
    }

    /// What is told of people unless the settings say otherwise: the key, and templates.
    #[must_use]
    pub const fn attributes(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::ActiveDirectory => &[
                ("userName", &["{userPrincipalName|lower}", "{sAMAccountName|lower}"]),
                ("emails", &["{mail}"]),
                ("displayName", &["{displayName}", "{givenName} {sn}", "{cn}"]),
                ("name.givenName", &["{givenName}"]),
                ("name.familyName", &["{sn}"]),
                ("phoneNumbers", &["{mobile}", "{telephoneNumber}"]),
                ("title", &["{title}"]),
                ("preferredLanguage", &["{preferredLanguage}"]),
                ("enterprise.department", &["{department}"]),
                ("enterprise.employeeNumber", &["{employeeID}", "{employeeNumber}"]),
                ("enterprise.manager", &["{manager}"]),
            ],
            Self::OpenLdap => &[
                ("userName", &["{uid|lower}"]),
                ("emails", &["{mail}"]),
                ("displayName", &["{displayName}", "{cn}"]),
                ("name.givenName", &["{givenName}"]),
                ("name.familyName", &["{sn}"]),
                ("phoneNumbers", &["{mobile}", "{telephoneNumber}"]),
                ("title", &["{title}"]),
                ("preferredLanguage", &["{preferredLanguage}"]),
                ("enterprise.department", &["{departmentNumber}"]),
                ("enterprise.employeeNumber", &["{employeeNumber}"]),
                ("enterprise.manager", &["{manager}"]),
            ],
        }
    }

    /// What tells whether somebody may sign in, and when an entry was changed.
    #[must_use]
    pub const fn states(self) -> &'static [&'static str] {
        match self {
            Self::ActiveDirectory => {
                &["userAccountControl", "accountExpires", "uSNChanged", "isDeleted", "primaryGroupID"]
            }
            Self::OpenLdap => &["pwdAccountLockedTime", "shadowExpire", "modifyTimestamp", "gidNumber"],
        }
    }

    /// What holds the members of a group, by name of entry; and, where it has such, by name of account.
    #[must_use]
    pub const fn members(self) -> (&'static [&'static str], Option<&'static str>) {
        match self {
            Self::ActiveDirectory => (&["member"], None),
            Self::OpenLdap => (&["member", "uniqueMember"], Some("memberUid")),
        }
    }
}
