//! What commands on the directory share: which organization is meant, and finding things by what people call them.

use std::str::FromStr;

use clap::Args;
use serde::Serialize;

use super::Shell;
use crate::{
    clock::Timestamp,
    directory::{
        self, Noun,
        group::Group,
        location::Location,
        membership::{Membership, RoleAt},
        organization::Organization,
        role::Role,
        search::{self, Wanted},
        user::User,
        validity::Validity,
    },
    id::{LocationId, MembershipId, OrganizationId, RoleId, UserId},
    storage::{Tx, Work},
    text::{Slug, TextError, UserName},
};

/// The command was called wrongly; the program exits with 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Usage(pub(super) String);

/// Which organization a command is about.
#[derive(Debug, Args)]
pub(super) struct Scope {
    /// The organization, by slug or id; may be left out where there is only one
    #[arg(long, alias = "org", global = true, value_name = "SLUG", env = "LANYARD_ORGANIZATION")]
    organization: Option<String>,
}

impl Scope {
    /// The organization that is named, else the only one.
    pub(super) async fn organization(&self, shell: &Shell) -> anyhow::Result<Organization> {
        if let Some(named) = self.named(shell).await? {
            return Ok(named);
        }
        let mut all = shell.app.storage.read().await?.organizations().list().await?;
        match all.len() {
            0 => {
                Err(Usage("there is no organization yet; make one with `lanyard org create SLUG --name NAME`".into()))?
            }
            1 => {
                let only = all.remove(0);
                shell.is_about(&only.id);
                Ok(only)
            }
            _ => {
                let slugs: Vec<&str> = all.iter().take(20).map(|one| one.slug.as_str()).collect();
                Err(Usage(format!("say which organization: --organization SLUG ({})", slugs.join(", "))))?
            }
        }
    }

    /// Whether an organization is named.
    pub(super) fn is_named(&self) -> bool {
        self.organization.is_some()
    }

    /// The organization that is named, if any: without one the server's administrator acts.
    pub(super) async fn named(&self, shell: &Shell) -> anyhow::Result<Option<Organization>> {
        match &self.organization {
            Some(reference) => Ok(Some(organization(shell, reference).await?)),
            None => Ok(None),
        }
    }
}

/// An organization by slug or id; the command is about it.
pub(super) async fn organization(shell: &Shell, reference: &str) -> anyhow::Result<Organization> {
    let found = shell.app.storage.read().await?.organizations().by_reference(reference).await?;
    let found = found.ok_or_else(|| Noun::Organization.unknown(reference))?;
    shell.is_about(&found.id);
    Ok(found)
}

impl Shell {
    /// Runs a change of the directory in one unit of work.
    pub(super) async fn change<T, F>(&self, work: F) -> anyhow::Result<T>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T, directory::Error> + Send + 'static,
        T: Send + 'static,
    {
        Ok(self.app.storage.write(work).await?)
    }
}

/// What is searched for, with everybody ready to be found.
pub(super) async fn wanted(shell: &Shell, typed: Option<&str>) -> anyhow::Result<Option<Wanted>> {
    let Some(typed) = typed else { return Ok(None) };
    let wanted = Wanted::parse(typed).ok_or_else(|| Usage("say what to search for".into()))?;
    search::index_all(&shell.app.storage).await?;
    Ok(Some(wanted))
}

/// A person by id, e-mail address or user name.
pub(super) async fn user(tx: &mut Tx, reference: &str) -> directory::Result<User> {
    let found = if let Ok(id) = reference.parse::<UserId>() {
        tx.users().by_id(&id).await?
    } else if let Ok(name) = reference.parse::<UserName>() {
        tx.users().by_login_name(&name).await?
    } else {
        None
    };
    found.ok_or_else(|| Noun::User.unknown(reference))
}

/// A person on whose behalf nobody but the server's administrator, or an organization that has ever known them, may ask; in
/// an organization also one who is pending there, by what its sources say.
pub(super) async fn person(tx: &mut Tx, by: Option<&OrganizationId>, reference: &str) -> directory::Result<User> {
    let Some(by) = by else { return user(tx, reference).await };
    if let Some(user) = known(user(tx, reference).await)?
        && tx.memberships().organizations_ever(&user.id).await?.contains(by)
    {
        return Ok(user);
    }
    let unknown = || Noun::User.unknown(reference);
    let pending = pending(tx, by, reference).await?.ok_or_else(unknown)?;
    tx.users().by_id(&pending.user_id).await?.ok_or_else(unknown)
}

/// A member by the id of the membership, or by what the person is called; one who is pending by what sources say.
pub(super) async fn member(tx: &mut Tx, of: &OrganizationId, reference: &str) -> directory::Result<Membership> {
    let unknown = || Noun::Membership.unknown(reference);
    if let Ok(id) = reference.parse::<MembershipId>() {
        return tx.memberships().by_id(of, &id).await?.ok_or_else(unknown);
    }
    if let Some(person) = known(user(tx, reference).await)?
        && let Some(found) = tx.memberships().of(of, &person.id).await?
    {
        return Ok(found);
    }
    pending(tx, of, reference).await?.ok_or_else(unknown)
}

/// What was found, if anything.
fn known<T>(found: directory::Result<T>) -> directory::Result<Option<T>> {
    match found {
        Err(directory::Error::Unknown(..)) => Ok(None),
        found => found.map(Some),
    }
}

/// Who has not joined an organization yet and is called so by its source, or has this address there.
async fn pending(tx: &mut Tx, of: &OrganizationId, reference: &str) -> directory::Result<Option<Membership>> {
    let mut found: Vec<_> = tx.member_records().called(of, &reference.to_lowercase()).await?.into_iter().collect();
    if let (true, Ok(email)) = (found.is_empty(), reference.parse()) {
        found = tx.member_records().at(of, &email).await?;
    }
    found.retain(|one| one.is_pending);
    if found.len() > 1 {
        return Err(directory::Error::Refused(
            "several people who have not joined have this address; say the id of the membership, which `lanyard membership \
             list --search` tells",
        ));
    }
    Ok(found.pop().map(|one| one.membership))
}

/// A role by its slug.
pub(super) async fn role(tx: &mut Tx, of: &OrganizationId, slug: &Slug) -> directory::Result<Role> {
    tx.roles().by_slug(of, slug).await?.ok_or_else(|| Noun::Role.unknown(slug))
}

/// A group by its slug.
pub(super) async fn group(tx: &mut Tx, of: &OrganizationId, slug: &Slug) -> directory::Result<Group> {
    tx.groups().by_slug(of, slug).await?.ok_or_else(|| Noun::Group.unknown(slug))
}

/// A location by its slug.
pub(super) async fn location(tx: &mut Tx, of: &OrganizationId, slug: &Slug) -> directory::Result<Location> {
    tx.locations().by_slug(of, slug).await?.ok_or_else(|| Noun::Location.unknown(slug))
}

/// The id of a location that may be left out.
pub(super) async fn place(
    tx: &mut Tx,
    of: &OrganizationId,
    slug: Option<&Slug>,
) -> directory::Result<Option<LocationId>> {
    match slug {
        Some(slug) => Ok(Some(location(tx, of, slug).await?.id)),
        None => Ok(None),
    }
}

/// A role as it is typed: `billing`, or `practitioner@main-street` at a location.
#[derive(Debug, Clone)]
pub(super) struct RoleArgument(pub(super) RoleAt);

impl FromStr for RoleArgument {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let (role, location) = match text.split_once('@') {
            Some((role, location)) => (role, Some(location.parse()?)),
            None => (text, None),
        };
        Ok(Self(RoleAt { role: role.parse()?, location }))
    }
}

impl RoleArgument {
    /// The role and the location that are named.
    pub(super) async fn find(
        &self,
        tx: &mut Tx,
        of: &OrganizationId,
    ) -> directory::Result<(RoleId, Option<LocationId>)> {
        let found = role(tx, of, &self.0.role).await?;
        Ok((found.id, place(tx, of, self.0.location.as_ref()).await?))
    }
}

/// When something is to hold.
#[derive(Debug, Args)]
pub(super) struct Period {
    /// From this day or instant (2026-11-22 or 2026-11-22T08:30:00Z)
    #[arg(long, value_parser = Timestamp::parse, value_name = "DAY")]
    from: Option<Timestamp>,
    /// Until this day or instant, which itself is not included
    #[arg(long, value_parser = Timestamp::parse, value_name = "DAY")]
    until: Option<Timestamp>,
    /// Says that you mean an end in the past: it is over at once
    #[arg(long, requires = "until")]
    yes: bool,
}

impl Period {
    /// The period; always, when nothing was said. An end in the past takes `--yes`: a year is mistyped soon, and `past` says
    /// what it would come to.
    pub(super) fn validity(&self, now: Timestamp, past: &str) -> anyhow::Result<Validity> {
        let validity = Validity::new(self.from, self.until).map_err(|error| Usage(error.to_string()))?;
        match validity.until.filter(|_| validity.is_over(now) && !self.yes) {
            Some(until) => {
                Err(Usage(format!("{until} is past, and {past}; if you mean that day, say so by --yes")).into())
            }
            None => Ok(validity),
        }
    }

    /// Whether anything was said.
    pub(super) fn is_given(&self) -> bool {
        self.from.is_some() || self.until.is_some()
    }
}

/// A role at a place, as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct ShownRole {
    pub(super) role: String,
    pub(super) location: Option<String>,
}

/// `billing, practitioner@main-street`.
pub(super) fn roles_text(roles: &[RoleAt]) -> String {
    let one = |at: &RoleAt| match &at.location {
        Some(location) => format!("{}@{location}", at.role),
        None => at.role.to_string(),
    };
    roles.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Roles for JSON.
pub(super) fn roles_json(roles: &[RoleAt]) -> Vec<ShownRole> {
    let one =
        |at: &RoleAt| ShownRole { role: at.role.to_string(), location: at.location.as_ref().map(ToString::to_string) };
    roles.iter().map(one).collect()
}

/// What becomes of a letter that a command has written: it waits in the database, whether a server runs or not.
pub(super) fn queued(what: &str, address: &str) -> String {
    format!("{what} to {address} is queued; the server sends it, now if it runs, else when it starts.")
}

/// An instant that may be absent, for JSON.
pub(super) fn instant(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// A value that may be absent, for tables.
pub(super) fn cell(value: Option<&str>) -> String {
    value.unwrap_or("-").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_typed_with_their_place() {
        for (typed, expected) in [
            ("billing", Some("billing")),
            ("practitioner@main-street", Some("practitioner@main-street")),
            ("practitioner@", None),
            ("@main-street", None),
            ("Practitioner", None),
        ] {
            let parsed = typed.parse::<RoleArgument>().ok().map(|role| roles_text(&[role.0]));
            assert_eq!(parsed.as_deref(), expected, "{typed}");
        }
    }
}
