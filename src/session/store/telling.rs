//! Telling apps that a session has ended (OpenID Connect Back-Channel Logout §2.3): one job for each app that got tokens in
//! it, written in the unit that ends it. Who is told, and how often, is `oauth`'s.

use super::Sessions;
use crate::{
    audit::Context,
    jobs::Job,
    storage::{
        Result, Row,
        batch::{Table, in_list, padded},
        sql,
    },
};

static LOGOUTS: Table = Table {
    name: "logouts",
    columns: &["id", "client_id", "user_id", "organization_id", "sid", "created_at"],
    suffix: "",
};

impl Sessions<'_> {
    /// Leaves a job for each app that got tokens in one of the `sid`s that were just ended, whether those tokens still
    /// count or not: what the app made of them is what has to end.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn tell(&mut self, context: &Context, ended: &[Row]) -> Result<()> {
        let pairs = ended.iter().map(|row| Ok((row.try_get("session_id")?, row.try_get("sid")?)));
        for pairs in padded(&pairs.collect::<Result<Vec<(String, String)>>>()?) {
            // Placeholders only; values are bound. A `sid` is of one session: that is named for the index.
            let text = format!(
                "SELECT DISTINCT f.client_id, f.user_id, f.organization_id, f.sid \
                 FROM families f \
                 JOIN clients c ON c.id = f.client_id \
                 WHERE c.backchannel_logout_uri IS NOT NULL AND c.disabled_at IS NULL \
                 AND f.session_id IN ({}) AND f.sid IN ({})",
                in_list(1, pairs.len()),
                in_list(1 + pairs.len(), pairs.len()),
            );
            let values = pairs.iter().map(|(session, _)| session).chain(pairs.iter().map(|(_, sid)| sid));
            let query = values.fold(sql(text), |query, value| query.bind(value.clone()));
            for app in query.fetch_all(self.0.connection()).await? {
                let job = self.0.jobs().append(context, &Job::BackchannelLogout);
                let text = |column: &'static str| app.try_get::<String>(column);
                let values = vec![
                    job.as_str().into(),
                    text("client_id")?.into(),
                    text("user_id")?.into(),
                    text("organization_id")?.into(),
                    text("sid")?.into(),
                    context.now.0.into(),
                ];
                self.0.append(&LOGOUTS, values);
            }
        }
        Ok(())
    }
}
