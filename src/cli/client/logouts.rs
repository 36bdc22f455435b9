//! `lanyard client logouts`: what an app was told of sessions that ended.

use serde::Serialize;

use crate::{
    cli::{Shell, paging::Length, receipt::Receipt},
    oauth::{registrar::RegistrarError, store::Logout},
};

/// One logout as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    ended_at: String,
    user: String,
    organization: String,
    sid: String,
    #[serde(flatten)]
    receipt: Receipt,
}

impl From<Logout> for Shown {
    fn from(logout: Logout) -> Self {
        Self {
            ended_at: logout.created_at.to_string(),
            user: logout.user.into(),
            organization: logout.organization.into(),
            sid: logout.sid.into(),
            receipt: logout.state.into(),
        }
    }
}

/// Prints them.
pub(super) async fn list(shell: &Shell, client: &str, length: Length) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    if tx.clients().by_id(client).await?.is_none() {
        return Err(RegistrarError::Unknown(client.to_owned()).into());
    }
    let mut told = tx.logouts().of_client(client, length.and_one()).await?;
    let is_cut = length.cut(&mut told);
    let shown: Vec<Shown> = told.into_iter().map(Shown::from).collect();
    shell.table(&shown, &["ended", "person", "state", "settled", "problem", "sid"], |one| {
        let [state, settled, problem] = one.receipt.cells();
        vec![one.ended_at.clone(), one.user.clone(), state, settled, problem, one.sid.clone()]
    })?;
    length.tell(is_cut);
    Ok(())
}
