//! `lanyard restore`: a backup becomes the database again, and whoever was signed in before signs in anew.
//!
//! Everything is prepared beside the present files and put in their place at the end, so that a restore that fails changes
//! nothing. What was there is kept under another name.

mod anew;
mod place;
mod review;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;

use self::{
    anew::{Begun, Examined, Lost},
    place::Staging,
    review::Undone,
};
use super::{Output, Shell, archive::Archive};
use crate::{
    app::{App, lock::Lock, storage_settings},
    audit::heads::HeadsFile,
    clock::{Clock, Timestamp},
    config::{Config, Sources},
    random::Random,
    session::store::Voided,
    storage::{Settings, Storage, copy},
};

/// Brings a backup back; stop every server first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lanyard restore /backups/lanyard-2026-11-22    into an empty data folder
  lanyard restore /backups/2026-11-22 --force    puts the present database aside first
  lanyard restore --after-pg-restore             on PostgreSQL, before any node starts

Sessions, refresh tokens, codes and mailed links for a new password or address from before
are void afterwards; invitations stay open. What happened after the backup is undone:
the command lists who left since, if it can know.")]
pub(super) struct Restore {
    /// The folder that `lanyard backup` made
    #[arg(value_name = "FOLDER", required_unless_present = "after_pg_restore", conflicts_with = "after_pg_restore")]
    source: Option<PathBuf>,

    /// Puts a database that is there aside, and restores even a backup whose audit log is not whole
    #[arg(long)]
    force: bool,

    /// Finishes what `pg_restore` has begun: voids what is older and begins the audit chains anew
    #[arg(long = "after-pg-restore", id = "after_pg_restore")]
    database_is_back: bool,

    /// A database that is newer than the backup, to list from it who left since (the one that is put aside is asked anyway)
    #[arg(long, value_name = "URL")]
    previous: Option<String>,
}

/// How a restore went.
#[derive(Debug, Serialize)]
struct Restored {
    /// When the backup was made.
    made_at: String,
    /// What nobody can use any more.
    voided: Voided,
    /// How many targets of `lanyard scim-target` are paused.
    paused: usize,
    /// Emergency accounts whose key signs in, also where it was used since.
    emergency_accounts: Vec<String>,
    /// Links of the audit log that the backup did not hold yet.
    lost: Vec<Lost>,
    /// What happened since and is undone; none where no newer database was there to ask.
    undone: Option<Vec<Undone>>,
}

impl Restore {
    /// Runs the command.
    pub(super) async fn run(self, config: Option<&std::path::Path>, output: Output) -> anyhow::Result<()> {
        let config = Config::load(&Sources::of_process(config))?;
        match (&self.source, config.database.file()) {
            (None, None) => Box::pin(self.finish_pg_restore(config, output)).await,
            (None, Some(_)) => {
                bail!("the configured database is a file: name the backup, as in `lanyard restore FOLDER`")
            }
            (Some(_), None) => bail!("the configured database is PostgreSQL, and the backup is a file of SQLite"),
            (Some(source), Some(target)) => {
                let archive = Archive::open(source)?;
                Box::pin(self.unpack(&archive, config, target, output)).await
            }
        }
    }

    async fn unpack(&self, archive: &Archive, config: Config, target: PathBuf, output: Output) -> anyhow::Result<()> {
        if archive.manifest.schema > Storage::newest_schema() {
            bail!("the backup was made by a newer Lanyard ({}): restore it with that one", archive.manifest.lanyard);
        }
        if target.exists() && !self.force {
            bail!("there is a database at {}: --force puts it aside", target.display());
        }
        let settings = storage_settings(&config);
        if target.exists() && copy::settle(&settings).await.is_ok_and(|settled| !settled) {
            bail!("{} is in use: stop the server first", target.display());
        }
        place::master_key(&config, archive)?;
        let made_at = Timestamp(archive.manifest.made_at_ms);
        let previous = match (&self.previous, target.exists()) {
            (Some(url), _) => Some(of(url)),
            (None, exists) => exists.then_some(settings),
        };
        let since = review::since(previous, made_at).await;
        // No server starts on what is about to be put aside.
        let _lock = Lock::of(&target)?;
        let staging = Staging::prepare(archive, &target, &config.audit.heads_file)?;
        let done = Box::pin(self.prepare(&staging, config, archive, output)).await;
        if done.is_err() {
            staging.discard();
        }
        let (shell, Begun { voided, paused, emergency_accounts }, lost) = done?;
        staging.put_in_place(shell.app.clock.now())?;
        let undone = match since {
            Some(events) => Some(review::named(&of(&format!("sqlite:{}", target.display())), events).await?),
            None => None,
        };
        shell.say(format!("Restored {} from {}.", target.display(), made_at));
        tell(&shell, &Restored { made_at: made_at.to_string(), voided, paused, emergency_accounts, lost, undone })
    }

    /// Brings the staged copy up to date, examines it and begins anew in it.
    async fn prepare(
        &self,
        staging: &Staging,
        mut config: Config,
        archive: &Archive,
        output: Output,
    ) -> anyhow::Result<(Shell, Begun, Vec<Lost>)> {
        let present = HeadsFile::at(config.audit.heads_file.clone());
        config.database.url = format!("sqlite:{}", staging.database.display()).into();
        let app = App::open(config, Clock::System, Random::system()).await.context("the backup does not open")?;
        let shell = Shell::of(app, output);
        let Examined { key, lost } = anew::examine(&shell, &[&staging.archived_heads, &present], self.force).await?;
        let what = format!("the backup of {}, made by Lanyard {}", archive.manifest.made_at, archive.manifest.lanyard);
        let (begun, heads) = anew::begin(&shell, &key, &what, &lost).await?;
        HeadsFile::at(staging.heads.clone()).append(&heads)?;
        shell.app.storage.close().await;
        if !copy::settle(&of(&format!("sqlite:{}", staging.database.display()))).await? {
            bail!("{} is in use by another process", staging.database.display());
        }
        Ok((shell, begun, lost))
    }

    async fn finish_pg_restore(&self, config: Config, output: Output) -> anyhow::Result<()> {
        crate::app::master_key(&config).read().context("bring the master key back first")?;
        let present = HeadsFile::at(config.audit.heads_file.clone());
        let app = App::open(config, Clock::System, Random::system()).await?;
        let shell = Shell::of(app, output);
        let made_at = shell.app.storage.read().await?.audit().newest().await?.unwrap_or(Timestamp(0));
        let since = review::since(self.previous.as_deref().map(of), made_at).await;
        let Examined { key, lost } = anew::examine(&shell, &[&present], self.force).await?;
        let what = format!("a database whose newest event is of {made_at}");
        let (Begun { voided, paused, emergency_accounts }, heads) = anew::begin(&shell, &key, &what, &lost).await?;
        place::replace_heads(present.path(), &heads, shell.app.clock.now())?;
        let undone = match since {
            Some(events) => Some(review::named(&storage_settings(&shell.app.config), events).await?),
            None => None,
        };
        shell.say(format!("The restore is finished; the newest event of the database is of {made_at}."));
        tell(&shell, &Restored { made_at: made_at.to_string(), voided, paused, emergency_accounts, lost, undone })
    }
}

fn of(url: &str) -> Settings {
    Settings { url: url.to_owned(), readers: 1, writers: 1 }
}

fn tell(shell: &Shell, restored: &Restored) -> anyhow::Result<()> {
    let voided = &restored.voided;
    shell.show(
        restored,
        &[
            ("sessions ended", voided.sessions.to_string()),
            ("refresh families revoked", voided.families.to_string()),
            ("codes and tokens voided", (voided.codes + voided.access_tokens).to_string()),
            ("mailed links voided", voided.links.to_string()),
            ("recovery codes voided", voided.recovery_codes.to_string()),
        ],
    )?;
    shell.say("Everybody signs in again; links for a new password have to be asked for again.");
    if restored.paused > 0 {
        shell.say(format!(
            "Paused: {} of the apps that people are pushed to, so that nobody who left since comes back there. See \
             `lanyard scim-target preview`, then `lanyard scim-target resume`.",
            restored.paused
        ));
    }
    if !restored.emergency_accounts.is_empty() {
        shell.say("Emergency accounts that are ready again, also where their key was used since; unless you know that it was not:");
    }
    for account in &restored.emergency_accounts {
        shell.say(format!("  lanyard emergency rotate {account}"));
    }
    for lost in &restored.lost {
        shell.say(format!(
            "Audit chain {}: links {} to {} are not in the backup; the file of heads that was put aside still names them.",
            lost.chain, lost.from, lost.to
        ));
    }
    review::tell(shell, &restored.made_at, restored.undone.as_deref())
}
