//! `lanyard user validity`: from when until when a person can sign in at all.

use clap::Args;

use super::{change, show};
use crate::{
    cli::{
        Shell,
        scope::{Period, Usage},
    },
    directory::{expiry, tenancy::Aspect},
    id::OrganizationId,
};

/// Sets from when until when a person can sign in at all; tokens never outlive it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lanyard user validity sam@riverside.example --until 2027-02-28
  lanyard user validity sam@riverside.example --from 2026-12-01 --until 2027-03-01
  lanyard user validity sam@riverside.example --always

A day in the past ends it at once, which takes `--yes`; `lanyard user disable` needs no day.
At its end the account is disabled, apps are told and it is written in the audit log; a later
end lets the person in again. Where the person works for several organizations, the end of
one membership is `lanyard membership update`.")]
pub(super) struct Limits {
    /// The person: e-mail address, user name or id
    person: String,
    #[command(flatten)]
    period: Period,
    /// Without a beginning and an end
    #[arg(long, conflicts_with_all = ["from", "until"])]
    always: bool,
}

impl Limits {
    pub(super) async fn run(self, shell: &Shell, by: Option<&OrganizationId>) -> anyhow::Result<()> {
        if !self.always && !self.period.is_given() {
            return Err(Usage("say --from, --until or --always".to_owned()).into());
        }
        let past = "would disable the person at once; for that, there is `lanyard user disable`";
        let validity = self.period.validity(shell.app.clock.now(), past)?;
        change(shell, by, &self.person, Aspect::Existence, move |tx, context, user| {
            Box::pin(async move { expiry::limit_account(tx, context, &user.id, validity).await })
        })
        .await?;
        show(shell, by, &self.person).await
    }
}
