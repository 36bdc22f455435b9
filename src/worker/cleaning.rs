//! Ends sessions whose time is over and removes what has expired, in batches that hold nobody up.

use crate::{app::App, audit::Actor, storage};

/// Sessions of one unit of work.
const SESSIONS: u32 = 200;

/// Ends expired sessions, so that apps are told, and removes expired rows until none are left.
pub(super) async fn clean(app: &App) -> storage::Result<()> {
    let context = app.context(Actor::Server);
    let absolute = app.config.session.absolute;
    let end = || {
        let context = context.clone();
        app.storage
            .write(move |tx| Box::pin(async move { tx.sessions().end_expired(&context, absolute, SESSIONS).await }))
    };
    while end().await? {}
    let now = context.now;
    for expired in storage::expiry::ALL {
        while app.storage.write(move |tx| Box::pin(async move { tx.remove_expired(*expired, now).await })).await? {}
    }
    Ok(())
}
