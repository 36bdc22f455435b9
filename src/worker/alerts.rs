//! Tells the webhook of signs of an attack.

use super::webhook;
use crate::{app::App, id::JobId};

/// Tells it once.
///
/// # Errors
/// Why it is tried again: whoever is to be told of attacks may be out of order for hours.
pub(super) async fn tell(app: &App, id: &JobId, body: &str) -> Result<(), String> {
    // Nobody is told any more.
    let Some(address) = &app.config.alerts.webhook else { return Ok(()) };
    match webhook::post(app, address, (id, body)).await {
        Ok(answer) if answer.is_success() => Ok(()),
        Ok(answer) => Err(format!("the webhook answered {}", answer.status)),
        Err(fault) => Err(fault.to_string()),
    }
}
