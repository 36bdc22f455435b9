//! Claims as apps read them. Within version 1 claims are only added.
//!
//! `roles`, `groups`, `locations` are sorted slugs, `assignments` says which role holds where (with the places below a
//! region), `identifiers` are the person's own at sites and `location_identifiers` those of the sites, `org_id` and
//! `org_name` name the one organization of the token; `membership_kind`, `profession`, `specialty` and `registration` are what
//! it knows of the person's profession, and whether anybody compared that with the register. A list that is too long, or would make a token too large, is left out
//! and named in `overflow` (`size`); introspection and userinfo have all of it. The names `roles`, `groups` and `entitlements` are those of RFC 9068 §2.2.3.1.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize, Serializer, ser::SerializeSeq};

use crate::{
    clock::Timestamp,
    directory::{
        access::{Access, Assigned, Detail, IdentifierAt},
        organization::Organization,
        registration::Practitioner,
    },
    oauth::{
        metadata::path,
        requested_claims::Told,
        scope::{Scope, Scopes},
        token::registration::Registration,
    },
    text::Slug,
};

/// The most entries of one list in a signed token; of `assignments` the places below a region count too.
pub const MOST_ENTRIES: usize = 100;

/// The most identifiers of a list in a signed token: each is as long as four slugs.
pub const MOST_IDENTIFIERS: usize = 25;

/// `aud`: one text or a list (RFC 7519 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Audience {
    /// The requested resources, else what the client is configured for, else the issuer.
    #[must_use]
    pub fn of(resources: &[String], configured: Option<&str>, issuer: &str) -> Self {
        match resources {
            [] => Self::One(configured.unwrap_or(issuer).to_owned()),
            [one] => Self::One(one.clone()),
            many => Self::Many(many.to_vec()),
        }
    }

    /// Whether `who` is among them.
    #[must_use]
    pub fn names(&self, who: &str) -> bool {
        match self {
            Self::One(one) => one == who,
            Self::Many(many) => many.iter().any(|one| one == who),
        }
    }
}

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(one) => serializer.serialize_str(one),
            Self::Many(many) => many.serialize(serializer),
        }
    }
}

/// How the person signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// The session in the organization; none where nobody signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// When, in Unix seconds; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Authentication context class reference.
    pub acr: String,
    /// Authentication methods (RFC 8176).
    pub amr: Vec<String>,
}

/// One role at one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The role's slug.
    pub role: String,
    /// The location's slug; none for the whole organization.
    pub location: Option<String>,
    /// Of a region: itself and every place below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<String>,
}

impl From<&Assigned> for Assignment {
    fn from(one: &Assigned) -> Self {
        Self {
            role: one.at.role.to_string(),
            location: one.at.location.as_ref().map(Slug::to_string),
            locations: one.locations.iter().map(Slug::to_string).collect(),
        }
    }
}

/// One identifier at one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// The location's slug.
    pub location: String,
    /// What it is.
    pub r#type: String,
    /// The value, as the authority writes it.
    pub value: String,
}

impl From<&IdentifierAt> for Identifier {
    fn from(one: &IdentifierAt) -> Self {
        Self { location: one.location.to_string(), r#type: one.kind.to_string(), value: one.value.clone() }
    }
}

/// What is to be loaded for tokens of this scope.
#[must_use]
pub fn detail(scopes: &Scopes) -> Detail {
    Detail { identifiers: scopes.has(Scope::Identifiers), practitioner: scopes.has(Scope::Practitioner) }
}

/// What the person (or service) is and may do in one organization. A field that is `None` was not asked for or did not fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Membership<'a> {
    /// The organization's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_id: Option<Cow<'a, str>>,
    /// The organization's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_name: Option<Cow<'a, str>>,
    /// Roles that are assigned, directly or by a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<List<'a>>,
    /// Groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<List<'a>>,
    /// Effective sites, with those below them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locations: Option<List<'a>>,
    /// Which role holds where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignments: Option<Vec<Assignment>>,
    /// Effective permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entitlements: Option<List<'a>>,
    /// The person's own identifiers at sites.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifiers: Option<Vec<Identifier>>,
    /// Identifiers of the sites themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_identifiers: Option<Vec<Identifier>>,
    /// The kind of membership.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership_kind: Option<Cow<'a, str>>,
    /// Profession.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profession: Option<Cow<'a, str>>,
    /// Specialty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub specialty: Option<Cow<'a, str>>,
    /// The registration with the register of the profession.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<Registration>,
    /// Names of the claims that did not fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overflow: Vec<Cow<'static, str>>,
    /// Where those are told that userinfo tells (OpenID Connect Core 1.0 §5.6.2).
    #[serde(flatten)]
    pub elsewhere: Option<Elsewhere>,
}

/// Claims by reference: names of claims, and the place that tells them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    #[serde(rename = "_claim_names")]
    names: BTreeMap<String, String>,
    #[serde(rename = "_claim_sources")]
    sources: BTreeMap<String, ClaimSource>,
}

/// One place, to be asked with the access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ClaimSource {
    endpoint: String,
}

/// A list of texts, borrowed from what was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum List<'a> {
    /// Slugs.
    Slugs(&'a [Slug]),
    /// Other texts.
    Texts(&'a [String]),
    /// Read from a token.
    Owned(Vec<String>),
}

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Slugs(slugs) => {
                let mut list = serializer.serialize_seq(Some(slugs.len()))?;
                for slug in *slugs {
                    list.serialize_element(slug.as_str())?;
                }
                list.end()
            }
            Self::Texts(texts) => texts.serialize(serializer),
            Self::Owned(texts) => texts.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for List<'_> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::Owned)
    }
}

/// Which lists a token carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// At most [`MOST_ENTRIES`] of each: the token travels in headers.
    Bounded,
    /// All: the answer travels in a body.
    Whole,
}

impl<'a> Membership<'a> {
    /// The claims of an access token: everything, entitlements and identifiers when the scope asks for them.
    #[must_use]
    pub fn of_access_token(at: &'a Organization, access: &'a Access, scopes: &Scopes, extent: Extent) -> Self {
        Self::default()
            .organization(at)
            .with_roles(access, extent)
            .with_groups(access, extent)
            .with_locations(access, extent)
            .with_assignments(access, extent)
            .with_what_is_asked_for(access, scopes, extent)
    }

    /// The claims that the scope asks for, as ID tokens and userinfo carry them.
    #[must_use]
    pub fn by_scope(at: &'a Organization, access: &'a Access, scopes: &Scopes, extent: Extent) -> Self {
        let mut claims = Self::default();
        if scopes.has(Scope::Organization) {
            claims = claims.organization(at);
        }
        if scopes.has(Scope::Roles) {
            claims = claims.with_roles(access, extent);
        }
        if scopes.has(Scope::Groups) {
            claims = claims.with_groups(access, extent);
        }
        if scopes.has(Scope::Locations) {
            claims = claims.with_locations(access, extent);
        }
        if scopes.has(Scope::Roles) || scopes.has(Scope::Locations) {
            claims = claims.with_assignments(access, extent);
        }
        claims.with_what_is_asked_for(access, scopes, extent)
    }

    /// The same, of claims that were asked for one by one too.
    #[must_use]
    pub fn told(at: &'a Organization, access: &'a Access, told: Told<'_>, extent: Extent) -> Self {
        if told.also.is_empty() {
            return Self::by_scope(at, access, told.scopes, extent);
        }
        let mut all = Self::by_scope(at, access, &told.reach(), extent);
        clear_unless!(all, told, org_id, org_name, roles, groups, locations, assignments);
        clear_unless!(all, told, entitlements, identifiers, location_identifiers);
        clear_unless!(all, told, membership_kind, profession, specialty, registration);
        all.overflow.retain(|name| told.tells(name));
        all
    }

    /// Says of what did not fit that userinfo tells it, where it does: with these scopes.
    pub fn refer(&mut self, issuer: &str, scopes: &Scopes) {
        let told = Told { scopes, also: &[] };
        let is_told = |name: &&Cow<'_, str>| scopes.has(Scope::OpenId) && told.tells(name);
        let names: BTreeMap<String, String> =
            self.overflow.iter().filter(is_told).map(|name| (name.to_string(), "userinfo".to_owned())).collect();
        self.elsewhere = (!names.is_empty()).then(|| {
            let endpoint = format!("{issuer}{}", path::USERINFO);
            Elsewhere { names, sources: BTreeMap::from([("userinfo".to_owned(), ClaimSource { endpoint })]) }
        });
    }

    fn organization(mut self, at: &'a Organization) -> Self {
        self.org_id = Some(Cow::Borrowed(at.id.as_str()));
        self.org_name = Some(Cow::Borrowed(at.name.as_str()));
        self
    }

    fn with_roles(mut self, access: &'a Access, extent: Extent) -> Self {
        self.roles = self.fitting("roles", access.roles.len(), extent).then_some(List::Slugs(&access.roles));
        self
    }

    fn with_groups(mut self, access: &'a Access, extent: Extent) -> Self {
        self.groups = self.fitting("groups", access.groups.len(), extent).then_some(List::Slugs(&access.groups));
        self
    }

    fn with_locations(mut self, access: &'a Access, extent: Extent) -> Self {
        let fits = self.fitting("locations", access.locations.len(), extent);
        self.locations = fits.then_some(List::Slugs(&access.locations));
        self
    }

    fn with_assignments(mut self, access: &'a Access, extent: Extent) -> Self {
        let entries = access.assignments.iter().map(|one| one.locations.len().max(1)).sum();
        let fits = self.fitting("assignments", entries, extent);
        self.assignments = fits.then(|| access.assignments.iter().map(Assignment::from).collect());
        self
    }

    fn with_what_is_asked_for(mut self, access: &'a Access, scopes: &Scopes, extent: Extent) -> Self {
        if scopes.has(Scope::Entitlements) {
            let fits = self.fitting("entitlements", access.entitlements.len(), extent);
            self.entitlements = fits.then_some(List::Texts(&access.entitlements));
        }
        if scopes.has(Scope::Identifiers) {
            self.identifiers = self.fitting_identifiers("identifiers", &access.identifiers, extent);
            self.location_identifiers =
                self.fitting_identifiers("location_identifiers", &access.location_identifiers, extent);
        }
        if scopes.has(Scope::Practitioner) { self.with_practitioner(access.practitioner.as_ref()) } else { self }
    }

    fn with_practitioner(mut self, known: Option<&'a Practitioner>) -> Self {
        let Some(known) = known else { return self };
        self.membership_kind = Some(Cow::Borrowed(known.kind.as_str()));
        self.profession = known.profession.as_deref().map(Cow::Borrowed);
        self.specialty = known.specialty.as_deref().map(Cow::Borrowed);
        self.registration = known.registration.as_ref().map(Registration::from);
        self
    }

    fn fitting_identifiers(
        &mut self,
        name: &'static str,
        all: &[IdentifierAt],
        extent: Extent,
    ) -> Option<Vec<Identifier>> {
        // As many as may be weigh as much as a list of slugs.
        let entries = all.len() * MOST_ENTRIES / MOST_IDENTIFIERS;
        self.fitting(name, entries, extent).then(|| all.iter().map(Identifier::from).collect())
    }

    fn fitting(&mut self, name: &'static str, entries: usize, extent: Extent) -> bool {
        let fits = extent == Extent::Whole || entries <= MOST_ENTRIES;
        if !fits {
            self.overflow.push(Cow::Borrowed(name));
        }
        fits
    }
}

/// The earlier of two ends.
#[must_use]
pub fn earliest(one: Timestamp, other: Option<Timestamp>) -> Timestamp {
    other.map_or(one, |other| one.min(other))
}

#[cfg(test)]
mod tests {
    use super::{super::Person, *};
    use crate::{
        directory::access::RoleAt,
        oauth::testing::{access, member, user},
    };

    #[test]
    fn each_scope_brings_its_claims_and_no_other() {
        let (person, (_, at), access) = (user("usr_o"), member("usr_o", "a"), access("clinician", "gps", "main"));
        for (scope, expected) in [
            ("openid", "{} {}"),
            ("profile", r#"{"name":"Olivia","updated_at":0} {}"#),
            ("email", r#"{"email":"olivia@riverside.example","email_verified":true} {}"#),
            ("organization", r#"{} {"org_id":"org_a","org_name":"Clinic a"}"#),
            ("groups", r#"{} {"groups":["gps"]}"#),
            ("roles", r#"{} {"roles":["clinician"],"assignments":[{"role":"clinician","location":"main"}]}"#),
            ("locations", r#"{} {"locations":["main"],"assignments":[{"role":"clinician","location":"main"}]}"#),
            ("entitlements", r#"{} {"entitlements":["calendar:slot:read"]}"#),
            (
                "identifiers",
                r#"{} {"identifiers":[{"location":"main","type":"provider_number","value":"7A"}],"location_identifiers":[]}"#,
            ),
            (
                "practitioner",
                r#"{} {"membership_kind":"practitioner","profession":"Physiotherapist","registration":{"number":"R-1","status":"verified","expires_at":9,"verified_at":1}}"#,
            ),
        ] {
            let scopes = Scopes::parse(scope).unwrap();
            let person = serde_json::to_string(&Person::by_scope(&person, &scopes)).unwrap();
            let there = serde_json::to_string(&Membership::by_scope(&at, &access, &scopes, Extent::Bounded)).unwrap();
            assert_eq!(format!("{person} {there}"), expected, "{scope}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named_and_never_cut() {
        let (_, at) = member("usr_o", "a");
        let groups: Vec<Slug> = (0..=MOST_ENTRIES).map(|n| format!("g{n}").parse().unwrap()).collect();
        let access = Access { groups, ..access("clinician", "gps", "main") };
        let scopes = Scopes::parse("groups").unwrap();
        let token = Membership::of_access_token(&at, &access, &scopes, Extent::Bounded);
        assert_eq!((token.groups, token.overflow), (None, vec![Cow::Borrowed("groups")]));
        let whole = Membership::of_access_token(&at, &access, &scopes, Extent::Whole);
        assert!(whole.groups.is_some() && whole.overflow.is_empty());
    }

    #[test]
    fn places_of_a_region_and_identifiers_have_their_bounds() {
        let (_, at) = member("usr_o", "a");
        let region = |places: usize| Assigned {
            at: RoleAt { role: "manager".parse().unwrap(), location: Some("p0".parse().unwrap()) },
            locations: (0..places).map(|n| format!("p{n}").parse().unwrap()).collect(),
        };
        let number = |n: usize| IdentifierAt {
            location: "p0".parse().unwrap(),
            kind: format!("k{n}").parse().unwrap(),
            value: "1".to_owned(),
        };
        let scopes = Scopes::parse("roles identifiers").unwrap();
        for (places, own, of_locations, overflow) in [
            (MOST_ENTRIES, MOST_IDENTIFIERS, MOST_IDENTIFIERS, vec![]),
            (MOST_ENTRIES + 1, 0, 0, vec!["assignments"]),
            (0, MOST_IDENTIFIERS + 1, MOST_IDENTIFIERS + 1, vec!["identifiers", "location_identifiers"]),
        ] {
            let access = Access {
                assignments: vec![region(places)],
                identifiers: (0..own).map(number).collect(),
                location_identifiers: (0..of_locations).map(number).collect(),
                ..access("clinician", "gps", "main")
            };
            let token = Membership::by_scope(&at, &access, &scopes, Extent::Bounded);
            assert_eq!(token.overflow, overflow);
            assert_eq!(token.assignments.is_none(), overflow.contains(&"assignments"));
            assert_eq!(token.identifiers.is_none(), overflow.contains(&"identifiers"));
            let whole = Membership::by_scope(&at, &access, &scopes, Extent::Whole);
            assert_eq!(whole.identifiers.unwrap().len(), own);
            assert_eq!(whole.assignments.unwrap()[0].locations.len(), places);
        }
    }

    #[test]
    fn the_audience_is_the_resource_else_the_configured_one_else_the_issuer() {
        let resources = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        for (given, configured, expected) in [
            (resources(&[]), None, r#""https://id""#),
            (resources(&[]), Some("https://api"), r#""https://api""#),
            (resources(&["https://r"]), Some("https://api"), r#""https://r""#),
            (resources(&["https://r", "https://s"]), None, r#"["https://r","https://s"]"#),
        ] {
            let audience = Audience::of(&given, configured, "https://id");
            assert_eq!(serde_json::to_string(&audience).unwrap(), expected);
            assert_eq!(serde_json::from_str::<Audience>(expected).unwrap(), audience);
        }
    }
}
