//! Every operation of the directory on both databases, what happens at once included.

mod access;
mod concurrency;
mod apps;
mod invitations;
mod isolation;
mod links;
mod people;
mod placeholders;
mod plans;
mod provisioning;
mod retention;
mod retention_end;
mod reviews;
mod rules;
mod rules_in_need;
mod search;
mod structure;

use crate::{
    audit::{Actor, Context},
    clock::Timestamp,
    directory::{
        Result, assignment,
        assignment::NewAssignment,
        location,
        location::Location,
        membership,
        membership::{FirstRoles, Membership, NewMembership},
        organization,
        organization::Organization,
        origin::Origin,
        user,
        user::{NewUser, User},
        validity::Validity,
    },
    id::OrganizationId,
    random::Random,
    storage::{Storage, Tx},
    text::Slug,
};

/// Runs a unit of work and answers what it answered.
macro_rules! unit {
    ($storage:expr, |$tx:ident| $work:expr) => {
        $storage.write(move |$tx| Box::pin(async move { $work })).await
    };
}
pub(super) use unit;

pub(super) const NOW: Timestamp = Timestamp(1_800_000_000_000);

pub(super) fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// A change by somebody on the host, `later` milliseconds after [`NOW`].
pub(super) fn context(later: i64) -> Context {
    Context {
        now: Timestamp(NOW.0 + later),
        random: Random::system(),
        actor: Actor::Host("test".into()),
        request: None,
        address: None,
    }
}

pub(super) async fn clinic(storage: &Storage, key: &'static str) -> Organization {
    unit!(storage, |tx| organization::create(tx, &context(0), &slug(key), &key.parse().unwrap()).await).unwrap()
}

pub(super) fn person(email: &str) -> NewUser {
    NewUser {
        name: email.parse().unwrap(),
        email: Some(email.parse().unwrap()),
        email_is_verified: true,
        user_name: None,
        password: None,
        locale: None,
    }
}

/// A new person who is a member, with these roles (of the whole organization) and no other.
pub(super) async fn member(
    storage: &Storage,
    of: &Organization,
    email: &'static str,
    roles: &[&str],
) -> (User, Membership) {
    let (id, roles) = (of.id.clone(), roles.iter().map(|role| slug(role)).collect::<Vec<_>>());
    let made: Result<_> = unit!(storage, |tx| {
        let user = user::create(tx, &context(0), person(email)).await?;
        let membership = membership::join(tx, &context(0), &id, joining(&user, &roles)).await?;
        Ok((user, membership))
    });
    made.unwrap()
}

pub(super) fn joining(user: &User, roles: &[Slug]) -> NewMembership {
    let whole = |role: &Slug| membership::RoleAt { role: role.clone(), location: None };
    NewMembership {
        user: user.id.clone(),
        kind: slug("administrative"),
        roles: FirstRoles::Exactly(roles.iter().map(whole).collect()),
        validity: Validity::ALWAYS,
        origin: Origin::of(&context(0)),
    }
}

pub(super) async fn site(
    storage: &Storage,
    of: &Organization,
    key: &'static str,
    parent: Option<&Location>,
) -> Location {
    let (of, parent) = (of.id.clone(), parent.map(|parent| parent.id.clone()));
    unit!(storage, |tx| {
        location::create(tx, &context(0), &of, (&slug(key), &key.parse().unwrap()), parent.as_ref()).await
    })
    .unwrap()
}

/// Assigns a role by its slug.
pub(super) async fn assign(
    tx: &mut Tx,
    of: &OrganizationId,
    to: &Membership,
    role: &str,
    (at, validity): (Option<&Location>, Validity),
) -> Result<assignment::Assignment> {
    let role = tx.roles().by_slug(of, &slug(role)).await?.expect("a role of the test");
    let new = NewAssignment {
        membership: to.id.clone(),
        role: role.id,
        location: at.map(|site| site.id.clone()),
        validity,
        origin: Origin::of(&context(0)),
    };
    assignment::assign(tx, &context(0), of, new).await
}

/// Texts of the actions that were recorded, oldest first.
pub(super) async fn actions(storage: &Storage) -> Vec<String> {
    let query = crate::audit::store::Query { limit: 1000, ..Default::default() };
    let mut events = storage.read().await.unwrap().audit().list(query).await.unwrap();
    events.reverse();
    events.into_iter().map(|event| event.action).collect()
}
