//! SCIM as it runs: the application with what all endpoints of this feature share.

use std::{ops::Deref, sync::Arc};

use super::{list::Scans, store::Admitted};
use crate::{
    app::{App, cache::Cache},
    limit::{Network, Rate, Recurrences, Throttle},
    oauth::Provider,
    secret::TokenHash,
    storage::{self, Revision},
};

/// The state of every endpoint of SCIM; cheap to clone. RFC 7643 §1.2 calls it that.
#[derive(Clone)]
pub struct ServiceProvider(Arc<Parts>);

/// What it is made of.
pub struct Parts {
    /// The application.
    pub app: App,
    /// OAuth, whose access tokens are taken too.
    pub oauth: Provider,
    /// How much each caller asks.
    pub(super) rate: Arc<Rate>,
    /// Lists that no index answers.
    pub(super) scans: Scans,
    /// Failed authentications by network.
    pub(super) failures: Throttle,
    /// Those that are written down, by the id of the connection as far as it is known.
    pub(super) recorded: Recurrences<(String, Network)>,
    /// Tokens that were found.
    tokens: Cache<TokenHash, Arc<Admitted>>,
}

impl Deref for ServiceProvider {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl ServiceProvider {
    /// SCIM of this application.
    #[must_use]
    pub fn new(oauth: Provider) -> Self {
        let app = oauth.app.clone();
        let limits = app.config.scim;
        let rate = Arc::new(Rate::new(limits.requests_per_second, limits.burst, app.clock.clone()));
        Self(Arc::new(Parts {
            scans: Scans::new(Arc::clone(&rate)),
            rate,
            failures: Throttle::new(app.config.throttle.address, app.clock.clone(), &app.random),
            recorded: Recurrences::new(app.clock.clone()),
            tokens: Cache::of(&[Revision::Clients, Revision::Policies]),
            app,
            oauth,
        }))
    }
}

impl Parts {
    /// The token of this hash, whether it counts or not. Its hash is looked for by an index: whoever guesses learns nothing
    /// from how long that takes, since they do not choose the hash.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn token(&self, hash: TokenHash) -> storage::Result<Option<Arc<Admitted>>> {
        let moment = self.tokens.moment(&self.app);
        if let Some(found) = self.tokens.find(&hash, moment) {
            return Ok(Some(found));
        }
        let Some(loaded) = self.app.storage.read().await?.connections().by_token(hash).await? else { return Ok(None) };
        let loaded = Arc::new(loaded);
        self.tokens.keep(hash, Arc::clone(&loaded), moment);
        Ok(Some(loaded))
    }
}

/// Writes down how often tokens were used, if that has waited for long enough. What could not be written waits for longer.
///
/// # Errors
/// When the database fails.
pub async fn write_due_uses(app: &App) -> storage::Result<()> {
    write_uses(app, app.uses.due(app.clock.now())).await
}

/// The same for all that waits: at the end of a node.
///
/// # Errors
/// When the database fails.
pub async fn write_all_uses(app: &App) -> storage::Result<()> {
    write_uses(app, app.uses.take()).await
}

async fn write_uses(app: &App, counts: crate::app::uses::Counts) -> storage::Result<()> {
    if counts.is_empty() {
        return Ok(());
    }
    let written = counts.clone();
    let done = app.storage.write(move |tx| Box::pin(async move { tx.connections().add_uses(&written).await })).await;
    if done.is_err() {
        app.uses.put_back(counts, app.clock.now());
    }
    done
}
