//! Assignments: which role a member has where; part of `lanyard role` and `lanyard membership`.

use serde::Serialize;

use super::{
    Shell,
    scope::{self, Period, RoleArgument, cell, instant},
};
use crate::{
    directory::{
        Error,
        assignment::{self, Listed, NewAssignment},
        organization::Organization,
        origin::Origin,
    },
    id::AssignmentId,
};

/// An assignment as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) membership: String,
    pub(super) role: String,
    pub(super) location: Option<String>,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    pub(super) origin: String,
}

/// An assignment as it is shown.
pub(super) fn shown(one: &Listed) -> Shown {
    Shown {
        id: one.assignment.id.to_string(),
        membership: one.assignment.membership_id.to_string(),
        role: one.role.to_string(),
        location: one.location.as_ref().map(ToString::to_string),
        from: instant(one.assignment.validity.from),
        until: instant(one.assignment.validity.until),
        origin: one.assignment.origin.to_string(),
    }
}

/// Assigns a role.
pub(super) async fn assign(
    shell: &Shell,
    of: &Organization,
    (role, person): (RoleArgument, String),
    period: &Period,
) -> anyhow::Result<()> {
    let past = "the role would be over before it begins; to end one, there is `lanyard role end`";
    let validity = period.validity(shell.app.clock.now(), past)?;
    let (context, id) = (shell.context(), of.id.clone());
    let reference = person.clone();
    shell
        .change(move |tx| {
            Box::pin(async move {
                let member = scope::member(tx, &id, &person).await?;
                let (role, location) = role.find(tx, &id).await?;
                let origin = Origin::of(&context);
                let new = NewAssignment { membership: member.id, role, location, validity, origin };
                assignment::assign(tx, &context, &id, new).await.map(|_| ())
            })
        })
        .await?;
    assignments(shell, of, &reference).await
}

/// Ends an assignment.
pub(super) async fn end(shell: &Shell, of: &Organization, role: RoleArgument, person: String) -> anyhow::Result<()> {
    let RoleArgument(at) = role;
    let (context, id) = (shell.context(), of.id.clone());
    let reference = person.clone();
    shell
        .change(move |tx| {
            Box::pin(async move {
                let member = scope::member(tx, &id, &person).await?;
                let held = tx.assignments().of_member(&id, &member.id).await?;
                let found = held.into_iter().find(|one| one.role == at.role && one.location == at.location);
                let found: AssignmentId =
                    found.ok_or(Error::Refused("the member is not assigned this role at this place"))?.assignment.id;
                assignment::end(tx, &context, &id, &found).await
            })
        })
        .await?;
    assignments(shell, of, &reference).await
}

/// Prints what a member is assigned.
async fn assignments(shell: &Shell, of: &Organization, person: &str) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let member = scope::member(&mut tx, &of.id, person).await?;
    let held = tx.assignments().of_member(&of.id, &member.id).await?;
    let shown: Vec<Shown> = held.iter().map(shown).collect();
    shell.table(&shown, &["role", "location", "from", "until", "by"], |one| {
        vec![
            one.role.clone(),
            cell(one.location.as_deref()),
            cell(one.from.as_deref()),
            cell(one.until.as_deref()),
            one.origin.clone(),
        ]
    })
}
