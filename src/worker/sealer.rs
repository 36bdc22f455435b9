//! Seals audit events, on the one node that holds the lease.

use std::time::Duration;

use aws_lc_rs::hmac;

use crate::{
    app::App,
    audit::heads::HeadsFile,
    keys::{shared_key::SharedKey, store::SharedKeyFault},
    secret::ExposeSecret,
    storage::{self, Error},
};

/// Long enough that a busy second does not lose it, short enough that a dead node is replaced soon.
const LEASE: Duration = Duration::from_secs(5);

pub(super) struct Sealing {
    key: hmac::Key,
    heads: HeadsFile,
}

impl Sealing {
    pub(super) async fn new(app: &App, heads: HeadsFile) -> Result<Self, SharedKeyFault> {
        let key = app.shared_key(SharedKey::AuditHeads).await?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret()), heads })
    }

    pub(super) async fn seal(&self, app: &App) -> storage::Result<()> {
        let (key, node, now) = (self.key.clone(), app.node.clone(), app.clock.now());
        let sealed = app
            .storage
            .write(move |tx| {
                Box::pin(async move {
                    if !tx.leases().hold("audit-sealer", &node, now, LEASE).await? {
                        return Ok::<_, Error>(vec![]);
                    }
                    tx.audit().seal(&key, now).await
                })
            })
            .await?;
        if sealed.is_empty() {
            return Ok(());
        }
        let heads = self.heads.clone();
        let written = tokio::task::spawn_blocking(move || heads.append(&sealed)).await;
        if !matches!(written, Ok(Ok(()))) {
            tracing::error!(
                path = %self.heads.path().display(),
                "The heads of the audit log could not be written outside the database; check the disk."
            );
        }
        Ok(())
    }
}
