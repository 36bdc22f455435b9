//! `lanyard user receipts`: which apps were told that a person's sessions ended.

use serde::Serialize;

use crate::{
    cli::{Shell, paging::Length, receipt::Receipt, scope},
    clock::Timestamp,
    id::OrganizationId,
    oauth::store::Told,
};

/// One app as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    ended_at: String,
    client: String,
    name: String,
    organization: String,
    session: String,
    sid: String,
    #[serde(flatten)]
    receipt: Receipt,
}

impl From<Told> for Shown {
    fn from(told: Told) -> Self {
        Self {
            ended_at: told.logout.created_at.to_string(),
            client: told.logout.client_id,
            name: told.app,
            organization: told.organization.into(),
            session: told.session.into(),
            sid: told.logout.sid.into(),
            receipt: told.logout.state.into(),
        }
    }
}

/// Prints them; on behalf of one organization, those of sessions there.
pub(super) async fn receipts(
    shell: &Shell,
    by: Option<&OrganizationId>,
    person: &str,
    length: Length,
) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let user = scope::person(&mut tx, by, person).await?;
    let mut told = tx.logouts().of_user(&user.id, by, Timestamp(0), length.and_one()).await?;
    let is_cut = length.cut(&mut told);
    let shown: Vec<Shown> = told.into_iter().map(Shown::from).collect();
    shell.table(&shown, &["ended", "app", "organization", "state", "settled", "problem"], |one| {
        let [state, settled, problem] = one.receipt.cells();
        vec![one.ended_at.clone(), one.client.clone(), one.organization.clone(), state, settled, problem]
    })?;
    if shown.is_empty() {
        shell.say("No session of this person ended within a month: no app had to be told.");
    }
    length.tell(is_cut);
    Ok(())
}
