//! Hands text messages to the gateway of the configuration. A code that is over is not sent: who asked for it is gone.

use serde_json::json;

use super::{jobs::Done, webhook};
use crate::{app::App, clock::Timestamp, id::JobId, outbound::Fault};

/// Hands one over, once.
pub(super) async fn send(app: &App, id: &JobId, (to, text, until): (&str, &str, Timestamp)) -> Done {
    let now = app.clock.now();
    if until <= now {
        return Done::Never("its code was over before it could be sent".to_owned());
    }
    let Some(gateway) = &app.config.sms.gateway else {
        return Done::Never("there is no `sms.url` any more".to_owned());
    };
    let data = json!({ "to": to, "text": text, "expires_at": until.to_string() });
    let body = json!({ "type": "text-message", "timestamp": now.to_string(), "data": data }).to_string();
    match webhook::post(app, gateway, (id, &body)).await {
        Ok(answer) if answer.is_success() => Done::Yes,
        // What is refused for good is not tried again.
        Ok(answer) if matches!(answer.status, 400..=499) && !matches!(answer.status, 408 | 429) => {
            Done::Never(format!("the gateway answered {}", answer.status))
        }
        Ok(answer) => Done::NotYet(format!("the gateway answered {}", answer.status)),
        Err(fault @ Fault::Forbidden(_)) => Done::Never(fault.to_string()),
        Err(fault) => Done::NotYet(fault.to_string()),
    }
}
