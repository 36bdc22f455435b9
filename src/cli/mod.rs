//! The command line: one file per command.
//!
//! A command prints a table for people, or JSON with `--json`; it exits with 0 when it did what it was asked, 1 when it was
//! refused or failed, 2 when it was called wrongly. What it changes is recorded in the audit log with the name of the
//! operating system's account.

#![warn(clippy::print_stdout, clippy::print_stderr, reason = "`print` knows that nobody may be reading")]

mod admin;
mod archive;
mod assignment;
mod attribute;
mod audit;
mod backup;
mod client;
mod config;
mod demo;
mod doctor;
mod domain;
mod emergency;
mod group;
mod invitation;
mod keys;
mod known;
mod location;
mod membership;
mod org;
mod paging;
mod policy;
mod postgres;
mod print;
mod receipt;
mod recovery;
mod restore;
mod role;
mod saml_key;
mod scim_target;
mod scim_token;
mod scope;
mod serve;
mod shell;
mod source;
mod station;
mod token;
mod upstream;
mod user;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Arg, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, builder::Resettable};

pub use shell::{Output, Shell};

use crate::app::set_up;

const FIRST_STEPS: &str = "\
To try it:
  lanyard demo                                   a demo clinic with an app to sign in to

To run it:
  lanyard config show --defaults > lanyard.toml  all there is to configure; keep what you change
  lanyard config check                           whether that is right
  lanyard serve                                  serves; the first start makes database and keys
  lanyard org create riverside --name Riverside  the first practice, beside the running server
  lanyard doctor                                 what is missing, and what to do about it

Commands work on the database that the configuration names: ./lanyard.toml, or --config FILE.
Where nothing is configured that is data/lanyard.db, and keys/ for the master key.";

/// Single sign-on for clinics.
#[derive(Debug, Parser)]
#[command(
    name = "lanyard",
    version,
    about,
    propagate_version = true,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    after_help = FIRST_STEPS
)]
struct Cli {
    /// Reads this file instead of ./lanyard.toml
    #[arg(long, global = true, value_name = "FILE", env = "LANYARD_CONFIG")]
    config: Option<PathBuf>,

    /// Prints JSON
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server; the first start makes the database and the master key
    #[command(after_help = "Example:\n  lanyard --config /etc/lanyard/lanyard.toml serve")]
    Serve,
    /// Runs a demo clinic with an app to sign in to
    Demo(demo::Demo),
    /// Makes the database and the master key where there are none, brings the database up to date, and ends
    #[command(after_help = "\
Example:
  lanyard --config /etc/lanyard/lanyard.toml migrate

`lanyard serve` does the same at its start.")]
    Migrate,
    #[command(subcommand)]
    Org(org::Org),
    Location(location::Locations),
    Station(station::Stations),
    User(user::Users),
    Membership(membership::Memberships),
    Role(role::Roles),
    Group(group::Groups),
    Invitation(invitation::Invitations),
    Domain(domain::Domains),
    Policy(policy::Policies),
    Recovery(recovery::Recoveries),
    Emergency(emergency::Emergencies),
    #[command(subcommand)]
    Admin(admin::Admin),
    #[command(subcommand)]
    Client(client::Client),
    ScimTarget(scim_target::ScimTargets),
    ScimToken(scim_token::ScimTokens),
    Upstream(upstream::UpstreamCommand),
    #[command(subcommand)]
    Audit(audit::Audit),
    #[command(subcommand)]
    Keys(keys::Keys),
    #[command(subcommand)]
    SamlKey(saml_key::SamlKey),
    #[command(subcommand)]
    Token(token::Token),
    Doctor(doctor::Doctor),
    Backup(backup::Backup),
    Restore(restore::Restore),
    #[command(subcommand)]
    Config(config::Config),
}

/// Parses the arguments, runs the command and says how it went.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::from_arg_matches(&without_empty(Cli::command()).get_matches()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let output = if cli.json { Output::Json } else { Output::Text };
    let result = shell::runtime().and_then(|runtime| runtime.block_on(dispatch(cli.command, cli.config, output)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            shell::complain(&error);
            if error.is::<scope::Usage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// A variable of the environment that is empty is one that is not set.
fn without_empty(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let mend = |argument: Arg| match argument.get_env() {
        Some(name) if is_empty(name) => argument.env(Resettable::Reset),
        _ => argument,
    };
    command.mut_args(mend).mut_subcommands(without_empty)
}

async fn dispatch(command: Command, config: Option<PathBuf>, output: Output) -> anyhow::Result<()> {
    let config = config.as_deref();
    match command {
        Command::Admin(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Audit(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Backup(command) => command.run(&Shell::attach(config, output).await?).await,
        Command::Client(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Config(command) => command.run(config, output),
        Command::Demo(demo) => Box::pin(demo::run(demo)).await,
        Command::Doctor(command) => command.run(config, output).await,
        Command::Keys(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Restore(command) => Box::pin(command.run(config, output)).await,
        Command::Domain(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Emergency(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Group(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Invitation(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Location(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Membership(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Org(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Policy(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Recovery(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Role(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::SamlKey(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Station(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::ScimTarget(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::ScimToken(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Token(command) => command.run(config, output).await,
        Command::Upstream(command) => match command.template() {
            Some(text) => Ok(print::line(text.trim_end())?),
            None => within(config, output, async |shell| command.run(shell).await).await,
        },
        Command::User(command) => within(config, output, async |shell| command.run(shell).await).await,
        Command::Serve => serve::run(config).await,
        Command::Migrate => migrate(config, output).await,
    }
}

/// Runs a command where Lanyard was set up, and says what there is when it names what there is not.
async fn within(
    config: Option<&Path>,
    output: Output,
    run: impl AsyncFnOnce(&Shell) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let shell = Shell::open(config, output).await?;
    match run(&shell).await {
        Err(error) => Err(known::instead(&shell, error).await),
        done => done,
    }
}

async fn migrate(config: Option<&Path>, output: Output) -> anyhow::Result<()> {
    let shell = Shell::set_up(config, output).await?;
    let place = shell.app.config.database.file().map(|file| format!(" {}", set_up::absolute(&file).display()));
    shell.say(format!("The database{} is up to date.", place.unwrap_or_default()));
    if let Some(file) = set_up::master_key_file(&shell.app.config) {
        shell
            .say(format!("Its master key is {}: keep a copy in a safe place, apart from the backups.", file.display()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::builder::StyledStr;

    use super::*;

    /// What is to be mended in the help of a command and of those below it.
    fn wanting(command: &clap::Command, path: &str) -> Vec<String> {
        let mut found = vec![];
        let text = |text: Option<&StyledStr>| text.map(ToString::to_string).unwrap_or_default();
        if text(command.get_about()).is_empty() {
            found.push(format!("{path}: what does it do?"));
        }
        if !command.has_subcommands() && !text(command.get_after_help()).contains("Example") {
            found.push(format!("{path}: an example?"));
        }
        for argument in command.get_arguments().filter(|argument| text(argument.get_help()).is_empty()) {
            found.push(format!("{path} {}: what is it?", argument.get_id()));
        }
        for line in text(command.get_after_help()).lines().filter(|line| line.chars().count() > 100) {
            found.push(format!("{path}: shorter: {line}"));
        }
        let below = command.get_subcommands();
        found.extend(below.flat_map(|command| wanting(command, &format!("{path} {}", command.get_name()))));
        found
    }

    /// Examples of a command and of those below it, each in one line.
    fn examples(command: &clap::Command) -> Vec<String> {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = help.replace("\\\n", " ");
        let own = lines.lines().map(str::trim).filter(|line| line.starts_with("lanyard ")).map(str::to_owned);
        own.chain(command.get_subcommands().flat_map(examples)).collect()
    }

    #[test]
    fn examples_name_the_organization_where_one_is_needed() {
        let of_one = [
            "membership",
            "role",
            "group",
            "location",
            "invitation",
            "domain",
            "recovery",
            "emergency",
            "scim-token",
            "scim-target",
            "user review",
            "policy list",
            "policy set",
            "policy unset",
            "policy explain",
        ];
        let is_of_one = |example: &String| of_one.iter().any(|name| example.starts_with(&format!("lanyard {name} ")));
        let found: Vec<String> = examples(&Cli::command()).into_iter().filter(is_of_one).collect();
        assert!(found.len() > 50, "{found:?}");
        let wanting: Vec<&String> = found.iter().filter(|example| !example.contains(" --organization ")).collect();
        assert!(wanting.is_empty(), "{wanting:#?}");
    }

    #[test]
    fn the_help_of_every_command_says_what_it_does_with_an_example() {
        let found = wanting(&Cli::command(), "lanyard");
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}
