//! `lanyard audit verify`: whether the record is whole.

use anyhow::{anyhow, bail};
use aws_lc_rs::hmac;

use crate::{
    app::lock::Lock,
    audit::{heads::HeadsFile, store::Waiting, verify},
    cli::Shell,
    clock::Timestamp,
    keys::shared_key::SharedKey,
    secret::ExposeSecret,
};

/// In milliseconds: events that wait longer wait for a server to start. One that runs seals within a second.
const PATIENCE: i64 = 10_000;

/// Reads all of the log, and says what is wrong with it.
pub(super) async fn verify(shell: &Shell) -> anyhow::Result<()> {
    let key = shell.app.shared_key(SharedKey::AuditHeads).await?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret());
    let heads = HeadsFile::at(shell.app.config.audit.heads_file.clone());
    let report = verify::verify(&shell.app.storage, &key, &heads).await?;
    let heads_state = if heads.path().exists() { "compared" } else { "not there" };
    shell.show(
        &report,
        &[
            ("chains", report.chains.to_string()),
            ("links", report.links.to_string()),
            ("events", report.events.to_string()),
            ("heads", format!("{} ({heads_state})", heads.path().display())),
        ],
    )?;
    if let Some(waiting) = shell.app.storage.read().await?.audit().waiting().await? {
        shell.say(unsealed(&waiting, Lock::is_held(&shell.app.config), shell.app.clock.now()));
    }
    if report.links > 0 && !heads.path().exists() {
        bail!(
            "the file of heads {} is missing: without it nobody can tell whether the log was cut off; bring it back from a backup",
            heads.path().display()
        );
    }
    if report.findings.is_empty() {
        shell.say("The audit log is whole.");
        return Ok(());
    }
    for finding in &report.findings {
        shell.say(format!("{} link {}: {}", finding.chain, finding.seal, finding.what));
    }
    Err(anyhow!("the audit log is not whole: {} findings", report.findings.len()))
}

/// What becomes of events without a seal, which are no fault. Whether a server runs is known where it locks the database.
fn unsealed(waiting: &Waiting, server_runs: Option<bool>, now: Timestamp) -> String {
    let events = if waiting.events == 1 { "1 event is".to_owned() } else { format!("{} events are", waiting.events) };
    let is_recent = now.0 - waiting.since.0 < PATIENCE;
    match server_runs {
        Some(true) if is_recent => {
            format!("{events} of the last second and not sealed yet: the running server seals them.")
        }
        None if is_recent => format!("{events} new and not sealed yet: a server that runs seals them within a second."),
        Some(false) => format!("{events} not sealed yet: no server runs, and the next start seals them."),
        Some(true) => {
            format!("{events} not sealed since {}, though a server runs: see its log.", waiting.since)
        }
        None => {
            format!("{events} not sealed since {}: no server seems to run; the next start seals them.", waiting.since)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_without_a_seal_are_told_with_what_becomes_of_them() {
        let now = Timestamp(100_000);
        for (age, server_runs, expected) in [
            (500, Some(true), "the running server seals them"),
            (500, Some(false), "no server runs"),
            (500, None, "a server that runs seals them"),
            (60_000, Some(true), "see its log"),
            (60_000, Some(false), "no server runs"),
            (60_000, None, "no server seems to run"),
        ] {
            let said = unsealed(&Waiting { events: 2, since: Timestamp(now.0 - age) }, server_runs, now);
            assert!(said.starts_with("2 events are") && said.contains(expected), "{said}");
        }
    }
}
