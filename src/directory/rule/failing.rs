//! Rules that cannot be gone through: one that nobody can read, or that meets something which nobody can, stops no other. It
//! is written down once, told in the audit log, and tried again a minute later.

use std::time::Duration;

use super::{Rule, Wanted};
use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{GroupId, OrganizationId},
    storage::{self, Error, Storage, Tx},
};

/// How long a rule or a member that failed is left alone.
const PAUSE: Duration = Duration::from_secs(60);

/// Since when whatever failed is to be tried again.
pub(super) fn is_to_be_tried(failed_at: Option<Timestamp>, now: Timestamp) -> bool {
    // A clock that was set back makes nobody wait longer.
    failed_at.is_none_or(|at| now.since(at) >= PAUSE || now < at)
}

/// When something that fails now is tried again.
pub(super) fn next_try(now: Timestamp) -> Timestamp {
    now.plus(PAUSE)
}

/// Sets a rule aside that could not be gone through.
pub(super) async fn set_aside(
    storage: &Storage,
    context: Context,
    (organization, group): (OrganizationId, GroupId),
    fault: &Error,
) -> storage::Result<()> {
    tracing::error!(
        group.id = %group,
        organization.id = %organization,
        cause = %fault,
        "The rule of a group could not be gone through; the others go on, and it is tried again in a minute."
    );
    let why = fault.to_string();
    storage.insist(move |tx| Box::pin(async move { fail(tx, &context, (&organization, &group), &why).await })).await
}

/// Writes down the rules that this program cannot read: their groups stay as they are.
pub(super) async fn note_unreadable(tx: &mut Tx, context: &Context, rules: &[Rule]) -> storage::Result<()> {
    for rule in rules.iter().filter(|rule| rule.wanted == Wanted::Unreadable && rule.failed_at.is_none()) {
        tracing::error!(group.id = %rule.group, "The rule of a group cannot be read; the group stays as it is.");
        fail(tx, context, (&rule.organization, &rule.group), &unreadable().to_string()).await?;
    }
    Ok(())
}

/// Of a rule in words that this program does not know.
pub(super) fn unreadable() -> Error {
    Error::Corrupt("group_rules.condition")
}

async fn fail(
    tx: &mut Tx,
    context: &Context,
    (organization, group): (&OrganizationId, &GroupId),
    why: &str,
) -> storage::Result<()> {
    if tx.group_rules().fail(group, (why, context.now)).await? {
        let event = Event::GroupRuleFailure { group: group.clone(), reason: why.to_owned() };
        tx.record(context, Some(organization), &event);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_tried_again_a_minute_later() {
        for (failed_at, now, expected) in [
            (None, 0, true),
            (Some(1000), 1000, false),
            (Some(1000), 60_999, false),
            (Some(1000), 61_000, true),
            (Some(1000), 999, true),
        ] {
            assert_eq!(is_to_be_tried(failed_at.map(Timestamp), Timestamp(now)), expected, "{failed_at:?} {now}");
        }
    }
}
