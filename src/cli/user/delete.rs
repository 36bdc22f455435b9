//! `lanyard user delete`: erases a person, unless an organization holds the record.

use clap::Args;

use super::change;
use crate::{
    cli::{Shell, scope::Usage},
    directory::{
        organization::Organization,
        tenancy::Aspect,
        user::{self, Erasure},
    },
    id::OrganizationId,
};

/// Erases a person for good: what is left is the id, so that the audit log stays readable
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lanyard user delete tess@harbour.example --yes
  lanyard user delete tess@harbour.example --yes --once-released

Nobody is erased whose record an organization holds (`lanyard membership hold`). With
`--once-released` such a person is disabled now, and erased when the last hold ends;
`lanyard user enable` takes that back.")]
pub(super) struct Delete {
    /// The person: e-mail address, user name or id
    person: String,
    /// Says that you know that this cannot be undone
    #[arg(long)]
    yes: bool,
    /// Where the record is held: disables them now, and erases them as soon as nobody holds it
    #[arg(long)]
    once_released: bool,
}

impl Delete {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell, by: Option<&OrganizationId>) -> anyhow::Result<()> {
        let Self { person, yes, once_released } = self;
        if !yes {
            Err(Usage("this cannot be undone; say so by --yes".into()))?;
        }
        let erasure = change(shell, by, &person, Aspect::Existence, move |tx, context, user| {
            Box::pin(async move {
                if once_released {
                    user::delete_once_released(tx, context, &user.id).await
                } else {
                    user::delete(tx, context, &user.id).await
                }
            })
        })
        .await?;
        match erasure {
            Erasure::Done => shell.say(format!("{person} is erased.")),
            Erasure::Held(holders) if once_released => shell.say(format!(
                "{person} is disabled, and erased as soon as nobody holds the record: now {} does.",
                names(&holders)
            )),
            Erasure::Held(holders) => anyhow::bail!(
                "{person} is not erased: {} holds the record and has to release it first (`lanyard membership hold list \
                 {person} --organization {}`); --once-released erases them as soon as nobody holds it",
                names(&holders),
                holders.first().map_or("", |holder| holder.slug.as_str()),
            ),
        }
        Ok(())
    }
}

fn names(holders: &[Organization]) -> String {
    holders.iter().map(|one| format!("{} ({})", one.name, one.slug)).collect::<Vec<_>>().join(", ")
}
