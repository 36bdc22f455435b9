//! `lanyard membership show`: a member with everything they hold.

use serde::Serialize;

use crate::{
    cli::{
        Shell, assignment, attribute,
        scope::{self, cell, instant, roles_json, roles_text},
        source::{self, Names, Sources},
    },
    clock::Timestamp,
    directory::{
        access::Access,
        membership::{Entrance, Membership, RoleAt},
        organization::Organization,
        registration,
    },
    text::Slug,
};

/// A member with everything they hold.
#[derive(Debug, Serialize)]
struct Whole {
    membership: String,
    user: String,
    name: String,
    email: Option<String>,
    /// What their source calls them, where they have not joined.
    pending_as: Option<String>,
    kind: String,
    state: &'static str,
    /// Since when the membership is suspended.
    disabled_at: Option<String>,
    /// Who suspended it, where that was kept.
    disabled_by: Option<String>,
    from: Option<String>,
    until: Option<String>,
    attributes: Vec<(String, String)>,
    assignments: Vec<assignment::Shown>,
    direct: Vec<ShownDirect>,
    registration: Option<ShownRegistration>,
    access: ShownAccess,
    sources: Sources,
}

/// A permission that is granted or denied directly; without a source by people here.
#[derive(Debug, Serialize)]
struct ShownDirect {
    permission: String,
    effect: &'static str,
    source: Option<String>,
}

/// What the registration is worth now.
#[derive(Debug, Serialize)]
struct ShownRegistration {
    number: String,
    body: Option<String>,
    status: &'static str,
    expires_at: Option<String>,
    verified_at: Option<String>,
    verified_by: Option<String>,
}

/// What tokens say now.
#[derive(Debug, Serialize)]
struct ShownAccess {
    roles: Vec<Slug>,
    groups: Vec<Slug>,
    locations: Vec<Slug>,
    assignments: Vec<scope::ShownRole>,
    entitlements: Vec<String>,
    ends_at: Option<String>,
}

/// Prints it.
pub(super) async fn show(shell: &Shell, of: &Organization, person: &str) -> anyhow::Result<()> {
    let now = shell.app.clock.now();
    let mut tx = shell.app.storage.read().await?;
    let member = scope::member(&mut tx, &of.id, person).await?;
    let user = scope::user(&mut tx, member.user_id.as_str()).await?;
    let held = tx.assignments().of_member(&of.id, &member.id).await?;
    let direct = tx.permissions().of_member(&of.id, &member.id).await?;
    let access = tx.access().of_member(&member.id, now).await?;
    let disabled_by = tx.memberships().disabled_by(&member.id).await?;
    let verified_by = member.verification.as_ref().map(|verification| &verification.by);
    let origins = direct.iter().filter_map(|one| one.source.as_ref()).chain(&disabled_by).chain(verified_by);
    let names = source::names(&mut tx, &of.id, origins).await?;
    let entrance = tx.memberships().entrance(&member.id).await?;
    let record = tx.member_records().by_id(&of.id, &member.id).await?.filter(|known| known.is_pending);
    let direct = direct.into_iter().map(|one| ShownDirect {
        permission: one.permission.to_string(),
        effect: one.effect.as_str(),
        source: one.source.map(|source| names.of(&source)),
    });
    let whole = Whole {
        membership: member.id.to_string(),
        user: user.id.to_string(),
        name: user.name.to_string(),
        email: user.email.as_ref().map(ToString::to_string),
        pending_as: record.map(|known| known.user_name()),
        kind: member.kind.to_string(),
        state: if user.is_active(now) { state(&member, entrance, now) } else { "person disabled" },
        disabled_at: instant(member.disabled_at),
        disabled_by: disabled_by.map(|by| names.of(&by)),
        from: instant(member.validity.from),
        until: instant(member.validity.until),
        attributes: attribute::of_member(&member),
        assignments: held.iter().map(assignment::shown).collect(),
        direct: direct.collect(),
        registration: registration_shown(&member, &names, now),
        access: access_shown(&access),
        sources: source::of_member(&mut tx, &member).await?,
    };
    shell.show(&whole, &lines(&whole, &held_now(&access)))
}

fn registration_shown(member: &Membership, names: &Names, now: Timestamp) -> Option<ShownRegistration> {
    let found = registration::of(member, now)?;
    Some(ShownRegistration {
        number: found.number,
        body: found.body,
        status: found.status.name(),
        expires_at: instant(found.expires_at),
        verified_at: instant(found.verified_at),
        verified_by: member.verification.as_ref().map(|verification| names.of(&verification.by)),
    })
}

impl ShownRegistration {
    /// For people: `R-1: verified by hr at …, until …`.
    fn line(&self) -> String {
        let compared = match (&self.verified_by, &self.verified_at) {
            (Some(by), Some(at)) if self.status == "expired" => format!(", compared by {by} at {at}"),
            (Some(by), Some(at)) => format!(" by {by} at {at}"),
            _ => String::new(),
        };
        let end = self.expires_at.as_ref().map(|end| format!(", until {end}")).unwrap_or_default();
        format!("{}: {}{compared}{end}", self.number, self.status)
    }
}

fn access_shown(access: &Access) -> ShownAccess {
    ShownAccess {
        roles: access.roles.clone(),
        groups: access.groups.clone(),
        locations: access.locations.clone(),
        assignments: roles_json(&held_now(access)),
        entitlements: access.entitlements.clone(),
        ends_at: instant(access.ends_at),
    }
}

fn held_now(access: &Access) -> Vec<RoleAt> {
    access.assignments.iter().map(|one| one.at.clone()).collect()
}

fn lines<'w>(whole: &'w Whole, held: &[RoleAt]) -> Vec<(&'w str, String)> {
    let list = |slugs: &[Slug]| slugs.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ");
    let direct = whole.direct.iter().map(|one| {
        let by = one.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
        format!("{} {}{by}", one.effect, one.permission)
    });
    let direct: Vec<String> = direct.collect();
    let mut lines = vec![
        ("name", whole.name.clone()),
        ("e-mail", cell(whole.email.as_deref())),
        ("kind", whole.kind.clone()),
        ("state", whole.state.to_owned()),
    ];
    lines.extend(whole.pending_as.iter().map(|name| ("pending as", name.clone())));
    if let Some(at) = &whole.disabled_at {
        let by = whole.disabled_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        lines.push(("disabled", format!("{at}{by}")));
    }
    lines.extend([("from", cell(whole.from.as_deref())), ("until", cell(whole.until.as_deref()))]);
    lines.extend(whole.attributes.iter().map(|(name, value)| (name.as_str(), value.clone())));
    lines.extend(whole.registration.iter().map(|registration| ("registration", registration.line())));
    lines.extend([
        ("roles", roles_text(held)),
        ("groups", list(&whole.access.groups)),
        ("locations", list(&whole.access.locations)),
        ("direct", direct.join(", ")),
        ("entitlements", whole.access.entitlements.join(", ")),
    ]);
    lines.extend(whole.sources.lines());
    lines.extend([("membership", whole.membership.clone()), ("user", whole.user.clone())]);
    lines
}

/// Whether a member may act, and can, in a word.
pub(in crate::cli) fn state(membership: &Membership, entrance: Entrance, now: Timestamp) -> &'static str {
    if membership.disabled_at.is_some() {
        "disabled"
    } else if membership.validity.is_over(now) {
        "over"
    } else if !membership.is_active(now) {
        "not begun"
    } else {
        match entrance {
            Entrance::Open => "active",
            Entrance::Invited => "invited",
            Entrance::None => "cannot sign in",
        }
    }
}
