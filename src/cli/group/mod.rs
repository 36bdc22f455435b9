//! `lanyard group`: sets of members.

mod rule;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    Shell,
    paging::{self, Extent},
    scope::{self, RoleArgument, Scope, ShownRole},
    source,
};
use crate::{
    audit::Context,
    directory::{Error, Result, group, organization::Organization},
    id::{GroupId, MembershipId, OrganizationId},
    storage::Tx,
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
    /// Lists who is directly in a group, in the order in which they joined the organization
    #[command(after_help = "\
Examples:
  lanyard group members gps --organization riverside
  lanyard group members gps --organization riverside --after mem_…     the next page")]
    Members {
        /// The group
        group: Slug,
        /// After this membership: the next page
        #[arg(long, value_name = "MEMBERSHIP")]
        after: Option<MembershipId>,
        #[command(flatten)]
        extent: Extent,
    },
    #[command(subcommand)]
    Rule(rule::Rule),
    #[command(flatten)]
    Edit(Edit),
}

/// What changes a group; the groups are listed afterwards.
#[derive(Debug, Subcommand)]
enum Edit {
    /// Creates a group
    #[command(
        after_help = "Example:\n  lanyard group create gps --name \"General practitioners\" --organization riverside"
    )]
    Create {
        /// Short name for commands, apps and tokens (letters, digits, `-`, `_`); it never changes
        slug: Slug,
        /// As people write it
        #[arg(long)]
        name: Name,
    },
    /// Gives a group another name
    #[command(after_help = "Example:\n  lanyard group rename gps \"General practice\" --organization riverside")]
    Rename {
        /// The group
        group: Slug,
        /// The name
        name: Name,
    },
    /// Removes a group; its members stay members of the organization
    #[command(after_help = "Example:\n  lanyard group remove gps --organization riverside")]
    Remove {
        /// The group
        group: Slug,
    },
    /// Puts a member into a group
    #[command(after_help = "Example:\n  lanyard group add gps priya@riverside.example --organization riverside")]
    Add {
        /// The group
        group: Slug,
        /// The member: e-mail address, user name or id
        person: String,
    },
    /// Takes a member out of a group
    #[command(after_help = "Example:\n  lanyard group drop gps priya@riverside.example --organization riverside")]
    Drop {
        /// The group
        group: Slug,
        /// The member: e-mail address, user name or id
        person: String,
    },
    /// Puts a group into another
    #[command(after_help = "Example:\n  lanyard group nest gps --in clinicians --organization riverside")]
    Nest {
        /// The group
        group: Slug,
        /// The enclosing group
        #[arg(long = "in", value_name = "GROUP")]
        parent: Slug,
    },
    /// Takes a group out of another
    #[command(after_help = "Example:\n  lanyard group unnest gps --from clinicians --organization riverside")]
    Unnest {
        /// The group
        group: Slug,
        /// The enclosing group
        #[arg(long = "from", value_name = "GROUP")]
        parent: Slug,
    },
    /// Gives everybody in a group a role
    #[command(after_help = "Example:\n  lanyard group give gps practitioner@main-street --organization riverside")]
    Give {
        /// The group
        group: Slug,
        /// The role: ROLE or ROLE@LOCATION
        role: RoleArgument,
    },
    /// Takes a role from a group
    #[command(after_help = "Example:\n  lanyard group take gps practitioner@main-street --organization riverside")]
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
    /// Who made it, if anybody knows.
    origin: Option<String>,
    /// What has to be true of its members by rule.
    rule: Option<String>,
    id: String,
}

impl Groups {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::List => list(shell, &of).await,
            Command::Members { group, after, extent } => members(shell, &of, &group, (after, extent)).await,
            Command::Rule(rule) => rule.run(shell, &of).await,
            Command::Edit(edit) => {
                let (context, id) = (shell.context(), of.id.clone());
                shell.change(move |tx| Box::pin(async move { edit.apply(tx, &context, &id).await })).await?;
                list(shell, &of).await
            }
        }
    }
}

async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let groups = tx.groups().list(&of.id).await?;
    let parents = tx.groups().parents(&of.id).await?;
    let roles = tx.groups().roles(&of.id).await?;
    let ids: Vec<GroupId> = groups.iter().map(|group| group.id.clone()).collect();
    let known = tx.group_records().by_ids(&of.id, &ids).await?;
    let names = source::names(&mut tx, &of.id, known.iter().filter_map(|one| one.origin.as_ref())).await?;
    let origin = |id: &GroupId| {
        let found = known.iter().find(|known| known.group.id == *id)?;
        found.origin.as_ref().map(|origin| names.of(origin))
    };
    let conditions = tx.group_rules().of(&of.id).await?;
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
            origin: origin(&group.id),
            rule: conditions
                .iter()
                .find(|rule| rule.group == group.id)
                .and_then(|rule| Some(rule.condition()?.to_string())),
            id: group.id.to_string(),
        })
        .collect();
    shell.table(&shown, &["group", "name", "in", "roles", "rule", "made by"], |group| {
        let role = |one: &ShownRole| match &one.location {
            Some(location) => format!("{}@{location}", one.role),
            None => one.role.clone(),
        };
        let roles: Vec<String> = group.roles.iter().map(role).collect();
        let [condition, made_by] = [&group.rule, &group.origin].map(|text| scope::cell(text.as_deref()));
        vec![group.slug.clone(), group.name.clone(), group.r#in.join(", "), roles.join(", "), condition, made_by]
    })
}

async fn members(
    shell: &Shell,
    of: &Organization,
    slug: &Slug,
    (after, extent): (Option<MembershipId>, Extent),
) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Shown {
        membership: String,
        name: String,
        email: Option<String>,
        /// Who or what put them there.
        by: String,
    }
    let mut tx = shell.app.storage.read().await?;
    let group = scope::group(&mut tx, &of.id, slug).await?;
    drop(tx);
    let page = async |after, limit| {
        Ok(shell.app.storage.read().await?.groups().named_members(&of.id, &group.id, (after, limit)).await?)
    };
    let members = extent.read(after, page, |one| one.membership.clone()).await?;
    let mut tx = shell.app.storage.read().await?;
    let names = source::names(&mut tx, &of.id, members.entries.iter().map(|one| &one.origin)).await?;
    let shown: Vec<Shown> = members
        .entries
        .into_iter()
        .map(|one| Shown {
            by: names.of(&one.origin),
            membership: one.membership.into(),
            name: one.name.into(),
            email: one.email.map(String::from),
        })
        .collect();
    shell.table(&shown, &["name", "e-mail", "by", "membership"], |one| {
        vec![one.name.clone(), scope::cell(one.email.as_deref()), one.by.clone(), one.membership.clone()]
    })?;
    if let Some(last) = members.rest_after {
        paging::tell_more("--after", last.as_str());
    }
    Ok(())
}

impl Edit {
    async fn apply(self, tx: &mut Tx, context: &Context, of: &OrganizationId) -> Result<()> {
        let find = async |tx: &mut Tx, slug: &Slug| Ok::<_, Error>(scope::group(tx, of, slug).await?.id);
        match self {
            Self::Create { slug, name } => group::create(tx, context, of, &slug, &name).await.map(|_| ()),
            Self::Rename { group, name } => {
                let group = find(tx, &group).await?;
                group::rename(tx, context, of, &group, &name).await
            }
            Self::Remove { group } => {
                let group = find(tx, &group).await?;
                group::remove(tx, context, of, &group).await
            }
            Self::Add { group, person } => {
                let (group, member) = (find(tx, &group).await?, scope::member(tx, of, &person).await?);
                group::add_member(tx, context, of, &group, &member.id).await
            }
            Self::Drop { group, person } => {
                let (group, member) = (find(tx, &group).await?, scope::member(tx, of, &person).await?);
                group::remove_member(tx, context, of, &group, &member.id).await
            }
            Self::Nest { group, parent } => {
                let (inner, outer) = (find(tx, &group).await?, find(tx, &parent).await?);
                group::nest(tx, context, of, &inner, &outer).await
            }
            Self::Unnest { group, parent } => {
                let (inner, outer) = (find(tx, &group).await?, find(tx, &parent).await?);
                group::unnest(tx, context, of, &inner, &outer).await
            }
            Self::Give { group, role } => {
                let (group, (role, site)) = (find(tx, &group).await?, role.find(tx, of).await?);
                group::give_role(tx, context, of, &group, (&role, site.as_ref())).await
            }
            Self::Take { group, role } => {
                let (group, (role, site)) = (find(tx, &group).await?, role.find(tx, of).await?);
                group::take_role(tx, context, of, &group, (&role, site.as_ref())).await
            }
        }
    }
}
