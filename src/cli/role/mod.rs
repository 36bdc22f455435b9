//! `lanyard role`: bundles of permissions, and who is assigned which.

mod removal;

use clap::{Args, Subcommand};
use serde::Serialize;

use removal::Removal;

use super::{
    Shell, assignment, known,
    scope::{self, Period, RoleArgument, Scope},
};
use crate::{
    audit::Context,
    directory::{
        Error, Result,
        organization::Organization,
        permission::Permission,
        role::{self, Composition},
    },
    id::OrganizationId,
    storage::Tx,
    text::{Name, Slug},
};

/// Roles: bundles of permissions, and who is assigned which
#[derive(Debug, Args)]
pub(super) struct Roles {
    #[command(flatten)]
    scope: Scope,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the roles
    #[command(after_help = "Example:\n  lanyard role list --organization riverside")]
    List,
    /// Shows everything that a role grants, and who has it
    #[command(after_help = "Example:\n  lanyard role show manager --organization riverside")]
    Show {
        /// The role
        role: Slug,
    },
    /// Lists the permissions that roles can be made of
    #[command(after_help = "Example:\n  lanyard role permissions --organization riverside")]
    Permissions,
    #[command(flatten)]
    Edit(Edit),
    Remove(Removal),
    /// Assigns a role to a member
    #[command(after_help = "\
Examples:
  lanyard role assign practitioner@main-street priya@riverside.example --organization riverside
  lanyard role assign manager max@riverside.example --until 2027-01-01 --organization riverside")]
    Assign {
        /// The role: ROLE for the whole organization, or ROLE@LOCATION
        role: RoleArgument,
        /// The member: e-mail address, user name or id
        person: String,
        #[command(flatten)]
        period: Period,
    },
    /// Ends an assignment
    #[command(
        after_help = "Example:\n  lanyard role end practitioner@main-street priya@riverside.example --organization riverside"
    )]
    End {
        /// The role: ROLE for the whole organization, or ROLE@LOCATION
        role: RoleArgument,
        /// The member: e-mail address, user name or id
        person: String,
    },
}

/// What changes a role; it is shown afterwards.
#[derive(Debug, Subcommand)]
enum Edit {
    /// Creates a role
    #[command(after_help = "\
Example:
  lanyard role create receptionist --name Receptionist --permission lanyard:people:read \\
    --organization riverside")]
    Create {
        /// Short name for commands, apps and tokens (letters, digits, `-`, `_`); it never changes
        slug: Slug,
        /// As people write it
        #[arg(long)]
        name: Name,
        /// A permission; may be repeated
        #[arg(long = "permission", value_name = "APP:RESOURCE:ACTION")]
        permissions: Vec<Permission>,
        /// A role whose permissions it has as well; may be repeated
        #[arg(long = "inherits", value_name = "ROLE")]
        inherits: Vec<Slug>,
    },
    /// Gives a role another name
    #[command(after_help = "Example:\n  lanyard role rename receptionist \"Front of house\" --organization riverside")]
    Rename {
        /// The role
        role: Slug,
        /// The name
        name: Name,
    },
    /// Adds permissions to a role and takes others away
    #[command(
        after_help = "Example:\n  lanyard role change receptionist --add lanyard:groups:read --remove lanyard:people:read \\\n    --organization riverside"
    )]
    Change {
        /// The role
        role: Slug,
        /// A permission to add; may be repeated
        #[arg(long = "add", value_name = "PERMISSION", required_unless_present = "remove")]
        add: Vec<Permission>,
        /// A permission to take away; may be repeated
        #[arg(long = "remove", value_name = "PERMISSION")]
        remove: Vec<Permission>,
    },
    /// Lets a role inherit what another has
    #[command(after_help = "Example:\n  lanyard role inherit receptionist --from billing --organization riverside")]
    Inherit {
        /// The role
        role: Slug,
        /// The inherited role
        #[arg(long = "from", value_name = "ROLE")]
        from: Slug,
    },
    /// Lets a role inherit another no more
    #[command(after_help = "Example:\n  lanyard role disinherit receptionist --from billing --organization riverside")]
    Disinherit {
        /// The role
        role: Slug,
        /// The inherited role
        #[arg(long = "from", value_name = "ROLE")]
        from: Slug,
    },
}

impl Roles {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::List => list(shell, &of).await,
            Command::Show { role } => show(shell, &of, &role).await,
            Command::Permissions => permissions(shell, &of).await,
            Command::Edit(edit) => {
                let (context, id, role) = (shell.context(), of.id.clone(), edit.role().clone());
                shell.change(move |tx| Box::pin(async move { edit.apply(tx, &context, &id).await })).await?;
                show(shell, &of, &role).await
            }
            Command::Remove(removal) => {
                removal.run(shell, &of).await?;
                list(shell, &of).await
            }
            Command::Assign { role, person, period } => assignment::assign(shell, &of, (role, person), &period).await,
            Command::End { role, person } => assignment::end(shell, &of, role, person).await,
        }
    }
}

/// A role as it is listed.
#[derive(Debug, Serialize)]
struct Shown {
    slug: String,
    name: String,
    /// `built-in`, `custom` or the app that offered it.
    origin: String,
    inherits: Vec<String>,
    /// Its own permissions.
    permissions: Vec<String>,
    id: String,
}

fn shown(one: &Composition) -> Shown {
    let origin = match (&one.role.template, one.role.built_in()) {
        (_, Some(_)) => "built-in".to_owned(),
        (Some(app), None) => app.clone(),
        (None, None) => "custom".to_owned(),
    };
    Shown {
        slug: one.role.slug.to_string(),
        name: one.role.name.to_string(),
        origin,
        inherits: one.inherits.iter().map(ToString::to_string).collect(),
        permissions: one.permissions.iter().map(ToString::to_string).collect(),
        id: one.role.id.to_string(),
    }
}

async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let roles = shell.app.storage.read().await?.roles().compositions(&of.id).await?;
    let shown: Vec<Shown> = roles.iter().map(shown).collect();
    shell.table(&shown, &["role", "name", "origin", "inherits", "permissions"], |one| {
        vec![
            one.slug.clone(),
            one.name.clone(),
            one.origin.clone(),
            one.inherits.join(", "),
            one.permissions.len().to_string(),
        ]
    })
}

async fn show(shell: &Shell, of: &Organization, slug: &Slug) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Whole {
        #[serde(flatten)]
        role: Shown,
        /// Its own permissions and all that it inherits.
        effective: Vec<String>,
        assignments: Vec<assignment::Shown>,
    }
    let mut tx = shell.app.storage.read().await?;
    let id = scope::role(&mut tx, &of.id, slug).await?.id;
    let compositions = tx.roles().compositions(&of.id).await?;
    let assignments = tx.assignments().of_role(&of.id, &id).await?;
    let Some(role) = compositions.iter().find(|one| one.role.id == id).map(shown) else { return Ok(()) };
    let effective: Vec<String> = role::effective(&compositions, slug).iter().map(ToString::to_string).collect();
    let whole = Whole { role, effective, assignments: assignments.iter().map(assignment::shown).collect() };
    shell.show(
        &whole,
        &[
            ("role", whole.role.slug.clone()),
            ("name", whole.role.name.clone()),
            ("origin", whole.role.origin.clone()),
            ("inherits", whole.role.inherits.join(", ")),
            ("grants", whole.effective.join("\n             ")),
            ("assignments", whole.assignments.len().to_string()),
        ],
    )
}

async fn permissions(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let all = known::permissions(&mut shell.app.storage.read().await?, &of.id).await?;
    shell.table(&all, &["permission"], |one| vec![one.clone()])
}

impl Edit {
    /// The role that there is afterwards.
    fn role(&self) -> &Slug {
        match self {
            Self::Create { slug: role, .. }
            | Self::Rename { role, .. }
            | Self::Change { role, .. }
            | Self::Inherit { role, .. }
            | Self::Disinherit { role, .. } => role,
        }
    }

    async fn apply(self, tx: &mut Tx, context: &Context, of: &OrganizationId) -> Result<()> {
        let find = async |tx: &mut Tx, slug: &Slug| Ok::<_, Error>(scope::role(tx, of, slug).await?.id);
        match self {
            Self::Create { slug, name, permissions, inherits } => {
                let made = role::create(tx, context, of, (&slug, &name), &permissions).await?;
                // A handful of roles, named on the command line.
                for parent in inherits {
                    let parent = find(tx, &parent).await?;
                    role::inherit(tx, context, of, &made.id, &parent).await?;
                }
                Ok(())
            }
            Self::Rename { role, name } => {
                let role = find(tx, &role).await?;
                role::rename(tx, context, of, &role, &name).await
            }
            Self::Change { role, add, remove } => {
                let role = find(tx, &role).await?;
                role::change_permissions(tx, context, of, &role, (&add, &remove)).await
            }
            Self::Inherit { role, from } => {
                let (heir, from) = (find(tx, &role).await?, find(tx, &from).await?);
                role::inherit(tx, context, of, &heir, &from).await
            }
            Self::Disinherit { role, from } => {
                let (heir, from) = (find(tx, &role).await?, find(tx, &from).await?);
                role::disinherit(tx, context, of, &heir, &from).await
            }
        }
    }
}
