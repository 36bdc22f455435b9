//! `lanyard membership`: persons in an organization.

mod hold;
mod list;
mod show;

use clap::{Args, Subcommand, ValueEnum};

use hold::Hold;
use list::list;
use show::show;
pub(super) use show::state;

use super::{
    Shell,
    attribute::Assignment,
    paging::Extent,
    scope::{self, Period, RoleArgument, Scope},
};
use crate::{
    clock::Timestamp,
    directory::{
        Noun,
        membership::{self, FirstRoles, NewMembership},
        organization::Organization,
        origin::Origin,
        permission::{self, Effect, Permission},
        profile::{self, Editor},
        registration,
        store::{MemberFilter, MemberState},
    },
    id::MembershipId,
    text::Slug,
};

/// Memberships: persons in an organization
#[derive(Debug, Args)]
pub(super) struct Memberships {
    #[command(flatten)]
    scope: Scope,
    #[command(subcommand)]
    command: Command,
}

/// States for `list`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Enabled,
    Disabled,
    /// Named by a source and not joined yet
    Pending,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists members
    #[command(after_help = "\
Examples:
  lanyard membership list --organization riverside --search priya
  lanyard membership list --organization riverside --state pending
  the page after the last one listed:
    lanyard membership list --organization riverside --limit 1000 --after mem_…
  lanyard membership list --all --json --organization riverside")]
    List {
        /// Whose name, user name or address contains this; of whom is pending, those that a source said
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only members of this kind
        #[arg(long)]
        kind: Option<Slug>,
        /// Only members in this state
        #[arg(long)]
        state: Option<State>,
        /// After this membership: the next page
        #[arg(long, value_name = "MEMBERSHIP")]
        after: Option<MembershipId>,
        #[command(flatten)]
        extent: Extent,
    },
    /// Shows a member with everything they hold
    #[command(after_help = "Example:\n  lanyard membership show priya@riverside.example --organization riverside")]
    Show {
        /// The member: e-mail address, user name or id
        person: String,
    },
    /// Makes a person who has an account a member, without asking them: prefer `lanyard invitation send`
    #[command(
        after_help = "Example:\n  lanyard membership add olivia@riverside.example --kind practitioner --role practitioner@pier \\\n    --organization harbour"
    )]
    Add {
        /// The person: e-mail address, user name or id
        person: String,
        /// Kind of membership: practitioner, administrative, hirer, contractor, or one of your own (`lanyard org kinds`)
        #[arg(long)]
        kind: Slug,
        /// A role, in place of the kind's default ones: ROLE for the whole organization, or ROLE@LOCATION; may be repeated
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<RoleArgument>,
        /// Without any role for now
        #[arg(long, conflicts_with = "roles")]
        no_role: bool,
        #[command(flatten)]
        period: Period,
    },
    /// Changes the kind of a membership, or from when until when it holds
    #[command(after_help = "\
Example:
  lanyard membership update bill@riverside.example --kind contractor --until 2027-02-28 \\
    --organization riverside

A day in the past ends the membership at once, which takes `--yes`.")]
    Update {
        /// The member: e-mail address, user name or id
        person: String,
        /// Another kind
        #[arg(long)]
        kind: Option<Slug>,
        #[command(flatten)]
        period: Period,
        /// Without beginning and end
        #[arg(long, conflicts_with_all = ["from", "until"])]
        always: bool,
    },
    /// Edits what is known of a member: profession, title, phone, …; `title=` removes a value
    #[command(
        after_help = "Example:\n  lanyard membership set priya@riverside.example profession=Physician title=Dr \\\n    --organization riverside"
    )]
    Set {
        /// The member: e-mail address, user name or id
        person: String,
        /// ATTRIBUTE=VALUE, as in title=Dr
        #[arg(required = true)]
        attributes: Vec<Assignment>,
    },
    /// Says that a member's registration was compared with the register, or that this counts no more
    #[command(after_help = "\
Examples:
  lanyard membership verify priya@riverside.example --number PHY0001234567 --expires 2027-06-30 \\
    --organization riverside
  lanyard membership verify priya@riverside.example --number PHY0001234567 --not \\
    --organization riverside")]
    Verify {
        /// The member: e-mail address, user name or id
        person: String,
        /// The number that was compared: it has to be the member's
        #[arg(long, value_name = "NUMBER")]
        number: String,
        /// Until when the register says that it holds: a date or an instant; what is known when it is not said
        #[arg(long, value_name = "DATE", value_parser = Timestamp::parse)]
        expires: Option<Timestamp>,
        /// It is unverified again
        #[arg(long, conflicts_with = "expires")]
        not: bool,
    },
    /// Suspends a member: this organization's sessions and tokens end at once
    #[command(after_help = "Example:\n  lanyard membership disable bill@riverside.example --organization riverside")]
    Disable {
        /// The member: e-mail address, user name or id
        person: String,
    },
    /// Lets a suspended member in again
    #[command(after_help = "Example:\n  lanyard membership enable bill@riverside.example --organization riverside")]
    Enable {
        /// The member: e-mail address, user name or id
        person: String,
    },
    /// Ends a membership; the person's other organizations are left alone
    #[command(after_help = "Example:\n  lanyard membership remove bill@riverside.example --organization riverside")]
    Remove {
        /// The member: e-mail address, user name or id
        person: String,
    },
    #[command(subcommand)]
    Hold(Hold),
    /// Grants a member a single permission, beside their roles
    #[command(
        after_help = "Example:\n  lanyard membership grant bill@riverside.example lanyard:people:read --organization riverside"
    )]
    Grant {
        /// The member: e-mail address, user name or id
        person: String,
        /// The permission
        permission: Permission,
    },
    /// Denies a member a single permission, whatever grants it
    #[command(
        after_help = "Example:\n  lanyard membership deny frank@riverside.example lanyard:people:read --organization riverside"
    )]
    Deny {
        /// The member: e-mail address, user name or id
        person: String,
        /// The permission
        permission: Permission,
    },
    /// Takes back a direct grant or denial
    #[command(
        after_help = "Example:\n  lanyard membership unset frank@riverside.example lanyard:people:read --organization riverside"
    )]
    Unset {
        /// The member: e-mail address, user name or id
        person: String,
        /// The permission
        permission: Permission,
    },
}

impl Memberships {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::List { search, kind, state, after, extent } => {
                let state = state.map(|state| match state {
                    State::Enabled => MemberState::Enabled,
                    State::Disabled => MemberState::Disabled,
                    State::Pending => MemberState::Pending,
                });
                let wanted = scope::wanted(shell, search.as_deref()).await?;
                if let Some(kind) = &kind {
                    let known = shell.app.storage.read().await?.kinds().by_slug(&of.id, kind).await?;
                    known.ok_or_else(|| Noun::MembershipKind.unknown(kind))?;
                }
                list(shell, &of, MemberFilter { kind, state, wanted, after, limit: 0 }, extent).await
            }
            Command::Show { person } => show(shell, &of, &person).await,
            Command::Add { person, kind, roles, no_role, period } => {
                let roles = roles.into_iter().map(|RoleArgument(at)| at).collect::<Vec<_>>();
                let roles = if roles.is_empty() && !no_role { FirstRoles::OfKind } else { FirstRoles::Exactly(roles) };
                add(shell, &of, &person, (kind, roles), &period).await?;
                show(shell, &of, &person).await
            }
            Command::Update { person, kind, period, always } => {
                update(shell, &of, &person, (kind, (always || period.is_given()).then_some(&period))).await?;
                show(shell, &of, &person).await
            }
            Command::Set { person, attributes } => {
                set(shell, &of, &person, attributes).await?;
                show(shell, &of, &person).await
            }
            Command::Verify { person, number, expires, not } => {
                verify(shell, &of, &person, (number, expires, not)).await?;
                show(shell, &of, &person).await
            }
            Command::Disable { person } => switch(shell, &of, &person, Switch::Disable).await,
            Command::Enable { person } => switch(shell, &of, &person, Switch::Enable).await,
            Command::Remove { person } => switch(shell, &of, &person, Switch::Remove).await,
            Command::Hold(hold) => hold.run(shell, &of).await,
            Command::Grant { person, permission } => {
                directly(shell, &of, &person, (permission, Some(Effect::Grant))).await
            }
            Command::Deny { person, permission } => {
                directly(shell, &of, &person, (permission, Some(Effect::Deny))).await
            }
            Command::Unset { person, permission } => directly(shell, &of, &person, (permission, None)).await,
        }
    }
}

async fn add(
    shell: &Shell,
    of: &Organization,
    person: &str,
    (kind, roles): (Slug, FirstRoles),
    period: &Period,
) -> anyhow::Result<()> {
    let (context, of, person) = (shell.context(), of.id.clone(), person.to_owned());
    let validity = period.validity(shell.app.clock.now(), "the membership would be over before it begins")?;
    shell
        .change(move |tx| {
            Box::pin(async move {
                let user = scope::user(tx, &person).await?.id;
                let new = NewMembership { user, kind, roles, validity, origin: Origin::of(&context) };
                membership::join(tx, &context, &of, new).await.map(|_| ())
            })
        })
        .await
}

async fn update(
    shell: &Shell,
    of: &Organization,
    person: &str,
    (kind, period): (Option<Slug>, Option<&Period>),
) -> anyhow::Result<()> {
    let past = "would end the membership at once; for that, there is `lanyard membership remove`";
    let validity = period.map(|period| period.validity(shell.app.clock.now(), past)).transpose()?;
    let (context, of, person) = (shell.context(), of.id.clone(), person.to_owned());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let member = scope::member(tx, &of, &person).await?;
                membership::update(tx, &context, &of, &member.id, (kind, validity)).await.map(|_| ())
            })
        })
        .await
}

async fn set(shell: &Shell, of: &Organization, person: &str, attributes: Vec<Assignment>) -> anyhow::Result<()> {
    let (context, of, person) = (shell.context(), of.id.clone(), person.to_owned());
    let edits = attributes.into_iter().map(|Assignment(edit)| edit).collect::<Vec<_>>();
    shell
        .change(move |tx| {
            Box::pin(async move {
                let member = scope::member(tx, &of, &person).await?;
                profile::edit_member(tx, &context, (&of, &member.id), Editor::Administrator, &edits).await
            })
        })
        .await
}

async fn verify(
    shell: &Shell,
    of: &Organization,
    person: &str,
    (number, expires, not): (String, Option<Timestamp>, bool),
) -> anyhow::Result<()> {
    let (context, of, person) = (shell.context(), of.id.clone(), person.to_owned());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let member = scope::member(tx, &of, &person).await?;
                let at = (&of, &member.id);
                if not {
                    registration::same(&member, &number)?;
                    return registration::unverify(tx, &context, at).await.map(drop);
                }
                registration::verify(tx, &context, at, (&number, expires)).await.map(drop)
            })
        })
        .await
}

#[derive(Clone, Copy)]
enum Switch {
    Disable,
    Enable,
    Remove,
}

async fn switch(shell: &Shell, of: &Organization, person: &str, to: Switch) -> anyhow::Result<()> {
    let (context, id, reference) = (shell.context(), of.id.clone(), person.to_owned());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let member = scope::member(tx, &id, &reference).await?.id;
                match to {
                    Switch::Disable => membership::disable(tx, &context, &id, &member).await.map(|_| ()),
                    Switch::Enable => membership::enable(tx, &context, &id, &member).await.map(|_| ()),
                    Switch::Remove => membership::remove(tx, &context, &id, &member).await.map(|_| ()),
                }
            })
        })
        .await?;
    if matches!(to, Switch::Remove) {
        shell.say(format!("{person} is no member of {} any more.", of.slug));
        return Ok(());
    }
    show(shell, of, person).await
}

async fn directly(
    shell: &Shell,
    of: &Organization,
    person: &str,
    (permission, effect): (Permission, Option<Effect>),
) -> anyhow::Result<()> {
    let (context, id, reference) = (shell.context(), of.id.clone(), person.to_owned());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let member = scope::member(tx, &id, &reference).await?;
                permission::set(tx, &context, &id, &member.id, (&permission, effect)).await
            })
        })
        .await?;
    show(shell, of, person).await
}
