//! Runs jobs: an exhaustive `match` over [`Job`].
//!
//! Each has a place of its own and a time limit: one that waits for a server which stays silent delays no other, and mails
//! and messages to apps do not share places.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::timeout};

use super::{alerts, text_messages};
use crate::{
    app::App,
    audit::Actor,
    authentication::emergency,
    jobs::{Job, Lane, Leased, Tidings, retry},
    keys::store::SharedKeyFault,
    mail::{Content, Mailer, Message, SendError},
    oauth::{
        backchannel_logout::{self, Tried},
        store::Outcome,
    },
    outbound::Fault,
    server,
    storage::{self, Error, Tx},
};

/// What a job came to.
pub(super) enum Done {
    Yes,
    /// Tried again later.
    NotYet(String),
    /// Tried no more.
    Never(String),
}

/// The jobs that this node runs.
pub(super) struct Running {
    app: App,
    mailer: Arc<Mailer>,
    longest: Duration,
    lanes: [JoinSet<()>; Lane::ALL.len()],
    /// Whether jobs of a lane may wait for a place.
    is_full: [bool; Lane::ALL.len()],
}

impl Running {
    pub(super) fn new(app: App, mailer: Arc<Mailer>) -> Self {
        Self {
            app,
            mailer,
            longest: retry::LONGEST_TRY,
            lanes: Lane::ALL.map(|_| JoinSet::new()),
            is_full: [false; Lane::ALL.len()],
        }
    }

    #[cfg(test)]
    pub(super) fn each_within(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    /// Leases as many due jobs as there are free places, and begins them.
    pub(super) async fn begin_due(&mut self) -> storage::Result<()> {
        for ((lane, tasks), is_full) in Lane::ALL.into_iter().zip(&mut self.lanes).zip(&mut self.is_full) {
            while tasks.try_join_next().is_some() {}
            let free = i64::try_from(lane.places().saturating_sub(tasks.len())).unwrap_or(0);
            if free == 0 {
                *is_full = true;
                continue;
            }
            let app = &self.app;
            let (sealer, node, now) = (Arc::clone(&app.sealer), app.node.clone(), app.clock.now());
            let lease = async move |tx: &mut Tx| tx.jobs().lease((&node, &sealer), now, (Some(lane), free)).await;
            let leased = app.storage.write(move |tx| Box::pin(async move { lease(tx).await })).await?;
            *is_full = i64::try_from(leased.len()).is_ok_and(|many| many == free);
            for job in leased {
                tasks.spawn(work(self.app.clone(), Arc::clone(&self.mailer), job, self.longest));
            }
        }
        Ok(())
    }

    /// Waits until there is a place for jobs that may wait for one; for ever where none may.
    pub(super) async fn freed(&mut self) {
        let full = self.lanes.iter_mut().zip(self.is_full).filter(|(tasks, is_full)| *is_full && !tasks.is_empty());
        let mut waits: Vec<_> = full.map(|(tasks, _)| Box::pin(tasks.join_next())).collect();
        if waits.is_empty() {
            std::future::pending::<()>().await;
        }
        futures_util::future::select_all(waits.iter_mut()).await;
    }

    /// Waits for those that were begun.
    pub(super) async fn finish(mut self) {
        for tasks in &mut self.lanes {
            while tasks.join_next().await.is_some() {}
        }
    }
}

async fn work(app: App, mailer: Arc<Mailer>, job: Leased, longest: Duration) {
    let late = || Done::NotYet(format!("it was not done within {longest:?}"));
    let done = timeout(longest, run(&app, &job, &mailer)).await.unwrap_or_else(|_| late());
    if let Err(error) = settle(&app, job, done).await {
        tracing::error!(error = %error, "The outcome of a job could not be written; the job is repeated.");
    }
}

async fn run(app: &App, leased: &Leased, mailer: &Mailer) -> Done {
    match &leased.job {
        None => Done::Never("the job cannot be read by this program or with this master key".to_owned()),
        Some(Job::SendMail { until: Some(until), .. }) if *until <= app.clock.now() => {
            Done::Never("what it says was over before it could be sent".to_owned())
        }
        Some(Job::SendMail { to, subject, text, html, mail, .. }) => {
            let message = to.parse().map_err(|_| "the recipient has no address".to_owned()).and_then(|to| {
                Message::new(&to, mail, Content { subject, text, html }).map_err(|error| error.to_string())
            });
            match message {
                Ok(message) => sent(mailer.send(&message).await),
                Err(why) => Done::Never(why),
            }
        }
        Some(Job::SendTextMessage { to, text, until }) => {
            text_messages::send(app, &leased.id, (to, text, *until)).await
        }
        Some(Job::SendAlert { body }) => match alerts::tell(app, &leased.id, body).await {
            Ok(()) => Done::Yes,
            Err(why) => Done::NotYet(why),
        },
        Some(Job::TellOwners(tidings)) => match tell_owners(app, tidings.clone()).await {
            Ok(()) => Done::Yes,
            Err(fault) => Done::NotYet(fault.to_string()),
        },
        Some(Job::PingClient { url, token, auth_req_id }) => ping(app, url, token, auth_req_id).await,
        Some(Job::BackchannelLogout) => match backchannel_logout::tell(app, &leased.id, leased.attempts).await {
            Ok(Tried::Delivered) => Done::Yes,
            Ok(Tried::Again(why)) => Done::NotYet(why),
            Ok(Tried::Never(why)) => Done::Never(why),
            Err(fault) => Done::NotYet(fault.to_string()),
        },
    }
}

/// Writes to the owners of an organization who come next; those of one unit are not written to a second time.
async fn tell_owners(app: &App, tidings: Tidings) -> Result<(), SharedKeyFault> {
    let (own, site, context) = (app.clone(), server::site(app).await?, app.context(Actor::Server));
    app.storage
        .write(move |tx| Box::pin(async move { emergency::tell_owners(tx, (&own, &site), &context, tidings).await }))
        .await
        .map_err(SharedKeyFault::Storage)
}

/// CIBA Core 1.0 §10.2: the client answers 204 or 200; what it refuses for good is not tried again.
async fn ping(app: &App, url: &str, token: &str, auth_req_id: &str) -> Done {
    let Ok(url) = url.parse() else { return Done::Never("the client has no address".to_owned()) };
    let body = serde_json::json!({ "auth_req_id": auth_req_id });
    match app.outbound.post_json(&url, &body, Some(token)).await {
        Ok(answer) if answer.is_success() => Done::Yes,
        Ok(answer) if matches!(answer.status, 400..=499) && !matches!(answer.status, 408 | 429) => {
            Done::Never(format!("the client answered {}", answer.status))
        }
        Ok(answer) => Done::NotYet(format!("the client answered {}", answer.status)),
        Err(fault @ Fault::Forbidden(_)) => Done::Never(fault.to_string()),
        Err(fault) => Done::NotYet(fault.to_string()),
    }
}

fn sent(result: Result<(), SendError>) -> Done {
    match result {
        Ok(()) => Done::Yes,
        Err(SendError::TryAgain(why)) => Done::NotYet(why),
        Err(SendError::GiveUp(why)) => Done::Never(why),
    }
}

async fn settle(app: &App, leased: Leased, done: Done) -> storage::Result<()> {
    let now = app.clock.now();
    let (next, why) = match done {
        Done::Yes => (None, String::new()),
        Done::NotYet(why) => (Some(retry::after(leased.attempts, now)), why),
        Done::Never(why) => (Some(retry::Next::GiveUp), why),
    };
    match next {
        // What is given up is told once it is known whom it was about.
        None | Some(retry::Next::GiveUp) => {}
        Some(_) => {
            tracing::warn!(job.id = %leased.id, attempts = leased.attempts, error = why, "A job is tried again.");
        }
    }
    let (context, id, kind, cause) =
        (app.context(Actor::Server), leased.id.clone(), leased.job.as_ref().map_or("", Job::kind), why.clone());
    let client = app
        .storage
        .write::<_, Error, _>(move |tx| {
            Box::pin(async move {
                let is_ours = match next {
                    None => tx.jobs().complete(&leased.id, &leased.by).await?,
                    Some(next) => tx.jobs().fail(&leased, next, now, &why).await?,
                };
                if let (true, Some(Job::BackchannelLogout), Some(outcome)) = (is_ours, &leased.job, outcome(next, &why))
                {
                    return backchannel_logout::settle(tx, &context, &leased.id, &outcome).await;
                }
                Ok(None)
            })
        })
        .await;
    if next == Some(retry::Next::GiveUp) {
        let client = client.as_ref().ok().and_then(Option::as_deref).unwrap_or_default();
        tracing::error!(job.id = %id, job.kind = kind, client, error = cause, "A job was given up; see `lanyard doctor`.");
    }
    client.map(drop)
}

/// What a logout came to, once it is tried no more.
fn outcome(next: Option<retry::Next>, why: &str) -> Option<Outcome> {
    match next {
        None => Some(Outcome::Delivered),
        Some(retry::Next::GiveUp) => Some(Outcome::Failed(why.to_owned())),
        Some(retry::Next::Again(_)) => None,
    }
}
