//! Mails the link to whoever the host asked for, when the delay is over: whichever node looks first.

use std::time::Duration;

use crate::{app::App, authentication::lost_factors::on_host, clock::Timestamp, web::Site};

/// It comes that much later at most.
const EVERY: Duration = Duration::from_secs(20);

/// Looks after recoveries that wait for their time.
pub(super) struct Recoveries {
    app: App,
    site: Site,
    last: Timestamp,
}

impl Recoveries {
    pub(super) const fn new(app: App, site: Site) -> Self {
        Self { app, site, last: Timestamp(0) }
    }

    /// Agrees to what is due, where it is time to look.
    pub(super) async fn go_on(&mut self) -> crate::storage::Result<()> {
        let now = self.app.clock.now();
        if now.since(self.last) < EVERY {
            return Ok(());
        }
        self.last = now;
        on_host::agree_to_due(&self.app, &self.site).await
    }
}
