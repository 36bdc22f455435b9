//! What connections said of people before it meant anything.

use crate::{
    app::App,
    audit::Actor,
    scim::connection::{self, Step},
    storage::{self, Revision},
};

/// Batches of people that are gone through in a second.
const BATCHES_A_SECOND: u32 = 10;

/// Looks after what waits for its meaning.
pub(super) struct Waiting {
    app: App,
    /// How often the directory and what systems may do had changed when it was last looked at.
    seen: Option<[u64; 2]>,
    /// Whether people are being gone through.
    is_busy: bool,
}

impl Waiting {
    pub(super) fn new(app: App) -> Self {
        Self { app, seen: None, is_busy: false }
    }

    /// Goes on for a part of the second, where there is anything to be done.
    pub(super) async fn go_on(&mut self) -> storage::Result<()> {
        let storage = &self.app.storage;
        let revisions = [Revision::Directory, Revision::Clients].map(|what| storage.revision(what));
        if self.seen == Some(revisions) && !self.is_busy {
            return Ok(());
        }
        self.is_busy = true;
        for _ in 0..BATCHES_A_SECOND {
            if connection::map_some(storage, self.app.context(Actor::Server), None).await? == Step::Idle {
                self.is_busy = false;
                break;
            }
        }
        self.seen = Some(revisions);
        Ok(())
    }
}
