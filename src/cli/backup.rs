//! `lanyard backup`: a verified copy of all that a host needs but the master key, while the server runs.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use aws_lc_rs::hmac;
use clap::Args;

use super::{
    Shell,
    archive::{Archive, DATABASE, Entry, HEADS, MASTER_KEY, Manifest, copy_private, sync_file, sync_folder},
    postgres,
};
use crate::{
    app::{set_up::absolute, storage_settings},
    audit::{Event, heads::HeadsFile, verify::verify},
    keys::{master_key::MasterKeySource, shared_key::SharedKey},
    secret::ExposeSecret,
    storage::{Error, Settings, Storage, copy},
};

/// Copies database and audit heads into a new folder, and checks the copy; the server may run meanwhile
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  lanyard backup /backups/lanyard-2026-11-22

The master key is not in it: keep a copy of keys/master.key elsewhere, so that whoever
finds a backup cannot read the secrets in it. `lanyard restore` brings a backup back.
On PostgreSQL the command says what to save instead.")]
pub(super) struct Backup {
    /// A folder that does not exist yet
    #[arg(value_name = "FOLDER")]
    target: PathBuf,

    /// Puts the master key beside the data: whoever gets this backup can sign tokens and read every secret
    #[arg(long)]
    with_keys: bool,
}

impl Backup {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        if shell.app.config.database.file().is_none() {
            bail!("{}", postgres::how_to_save(&shell.app.config));
        }
        if self.target.exists() {
            bail!("{} is there already; name a new folder", self.target.display());
        }
        let target = absolute(&self.target);
        if let Some(parent) = target.parent()
            && !parent.is_dir()
        {
            let parent = parent.display();
            bail!(
                "there is no folder {parent} to put the backup into: make it first, as with `install -d -m 700 {parent}`"
            );
        }
        record(shell, &self.target).await?;
        let unfinished = PathBuf::from(format!("{}.unfinished", self.target.display()));
        fs::DirBuilder::new().mode(0o700).create(&unfinished).with_context(|| unfinished.display().to_string())?;
        let written = self.write(shell, &unfinished).await;
        if written.is_err() {
            fs::remove_dir_all(&unfinished).with_context(|| unfinished.display().to_string())?;
        }
        let findings = written?;
        fs::rename(&unfinished, &self.target).with_context(|| self.target.display().to_string())?;
        sync_folder(self.target.parent().unwrap_or(Path::new(".")))?;
        let manifest = Archive::open(&self.target)?.manifest;
        self.say(shell, &manifest)?;
        if findings > 0 {
            bail!(
                "the backup is complete, but its audit log is not whole ({findings} findings): see `lanyard audit verify`"
            );
        }
        Ok(())
    }

    /// Writes all files; answers how many findings the audit log has.
    async fn write(&self, shell: &Shell, folder: &Path) -> anyhow::Result<usize> {
        let config = &shell.app.config;
        // The heads first: the copy of the database is then never behind them.
        let mut files = vec![];
        if config.audit.heads_file.exists() {
            copy_private(&config.audit.heads_file, &folder.join(HEADS))?;
            files.push(Entry::of(folder, HEADS)?);
        }
        let database = folder.join(DATABASE);
        copy::copy(&storage_settings(config), &database).await.context("the database could not be copied")?;
        fs::set_permissions(&database, fs::Permissions::from_mode(0o600))?;
        let now = shell.app.clock.now();
        let (rows, schema, findings) = examine(shell, &database, &folder.join(HEADS)).await?;
        sync_file(&database)?;
        files.push(Entry::of(folder, DATABASE)?);
        if self.with_keys {
            let MasterKeySource::File(path) = shell.app.sealer.source() else {
                bail!("the master key comes from LANYARD_KEYS__MASTER_KEY: it cannot be put into a backup");
            };
            copy_private(path, &folder.join(MASTER_KEY))?;
            files.push(Entry::of(folder, MASTER_KEY)?);
        }
        let manifest = Manifest {
            format: Manifest::FORMAT,
            lanyard: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: now.to_string(),
            made_at_ms: now.0,
            issuer: config.server.issuer.to_string(),
            schema,
            master_key: shell.app.sealer.current_id(),
            rows,
            files,
        };
        manifest.seal(folder)?;
        Ok(findings)
    }

    fn say(&self, shell: &Shell, manifest: &Manifest) -> anyhow::Result<()> {
        let bytes: u64 = manifest.files.iter().map(Entry::bytes).sum();
        let rows = |table: &str| manifest.rows.get(table).copied().unwrap_or_default();
        shell.show(
            manifest,
            &[
                ("backup", self.target.display().to_string()),
                ("made at", manifest.made_at.clone()),
                ("size", format!("{} KiB", bytes.div_ceil(1024))),
                ("people", rows("users").to_string()),
                ("memberships", rows("memberships").to_string()),
                ("events", rows("audit_events").to_string()),
                ("master key", manifest.master_key.clone()),
            ],
        )?;
        match (self.with_keys, shell.app.sealer.source()) {
            (true, _) => {
                shell.say("The master key is IN this backup: whoever gets it can sign tokens and read every secret.");
            }
            (false, MasterKeySource::File(path)) => shell.say(format!(
                "The master key is not in it. Keep a copy of {} in another safe place: a restore needs it.",
                path.display()
            )),
            (false, MasterKeySource::Text(_)) => {
                shell.say("The master key is not in it: a restore needs the LANYARD_KEYS__MASTER_KEY of today.");
            }
        }
        Ok(())
    }
}

async fn record(shell: &Shell, target: &Path) -> Result<(), Error> {
    let (context, what) = (shell.context(), format!("backup to {}", target.display()));
    shell
        .app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                tx.record(&context, None, &Event::Export { what });
                Ok(())
            })
        })
        .await
}

/// Opens the copy as a database and reads all of it, so that nobody finds out at a restore that it cannot be.
async fn examine(
    shell: &Shell,
    database: &Path,
    heads: &Path,
) -> anyhow::Result<(std::collections::BTreeMap<String, i64>, i64, usize)> {
    let settings = Settings { url: format!("sqlite:{}", database.display()), readers: 1, writers: 1 };
    let storage = Storage::open(&settings).await.context("the copy does not open")?;
    let damage = storage.damage().await?;
    if let Some(first) = damage.first() {
        bail!("the copy is damaged, and so is the database: {first}");
    }
    let (rows, schema) = (storage.rows().await?, storage.schema().await?.unwrap_or_default());
    let key = shell.app.shared_key(SharedKey::AuditHeads).await?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret());
    let report = verify(&storage, &key, &HeadsFile::at(heads.to_path_buf())).await?;
    storage.close().await;
    if !copy::settle(&settings).await? {
        bail!("the copy is in use by another process");
    }
    Ok((rows, schema, report.findings.len()))
}
