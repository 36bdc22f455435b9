//! `lanyard user show`: a person with every organization they belong to.

use serde::Serialize;

use crate::{
    cli::{
        Shell, attribute,
        scope::{self, cell, instant},
        source::{self, Sources},
    },
    directory::user::LoginName,
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
    created_at: String,
    disabled_at: Option<String>,
    deleted_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct ShownMembership {
    organization: String,
    membership: String,
    kind: String,
    sources: Sources,
}

/// Prints it; on behalf of one organization, without the others.
pub(super) async fn show(shell: &Shell, by: Option<&OrganizationId>, person: &str) -> anyhow::Result<()> {
    let now = shell.app.clock.now();
    let mut tx = shell.app.storage.read().await?;
    let user = scope::person(&mut tx, by, person).await?;
    let names = tx.login_names().of(&user.id).await?;
    let memberships = tx.memberships().active_of_user(&user.id, now).await?;
    let mut organizations = vec![];
    for (membership, organization) in memberships {
        if by.is_none_or(|by| *by == organization.id) {
            organizations.push(ShownMembership {
                sources: source::of_member(&mut tx, &membership).await?,
                organization: organization.slug.into(),
                membership: membership.id.into(),
                kind: membership.kind.into(),
            });
        }
    }
    let (former, live): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.retired_at.is_some());
    let texts = |names: Vec<LoginName>| names.into_iter().map(|one| one.name.into()).collect::<Vec<String>>();
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
        created_at: user.created_at.to_string(),
        disabled_at: instant(user.disabled_at),
        deleted_at: instant(user.deleted_at),
    };
    shell.show(&shown, &lines(&shown))
}

fn lines(shown: &Shown) -> Vec<(&str, String)> {
    let organizations: Vec<String> =
        shown.organizations.iter().map(|one| format!("{} ({})", one.organization, one.kind)).collect();
    let state = match (&shown.deleted_at, &shown.disabled_at) {
        (Some(at), _) => format!("erased {at}"),
        (None, Some(at)) => format!("disabled {at}"),
        (None, None) => "active".to_owned(),
    };
    let mut lines = vec![
        ("name", shown.name.clone()),
        ("e-mail", cell(shown.email.as_deref())),
        ("signs in as", shown.login_names.join(", ")),
        ("formerly", shown.former_login_names.join(", ")),
        ("state", state),
        ("organizations", organizations.join(", ")),
    ];
    lines.extend(shown.attributes.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let is_only = shown.organizations.len() == 1;
    for one in &shown.organizations {
        let at = |text: String| if is_only { text } else { format!("{} — {text}", one.organization) };
        lines.extend(one.sources.lines().into_iter().map(|(name, text)| (name, at(text))));
    }
    lines.push(("id", shown.id.clone()));
    lines
}
