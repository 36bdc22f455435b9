//! `lanyard group`: sets of members.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    Shell,
    scope::{self, RoleArgument, Scope, ShownRole},
};
use crate::{
    directory::{group, organization::Organization},
    id::GroupId,
    text::{Name, Slug},
};

/// Groups: sets of members, which may lie in each other and carry roles
#[derive(Debug, Args)]
pub(super) struct Groups {
    #[command(flatten)]
    scope: Scope,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the groups with the groups they lie in and the roles they carry
    #[command(after_help = "Example:\n  lanyard group list --organization riverside")]
    List,
    /// Lists who is directly in a group
    #[command(after_help = "Example:\n  lanyard group members gps")]
    Members {
        /// The group
        group: Slug,
    },
    /// Creates a group
    #[command(after_help = "Example:\n  lanyard group create gps --name \"General practitioners\"")]
    Create {
        /// Short key, which never changes
        slug: Slug,
        /// As people write it
        #[arg(long)]
        name: Name,
    },
    /// Gives a group another name
    #[command(after_help = "Example:\n  lanyard group rename gps \"General practice\"")]
    Rename {
        /// The group
        group: Slug,
        /// The name
        name: Name,
    },
    /// Removes a group; its members stay members of the organization
    #[command(after_help = "Example:\n  lanyard group remove gps")]
    Remove {
        /// The group
        group: Slug,
    },
    /// Puts a member into a group
    #[command(after_help = "Example:\n  lanyard group add gps priya@riverside.example")]
    Add {
        /// The group
        group: Slug,
        /// The member
        person: String,
    },
    /// Takes a member out of a group
    #[command(after_help = "Example:\n  lanyard group drop gps priya@riverside.example")]
    Drop {
        /// The group
        group: Slug,
        /// The member
        person: String,
    },
    /// Puts a group into another
    #[command(after_help = "Example:\n  lanyard group nest gps --in clinicians")]
    Nest {
        /// The group
        group: Slug,
        /// The enclosing group
        #[arg(long = "in", value_name = "GROUP")]
        parent: Slug,
    },
    /// Takes a group out of another
    #[command(after_help = "Example:\n  lanyard group unnest gps --from clinicians")]
    Unnest {
        /// The group
        group: Slug,
        /// The enclosing group
        #[arg(long = "from", value_name = "GROUP")]
        parent: Slug,
    },
    /// Gives everybody in a group a role
    #[command(after_help = "Example:\n  lanyard group give gps practitioner@main-street")]
    Give {
        /// The group
        group: Slug,
        /// The role: ROLE or ROLE@LOCATION
        role: RoleArgument,
    },
    /// Takes a role from a group
    #[command(after_help = "Example:\n  lanyard group take gps practitioner@main-street")]
    Take {
        /// The group
        group: Slug,
        /// The role: ROLE or ROLE@LOCATION
        role: RoleArgument,
    },
}

/// A group as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    slug: String,
    name: String,
    r#in: Vec<String>,
    roles: Vec<ShownRole>,
    id: String,
}

impl Groups {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::List => {}
            Command::Members { group } => return members(shell, &of, &group).await,
            Command::Create { slug, name } => create(shell, &of, slug, name).await?,
            Command::Rename { group, name } => rename(shell, &of, group, name).await?,
            Command::Remove { group } => remove(shell, &of, group).await?,
            Command::Add { group, person } => member(shell, &of, (group, person), "add").await?,
            Command::Drop { group, person } => member(shell, &of, (group, person), "drop").await?,
            Command::Nest { group, parent } => nest(shell, &of, (group, parent), "nest").await?,
            Command::Unnest { group, parent } => nest(shell, &of, (group, parent), "unnest").await?,
            Command::Give { group, role } => role_of(shell, &of, (group, role), "give").await?,
            Command::Take { group, role } => role_of(shell, &of, (group, role), "take").await?,
        }
        list(shell, &of).await
    }
}

async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let groups = tx.groups().list(&of.id).await?;
    let parents = tx.groups().parents(&of.id).await?;
    let roles = tx.groups().roles(&of.id).await?;
    let slug = |id: &GroupId| groups.iter().find(|group| group.id == *id).map(|group| group.slug.to_string());
    let shown: Vec<Shown> = groups
        .iter()
        .map(|group| Shown {
            slug: group.slug.to_string(),
            name: group.name.to_string(),
            r#in: parents.iter().filter(|(child, _)| *child == group.id).filter_map(|(_, up)| slug(up)).collect(),
            roles: roles
                .iter()
                .filter(|carried| carried.group == group.id)
                .map(|carried| ShownRole {
                    role: carried.role.to_string(),
                    location: carried.location.as_ref().map(ToString::to_string),
                })
                .collect(),
            id: group.id.to_string(),
        })
        .collect();
    shell.table(&shown, &["group", "name", "in", "roles"], |group| {
        let role = |one: &ShownRole| match &one.location {
            Some(location) => format!("{}@{location}", one.role),
            None => one.role.clone(),
        };
        let roles: Vec<String> = group.roles.iter().map(role).collect();
        vec![group.slug.clone(), group.name.clone(), group.r#in.join(", "), roles.join(", ")]
    })
}

async fn members(shell: &Shell, of: &Organization, slug: &Slug) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Shown {
        membership: String,
        name: String,
        email: Option<String>,
    }
    let mut tx = shell.app.storage.read().await?;
    let group = scope::group(&mut tx, &of.id, slug).await?;
    let members = tx.groups().named_members(&of.id, &group.id).await?;
    let shown: Vec<Shown> = members
        .into_iter()
        .map(|one| Shown {
            membership: one.membership.into(),
            name: one.name.into(),
            email: one.email.map(String::from),
        })
        .collect();
    shell.table(&shown, &["name", "e-mail", "membership"], |one| {
        vec![one.name.clone(), scope::cell(one.email.as_deref()), one.membership.clone()]
    })
}

async fn create(shell: &Shell, of: &Organization, slug: Slug, name: Name) -> anyhow::Result<()> {
    let (context, of) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| Box::pin(async move { group::create(tx, &context, &of, &slug, &name).await.map(|_| ()) }))
        .await
}

async fn rename(shell: &Shell, of: &Organization, slug: Slug, name: Name) -> anyhow::Result<()> {
    let (context, of) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let group = scope::group(tx, &of, &slug).await?;
                group::rename(tx, &context, &of, &group.id, &name).await
            })
        })
        .await
}

async fn remove(shell: &Shell, of: &Organization, slug: Slug) -> anyhow::Result<()> {
    let (context, of) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let group = scope::group(tx, &of, &slug).await?;
                group::remove(tx, &context, &of, &group.id).await
            })
        })
        .await
}

async fn member(
    shell: &Shell,
    of: &Organization,
    (slug, person): (Slug, String),
    what: &'static str,
) -> anyhow::Result<()> {
    let (context, of) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let group = scope::group(tx, &of, &slug).await?;
                let member = scope::member(tx, &of, &person).await?;
                match what {
                    "add" => group::add_member(tx, &context, &of, &group.id, &member.id).await,
                    _ => group::remove_member(tx, &context, &of, &group.id, &member.id).await,
                }
            })
        })
        .await
}

async fn nest(
    shell: &Shell,
    of: &Organization,
    (inner, outer): (Slug, Slug),
    what: &'static str,
) -> anyhow::Result<()> {
    let (context, of) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let inner = scope::group(tx, &of, &inner).await?;
                let outer = scope::group(tx, &of, &outer).await?;
                match what {
                    "nest" => group::nest(tx, &context, &of, &inner.id, &outer.id).await,
                    _ => group::unnest(tx, &context, &of, &inner.id, &outer.id).await,
                }
            })
        })
        .await
}

async fn role_of(
    shell: &Shell,
    of: &Organization,
    (slug, RoleArgument(at)): (Slug, RoleArgument),
    what: &'static str,
) -> anyhow::Result<()> {
    let (context, of) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let group = scope::group(tx, &of, &slug).await?;
                let role = scope::role(tx, &of, &at.role).await?;
                let site = scope::place(tx, &of, at.location.as_ref()).await?;
                match what {
                    "give" => group::give_role(tx, &context, &of, &group.id, (&role.id, site.as_ref())).await,
                    _ => group::take_role(tx, &context, &of, &group.id, (&role.id, site.as_ref())).await,
                }
            })
        })
        .await
}
