//! `lanyard membership hold`: keeps the record of a person from being erased.

use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;

use crate::{
    cli::{
        Shell, paging,
        scope::{self, cell, instant},
        source::{self, Names},
    },
    clock::Timestamp,
    directory::{
        self, Noun,
        organization::Organization,
        retention::{self, Kept},
        store::HoldFilter,
        user::User,
    },
    id::{MembershipId, OrganizationId, RetentionHoldId, UserId},
    storage::Tx,
    text::Reason,
};

/// Retention holds: why the record of a person is not erased, whoever leaves or is to be erased
#[derive(Debug, Subcommand)]
pub(super) enum Hold {
    /// Holds the record of a person who is or was a member; a person may be held for several reasons at once
    #[command(after_help = "\
Examples:
  lanyard membership hold set priya@riverside.example --reason \"complaint 2026-17\" \\
    --organization riverside
  lanyard membership hold set mem_… --reason \"inspection\" --until 2027-06-30 \\
    --organization riverside

A hold keeps nobody in. Suspend or remove a member as ever: what the removal takes away is kept
until no hold is left. To move the end of a hold, set another one and release the first.")]
    Set {
        /// The person: e-mail address, user name, id, or id of the membership
        person: String,
        /// Why: a line for those who decide when it may end
        #[arg(long, value_name = "TEXT")]
        reason: Reason,
        /// Ends by itself at this day or instant (2027-06-30 or 2027-06-30T08:30:00Z)
        #[arg(long, value_name = "DAY", value_parser = Timestamp::parse)]
        until: Option<Timestamp>,
    },
    /// Ends a hold; what waited for the last one happens at once
    #[command(after_help = "Example:\n  lanyard membership hold release hld_… --organization riverside")]
    Release {
        /// The hold, as `hold list` tells
        hold: RetentionHoldId,
    },
    /// Lists holds, in the order in which they were set
    #[command(after_help = "\
Examples:
  lanyard membership hold list --organization riverside
  lanyard membership hold list priya@riverside.example --ended --organization riverside")]
    List {
        /// Of this person alone: e-mail address, user name, id, or id of the membership
        person: Option<String>,
        /// Those that have ended, too
        #[arg(long)]
        ended: bool,
        /// After this hold: the next page
        #[arg(long, value_name = "HOLD")]
        after: Option<RetentionHoldId>,
        /// At most so many
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Shows what is kept of a person whose membership ended while the record was held
    #[command(after_help = "Example:\n  lanyard membership hold show mem_… --json --organization riverside")]
    Show {
        /// The person: e-mail address, user name, id, or id of the membership
        person: String,
    },
}

/// A hold as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    hold: String,
    user: String,
    name: String,
    reason: String,
    since: String,
    until: Option<String>,
    by: String,
    ended_at: Option<String>,
    ended_by: Option<String>,
}

/// What is kept of a person.
#[derive(Debug, Serialize)]
struct Whole {
    user: String,
    name: String,
    email: Option<String>,
    memberships: Vec<ShownKept>,
}

/// What is kept of one membership.
#[derive(Debug, Serialize)]
struct ShownKept {
    membership: String,
    kept_at: String,
    content: Value,
}

impl From<Kept> for ShownKept {
    fn from(kept: Kept) -> Self {
        Self { membership: kept.membership.into(), kept_at: kept.kept_at.to_string(), content: kept.content }
    }
}

impl Hold {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell, of: &Organization) -> anyhow::Result<()> {
        match self {
            Self::Set { person, reason, until } => set(shell, of, person, (reason, until)).await,
            Self::Release { hold } => release(shell, of, hold).await,
            Self::List { person, ended, after, limit } => {
                let mut tx = shell.app.storage.read().await?;
                let user = match person {
                    Some(person) => Some(subject(&mut tx, &of.id, &person).await?.id),
                    None => None,
                };
                drop(tx);
                list(shell, of, HoldFilter { user, with_ended: ended, after, limit }).await
            }
            Self::Show { person } => show(shell, of, &person).await,
        }
    }
}

/// Whom a hold is about: a person whom the organization knows, or knew.
async fn subject(tx: &mut Tx, of: &OrganizationId, reference: &str) -> directory::Result<User> {
    let Ok(membership) = reference.parse::<MembershipId>() else {
        return scope::person(tx, Some(of), reference).await;
    };
    let user = tx.retention().whose(of, &membership).await?.ok_or_else(|| Noun::Membership.unknown(reference))?;
    scope::user(tx, user.as_str()).await
}

async fn set(
    shell: &Shell,
    of: &Organization,
    person: String,
    (reason, until): (Reason, Option<Timestamp>),
) -> anyhow::Result<()> {
    let (context, id) = (shell.context(), of.id.clone());
    let hold = shell
        .change(move |tx| {
            Box::pin(async move {
                let user = subject(tx, &id, &person).await?.id;
                retention::set(tx, &context, &id, (&user, &reason, until)).await
            })
        })
        .await?;
    list(shell, of, HoldFilter { user: Some(hold.user_id), limit: 1_000, ..HoldFilter::default() }).await
}

async fn release(shell: &Shell, of: &Organization, hold: RetentionHoldId) -> anyhow::Result<()> {
    let (context, id) = (shell.context(), of.id.clone());
    let (released, is_erased) =
        shell.change(move |tx| Box::pin(async move { retention::release(tx, &context, &id, &hold).await })).await?;
    shell.say(format!("{} is released.", released.id));
    if is_erased {
        shell.say("The person is erased, as it was asked for while the record was held.");
    }
    let wanted = HoldFilter { user: Some(released.user_id), with_ended: shell.is_json(), limit: 1_000, after: None };
    list(shell, of, wanted).await
}

async fn list(shell: &Shell, of: &Organization, wanted: HoldFilter) -> anyhow::Result<()> {
    let (limit, mut tx) = (wanted.limit as usize, shell.app.storage.read().await?);
    let wanted = HoldFilter { limit: wanted.limit.saturating_add(1), ..wanted };
    let mut holds = tx.retention().list(&of.id, wanted, shell.app.clock.now()).await?;
    let is_cut = holds.len() > limit;
    holds.truncate(limit);
    let by = holds.iter().flat_map(|hold| [&hold.set_by].into_iter().chain(hold.ended.as_ref().map(|(_, by)| by)));
    let origins = source::names(&mut tx, &of.id, by).await?;
    let ids: Vec<String> = holds.iter().map(|hold| hold.user_id.to_string()).collect();
    let names = tx.names_of_users(&ids).await?;
    let shown: Vec<Shown> = holds
        .into_iter()
        .map(|hold| shown(hold, &origins, |user| names.get(user.as_str()).cloned().unwrap_or_default()))
        .collect();
    shell.table(&shown, &["hold", "person", "reason", "since", "until", "by", "ended"], |one| {
        let (until, ended) = (cell(one.until.as_deref()), cell(one.ended_at.as_deref()));
        let [hold, name, reason, since, by] =
            [&one.hold, &one.name, &one.reason, &one.since, &one.by].map(String::clone);
        vec![hold, name, reason, since, until, by, ended]
    })?;
    if let Some(last) = shown.last().filter(|_| is_cut) {
        paging::tell_more("--after", &last.hold);
    }
    Ok(())
}

fn shown(hold: retention::Hold, origins: &Names, name: impl Fn(&UserId) -> String) -> Shown {
    Shown {
        name: name(&hold.user_id),
        hold: hold.id.into(),
        user: hold.user_id.into(),
        reason: hold.reason,
        since: hold.set_at.to_string(),
        until: instant(hold.until),
        by: origins.of(&hold.set_by),
        ended_at: hold.ended.as_ref().map(|(at, _)| at.to_string()),
        ended_by: hold.ended.as_ref().map(|(_, by)| origins.of(by)),
    }
}

async fn show(shell: &Shell, of: &Organization, person: &str) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let user = subject(&mut tx, &of.id, person).await?;
    let whole = Whole {
        memberships: tx.kept_members().of(&of.id, &user.id).await?.into_iter().map(ShownKept::from).collect(),
        name: user.name.into(),
        email: user.email.map(String::from),
        user: user.id.into(),
    };
    let mut lines = vec![("user", whole.user.clone()), ("name", whole.name.clone())];
    lines.push(("e-mail", cell(whole.email.as_deref())));
    for kept in &whole.memberships {
        lines.extend([("membership", kept.membership.clone()), ("ended", kept.kept_at.clone())]);
        let content = kept.content.as_object().into_iter().flatten();
        lines.extend(content.filter(|(_, value)| !is_empty(value)).map(|(name, value)| (name.as_str(), text(value))));
    }
    if whole.memberships.is_empty() {
        lines.push(("kept", "nothing: no membership here ended while the record was held".to_owned()));
    }
    shell.show(&whole, &lines)
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
