//! `lanyard audit`: what happened, and whether the record of it is whole.

mod list;
mod table;
mod verify;

use clap::Subcommand;

use super::Shell;

/// The audit log
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Lists events, newest first; the reading is recorded too
    #[command(after_help = "\
Examples:
  lanyard audit list --person olivia@riverside.example --from 2026-11-01
  lanyard audit list --organization riverside --action assignment-creation --json
  lanyard audit list --wide --request req_…          all that happened in one request
  lanyard audit list --limit 1000 --before evt_…     the next page")]
    List(list::List),
    /// Checks that no sealed event was changed, removed or inserted; exits with 1 when one was
    #[command(after_help = "Example:\n  lanyard audit verify --json")]
    Verify,
}

impl Audit {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self {
            Self::List(wanted) => list::list(shell, wanted).await,
            Self::Verify => verify::verify(shell).await,
        }
    }
}
