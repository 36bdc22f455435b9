//! The audit log: its heads lie outside the database, are written, and are not ahead of it.

use std::{fs::OpenOptions, io, path::Path, time::Duration};

use super::{Finding, unreadable};
use crate::{
    audit::heads::{HeadsFile, LastHeads},
    clock::Timestamp,
    config::Config,
    storage::{self, Storage},
};

const CHECK: &str = "audit";

/// A server that runs seals within a second.
const LATE: Duration = Duration::from_mins(1);

pub(super) async fn look(config: &Config, storage: &Storage, now: Timestamp) -> Vec<Finding> {
    let file = HeadsFile::at(config.audit.heads_file.clone());
    let (outside, writable) = match (file.last(), try_to_write(file.path())) {
        (Ok(outside), Ok(())) => (outside, true),
        (Ok(outside), Err(error)) if error.kind() == io::ErrorKind::NotFound => (outside, false),
        (Err(error), _) | (_, Err(error)) => {
            let found = format!("{}: {error}", file.path().display());
            return vec![Finding::fail(CHECK, found, "let the server's account append to the file of heads")];
        }
    };
    match ask(storage, &outside).await {
        Err(error) => vec![unreadable(CHECK, error)],
        Ok(asked) if asked.chains > 0 && !writable => {
            let found = format!("the file of heads {} is missing", file.path().display());
            vec![Finding::fail(
                CHECK,
                found,
                "bring it back from a backup: without it nobody sees whether the log was cut off",
            )]
        }
        Ok(asked) if !asked.behind.is_empty() => {
            let found = format!("the database is older than its file of heads (chain {})", asked.behind.join(", "));
            let advice =
                "was it restored? run `lanyard restore --after-pg-restore`; if not, run `lanyard audit verify`";
            vec![Finding::fail(CHECK, found, advice)]
        }
        Ok(Asked { unsealed: Some(since), .. }) if now.since(since) > LATE => {
            let found = format!("events since {since} are not sealed");
            vec![Finding::warn(CHECK, found, "start the server: it seals them; or read in its log why it does not")]
        }
        Ok(asked) => {
            vec![Finding::ok(CHECK, format!("{} chains, heads in {}", asked.chains, file.path().display()))]
        }
    }
}

/// What the database says.
struct Asked {
    chains: usize,
    unsealed: Option<Timestamp>,
    /// Chains that end before the file of heads says they do.
    behind: Vec<String>,
}

async fn ask(storage: &Storage, outside: &LastHeads) -> storage::Result<Asked> {
    let mut tx = storage.read().await?;
    let inside = tx.audit().last_seals().await?;
    let behind = outside
        .iter()
        .filter(|(chain, (head, _))| inside.get(chain).copied().unwrap_or_default() < head.seal)
        .map(|(chain, _)| chain.to_string())
        .collect();
    Ok(Asked { chains: inside.len(), unsealed: tx.audit().oldest_unsealed().await?, behind })
}

fn try_to_write(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).open(path).map(drop)
}
