//! Who speaks for an organization, and the units of work in which what is said is followed.

use std::sync::Arc;

use crate::{
    audit::Context,
    authentication::invitation,
    directory::{
        self,
        organization::Organization,
        provisioning::{Invited, Speaker},
    },
    id::UpstreamId,
    keys::sealing::Sealer,
    storage::{self, Tx},
    text::Slug,
    upstream::entry::KnownEntry,
    web::Site,
};

/// Who speaks, and what a unit of work needs to follow.
#[derive(Clone)]
pub(in crate::federation) struct Voice {
    pub(in crate::federation) context: Context,
    pub(in crate::federation) upstream: UpstreamId,
    pub(in crate::federation) of: Arc<Organization>,
    /// What the upstream was told by when this began.
    pub(in crate::federation) version: i64,
    pub(in crate::federation) roles: Arc<[Slug]>,
    pub(in crate::federation) site: Site,
    pub(in crate::federation) sealer: Arc<Sealer>,
}

impl Voice {
    pub(in crate::federation) fn speaker(&self) -> Speaker<'_> {
        Speaker {
            context: &self.context,
            organization: &self.of.id,
            may_assign: &self.roles,
            may_grant: &[],
            may_verify: false,
        }
    }

    /// Leaves the letter to be sent to whoever was invited.
    pub(in crate::federation) async fn invite(&self, tx: &mut Tx, invited: Option<&Invited>) -> storage::Result<()> {
        let Some((invitation, token)) = invited else { return Ok(()) };
        invitation::send(tx, &self.context, (&self.site, &self.sealer), &self.of, (invitation, token)).await
    }
}

/// What a unit of work did.
#[derive(Debug, Default)]
pub(in crate::federation) struct Done {
    pub(in crate::federation) added: u64,
    pub(in crate::federation) changed: u64,
    pub(in crate::federation) faults: Vec<(String, String)>,
    pub(in crate::federation) entries: Vec<KnownEntry>,
    /// People who are other members than before, by their names.
    pub(in crate::federation) renewed: Vec<(String, Option<String>)>,
}

impl Done {
    /// Keeps what is remembered of an entry from now on, and why it was not followed.
    pub(in crate::federation) fn keep(&mut self, mut entry: KnownEntry, trouble: Option<String>) {
        if let Some(trouble) = &trouble {
            // It is looked at again.
            entry.digest = None;
            self.faults.push((entry.dn.clone(), trouble.clone()));
        }
        entry.trouble = trouble;
        self.entries.push(entry);
    }
}

/// Does one thing by itself: what is refused undoes that alone, and is told.
pub(in crate::federation) async fn alone<T, W>(tx: &mut Tx, work: W) -> storage::Result<Result<T, directory::Error>>
where
    W: AsyncFnOnce(&mut Tx) -> directory::Result<T>,
{
    let part = tx.begin_part().await?;
    match work(tx).await {
        Ok(done) => {
            tx.keep_part(part).await?;
            Ok(Ok(done))
        }
        Err(directory::Error::Storage(fault)) => Err(fault),
        Err(refused) => {
            tx.undo_part(part).await?;
            Ok(Err(refused))
        }
    }
}
