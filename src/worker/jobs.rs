//! Runs jobs: an exhaustive `match` over [`Job`].

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::{
    app::App,
    jobs::{Job, Leased, retry},
    mail::{Content, Mailer, Message, SendError},
    storage::{self, Error},
};

/// Jobs that one node runs at a time.
const AT_ONCE: i64 = 16;

/// What a job came to.
enum Done {
    Yes,
    /// Tried again later.
    NotYet(String),
    /// Tried no more.
    Never(String),
}

pub(super) async fn run_due(app: &App, mailer: &Arc<Mailer>) -> storage::Result<()> {
    let (sealer, node, now) = (Arc::clone(&app.sealer), app.node.clone(), app.clock.now());
    let leased = app
        .storage
        .write(move |tx| Box::pin(async move { tx.jobs().lease(&node, &sealer, now, AT_ONCE).await }))
        .await?;
    let mut running = JoinSet::new();
    for job in leased {
        let (app, mailer) = (app.clone(), Arc::clone(mailer));
        running.spawn(async move {
            let done = run(&job, &mailer).await;
            if let Err(error) = settle(&app, job, done).await {
                tracing::error!(error = %error, "The outcome of a job could not be written; the job is repeated.");
            }
        });
    }
    running.join_all().await;
    Ok(())
}

async fn run(leased: &Leased, mailer: &Mailer) -> Done {
    match &leased.job {
        None => Done::Never("the job cannot be read by this program or with this master key".to_owned()),
        Some(Job::SendMail { to, subject, text, html, mail }) => {
            let message = to.parse().map_err(|_| "the recipient has no address".to_owned()).and_then(|to| {
                Message::new(&to, mail, Content { subject, text, html }).map_err(|error| error.to_string())
            });
            match message {
                Ok(message) => sent(mailer.send(&message).await),
                Err(why) => Done::Never(why),
            }
        }
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
    let (node, now) = (app.node.clone(), app.clock.now());
    let (next, why) = match done {
        Done::Yes => (None, String::new()),
        Done::NotYet(why) => (Some(retry::after(leased.attempts, now)), why),
        Done::Never(why) => (Some(retry::Next::GiveUp), why),
    };
    if next == Some(retry::Next::GiveUp) {
        tracing::error!(job.id = %leased.id, error = why, "A job was given up; see `lanyard doctor`.");
    }
    app.storage
        .write::<_, Error, _>(move |tx| {
            Box::pin(async move {
                match next {
                    None => tx.jobs().complete(&leased.id, &node).await,
                    Some(next) => tx.jobs().fail(&leased, next, now, &why).await,
                }
            })
        })
        .await
}
