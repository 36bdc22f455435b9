//! Telling an app that a session has ended (OpenID Connect Back-Channel Logout 1.0 §2.5 to §2.8).
//!
//! The unit that ends a session leaves a job for each app that got tokens in it (`session::store`). Here one of them is
//! done: the address and the key are looked up when it is sent, so that an app that moved meanwhile is found. What became of
//! it is kept by app and recorded.

use std::{collections::BTreeMap, fmt};

use url::Url;

use super::{
    client::Client,
    sector,
    store::{Logout, Outcome},
    token::logout_token::{Ended, LogoutTokenClaims},
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    id::JobId,
    keys::Typ,
    secret::{ExposeSecret, SecretString},
    storage::{self, Tx},
};

/// How often an app is asked that answers that it does not take the token: it may know our keys from yesterday.
const REFUSALS: i64 = 4;

/// What one try came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// The app took it.
    Delivered,
    /// It is tried again.
    Again(String),
    /// It is tried no more.
    Never(String),
}

/// Tells it once; `attempts` counts this time too.
///
/// # Errors
/// When the database fails.
pub async fn tell(app: &App, job: &JobId, attempts: i64) -> storage::Result<Tried> {
    let mut tx = app.storage.read().await?;
    let Some(logout) = tx.logouts().by_id(job).await? else { return Ok(never("nobody knows any more who was told")) };
    let client = tx.clients().by_id(&logout.client_id).await?.filter(|client| client.disabled_at.is_none());
    drop(tx);
    let Some(client) = client else { return Ok(never("the app is disabled")) };
    let address = client.backchannel_logout_uri.as_deref().and_then(|uri| Url::parse(uri).ok());
    let Some(address) = address else { return Ok(never("the app has no address for it any more")) };
    let Some(token) = token(app, &client, &logout) else {
        return Ok(Tried::Again("there is no signing key".to_owned()));
    };
    let sent = app.outbound.post_form(&address, &[("logout_token", token.expose_secret())]).await;
    Ok(match sent {
        Ok(answer) => judged(answer.status, attempts),
        Err(fault) => Tried::Again(fault.to_string()),
    })
}

fn never(why: impl fmt::Display) -> Tried {
    Tried::Never(why.to_string())
}

fn token(app: &App, client: &Client, logout: &Logout) -> Option<SecretString> {
    let key = app.keyring.signer(client.id_token_algorithm)?;
    let (jti, _) = app.random.token();
    let subject = sector::subject(app, client, &logout.user);
    let ended = Ended { sub: &subject, sid: logout.sid.as_str(), client_id: &client.id };
    let issuer = app.config.server.issuer.as_str();
    let claims = LogoutTokenClaims::new(issuer, ended, jti.expose_secret(), app.clock.now());
    Some(key.sign(Typ::LogoutToken, &claims).into())
}

/// What an answer means: §2.8 says 200, and some frameworks say 204.
fn judged(status: u16, attempts: i64) -> Tried {
    let why = format!("the app answered {status}");
    match status {
        200..=299 => Tried::Delivered,
        408 | 425 | 429 => Tried::Again(why),
        400..=499 if attempts >= REFUSALS => Tried::Never(why),
        _ => Tried::Again(why),
    }
}

/// Writes down and records what became of it in the end; the app that it was about.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &mut Tx, context: &Context, job: &JobId, outcome: &Outcome) -> storage::Result<Option<String>> {
    let Some(logout) = tx.logouts().by_id(job).await? else { return Ok(None) };
    tx.logouts().settle(job, outcome, context.now).await?;
    let (user, client, sid) = (logout.user, logout.client_id.clone(), logout.sid);
    let event = match outcome {
        Outcome::Delivered => Event::LogoutDelivery { user, client, sid },
        Outcome::Failed(reason) => Event::LogoutDeliveryFailure { user, client, sid, reason: reason.clone() },
    };
    tx.record(&context.by(Actor::Server), Some(&logout.organization), &event);
    Ok(Some(logout.client_id))
}

/// The most of which it is said in one unit that an app was not told.
const MOST_ALERTS: u32 = 200;

/// Says of each app that it was not told in time, once for each end of a session; how many there were.
///
/// # Errors
/// When the database fails.
pub async fn alert(app: &App) -> storage::Result<u64> {
    let context = app.context(Actor::Server);
    let late: Vec<Logout> = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                let late = tx.logouts().alert(context.now, MOST_ALERTS).await?;
                for Logout { user, client_id, sid, organization, .. } in late.clone() {
                    tx.record(&context, Some(&organization), &Event::LogoutDelay { user, client: client_id, sid });
                }
                Ok(late)
            })
        })
        .await?;
    let mut by_app = BTreeMap::<&str, usize>::new();
    for logout in &late {
        *by_app.entry(&logout.client_id).or_default() += 1;
    }
    for (client, logouts) in by_app {
        tracing::error!(
            client.id = client,
            logouts,
            "An app was not told for five minutes that sessions have ended: who left may still be signed in there. \
             See `lanyard client logouts` and make its back-channel logout address answer; it is tried further."
        );
    }
    Ok(late.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_whether_it_is_tried_again() {
        let again = |status| Tried::Again(format!("the app answered {status}"));
        let never = |status| Tried::Never(format!("the app answered {status}"));
        for (status, attempts, expected) in [
            (200, 1, Tried::Delivered),
            (204, 16, Tried::Delivered),
            (302, 1, again(302)),
            (400, 1, again(400)),
            (400, 4, never(400)),
            (404, 5, never(404)),
            (429, 9, again(429)),
            (501, 9, again(501)),
            (503, 9, again(503)),
        ] {
            assert_eq!(judged(status, attempts), expected, "{status} after {attempts}");
        }
    }
}
