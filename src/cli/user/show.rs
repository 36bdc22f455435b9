//! `lanyard user show`: a person with every organization they belong to.

use serde::Serialize;

use crate::{
    authentication::lockout,
    cli::{
        Shell, attribute, membership,
        scope::{self, cell, instant},
        source::{self, Sources},
    },
    directory::login_name::LoginName,
    id::OrganizationId,
};

/// A person as they are shown.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    name: String,
    email: Option<String>,
    email_verified_at: Option<String>,
    login_names: Vec<String>,
    former_login_names: Vec<String>,
    attributes: Vec<(String, String)>,
    organizations: Vec<ShownMembership>,
    must_change_password: bool,
    /// Since when nobody signs in but in browsers in which the person is known.
    locked_at: Option<String>,
    /// Until when; none until an administrator unlocks it.
    locked_until: Option<String>,
    /// The failed sign-ins in a row, those while it is locked among them.
    failed_sign_ins: i64,
    created_at: String,
    /// From when on the person can sign in.
    from: Option<String>,
    /// Until when.
    until: Option<String>,
    disabled_at: Option<String>,
    /// The day that ended the account, where nobody has disabled it besides.
    ended_at: Option<String>,
    deleted_at: Option<String>,
    /// The organizations that hold the record.
    held_by: Vec<String>,
    /// Since when the person is to be erased as soon as none does.
    to_be_erased_since: Option<String>,
}

#[derive(Debug, Serialize)]
struct ShownMembership {
    organization: String,
    membership: String,
    kind: String,
    /// Whether the person may act there, and can.
    state: &'static str,
    disabled_at: Option<String>,
    sources: Sources,
}

/// Prints it; on behalf of one organization, without the others.
pub(super) async fn show(shell: &Shell, by: Option<&OrganizationId>, person: &str) -> anyhow::Result<()> {
    let now = shell.app.clock.now();
    let mut tx = shell.app.storage.read().await?;
    let user = scope::person(&mut tx, by, person).await?;
    let names = tx.login_names().of(&user.id).await?;
    let memberships = tx.memberships().of_user(&user.id).await?;
    let mut organizations = vec![];
    for (membership, organization) in memberships {
        if by.is_none_or(|by| *by == organization.id) {
            let entrance = tx.memberships().entrance(&membership.id).await?;
            organizations.push(ShownMembership {
                state: match organization.disabled_at {
                    Some(_) => "organization disabled",
                    None => membership::state(&membership, entrance, now),
                },
                disabled_at: instant(membership.disabled_at),
                sources: source::of_member(&mut tx, &membership).await?,
                organization: organization.slug.into(),
                membership: membership.id.into(),
                kind: membership.kind.into(),
            });
        }
    }
    let lock = lockout::lock_of(&mut tx, &user.id, now).await?;
    // One organization sees what it holds itself; whether the person is to be erased is the server's.
    let held_by = tx.retention().holders(&user.id, now).await?.into_iter();
    let held_by = held_by.filter(|one| by.is_none_or(|by| *by == one.id)).map(|one| one.slug.into());
    let asked = if by.is_none() { tx.retention().asked(&user.id).await? } else { None };
    let (former, live): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.retired_at.is_some());
    let texts = |names: Vec<LoginName>| names.into_iter().map(|one| one.name.into()).collect::<Vec<String>>();
    let by_date = user.disabled_at.is_none() || tx.users().is_ended_by_date(&user.id).await?;
    let ended = user.validity.until.filter(|_| by_date && user.validity.is_over(now));
    let shown = Shown {
        id: user.id.to_string(),
        name: user.name.to_string(),
        email: user.email.as_ref().map(ToString::to_string),
        email_verified_at: instant(user.email_verified_at),
        login_names: texts(live),
        former_login_names: texts(former),
        attributes: attribute::of_user(&user),
        organizations,
        must_change_password: user.must_change_password(now),
        locked_at: instant(lock.and_then(|lock| lock.locked_at)),
        locked_until: instant(lock.and_then(|lock| lock.locked_until)),
        failed_sign_ins: lock.map_or(0, |lock| lock.failures),
        created_at: user.created_at.to_string(),
        from: instant(user.validity.from),
        until: instant(user.validity.until),
        disabled_at: instant(user.disabled_at),
        ended_at: instant(ended),
        deleted_at: instant(user.deleted_at),
        held_by: held_by.collect(),
        to_be_erased_since: instant(asked),
    };
    shell.show(&shown, &lines(&shown))
}

fn lines(shown: &Shown) -> Vec<(&str, String)> {
    let organizations: Vec<String> = shown.organizations.iter().map(organization).collect();
    let mut lines = vec![
        ("name", shown.name.clone()),
        ("e-mail", cell(shown.email.as_deref())),
        ("signs in as", shown.login_names.join(", ")),
        ("formerly", shown.former_login_names.join(", ")),
        ("state", state(shown)),
        ("organizations", organizations.join(", ")),
    ];
    if !shown.held_by.is_empty() {
        lines.push(("record held by", shown.held_by.join(", ")));
    }
    if let Some(at) = &shown.locked_at {
        let until = shown.locked_until.as_deref().unwrap_or("an administrator unlocks it");
        lines.push(("locked", locked(at, until, shown.failed_sign_ins)));
    }
    lines.extend(shown.attributes.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let is_only = shown.organizations.len() == 1;
    for one in &shown.organizations {
        let at = |text: String| if is_only { text } else { format!("{} — {text}", one.organization) };
        lines.extend(one.sources.lines().into_iter().map(|(name, text)| (name, at(text))));
    }
    lines.push(("id", shown.id.clone()));
    lines
}

/// `riverside (practitioner)`, with the state where it is another than one expects.
fn organization(one: &ShownMembership) -> String {
    let state = match (one.state, &one.disabled_at) {
        ("active", _) => String::new(),
        ("disabled", Some(at)) => format!(", disabled {at}"),
        (state, _) => format!(", {state}"),
    };
    format!("{} ({}{state})", one.organization, one.kind)
}

/// Failures are counted on while it is locked, by whoever goes on trying.
fn locked(since: &str, until: &str, failures: i64) -> String {
    let failed =
        if failures == 1 { "1 sign-in failed".to_owned() } else { format!("{failures} sign-ins in a row failed") };
    format!("since {since}, until {until}; {failed} so far")
}

/// Whether the person may sign in, and what waits for them.
fn state(shown: &Shown) -> String {
    let state = match (&shown.deleted_at, &shown.ended_at, &shown.disabled_at) {
        (Some(at), _, _) => return format!("erased {at}"),
        (None, Some(at), _) => format!("ended {at}"),
        (None, None, Some(at)) => format!("disabled {at}"),
        (None, None, None) => {
            ["active"].into_iter().map(str::to_owned).chain(period(shown)).collect::<Vec<_>>().join(", ")
        }
    };
    let waits = if shown.to_be_erased_since.is_some() { ", to be erased when the last hold ends" } else { "" };
    state + waits
}

/// From when until when they can, where that is limited.
fn period(shown: &Shown) -> Option<String> {
    match (&shown.from, &shown.until) {
        (None, None) => None,
        (Some(from), None) => Some(format!("from {from}")),
        (None, Some(until)) => Some(format!("until {until}")),
        (Some(from), Some(until)) => Some(format!("from {from} until {until}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_erasure_that_waits_is_told_of_whoever_it_is() {
        for (disabled_at, ended_at, deleted_at, asked, expected) in [
            (None, None, None, None, "active"),
            (None, None, None, Some("then"), "active, to be erased when the last hold ends"),
            (Some("now"), None, None, None, "disabled now"),
            (Some("now"), None, None, Some("then"), "disabled now, to be erased when the last hold ends"),
            (Some("now"), Some("before"), None, None, "ended before"),
            (None, Some("before"), None, Some("then"), "ended before, to be erased when the last hold ends"),
            (Some("now"), Some("before"), Some("now"), Some("then"), "erased now"),
        ] {
            let text = |at: Option<&str>| at.map(str::to_owned);
            let shown = Shown {
                id: String::new(),
                name: String::new(),
                email: None,
                email_verified_at: None,
                login_names: vec![],
                former_login_names: vec![],
                attributes: vec![],
                organizations: vec![],
                must_change_password: false,
                locked_at: None,
                locked_until: None,
                failed_sign_ins: 0,
                created_at: String::new(),
                from: None,
                until: None,
                disabled_at: text(disabled_at),
                ended_at: text(ended_at),
                deleted_at: text(deleted_at),
                held_by: vec![],
                to_be_erased_since: text(asked),
            };
            assert_eq!(state(&shown), expected);
        }
    }

    #[test]
    fn a_lock_is_told_with_its_end_and_what_failed() {
        for (until, failures, expected) in [
            ("noon", 12, "since ten, until noon; 12 sign-ins in a row failed so far"),
            ("an administrator unlocks it", 1, "since ten, until an administrator unlocks it; 1 sign-in failed so far"),
        ] {
            assert_eq!(locked("ten", until, failures), expected);
        }
    }
}
