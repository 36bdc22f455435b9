//! Whom a rule is for, as it is typed.

use clap::Args;

use crate::{
    cli::scope,
    directory::{self, Noun},
    id::OrganizationId,
    setting::SubjectKind,
    storage::Tx,
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
}

/// Whom it is for: the kind, the id as it is stored, and what people call it.
pub(super) struct Found {
    pub(super) kind: SubjectKind,
    pub(super) id: String,
    pub(super) name: String,
}

impl SubjectArgument {
    /// Whether it names anybody.
    pub(super) fn is_given(&self) -> bool {
        self.role.is_some() || self.group.is_some() || self.client.is_some() || self.location.is_some()
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
        if let Some(id) = &self.client {
            client(tx, of, id).await?;
            return Ok(found(SubjectKind::Client, id, id));
        }
        Ok(found(SubjectKind::Organization, "", slug.as_str()))
    }
}

/// Checks that an app is the organization's own, or one that it uses.
pub(super) async fn client(tx: &mut Tx, of: &OrganizationId, id: &str) -> directory::Result<()> {
    let registered = tx.clients().registered(id).await?;
    let is_used = registered.is_some_and(|known| match &known.client.organization {
        Some(owner) => owner == of,
        None => known.serves(of).is_some(),
    });
    if is_used { Ok(()) } else { Err(Noun::App.unknown(id)) }
}
