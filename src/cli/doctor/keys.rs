//! Keys: the master key is there, private and the right one; every algorithm has a key that signs.

use std::{fs, os::unix::fs::PermissionsExt as _, sync::Arc, time::Duration};

use super::{Finding, unreadable};
use crate::{
    app::{master_key, set_up::absolute},
    clock::Timestamp,
    config::Config,
    keys::{
        Keyring, Policy, Sealer,
        life_cycle::{Key, State},
        master_key::{MasterKeyFault, MasterKeySource},
    },
    random::Random,
    storage::Storage,
};

const CHECK: &str = "keys";

/// A server that runs replaces keys within a second; one that was away for a while catches up.
const LATE: Duration = Duration::from_hours(1);

pub(super) async fn look(config: &Config, storage: &Storage, now: Timestamp) -> Vec<Finding> {
    let master = look_at_master_key(config);
    if master.state == super::State::Fail {
        return vec![master];
    }
    let mut findings = vec![master];
    let stored = match storage.read().await {
        Ok(mut tx) => tx.signing_keys().published().await,
        Err(error) => Err(error),
    };
    let keys: Vec<Key> = match stored {
        Ok(stored) => stored.into_iter().map(|stored| stored.key).collect(),
        Err(error) => {
            findings.push(unreadable(CHECK, error));
            return findings;
        }
    };
    if keys.is_empty() {
        findings.push(Finding::warn(
            CHECK,
            "there are no signing keys yet",
            "the first start of the server makes them",
        ));
        return findings;
    }
    let policy = Policy::of(&config.keys, &config.tokens);
    let keyring = Arc::new(Keyring::new(policy.clone()));
    let opened = match Sealer::start(master_key(config), &Random::system()) {
        Ok((sealer, _)) => keyring.refresh(storage, &sealer).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    findings.push(match opened {
        Ok(()) => judge(&keys, &policy, now),
        Err(error) => Finding::fail(CHECK, error, "put the master key back that belongs to this database"),
    });
    findings
}

/// Whether there is a master key that its owner alone can read.
pub(super) fn look_at_master_key(config: &Config) -> Finding {
    const CHECK: &str = "master key";
    let source = master_key(config);
    match (source.read(), &source) {
        (Ok(keys), MasterKeySource::File(path)) => {
            let mode = fs::metadata(path).map_or(0, |file| file.permissions().mode() & 0o777);
            if mode & 0o070 != 0 {
                let found = format!("{} may be read by its group (mode {mode:o})", path.display());
                return Finding::warn(CHECK, found, format!("run `chmod 600 {}`", path.display()));
            }
            several(keys.iter().count(), &path.display().to_string())
        }
        (Ok(keys), MasterKeySource::Text(_)) => several(keys.iter().count(), "from LANYARD_KEYS__MASTER_KEY"),
        (Err(MasterKeyFault::File { cause, path }), _) if cause.kind() == std::io::ErrorKind::NotFound => {
            let found = format!("{} is not there", absolute(&path).display());
            let database = config.database.file().is_some_and(|file| !file.exists());
            let advice = "put your copy of it back: a new one opens nothing of this database";
            if database {
                Finding::warn(CHECK, found, "the first start of the server makes it; keep a copy")
            } else {
                Finding::fail(CHECK, found, advice)
            }
        }
        (Err(error), _) => Finding::fail(CHECK, error.to_string(), "correct it; the server does not start before"),
    }
}

fn several(count: usize, place: &str) -> Finding {
    const CHECK: &str = "master key";
    match count {
        1 => Finding::ok(CHECK, place),
        many => Finding::warn(
            CHECK,
            format!("{place} has {many} keys: a replacement was begun"),
            "finish it with `lanyard keys rekey`",
        ),
    }
}

fn judge(keys: &[Key], policy: &Policy, now: Timestamp) -> Finding {
    let current =
        |wanted| keys.iter().find(|key| key.algorithm == wanted && matches!(key.state, State::Current { .. }));
    let lacking: Vec<&str> =
        policy.algorithms.iter().filter(|wanted| current(**wanted).is_none()).map(|lacking| lacking.name()).collect();
    if !lacking.is_empty() {
        let found = format!("no key signs with {}", lacking.join(", "));
        return Finding::warn(CHECK, found, "start the server: it makes what is missing");
    }
    let next = keys
        .iter()
        .filter_map(|key| match key.state {
            State::Current { since } => Some(since.plus(policy.rotation)),
            _ => None,
        })
        .min()
        .unwrap_or(now);
    if now.since(next) > LATE {
        let found = format!("keys should have been replaced at {next}");
        return Finding::warn(
            CHECK,
            found,
            "start the server: it replaces them; or is it running without its background work?",
        );
    }
    Finding::ok(CHECK, format!("{} signing keys open; the next takes over at {next}", policy.algorithms.len()))
}
