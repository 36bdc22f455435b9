//! The command line: one file per command.
//!
//! A command prints a table for people, or JSON with `--json`; it exits with 0 when it did what it was asked, 1 when it was
//! refused or failed, 2 when it was called wrongly. What it changes is recorded in the audit log with the name of the
//! operating system's account.

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
mod group;
mod invitation;
mod keys;
mod location;
mod membership;
mod org;
mod postgres;
mod restore;
mod role;
mod scope;
mod serve;
mod shell;
mod user;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

pub use shell::{Output, Shell};

/// Single sign-on for clinics.
#[derive(Debug, Parser)]
#[command(
    name = "lanyard",
    version,
    about,
    propagate_version = true,
    disable_help_subcommand = true,
    arg_required_else_help = true
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
    /// Runs the server
    Serve,
    /// Runs a demo clinic with an app to sign in to
    Demo(demo::Demo),
    #[command(subcommand)]
    Org(org::Org),
    Location(location::Locations),
    User(user::Users),
    Membership(membership::Memberships),
    Role(role::Roles),
    Group(group::Groups),
    Invitation(invitation::Invitations),
    Domain(domain::Domains),
    #[command(subcommand)]
    Client(client::Client),
    #[command(subcommand)]
    Audit(audit::Audit),
    #[command(subcommand)]
    Keys(keys::Keys),
    Doctor(doctor::Doctor),
    Backup(backup::Backup),
    Restore(restore::Restore),
    #[command(subcommand)]
    Config(config::Config),
    /// Brings the database up to date and stops
    Migrate,
}

/// Parses the arguments, runs the command and says how it went.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
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

async fn dispatch(command: Command, config: Option<PathBuf>, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Audit(command) => command.run(&Shell::open(config.as_deref(), output).await?).await,
        Command::Backup(command) => command.run(&Shell::attach(config.as_deref(), output).await?).await,
        Command::Client(command) => command.run(&Shell::open(config.as_deref(), output).await?).await,
        Command::Config(command) => command.run(config.as_deref(), output),
        Command::Demo(demo) => demo::run(demo).await,
        Command::Doctor(command) => command.run(config.as_deref(), output).await,
        Command::Keys(command) => command.run(&Shell::open(config.as_deref(), output).await?).await,
        Command::Restore(command) => command.run(config.as_deref(), output).await,
        Command::Domain(command) => command.run(&Shell::open(config.as_deref(), output).await?).await,
        Command::Group(command) => command.run(&Shell::open(config.as_deref(), output).await?).await,
        Command::Invitation(command) => command.run(&Shell::open(config.as_deref(), output).await?).await,
        Command::Location(command) => command.run(&Shell::open(config.as_deref(), output).await?).await,
        Command::Membership(command) => command.run(&Shell::open(config.as_deref(), output).await?).await,
        Command::Org(command) => command.run(&Shell::open(config.as_deref(), output).await?).await,
        Command::Role(command) => command.run(&Shell::open(config.as_deref(), output).await?).await,
        Command::User(command) => command.run(&Shell::open(config.as_deref(), output).await?).await,
        Command::Serve => serve::run(config.as_deref()).await,
        Command::Migrate => {
            let shell = Shell::open(config.as_deref(), output).await?;
            shell.say("The database is up to date.");
            Ok(())
        }
    }
}
