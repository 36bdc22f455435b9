//! Whom a rule is for, as it is typed.

use std::{collections::BTreeMap, time::Duration};

use clap::Args;

use crate::{
    cli::scope,
    directory::{self, Noun},
    id::OrganizationId,
    oauth::client::Registered,
    policy::{Rule, Rules, Subject},
    setting::SubjectKind,
    storage::{self, Tx},
    text::Slug,
};

/// Whom a rule is for; the whole organization, where nobody is named.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct SubjectArgument {
    /// For whoever is assigned this role
    #[arg(long, value_name = "ROLE")]
    role: Option<Slug>,
    /// For whoever is in this group
    #[arg(long, value_name = "GROUP")]
    group: Option<Slug>,
    /// For whoever uses this app
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    /// For whoever is assigned a role at this location, or at one that lies in it
    #[arg(long, value_name = "LOCATION")]
    location: Option<Slug>,
    /// For this member alone: e-mail address, user name or id
    #[arg(long, value_name = "PERSON")]
    member: Option<String>,
}

/// Whom it is for: the kind, the id as it is stored, and what people call it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) kind: SubjectKind,
    pub(super) id: String,
    pub(super) name: String,
}

impl SubjectArgument {
    /// Whether it names anybody.
    pub(super) fn is_given(&self) -> bool {
        let is_of_many = self.role.is_some() || self.group.is_some() || self.location.is_some();
        is_of_many || self.client.is_some() || self.member.is_some()
    }

    /// Finds whom it names in the organization.
    pub(super) async fn find(&self, tx: &mut Tx, (of, slug): (&OrganizationId, &Slug)) -> directory::Result<Found> {
        let found = |kind, id: &str, name: &str| Found { kind, id: id.to_owned(), name: name.to_owned() };
        if let Some(role) = &self.role {
            let id = scope::role(tx, of, role).await?.id;
            return Ok(found(SubjectKind::Role, id.as_str(), role.as_str()));
        }
        if let Some(group) = &self.group {
            let id = scope::group(tx, of, group).await?.id;
            return Ok(found(SubjectKind::Group, id.as_str(), group.as_str()));
        }
        if let Some(location) = &self.location {
            let id = scope::location(tx, of, location).await?.id;
            return Ok(found(SubjectKind::Location, id.as_str(), location.as_str()));
        }
        if let Some(person) = &self.member {
            let id = scope::member(tx, of, person).await?.id;
            return Ok(found(SubjectKind::Member, id.as_str(), id.as_str()));
        }
        if let Some(id) = &self.client {
            client(tx, of, id).await?;
            return Ok(found(SubjectKind::Client, id, id));
        }
        Ok(found(SubjectKind::Organization, "", slug.as_str()))
    }
}

/// What people call the members whom rules are for: rules and the audit log name them by their ids.
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Those of the members whom rules name.
    pub(super) async fn in_rules(tx: &mut Tx, rules: &Rules) -> storage::Result<Self> {
        let member = |rule: &Rule| if let Subject::Member(id) = &rule.subject { Some(id.to_string()) } else { None };
        Self::of(tx, rules.iter().filter_map(member).collect()).await
    }

    /// Those of these subjects, as they are stored.
    pub(super) async fn stored<'s>(
        tx: &mut Tx,
        subjects: impl Iterator<Item = &'s (SubjectKind, String)>,
    ) -> storage::Result<Self> {
        let members = subjects.filter(|(kind, _)| *kind == SubjectKind::Member);
        Self::of(tx, members.map(|(_, id)| id.clone()).collect()).await
    }

    /// Of nobody.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self(BTreeMap::new())
    }

    async fn of(tx: &mut Tx, mut ids: Vec<String>) -> storage::Result<Self> {
        ids.sort_unstable();
        ids.dedup();
        Ok(Self(tx.login_names_of_members(&ids).await?))
    }

    /// Subjects in words, with the names in them.
    pub(super) fn put(&self, subjects: &str) -> String {
        let name = |one: &str| Some(format!("member {}", self.0.get(one.strip_prefix("member ")?)?));
        subjects.split(", ").map(|one| name(one).unwrap_or_else(|| one.to_owned())).collect::<Vec<_>>().join(", ")
    }
}

/// Checks that an app is the organization's own, or one that it uses; how long its access tokens live, where it has a word of its
/// own on it.
pub(super) async fn client(
    tx: &mut Tx,
    of: &OrganizationId,
    id: &str,
) -> directory::Result<Option<(String, Duration)>> {
    let registered = tx.clients().registered(id).await?;
    let is_used = |known: &Registered| match &known.client.organization {
        Some(owner) => owner == of,
        None => known.serves(of).is_some(),
    };
    let known = registered.filter(|known| is_used(known)).ok_or_else(|| Noun::App.unknown(id))?;
    Ok(known.client.access_token_life.map(|life| (id.to_owned(), life)))
}
