//! `lanyard policy`: what an organization sets, and for whom. The strictest wins.

mod explain;
mod list;
mod obstacle;
mod set;
mod settings;
mod simulate;
mod subject;

use std::net::IpAddr;

use clap::{Args, Subcommand};

use self::{set::Manner, subject::SubjectArgument};
use super::{Shell, scope::Scope};
use crate::{
    authentication::assurance,
    clock::Timestamp,
    policy::preset::{self, Preset},
    setting::Setting,
};

/// Policies: what an organization sets, for whom, and what that comes to
#[derive(Debug, Args)]
pub(super) struct Policies {
    #[command(flatten)]
    scope: Scope,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists what can be set: values, whom it can be set for, what holds without a rule
    #[command(after_help = "Example:\n  lanyard policy settings")]
    Settings,
    /// Lists the rules of an organization
    #[command(after_help = "Example:\n  lanyard policy list --organization riverside")]
    List,
    /// Sets a rule, for the whole organization or for some; of all that hold for a person the strictest wins
    #[command(after_help = SET_EXAMPLES)]
    Set {
        /// The setting
        setting: Setting,
        /// Its value; `lanyard policy settings` says what it may be
        value: String,
        #[command(flatten)]
        subject: SubjectArgument,
        /// Sets it even if it stops every owner
        #[arg(long)]
        force: bool,
        /// For ten minutes; then the rule is again what it was, unless `policy keep` keeps the change
        #[arg(long = "try")]
        is_trial: bool,
    },
    /// Takes a rule back
    #[command(after_help = "Example:\n  lanyard policy unset session.idle --role front_desk --organization riverside")]
    Unset {
        /// The setting
        setting: Setting,
        #[command(flatten)]
        subject: SubjectArgument,
        /// For ten minutes; then there is the rule again, unless `policy keep` keeps the change
        #[arg(long = "try")]
        is_trial: bool,
        /// Though every owner, or whoever takes it back, would be stopped without it
        #[arg(long = "force")]
        is_forced: bool,
    },
    /// Sets the rules about passwords that belong together, over those that there are
    #[command(after_help = PRESET_EXAMPLES)]
    Preset {
        /// Which
        #[arg(value_parser = preset::named)]
        preset: &'static Preset,
        #[command(flatten)]
        subject: SubjectArgument,
    },
    /// Keeps what is tried: all of it, or the change of one rule
    #[command(
        after_help = "Examples:\n  lanyard policy keep --organization riverside\n  lanyard policy keep network.allowed --role gp --organization riverside"
    )]
    Keep {
        /// The setting; all that is tried, if left out
        setting: Option<Setting>,
        #[command(flatten)]
        subject: SubjectArgument,
    },
    /// Shows what holds for a member, which rule each line comes from, and all that would keep them out
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Question),
    /// Shows who would have been stopped by other rules in the last days; changes nothing
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(simulate::Trial),
}

/// Who would come where, when and from where.
#[derive(Debug, Args)]
struct Question {
    /// The member: e-mail address, user name or id
    #[arg(long, value_name = "PERSON")]
    user: String,
    /// The app that they would use
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    /// The address that they would come from; without it networks and countries are not looked at
    #[arg(long, value_name = "ADDRESS")]
    from_ip: Option<IpAddr>,
    /// How sure their sign-in would be; a password alone, if left out
    #[arg(long, value_parser = assurance::ALL, value_name = "ACR")]
    acr: Option<String>,
    /// When (2026-11-24T06:30:00+01:00); now, if left out
    #[arg(long, value_parser = Timestamp::parse, value_name = "INSTANT")]
    at: Option<Timestamp>,
}

const PRESET_EXAMPLES: &str = "\
Presets:
  nist-800-63b             what holds without a rule: long, unknown to guessers, not replaced
                           for its age
  composition-and-expiry   besides, three kinds of characters, another one every 90 days, none
                           of the last five

Examples:
  lanyard policy preset composition-and-expiry --organization riverside
  lanyard policy preset nist-800-63b --organization riverside";

const SET_EXAMPLES: &str = "\
Examples:
  lanyard policy set session.idle 15m --role front_desk --organization riverside
  lanyard policy set session.absolute 8h --organization riverside
  lanyard policy set session.idle 10m --member sam@riverside.example --organization riverside
  lanyard policy set network.allowed 10.20.0.0/16 --try --organization riverside
  lanyard policy set network.allowed \"10.20.0.0/16, 192.0.2.7\" --client clinic-calendar \\
    --organization riverside
  lanyard policy set schedule.windows \\
    \"mon-fri 07:00-19:00, sat 08:00-12:00 in Europe/Copenhagen\" --location main-street \\
    --organization riverside";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  lanyard policy explain --user priya@riverside.example --organization riverside
  lanyard policy explain --user priya@riverside.example --client clinic-calendar \\
    --from-ip 192.0.2.7 --at 2026-11-24T06:30:00+01:00 --organization riverside";

const SIMULATE_EXAMPLES: &str = "\
Examples:
  lanyard policy simulate --set network.countries=DK --role front_desk --days 30 \\
    --organization riverside
  lanyard policy simulate --set \"schedule.windows=mon-fri 07:00-19:00 in Europe/Copenhagen\" --json \\
    --organization riverside";

impl Policies {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        if matches!(self.command, Command::Settings) {
            return settings::show(shell);
        }
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::Settings | Command::List => list::list(shell, &of).await,
            Command::Set { setting, value, subject, force, is_trial } => {
                let manner = Manner { is_forced: force, is_trial };
                set::set(shell, &of, (setting, &value), (subject, manner)).await
            }
            Command::Unset { setting, subject, is_trial, is_forced } => {
                set::unset(shell, &of, setting, (subject, Manner { is_forced, is_trial })).await
            }
            Command::Preset { preset, subject } => set::preset(shell, &of, preset, subject).await,
            Command::Keep { setting, subject } => set::keep(shell, &of, setting, subject).await,
            Command::Explain(question) => explain::explain(shell, &of, question).await,
            Command::Simulate(trial) => simulate::simulate(shell, &of, trial).await,
        }
    }
}
