//! `lanyard client logouts`: what an app was told of sessions that ended.

use serde::Serialize;

use crate::{
    cli::{Shell, scope::cell},
    oauth::{
        registrar::RegistrarError,
        store::{Logout, State},
    },
};

/// One logout as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    ended_at: String,
    user: String,
    organization: String,
    sid: String,
    state: &'static str,
    attempts: Option<i64>,
    settled_at: Option<String>,
    problem: Option<String>,
}

impl From<Logout> for Shown {
    fn from(logout: Logout) -> Self {
        let (state, attempts, settled_at, problem) = match logout.state {
            State::Waiting(attempts, problem) => ("waiting", Some(attempts), None, problem),
            State::Delivered(at) => ("delivered", None, Some(at.to_string()), None),
            State::Failed(at, why) => ("failed", None, Some(at.to_string()), Some(why)),
        };
        Self {
            ended_at: logout.created_at.to_string(),
            user: logout.user.into(),
            organization: logout.organization.into(),
            sid: logout.sid.into(),
            state,
            attempts,
            settled_at,
            problem,
        }
    }
}

/// Prints them.
pub(super) async fn list(shell: &Shell, client: &str, limit: u32) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    if tx.clients().by_id(client).await?.is_none() {
        return Err(RegistrarError::Unknown(client.to_owned()).into());
    }
    let shown: Vec<Shown> = tx.logouts().of_client(client, limit).await?.into_iter().map(Shown::from).collect();
    shell.table(&shown, &["ended", "person", "state", "settled", "problem", "sid"], |one| {
        vec![
            one.ended_at.clone(),
            one.user.clone(),
            one.state.to_owned(),
            cell(one.settled_at.as_deref()),
            cell(one.problem.as_deref()),
            one.sid.clone(),
        ]
    })
}
