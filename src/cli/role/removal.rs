//! `lanyard role remove`: takes a role from everybody and everything that has it, after a look at how much that is.

use clap::Args;

use crate::{
    cli::{
        Shell,
        scope::{self, Usage},
    },
    directory::{
        organization::Organization,
        role::{self, Role},
        rule::Fact,
    },
    storage::{self, Tx},
    text::Slug,
};

/// Removes a role and ends its assignments
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lanyard role remove receptionist --organization riverside
  the same where somebody has it:
    lanyard role remove receptionist --yes --organization riverside")]
pub(super) struct Removal {
    /// The role
    role: Slug,
    /// Says that you know what rests on it, and that it cannot be undone
    #[arg(long)]
    yes: bool,
}

impl Removal {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell, of: &Organization) -> anyhow::Result<()> {
        let Self { role: slug, yes } = self;
        let (context, of, sought) = (shell.context(), of.id.clone(), slug.clone());
        let rests = shell
            .change(move |tx| {
                Box::pin(async move {
                    let role = scope::role(tx, &of, &sought).await?;
                    let may_go = yes || role.built_in().is_some();
                    let rests = if may_go { vec![] } else { resting_on(tx, &role).await? };
                    if rests.is_empty() {
                        role::remove(tx, &context, &of, &role.id).await?;
                    }
                    Ok(rests)
                })
            })
            .await?;
        if !rests.is_empty() {
            Err(Usage(format!(
                "`{slug}` is in use: {}. Removing it takes it from all of them and cannot be undone; say so by --yes",
                rests.join(", ")
            )))?;
        }
        Ok(())
    }
}

/// What has a role, gives it or asks for it: how many of each.
async fn resting_on(tx: &mut Tx, role: &Role) -> storage::Result<Vec<String>> {
    let (of, slug) = (&role.organization_id, &role.slug);
    let held = tx.roles().held(&role.id).await?;
    let names = |name: &str| name.eq_ignore_ascii_case(slug.as_str());
    let kinds = tx.kinds().list(of).await?.iter().filter(|kind| kind.default_roles.contains(slug)).count();
    let connections =
        tx.connections().list(of).await?.iter().filter(|(one, _)| one.rights.roles.contains(slug)).count();
    let rules = tx.group_rules().of(of).await?;
    let conditions = rules.iter().filter_map(|rule| rule.condition());
    let rules = conditions.filter(|condition| condition.named(Fact::Role).into_iter().any(names)).count();
    let apps = tx.apps().activations(of).await?.iter().filter(|one| one.requires.roles.contains(slug)).count();
    let all = [
        (held.assignments, "assignment", "assignments"),
        (held.groups, "group that gives it", "groups that give it"),
        (held.heirs, "role that inherits it", "roles that inherit it"),
        (held.clients, "client that holds it", "clients that hold it"),
        (kinds, "kind of membership that brings it", "kinds of membership that bring it"),
        (connections, "connection that may assign it", "connections that may assign it"),
        (rules, "rule that looks at it", "rules that look at it"),
        (apps, "app that asks for it", "apps that ask for it"),
    ];
    let told = |(count, one, many)| format!("{count} {}", if count == 1 { one } else { many });
    Ok(all.into_iter().filter(|(count, ..)| *count > 0).map(told).collect())
}
