//! What makes a restored database one that can be served: nothing in it lets anybody in, and its audit chains go on.

use anyhow::bail;
use aws_lc_rs::hmac;
use serde::Serialize;

use super::super::Shell;
use crate::{
    audit::{Chain, Event, chain::Head, heads::HeadsFile, verify::verify},
    id::OrganizationId,
    keys::shared_key::SharedKey,
    scim::outbound::target,
    secret::ExposeSecret,
    session::store::Voided,
    storage::{Error, Result, Tx},
};

/// Links that the file of heads knows and the restored database does not have.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Lost {
    /// Which chain.
    pub(super) chain: Chain,
    /// The first of them.
    pub(super) from: i64,
    /// The last of them.
    pub(super) to: i64,
}

/// A database whose keys open and whose audit log was read.
pub(super) struct Examined {
    /// The key of the audit heads.
    pub(super) key: hmac::Key,
    /// What it lacks.
    pub(super) lost: Vec<Lost>,
}

/// What does not go on by itself.
pub(super) struct Begun {
    /// What lets nobody in any more.
    pub(super) voided: Voided,
    /// Apps that people are no longer pushed to: somebody has to see first who left since.
    pub(super) paused: usize,
    /// Emergency accounts with a key that signs in, also where it was used since: name and organization.
    pub(super) emergency_accounts: Vec<String>,
}

/// Checks that the database is whole, that the master key opens it and that its audit log was not changed. The last file
/// of heads may be newer than the database.
pub(super) async fn examine(shell: &Shell, heads: &[&HeadsFile], force: bool) -> anyhow::Result<Examined> {
    let app = &shell.app;
    if let Some(first) = app.storage.damage().await?.first() {
        bail!("the database of the backup is damaged: {first}");
    }
    app.keyring.refresh(&app.storage, &app.sealer).await?;
    let key = app.shared_key(SharedKey::AuditHeads).await?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret());
    let mut lost = vec![];
    for (index, file) in heads.iter().enumerate() {
        let newest = index + 1 == heads.len();
        for finding in verify(&app.storage, &key, file).await?.findings {
            match finding.known {
                Some(known) if newest => lost.push(Lost { chain: finding.chain, from: finding.seal + 1, to: known }),
                _ if force => shell.say(format!("Audit chain {}: {}", finding.chain, finding.what)),
                _ => bail!(
                    "the audit log of the backup is not whole (chain {}, link {}: {}); --force restores it all the same",
                    finding.chain,
                    finding.seal,
                    finding.what
                ),
            }
        }
    }
    Ok(Examined { key, lost })
}

/// Voids whatever let somebody in, pauses pushing to apps, records the restore in every chain and seals it; answers the new heads.
pub(super) async fn begin(
    shell: &Shell,
    key: &hmac::Key,
    what: &str,
    lost: &[Lost],
) -> anyhow::Result<(Begun, Vec<(Head, Vec<u8>)>)> {
    let (context, what, lost) = (shell.context(), what.to_owned(), lost.to_vec());
    let begun = shell
        .app
        .storage
        .write::<_, Error, _>(move |tx| {
            Box::pin(async move {
                let voided = tx.sessions().void_all(&context).await?;
                let paused = target::pause_all(tx, &context).await?;
                tx.record(&context, None, &Event::Restore { what: what.clone() });
                let mut chains = tx.audit().chains().await?;
                chains.retain(|chain| *chain != Chain::of(None));
                chains.push(Chain::of(None));
                for chain in chains {
                    let reason = reason(&what, lost.iter().find(|lost| lost.chain == chain));
                    let server = chain == Chain::of(None);
                    let organization = (!server).then(|| OrganizationId::from_stored(chain.as_str().to_owned()));
                    tx.record(&context, organization.as_ref(), &Event::ChainAnchor { reason });
                }
                let emergency_accounts = emergency_accounts(tx).await?;
                Ok(Begun { voided, paused, emergency_accounts })
            })
        })
        .await?;
    Ok((begun, seal(shell, key).await?))
}

/// Those that are ready, each with its organization.
async fn emergency_accounts(tx: &mut Tx) -> Result<Vec<String>> {
    let all = tx.emergency_accounts().all().await?;
    let organizations = tx.organizations().list().await?;
    let ready = all.into_iter().filter(|one| one.state() == "ready");
    let slug = |id| organizations.iter().find(|one| one.id == id).map(|one| one.slug.to_string()).unwrap_or_default();
    Ok(ready.map(|one| format!("{} --organization {}", one.slug, slug(one.organization))).collect())
}

fn reason(what: &str, lost: Option<&Lost>) -> String {
    match lost {
        None => format!("restored from {what}"),
        Some(lost) => format!("restored from {what}; links {} to {} were lost", lost.from, lost.to),
    }
}

async fn seal(shell: &Shell, key: &hmac::Key) -> anyhow::Result<Vec<(Head, Vec<u8>)>> {
    let mut all = vec![];
    loop {
        let (key, now) = (key.clone(), shell.app.clock.now());
        let heads = shell
            .app
            .storage
            .write::<_, Error, _>(move |tx| Box::pin(async move { tx.audit().seal(&key, now).await }))
            .await?;
        if heads.is_empty() {
            return Ok(all);
        }
        all.extend(heads);
    }
}
