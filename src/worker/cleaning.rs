//! Removes what has expired, in batches that hold nobody up.

use crate::{app::App, storage};

/// Removes expired rows until none are left.
pub(super) async fn clean(app: &App) -> storage::Result<()> {
    let now = app.clock.now();
    for expired in storage::expiry::ALL {
        while app.storage.write(move |tx| Box::pin(async move { tx.remove_expired(*expired, now).await })).await? {}
    }
    Ok(())
}
