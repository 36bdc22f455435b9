//! The database: reachable, up to date, whole and private.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use super::{Finding, Open, unreadable};
use crate::{
    app::{set_up::absolute, storage_settings},
    config::Config,
    storage::{Engine, Storage},
};

const CHECK: &str = "database";

/// The findings, and the database where it can be asked more.
pub(super) async fn look(config: &Config) -> (Vec<Finding>, Open) {
    let file = config.database.file();
    if let Some(file) = &file
        && !file.exists()
    {
        let found = format!("there is none at {}, where `database.url` points", absolute(file).display());
        let advice = "for a new one `lanyard serve` or `lanyard migrate` makes it, and `lanyard restore` brings one back; \
                      otherwise go to the folder of the server, or name its configuration with --config";
        return (vec![Finding::warn(CHECK, found, advice)], None);
    }
    let storage = match Storage::open(&storage_settings(config)).await {
        Ok(storage) => storage,
        Err(error) => {
            let advice = "check `database.url`, that the server runs and that it lets this account in";
            return (vec![Finding::fail(CHECK, error.to_string(), advice)], None);
        }
    };
    let mut findings = file.as_deref().and_then(private).into_iter().collect::<Vec<_>>();
    match storage.pending_migrations().await {
        Err(error) => return (vec![unreadable(CHECK, error)], None),
        Ok(pending) if !pending.is_empty() => {
            let found = format!("is behind this program by {}", pending.join(", "));
            findings.push(Finding::warn(
                CHECK,
                found,
                "`lanyard migrate` brings it up to date, and so does the next start",
            ));
            return (findings, None);
        }
        Ok(_) => {}
    }
    findings.push(whole(&storage).await);
    (findings, Some(storage))
}

async fn whole(storage: &Storage) -> Finding {
    let (damage, schema) = match (storage.damage().await, storage.schema().await) {
        (Ok(damage), Ok(schema)) => (damage, schema.unwrap_or_default()),
        (Err(error), _) | (_, Err(error)) => return unreadable(CHECK, error),
    };
    match (damage.first(), storage.engine()) {
        (Some(first), _) => {
            Finding::fail(CHECK, format!("is damaged: {first}"), "stop the server and restore the last backup")
        }
        (None, _) if schema > Storage::newest_schema() => Finding::fail(
            CHECK,
            format!("was brought to {schema} by a newer Lanyard"),
            "run that one, or restore the backup from before",
        ),
        (None, Engine::Sqlite) => Finding::ok(CHECK, format!("SQLite, up to date ({schema}), whole")),
        (None, Engine::Postgres) => Finding::ok(CHECK, format!("PostgreSQL, up to date ({schema}), collation C")),
    }
}

fn private(file: &Path) -> Option<Finding> {
    let mode = fs::metadata(file).ok()?.permissions().mode() & 0o777;
    (mode & 0o007 != 0 && folder_is_open(file)).then(|| {
        let found = format!("{} may be read by everyone on this machine (mode {mode:o})", file.display());
        Finding::warn(CHECK, found, format!("run `chmod o-rwx {}*`", file.display()))
    })
}

fn folder_is_open(file: &Path) -> bool {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::metadata(folder).is_ok_and(|folder| folder.permissions().mode() & 0o001 != 0)
}
