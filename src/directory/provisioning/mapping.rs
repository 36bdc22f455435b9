//! What roles, entitlements and locations of sources mean in an organization, and which of them mean nothing there.
//!
//! A role or entitlement is the key of a role, or `role@location` (RFC 7643 §4.1.2 leaves the values to the parties); an
//! entitlement can also be a permission of an app, `app:resource:action`; a location is the key or the id of a site. Values
//! that mean nothing here are kept, give no right, and are shown as unmapped until they mean something (`waiting`) or the
//! source says others.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Attributes, Known, PRACTITIONER, Record, Speaker, known};
use crate::{
    directory::{
        Result, assignment, identifier,
        location::Location,
        membership::{Membership, RoleAt},
        origin::Origin,
        owner,
        permission::{self, Permission},
        rule::Mandate,
    },
    id::LocationId,
    storage::Tx,
    text::Slug,
};

/// The type of unmapped places of work.
const LOCATIONS: &str = "locations";

/// The type of an identifier of which the source does not say it.
const IDENTIFIER: &str = "provider_number";

/// What an organization has.
struct Offer<'o> {
    may_assign: &'o [Slug],
    may_grant: &'o [Permission],
    /// Permissions of the apps that it uses.
    permissions: &'o BTreeSet<Permission>,
    roles: &'o [Slug],
    sites: &'o [Location],
}

/// What values mean.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mapping {
    /// Roles to be assigned.
    pub(super) roles: Vec<RoleAt>,
    /// Permissions to be granted.
    pub(super) permissions: BTreeSet<Permission>,
    /// The person's own identifiers at sites: site, type, value.
    identifiers: BTreeSet<(LocationId, Slug, String)>,
    /// Values that mean nothing here, with the attribute that has them.
    unmapped: Vec<(&'static str, String)>,
}

impl Speaker<'_> {
    /// Into which groups somebody may come by what it says.
    pub(super) fn mandate(&self) -> Mandate {
        Mandate::Roles(self.may_assign.to_vec())
    }
}

/// The key of the attribute that tells what is unmapped.
pub(super) fn unmapped_key() -> String {
    format!("{PRACTITIONER}:unmapped")
}

/// Keys of the attributes that are mapped, and of what is left of them.
pub(super) fn is_mapped(key: &str) -> bool {
    ROLES.contains(&key)
        || key.strip_prefix(PRACTITIONER).is_some_and(|name| [":locations", ":unmapped"].contains(&name))
}

/// The key of the attribute that has an unmapped value of this type.
pub(super) fn key_of(kind: &str) -> String {
    if kind == LOCATIONS { format!("{PRACTITIONER}:{LOCATIONS}") } else { kind.to_owned() }
}

/// Whether another value than before, of those that the source said, means nothing here.
pub(super) async fn means_other(tx: &mut Tx, speaker: Speaker<'_>, record: &Record) -> Result<bool> {
    let source = speaker.source();
    let is_its_own = |kind: &str| record.sources.get(&key_of(kind)) == Some(&source);
    let before: BTreeSet<(String, String)> = record.unmapped().filter(|(kind, _)| is_its_own(kind)).collect();
    let mapping = of(tx, speaker, &record.attributes).await?;
    let now = mapping.unmapped.into_iter().filter(|(kind, _)| is_its_own(kind));
    Ok(before != now.map(|(kind, text)| (kind.to_owned(), text)).collect())
}

/// What was mapped of a member before: what meant nothing then set no identifier.
pub(super) async fn before(tx: &mut Tx, speaker: Speaker<'_>, known: &Known) -> Result<Mapping> {
    let mut mapping = of(tx, speaker, &known.seen()).await?;
    let unmapped: Vec<(String, String)> = known.record.iter().flat_map(Record::unmapped).collect();
    if unmapped.iter().any(|(kind, _)| kind == LOCATIONS) {
        let set = tx.identifiers().of_member(speaker.organization, &known.membership.id).await?;
        mapping.identifiers.retain(|(site, kind, _)| set.iter().any(|one| one.location == *site && one.kind == *kind));
    }
    Ok(mapping)
}

/// Maps what a source says of a member.
pub(super) async fn of(tx: &mut Tx, speaker: Speaker<'_>, attributes: &Attributes) -> Result<Mapping> {
    let is_said = known::keys(attributes).any(|(key, _)| is_mapped(&key));
    if !is_said {
        return Ok(Mapping::default());
    }
    let roles = tx.roles().list(speaker.organization).await?;
    let roles: Vec<Slug> = roles.into_iter().map(|role| role.slug).collect();
    let sites = tx.locations().list(speaker.organization).await?;
    let permissions = match speaker.may_grant {
        [] => BTreeSet::new(),
        _ => tx.permissions().of_apps(speaker.organization).await?,
    };
    let (may_assign, may_grant) = (speaker.may_assign, speaker.may_grant);
    let offer = Offer { may_assign, may_grant, permissions: &permissions, roles: &roles, sites: &sites };
    Ok(mapped(attributes, &offer))
}

impl Mapping {
    /// Says in the attributes what is unmapped of those that `is_said` by the source; what others said stays as it is.
    pub(super) fn tell(&self, attributes: &mut Attributes, is_said: impl Fn(&str) -> bool) {
        let key = unmapped_key();
        let before = known::value_of(attributes, &key).and_then(Value::as_array).cloned().unwrap_or_default();
        let others = before.into_iter().filter(|one| !is_said(one["type"].as_str().unwrap_or_default()));
        let own = self.unmapped.iter().filter(|(name, _)| is_said(name));
        let all: Vec<Value> = others.chain(own.map(|(name, value)| json!({"type": name, "value": value}))).collect();
        if all.is_empty() {
            known::forget(attributes, &key);
        } else {
            known::put(attributes, &key, all.into());
        }
    }

    /// Sets the person's identifiers at sites, and takes away those that were said before and are not any more.
    pub(super) async fn identify(
        &self,
        tx: &mut Tx,
        speaker: Speaker<'_>,
        (member, before): (&Membership, &Mapping),
    ) -> Result<()> {
        let is_kept = |(site, kind, _): &&(LocationId, Slug, String)| {
            self.identifiers.iter().any(|(at, of, _)| at == site && of == kind)
        };
        let gone: Vec<_> = before.identifiers.iter().filter(|one| !is_kept(one)).map(|one| (one, None)).collect();
        let new = self.identifiers.difference(&before.identifiers).map(|one| (one, Some(one.2.as_str())));
        for ((site, kind, _), value) in gone.into_iter().chain(new) {
            let at = (site, Some(&member.id));
            identifier::set(tx, speaker.context, speaker.organization, at, (kind, value)).await?;
        }
        Ok(())
    }
}

/// The attribute whose values may be permissions.
const ENTITLEMENTS: &str = "entitlements";

/// The attributes whose values are roles.
const ROLES: [&str; 2] = ["roles", ENTITLEMENTS];

/// Assigns the roles and grants the permissions that the source's own words give, and ends those of the sources that it
/// overruled: nobody gives anything by the rights of another.
pub(super) async fn assign(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    (known, after): (&Known, &Record),
    seen: &Attributes,
) -> Result<()> {
    let (source, member) = (speaker.source(), &known.membership);
    let before = known.record.iter().flat_map(|record| ROLES.map(|key| (key, record.sources.get(key))));
    let overruled = before.filter(|(key, origin)| *origin != after.sources.get(*key)).filter_map(|(_, origin)| origin);
    for origin in overruled.filter(|origin| **origin != source) {
        let left = said_by(origin, after, seen);
        let roles: Vec<RoleAt> = ROLES.iter().flat_map(|key| texts(left.get(*key))).filter_map(named).collect();
        assignment::keep_of(tx, speaker.context, member, (&roles, origin)).await?;
        let granted = texts(left.get(ENTITLEMENTS)).filter_map(|text| text.parse().ok()).collect();
        permission::keep_of(tx, speaker.context, member, (&granted, origin)).await?;
    }
    // Last, so that what another gave up is given anew.
    let own = of(tx, speaker, &said_by(&source, after, seen)).await?;
    assignment::replace_of(tx, speaker.context, member, (&own.roles, &source)).await?;
    permission::replace_of(tx, speaker.context, member, (&own.permissions, &source)).await
}

/// The roles that one source said.
fn said_by(source: &Origin, record: &Record, seen: &Attributes) -> Attributes {
    let own = ROLES.into_iter().filter(|key| record.sources.get(*key) == Some(source));
    own.filter_map(|key| Some((key.to_owned(), seen.get(key)?.clone()))).collect()
}

/// What a value names, wherever that is.
fn named(text: &str) -> Option<RoleAt> {
    let (role, location) = text.split_once('@').map_or((text, None), |(role, location)| (role, Some(location)));
    Some(RoleAt { role: role.parse().ok()?, location: location.map(str::parse).transpose().ok()? })
}

fn mapped(attributes: &Attributes, offer: &Offer<'_>) -> Mapping {
    let mut mapping = Mapping::default();
    let mut roles = BTreeSet::new();
    for name in ROLES {
        for text in texts(attributes.get(name)) {
            match (role(text, offer), permission(text, offer).filter(|_| name == ENTITLEMENTS)) {
                (Some(at), _) => drop(roles.insert(at)),
                (None, Some(permission)) => drop(mapping.permissions.insert(permission)),
                (None, None) => mapping.unmapped.push((name, text.to_owned())),
            }
        }
    }
    mapping.roles = roles.into_iter().collect();
    let locations = attributes.get(PRACTITIONER).and_then(|extension| extension.get("locations"));
    for value in locations.and_then(Value::as_array).into_iter().flatten() {
        let text = value["value"].as_str().unwrap_or_default();
        let site = site(text, offer).map(|site| site.id.clone());
        let kind = value["identifierType"].as_str().unwrap_or(IDENTIFIER).parse::<Slug>();
        match (site, value["identifier"].as_str(), kind) {
            (Some(_), None, _) => {}
            (Some(site), Some(identifier), Ok(kind)) => {
                mapping.identifiers.insert((site, kind, identifier.to_owned()));
            }
            _ => mapping.unmapped.push((LOCATIONS, text.to_owned())),
        }
    }
    mapping
}

/// A role that the source may assign, and the organization has, where it has it; never owner.
fn role(text: &str, offer: &Offer<'_>) -> Option<RoleAt> {
    let (role, location) = text.split_once('@').map_or((text, None), |(role, location)| (role, Some(location)));
    let role: Slug = role.parse().ok()?;
    let is_assignable =
        offer.may_assign.contains(&role) && offer.roles.contains(&role) && role.as_str() != owner::OWNER;
    let location = match location {
        Some(text) => Some(site(text, offer)?.slug.clone()),
        None => None,
    };
    is_assignable.then_some(RoleAt { role, location })
}

/// A permission that the source may grant, of an app that the organization uses; never one of Lanyard's own.
fn permission(text: &str, offer: &Offer<'_>) -> Option<Permission> {
    let permission: Permission = text.parse().ok()?;
    let is_grantable =
        offer.may_grant.contains(&permission) && offer.permissions.contains(&permission) && !permission.is_lanyards();
    is_grantable.then_some(permission)
}

/// A site that is open, by its key or id.
fn site<'o>(text: &str, offer: &Offer<'o>) -> Option<&'o Location> {
    let is = |site: &&Location| site.closed_at.is_none() && (site.slug.as_str() == text || site.id.as_str() == text);
    offer.sites.iter().find(is)
}

/// The values of a multi-valued attribute.
fn texts(attribute: Option<&Value>) -> impl Iterator<Item = &str> {
    let all = attribute.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(|one| one.as_str().or_else(|| one["value"].as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, id::OrganizationId};

    fn slug(text: &str) -> Slug {
        Slug::from_stored(text.to_owned())
    }

    fn location(name: &str, closed_at: Option<Timestamp>) -> Location {
        Location {
            id: LocationId::from_stored(format!("loc_{name}")),
            organization_id: OrganizationId::from_stored("org_a".into()),
            slug: slug(name),
            name: name.parse().unwrap(),
            parent_id: None,
            created_at: Timestamp(0),
            closed_at,
        }
    }

    #[test]
    fn what_means_nothing_here_gives_nothing_and_is_told() {
        let sites = [location("quay", None), location("shut", Some(Timestamp(1)))];
        let (roles, may) =
            (["billing", "front_desk", "owner"].map(slug), ["billing", "front_desk", "owner", "gone"].map(slug));
        let permission = |text: &str| text.parse::<Permission>().unwrap();
        let grants = ["cal:slot:read", "cal:slot:gone", "lanyard:people:read"].map(permission);
        let declared = ["cal:slot:read", "cal:slot:write", "lanyard:people:read"].map(permission).into();
        let offer =
            Offer { may_assign: &may[..], may_grant: &grants, permissions: &declared, roles: &roles, sites: &sites };
        let value = json!({
            "roles": [{"value": "billing"}, {"value": "owner"}, {"value": "Billing"}, {"value": "billing@"}, {"value": "gone"}, {"value": "cal:slot:read"}],
            "entitlements": [{"value": "front_desk@quay"}, {"value": "billing"}, {"value": "front_desk@shut"}, {"display": "x"},
                {"value": "cal:slot:read"}, {"value": "cal:slot:write"}, {"value": "cal:slot:gone"}, {"value": "lanyard:people:read"}],
            (PRACTITIONER): {"locations": [
                {"value": "quay", "identifier": "7A"}, {"value": "loc_quay", "identifier": "9", "identifierType": "ydernummer"},
                {"value": "quay"}, {"value": "shut"}, {"value": "moon", "identifier": "1"},
            ]},
        });
        let Value::Object(attributes) = value else { panic!("an object") };
        let found = mapped(&attributes, &offer);
        let at = |role: &str, location: Option<&str>| RoleAt { role: slug(role), location: location.map(slug) };
        assert_eq!(found.roles, [at("billing", None), at("front_desk", Some("quay"))]);
        let identifiers: Vec<_> =
            found.identifiers.iter().map(|(_, kind, value)| (kind.as_str(), value.as_str())).collect();
        assert_eq!(identifiers, [("provider_number", "7A"), ("ydernummer", "9")]);
        let unmapped: Vec<_> = found.unmapped.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let expected = [
            ("roles", "owner"),
            ("roles", "Billing"),
            ("roles", "billing@"),
            ("roles", "gone"),
            ("roles", "cal:slot:read"),
            ("entitlements", "front_desk@shut"),
            ("entitlements", "cal:slot:write"),
            ("entitlements", "cal:slot:gone"),
            ("entitlements", "lanyard:people:read"),
            ("locations", "shut"),
            ("locations", "moon"),
        ];
        assert_eq!(unmapped, expected);
        assert_eq!(found.permissions, [permission("cal:slot:read")].into());
        let nothing = mapped(&attributes, &Offer { may_assign: &[], may_grant: &[], ..offer });
        assert_eq!((nothing.roles, nothing.permissions), (vec![], BTreeSet::new()));

        let mut told = Attributes::new();
        found.tell(&mut told, |_| true);
        assert_eq!(told[PRACTITIONER]["unmapped"][0], json!({"type": "roles", "value": "owner"}));
        Mapping::default().tell(&mut told, |name| name == "locations");
        let left = told[PRACTITIONER]["unmapped"].as_array().unwrap();
        assert!(!left.is_empty() && left.iter().all(|one| one["type"] != "locations"), "what others said stays");
        Mapping::default().tell(&mut told, |_| true);
        assert_eq!(told[PRACTITIONER].get("unmapped"), None);
    }
}
