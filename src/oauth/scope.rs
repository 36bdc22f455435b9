//! Scopes (RFC 6749 §3.3): those of OpenID Connect and of Lanyard, and those that an API of a client declares.

use std::fmt;

use super::error::{Code, Refusal, refuse};

/// Scopes that Lanyard gives a meaning to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// OpenID Connect Core 1.0 §3.1.2.1: an ID token.
    OpenId,
    /// §5.4: the person's names, language and picture.
    Profile,
    /// §5.4: the contact address.
    Email,
    /// §5.4: the postal address.
    Address,
    /// §5.4: the telephone number.
    Phone,
    /// §11: a refresh token that outlives the session.
    OfflineAccess,
    /// Roles and assignments in the organization.
    Roles,
    /// Groups in the organization.
    Groups,
    /// The organization itself.
    Organization,
    /// Sites in the organization.
    Locations,
    /// Effective permissions in the organization.
    Entitlements,
    /// Identifiers at sites: the person's own, and those of the sites.
    Identifiers,
    /// Profession and registration in the organization.
    Practitioner,
    /// Pushing people and groups into the organization of a service (RFC 7644); nothing that people grant.
    Scim,
    /// Reading and editing one's own profile by SCIM (RFC 7644 §3.11).
    ScimMe,
}

impl Scope {
    /// Every scope, in the order of the metadata.
    pub const ALL: [Self; 15] = [
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::Address,
        Self::Phone,
        Self::OfflineAccess,
        Self::Roles,
        Self::Groups,
        Self::Organization,
        Self::Locations,
        Self::Entitlements,
        Self::Identifiers,
        Self::Practitioner,
        Self::Scim,
        Self::ScimMe,
    ];

    /// What is about the person, in the order in which people care.
    const FOR_PEOPLE: [Self; 13] = [
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::Phone,
        Self::Address,
        Self::Organization,
        Self::Roles,
        Self::Locations,
        Self::Groups,
        Self::Entitlements,
        Self::Identifiers,
        Self::Practitioner,
        Self::ScimMe,
    ];

    /// Those that every client may have: what changes something is for those that were registered with it.
    pub fn for_everybody() -> impl Iterator<Item = String> {
        let reads = |scope: &Self| !matches!(scope, Self::Scim | Self::ScimMe);
        Self::ALL.into_iter().filter(reads).map(|scope| scope.name().to_owned())
    }

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::OfflineAccess => "offline_access",
            Self::Roles => "roles",
            Self::Groups => "groups",
            Self::Organization => "organization",
            Self::Locations => "locations",
            Self::Entitlements => "entitlements",
            Self::Identifiers => "identifiers",
            Self::Practitioner => "practitioner",
            Self::Scim => "scim",
            Self::ScimMe => "scim:me",
        }
    }
}

/// A set of scopes: sorted, without repetition, at most [`Scopes::MOST`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// More than any client can use.
    pub const MOST: usize = 100;

    /// Parses the space-delimited list of RFC 6749 §3.3.
    ///
    /// # Errors
    /// `invalid_scope` for a character that no scope may hold, or too many scopes.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        if words.len() > Self::MOST || words.iter().any(|word| word.len() > 200 || !word.bytes().all(is_scope_byte)) {
            return Err(refuse(Code::InvalidScope, "scope is not a list of scope tokens"));
        }
        Ok(words.into_iter().map(str::to_owned).collect())
    }

    /// Whether a scope of Lanyard's own is in the set.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.contains(scope.name())
    }

    /// Whether the set holds `word`.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.0.binary_search_by(|own| own.as_str().cmp(word)).is_ok()
    }

    /// Whether `other` asks for nothing beyond this set.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|word| self.contains(word))
    }

    /// The same set without `scope`.
    #[must_use]
    pub fn without(mut self, scope: Scope) -> Self {
        self.0.retain(|word| word != scope.name());
        self
    }

    /// The scopes of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).map(str::to_owned).collect()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As people read them: who they are, where they work, then what an API gives a meaning to, and last whether it goes
    /// on while they are away.
    pub fn for_people(&self) -> impl Iterator<Item = &str> {
        let place = |word: &str| match Scope::FOR_PEOPLE.iter().position(|scope| scope.name() == word) {
            Some(place) => place,
            None if word == Scope::OfflineAccess.name() => usize::MAX,
            None => Scope::FOR_PEOPLE.len(),
        };
        let mut words: Vec<&str> = self.iter().collect();
        words.sort_by_key(|word| place(word));
        words.into_iter()
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl FromIterator<String> for Scopes {
    fn from_iter<I: IntoIterator<Item = String>>(words: I) -> Self {
        let mut words: Vec<String> = words.into_iter().collect();
        words.sort_unstable();
        words.dedup();
        Self(words)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
const fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_sorted_and_unique() {
        for (given, expected) in [
            ("openid email openid", Some("email openid")),
            ("", Some("")),
            ("  a  b ", Some("a b")),
            ("a\u{e9}", None),
            ("a\"b", None),
            ("a\tb", None),
        ] {
            assert_eq!(Scopes::parse(given).ok().map(|s| s.to_string()).as_deref(), expected, "{given:?}");
        }
        let many = (0..=Scopes::MOST).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
        assert!(Scopes::parse(&many).is_err());
    }

    #[test]
    fn people_read_first_what_matters_most_to_them() {
        let scopes = Scopes::parse("a.write address email groups offline_access openid profile roles z.read").unwrap();
        let read: Vec<&str> = scopes.for_people().collect();
        let expected = "openid profile email address roles groups a.write z.read offline_access";
        assert_eq!(read.join(" "), expected);
        let all: Scopes = Scope::for_everybody().collect();
        assert_eq!(all.for_people().last(), Some("offline_access"), "no other scope of ours is forgotten");
        assert_eq!(Scope::FOR_PEOPLE.len() + 2, Scope::ALL.len());
    }

    #[test]
    fn a_set_covers_its_subsets_alone() {
        let all = Scopes::parse("a b c").unwrap();
        assert!(all.covers(&Scopes::parse("c a").unwrap()));
        assert!(!all.covers(&Scopes::parse("a d").unwrap()));
        assert_eq!(Scopes::parse("openid offline_access").unwrap().without(Scope::OfflineAccess).to_string(), "openid");
    }
}
