//! `lanyard keys`: what signs tokens and what seals stored secrets, shown and replaced by hand.

use std::time::Duration;

use clap::Subcommand;
use serde::Serialize;

use super::Shell;
use crate::keys::{
    Algorithm, KeyEvent, KeyId, Policy, Task, life_cycle::State, master_key::MasterKeySource,
    store::signing_keys::StoredKey,
};

/// Signing keys and the master key
#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Lists the signing keys: what signs, what comes next and what is on its way out
    #[command(after_help = "Example:\n  lanyard keys list --all")]
    List {
        /// Also those that are gone
        #[arg(long)]
        all: bool,
    },
    /// Publishes a successor for the keys that sign; it takes over once every app has seen it
    #[command(after_help = "Example:\n  lanyard keys rotate --algorithm EdDSA")]
    Rotate {
        /// Only this one: RS256, PS256, ES256 or EdDSA
        #[arg(long)]
        algorithm: Option<Algorithm>,
    },
    /// Takes a key out of use at once, with all that it signed: somebody else may have it
    #[command(after_help = "Example:\n  lanyard keys list\n  lanyard keys revoke 4bQ0n2…")]
    Revoke {
        /// The key's `kid`
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
    /// Replaces the master key and seals every stored secret anew, while servers run
    #[command(
        after_help = "Example:\n  lanyard keys rekey\n\nSee keys/README.md for many nodes and for a master key in the environment."
    )]
    Rekey {
        /// Seconds that running servers have to learn of the new key before anything is sealed with it
        #[arg(long, default_value_t = 5, value_name = "SECONDS")]
        settle: u64,
    },
}

/// A key as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    kid: String,
    algorithm: &'static str,
    state: &'static str,
    published_at: String,
    /// What happens to it by itself, and when.
    next: Option<String>,
    revoked_at: Option<String>,
}

impl Keys {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        shell.app.start_keys().await?;
        if !shell.app.keyring.is_ready() {
            shell.app.tend_keys().await?;
        }
        match self {
            Self::List { all } => list(shell, all).await,
            Self::Rotate { algorithm } => rotate(shell, algorithm).await,
            Self::Revoke { kid } => revoke(shell, &kid).await,
            Self::Rekey { settle } => rekey(shell, Duration::from_secs(settle)).await,
        }
    }
}

async fn list(shell: &Shell, all: bool) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let stored = if all { tx.signing_keys().all().await? } else { tx.signing_keys().published().await? };
    let policy = shell.app.keyring.policy();
    let shown: Vec<Shown> = stored.iter().map(|key| shown(key, policy)).collect();
    shell.table(&shown, &["kid", "algorithm", "state", "published", "next"], |key| {
        let next = key.revoked_at.as_ref().map(|at| format!("revoked {at}")).or_else(|| key.next.clone());
        vec![
            key.kid.clone(),
            key.algorithm.to_owned(),
            key.state.to_owned(),
            key.published_at.clone(),
            next.unwrap_or_default(),
        ]
    })
}

async fn rotate(shell: &Shell, algorithm: Option<Algorithm>) -> anyhow::Result<()> {
    let events = shell.app.change_keys(Task::Rotate(algorithm), shell.context().actor).await?;
    if events.is_empty() {
        shell.say("A successor is published already; nothing was changed.");
    }
    let waiting = successors(shell, algorithm).await?;
    shell.table(&waiting, &["successor", "algorithm", "signs from"], |key| {
        vec![key.kid.clone(), key.algorithm.to_owned(), key.signs_from.clone()]
    })?;
    shell.say(
        "Until then the present keys sign. No app has to do anything: each fetches the JWKS again before that time.",
    );
    Ok(())
}

/// A key that will take over.
#[derive(Debug, Serialize)]
struct Successor {
    kid: String,
    algorithm: &'static str,
    signs_from: String,
}

async fn successors(shell: &Shell, only: Option<Algorithm>) -> anyhow::Result<Vec<Successor>> {
    let published = shell.app.storage.read().await?.signing_keys().published().await?;
    let policy = shell.app.keyring.policy();
    Ok(published
        .into_iter()
        .map(|stored| stored.key)
        .filter(|key| key.state == State::Next && only.is_none_or(|only| only == key.algorithm))
        .map(|key| Successor {
            kid: key.id.to_string(),
            algorithm: key.algorithm.name(),
            signs_from: policy.takes_over_at(key.published_at).to_string(),
        })
        .collect())
}

async fn revoke(shell: &Shell, kid: &str) -> anyhow::Result<()> {
    let events = shell.app.change_keys(Task::Revoke(KeyId::from_text(kid)), shell.context().actor).await?;
    report(shell, &events)?;
    let max_age = shell.app.keyring.policy().jwks_max_age();
    shell.say(format!(
        "\
What it signed is worth nothing here from now on; another key signs at once.
What remains to be done:
  1. Apps that check tokens themselves keep the old JWKS for up to {} minutes, and accept what the key signs for as
     long. Let each fetch {} again now: restart it, or empty its cache.
  2. Apps that introspect, and people, need nothing: tokens are fetched anew, nobody signs in again.
  3. Find out how the key came into other hands. If it was by the database together with the master key, run
     `lanyard keys rekey` and revoke the other keys too.",
        max_age.as_secs().div_ceil(60),
        shell.app.config.server.issuer.at("/oauth2/jwks"),
    ));
    Ok(())
}

async fn rekey(shell: &Shell, settle: Duration) -> anyhow::Result<()> {
    shell.say(format!("The new master key is handed to running servers for {} s.", settle.as_secs()));
    let rekeyed = shell.app.rekey(shell.context().actor, settle).await?;
    shell.say(format!("Master key {} seals now; {} secrets were sealed anew with it.", rekeyed.id, rekeyed.values));
    match shell.app.sealer.source() {
        MasterKeySource::File(path) => shell.say(format!("Keep a copy of {} apart from the backups.", path.display())),
        MasterKeySource::Text(_) => shell.say("Leave the previous key out of LANYARD_KEYS__MASTER_KEY on every node."),
    }
    shell.say("Backups that were made before need the previous master key: keep its copy as long as you keep them.");
    Ok(())
}

/// What happened, one change a line.
fn report(shell: &Shell, events: &[KeyEvent]) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Happened {
        kid: String,
        change: &'static str,
    }
    let happened: Vec<Happened> =
        events.iter().map(|event| Happened { kid: event.id.to_string(), change: event.change.name() }).collect();
    shell.table(&happened, &["kid", "change"], |event| vec![event.kid.clone(), event.change.to_owned()])
}

fn shown(stored: &StoredKey, policy: &Policy) -> Shown {
    let key = &stored.key;
    let next = match key.state {
        State::Next => Some(format!("signs from {}", policy.takes_over_at(key.published_at))),
        State::Current { since } => Some(format!("signs until {}", since.plus(policy.rotation))),
        State::Retiring { since } => Some(format!("gone from {}", since.plus(policy.retention()))),
        State::Gone => None,
    };
    Shown {
        kid: key.id.to_string(),
        algorithm: key.algorithm.name(),
        state: key.state.name(),
        published_at: key.published_at.to_string(),
        next,
        revoked_at: stored.revoked_at.map(|at| at.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{FromArgMatches as _, Subcommand as _};

    use super::*;

    #[test]
    fn a_kid_may_begin_with_a_hyphen() {
        let command = Keys::augment_subcommands(clap::Command::new("keys"));
        let matches = command.try_get_matches_from(["keys", "revoke", "-4bQ0n2"]).expect("accepted");
        let parsed = Keys::from_arg_matches(&matches).expect("parsed");
        assert!(matches!(parsed, Keys::Revoke { kid } if kid == "-4bQ0n2"));
    }
}
