//! What happened after the backup was made and is undone by it: read from the audit log of a newer database.

use anyhow::Context as _;
use serde::Serialize;

use crate::{
    audit::Recorded,
    cli::{Shell, print},
    clock::Timestamp,
    storage::{Settings, Storage},
};

/// Actions that took something from somebody; undone, they give it back.
const TAKING: [&str; 26] = [
    "user-disabling",
    "user-deletion",
    "membership-disabling",
    "membership-removal",
    "assignment-removal",
    "group-leave",
    "permission-change",
    "role-update",
    "password-change",
    "email-change",
    "emergency-removal",
    "emergency-rotation",
    "emergency-use",
    "factor-enrolment",
    "factor-removal",
    "recovery-codes-issue",
    "consent-withdrawal",
    "client-switch",
    "client-deactivation",
    "secret-revocation",
    "invitation-revocation",
    "key-change",
    "connection-update",
    "connection-removal",
    "connection-token-creation",
    "connection-token-revocation",
];

/// Events that are read at most.
const MOST: i64 = 10_000;

/// Something that has to be done again.
#[derive(Debug, Serialize)]
pub(super) struct Undone {
    at: String,
    action: String,
    person: Option<String>,
    name: Option<String>,
    chain: String,
    detail: String,
}

/// What was taken since the backup; none where there is no newer database that can be read.
pub(super) async fn since(previous: Option<Settings>, made_at: Timestamp) -> Option<Vec<Recorded>> {
    let previous = previous?;
    match read(&previous, made_at).await {
        Ok(events) => Some(events),
        Err(error) => {
            print::aside(format!("lanyard: the newer database cannot be read: {error:#}"));
            None
        }
    }
}

async fn read(previous: &Settings, made_at: Timestamp) -> anyhow::Result<Vec<Recorded>> {
    let storage = Storage::open(previous).await?;
    let mut events = storage.read().await?.audit().since(made_at, &TAKING, MOST).await?;
    storage.close().await;
    if previous.url.starts_with("sqlite:") {
        crate::storage::copy::settle(previous).await?;
    }
    events.retain(took);
    Ok(events)
}

/// Keys come and go by schedule: only a revocation was somebody's decision. A token of an outside system that follows no
/// other one ends none.
fn took(event: &Recorded) -> bool {
    match event.action.as_str() {
        "key-change" => event.detail.contains("\"revoked\""),
        "connection-token-creation" => event.detail.contains("\"replaces\":\"sct_"),
        _ => true,
    }
}

/// The events with the names of those whom they concern, as the restored database knows them.
pub(super) async fn named(restored: &Settings, events: Vec<Recorded>) -> anyhow::Result<Vec<Undone>> {
    let storage = Storage::open(restored).await.context("the restored database")?;
    let mut people: Vec<String> = events.iter().filter_map(|event| event.person_id.clone()).collect();
    people.sort();
    people.dedup();
    let names = storage.read().await?.names_of_users(&people).await?;
    storage.close().await;
    Ok(events
        .into_iter()
        .map(|event| Undone {
            at: event.at.to_string(),
            name: event.person_id.as_ref().and_then(|id| names.get(id).cloned()),
            action: event.action,
            person: event.person_id,
            chain: event.chain.to_string(),
            detail: event.detail,
        })
        .collect())
}

/// Tells what to review.
pub(super) fn tell(shell: &Shell, made_at: &str, undone: Option<&[Undone]>) -> anyhow::Result<()> {
    if shell.is_json() {
        return Ok(());
    }
    match undone {
        None => shell.say(format!(
            "\
What happened after {made_at} is not in the backup, and there was no newer database to ask. Review by hand, before
people sign in: who left or was disabled, whose roles, groups or permissions were taken away, which passwords were
changed, and which clients, secrets, invitations, keys and tokens of outside systems (`lanyard scim-token list`) were
revoked since then."
        )),
        Some([]) => shell.say(format!("Nobody left and nothing was taken from anybody since {made_at}.")),
        Some(undone) => {
            shell.say(format!(
                "\
Since {made_at} this happened and is undone: leavers are members again. Review it and do again what still holds, before
people sign in."
            ));
            return shell.table(undone, &["at", "action", "name", "person", "organization", "detail"], |undone| {
                vec![
                    undone.at.clone(),
                    undone.action.clone(),
                    undone.name.clone().unwrap_or_default(),
                    undone.person.clone().unwrap_or_default(),
                    undone.chain.clone(),
                    undone.detail.clone(),
                ]
            });
        }
    }
    Ok(())
}
