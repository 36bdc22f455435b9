//! Looks after the signing keys: what is due is carried out, by whichever node comes first.

use std::sync::Arc;

use crate::{
    app::App,
    audit::{Actor, Event},
    keys::{
        life_cycle::Policy,
        rotation::{self, RotationFault, Task},
    },
};

/// Carries out `task`, records what happened and takes the new keys into use.
///
/// # Errors
/// [`RotationFault`].
pub async fn look_after(app: &App, task: Task) -> Result<Vec<rotation::KeyEvent>, RotationFault> {
    let policy = Policy::of(&app.config.keys, &app.config.tokens);
    let prepared = rotation::prepare(&app.storage, &app.sealer, &policy, task, app.clock.now()).await?;
    if prepared.is_idle() {
        return Ok(vec![]);
    }
    let context = app.context(Actor::Server);
    let events = app
        .storage
        .write::<_, RotationFault, _>(move |tx| {
            Box::pin(async move {
                let events = rotation::carry_out(tx, &prepared).await?;
                for event in &events {
                    let change = event.change.name().to_owned();
                    tx.record(&context, None, &Event::KeyChange { key: event.id.to_string(), change });
                }
                Ok(events)
            })
        })
        .await?;
    refresh(app).await;
    Ok(events)
}

/// Takes over keys that this or another node has changed; cheap if there are none.
pub async fn refresh(app: &App) {
    if let Err(error) = Arc::clone(&app.keyring).refresh(&app.storage, &app.sealer).await {
        tracing::error!(error = %error, "The signing keys could not be read; the present ones stay in use.");
    }
}
