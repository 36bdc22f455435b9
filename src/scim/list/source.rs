//! Where the resources of a list come from, by type.

use std::future::Future;

use super::super::{
    caller::Caller,
    failure::Result,
    filter::{Filter, Literal, Operator},
    groups,
    path::AttributePath,
    request::Request,
    resource::Resource,
    schema::ResourceType,
    users,
};
use crate::{
    directory::provisioning::{KnownGroup, Shown},
    id::{GroupId, MembershipId, OrganizationId},
    storage::{self, Tx},
};

/// What an index found.
#[derive(Debug)]
pub struct Sought<K> {
    /// All that can match.
    pub known: Vec<K>,
    /// Whether each of them does.
    pub is_exact: bool,
}

/// A type of resource that can be listed.
pub trait Source {
    /// Which type.
    const KIND: ResourceType;
    /// The attribute that has to be loaded by itself.
    const HEAVY: &str;
    /// What somebody is told whose filter would go over too many.
    const TOO_MANY: &str;
    /// What is loaded.
    type Known: Send + Sync;

    /// Its id.
    fn id(known: &Self::Known) -> &str;

    /// How many an organization has.
    fn count(tx: &mut Tx, organization: &OrganizationId) -> impl Future<Output = storage::Result<u64>> + Send;

    /// Those after an id: without so many of the first, at most so many.
    fn page(
        tx: &mut Tx,
        caller: &Caller,
        after: Option<&str>,
        range: (u64, u32),
    ) -> impl Future<Output = storage::Result<Vec<Self::Known>>> + Send;

    /// All that can match, where the filter demands a value that an index has.
    fn seek(
        tx: &mut Tx,
        caller: &Caller,
        filter: &Filter,
    ) -> impl Future<Output = storage::Result<Option<Sought<Self::Known>>>> + Send;

    /// The resources as whoever asks may see them, whole or without what is heavy.
    fn resources(
        tx: &mut Tx,
        known: &[Self::Known],
        how: (&Request, bool),
    ) -> impl Future<Output = Result<Vec<Resource>>> + Send;
}

/// Users.
#[derive(Debug)]
pub struct Users;

/// Groups.
#[derive(Debug)]
pub struct Groups;

/// Texts that every match has: attribute, sub-attribute, text.
fn demanded(filter: &Filter) -> Vec<(&'static str, Option<&'static str>, &str)> {
    let of = |path: &AttributePath| (path.attribute.name, path.sub_attribute.map(|sub| sub.name));
    let equalities = filter.required_equalities().into_iter();
    equalities
        .filter_map(|(path, operator, literal)| match (operator, literal, &path.extension) {
            (Operator::Eq, Literal::Text(text), None) => Some((of(path).0, of(path).1, text.as_str())),
            _ => None,
        })
        .collect()
}

impl Source for Users {
    const KIND: ResourceType = ResourceType::User;
    const HEAVY: &str = "groups";
    const TOO_MANY: &str = "this filter or order would go over too many users; id, userName, externalId and \
        emails.value with eq always work, and so does a list without filter and order, by cursor";
    type Known = Shown;

    fn id(known: &Shown) -> &str {
        known.id.as_str()
    }

    async fn count(tx: &mut Tx, organization: &OrganizationId) -> storage::Result<u64> {
        tx.member_records().count(organization).await
    }

    async fn page(tx: &mut Tx, caller: &Caller, after: Option<&str>, range: (u64, u32)) -> storage::Result<Vec<Shown>> {
        let after = after.map(|id| MembershipId::from_stored(id.to_owned()));
        tx.shown_members(&caller.source).page(&caller.organization, after.as_ref(), range).await
    }

    async fn seek(tx: &mut Tx, caller: &Caller, filter: &Filter) -> storage::Result<Option<Sought<Shown>>> {
        for (attribute, sub, text) in demanded(filter) {
            let (organization, mut members) = (&caller.organization, tx.shown_members(&caller.source));
            let (known, is_equal) = match (attribute, sub) {
                ("id", None) => match text.parse() {
                    Ok(id) => (members.by_id(organization, &id).await?.into_iter().collect(), true),
                    Err(_) => (vec![], true),
                },
                ("userName", None) => {
                    (members.by_user_name(organization, &text.to_lowercase()).await?.into_iter().collect(), true)
                }
                ("externalId", None) => (members.by_external_id(organization, text).await?, true),
                ("emails", None | Some("value")) => {
                    (members.by_address(organization, &text.to_lowercase()).await?, false)
                }
                _ => continue,
            };
            return Ok(Some(Sought { known, is_exact: is_equal && filter.is_comparison() }));
        }
        Ok(None)
    }

    async fn resources(tx: &mut Tx, known: &[Shown], how: (&Request, bool)) -> Result<Vec<Resource>> {
        users::resources(tx, known, how).await
    }
}

impl Source for Groups {
    const KIND: ResourceType = ResourceType::Group;
    const HEAVY: &str = "members";
    const TOO_MANY: &str = "this filter or order would go over too many groups; id, displayName, externalId and \
        members.value with eq always work, and so does a list without filter and order, by cursor";
    type Known = KnownGroup;

    fn id(known: &KnownGroup) -> &str {
        known.group.id.as_str()
    }

    async fn count(tx: &mut Tx, organization: &OrganizationId) -> storage::Result<u64> {
        tx.group_records().count(organization).await
    }

    async fn page(
        tx: &mut Tx,
        caller: &Caller,
        after: Option<&str>,
        range: (u64, u32),
    ) -> storage::Result<Vec<KnownGroup>> {
        let after = after.map(|id| GroupId::from_stored(id.to_owned()));
        tx.group_records_of(&caller.source).page(&caller.organization, after.as_ref(), range).await
    }

    async fn seek(tx: &mut Tx, caller: &Caller, filter: &Filter) -> storage::Result<Option<Sought<KnownGroup>>> {
        for (attribute, sub, text) in demanded(filter) {
            let (organization, mut records) = (&caller.organization, tx.group_records_of(&caller.source));
            let (known, is_equal) = match (attribute, sub) {
                ("id", None) => match text.parse() {
                    Ok(id) => (records.by_id(organization, &id).await?.into_iter().collect(), true),
                    Err(_) => (vec![], true),
                },
                ("displayName", None) => (records.by_name(organization, &text.to_lowercase()).await?, false),
                ("externalId", None) => (records.by_external_id(organization, text).await?, true),
                ("members", None | Some("value")) => (records.of_member(organization, text).await?, false),
                _ => continue,
            };
            return Ok(Some(Sought { known, is_exact: is_equal && filter.is_comparison() }));
        }
        Ok(None)
    }

    async fn resources(tx: &mut Tx, known: &[KnownGroup], how: (&Request, bool)) -> Result<Vec<Resource>> {
        groups::resources(tx, known, how).await
    }
}
