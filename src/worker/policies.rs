//! Ends what rules of organizations say is over although nobody comes: parts of sessions that are too old or not
//! sure enough any more, and those in an organization that is closed. Apps are told. What was
//! tried of rules and not kept is taken back, accounts and memberships end by their dates, and the file of countries looked at on the way.

use std::{sync::Arc, time::Duration};

use crate::{
    app::App,
    audit::{Actor, Context, Event},
    authentication::assurance,
    clock::Timestamp,
    directory::expiry,
    id::{MembershipId, OrganizationId},
    policy::{self, Barrier, Rules, Whom, cached, trial},
    session::store::Part,
    setting::Setting,
    storage::{self, Revision},
};

/// What ends by a rule ends that much later at most.
const EVERY: Duration = Duration::from_secs(20);

/// Parts of sessions of one unit of work.
const MOST: u32 = 64;

/// The settings by which something ends while nobody comes.
const ENDING: [Setting; 4] =
    [Setting::FactorRequired, Setting::ScheduleWindows, Setting::SessionAbsolute, Setting::UpstreamRequired];

/// Looks after rules that end something.
pub(super) struct Policies {
    app: App,
    last: Timestamp,
    /// The organizations with such rules, and how often rules had changed when they were looked for.
    ruled: Option<(u64, Vec<OrganizationId>)>,
}

impl Policies {
    pub(super) fn new(app: App) -> Self {
        Self { app, last: Timestamp(0), ruled: None }
    }

    /// Ends what is over, where it is time to look.
    pub(super) async fn go_on(&mut self) -> Result<(), policy::Error> {
        let now = self.app.clock.now();
        if now.since(self.last) < EVERY {
            return Ok(());
        }
        self.last = now;
        let countries = Arc::clone(&self.app.countries);
        // A file may be large: it is read beside requests.
        drop(tokio::task::spawn_blocking(move || countries.refresh()));
        trial::roll_back(&self.app).await?;
        expiry::end_what_is_over(&self.app).await?;
        let context = self.app.context(Actor::Server);
        for organization in self.organizations().await? {
            let rules = cached::read(&mut self.app.storage.read().await?, &self.app, &organization).await?;
            let mut after = String::new();
            while let Some(last) = self.end_some(&context, (&organization, &rules), &after).await? {
                after = last;
            }
        }
        Ok(())
    }

    async fn organizations(&mut self) -> storage::Result<Vec<OrganizationId>> {
        let revision = self.app.storage.revision(Revision::Policies);
        if let Some((known, organizations)) = &self.ruled
            && *known == revision
        {
            return Ok(organizations.clone());
        }
        let mut tx = self.app.storage.read().await?;
        let is_for_everybody = cached::everybody(&self.app).iter().any(|rule| ENDING.contains(&rule.setting));
        let found = if is_for_everybody {
            tx.organizations().list().await?.into_iter().map(|one| one.id).collect()
        } else {
            tx.policy_rules().organizations_with(&ENDING).await?
        };
        Ok(self.ruled.insert((revision, found)).1.clone())
    }

    /// Looks at some parts of sessions; the last one, when there may be more.
    async fn end_some(
        &self,
        context: &Context,
        (organization, rules): (&OrganizationId, &Rules),
        after: &str,
    ) -> storage::Result<Option<String>> {
        let mut tx = self.app.storage.read().await?;
        let parts = tx.sessions().live_parts(organization, after, MOST).await?;
        let members: Vec<MembershipId> = parts.iter().map(|part| part.membership.clone()).collect();
        let holdings = tx.access().holdings_of(&members, context.now).await?;
        // They have rules of their own, which end them as any session ends that is too old.
        let emergencies = tx.emergency_accounts().list(organization).await?;
        drop(tx);
        let is_ruled = |part: &Part| !emergencies.iter().any(|one| one.user == part.user);
        let last = parts.last().filter(|_| parts.len() >= MOST as usize).map(|part| part.sid.to_string());
        let judged =
            parts.into_iter().zip(holdings).filter(|(part, _)| is_ruled(part)).filter_map(|(part, holdings)| {
                let access = holdings.access(context.now);
                let applying = rules.applying(Whom { access: Some(&access), client: None });
                let end = applying.end_of_part((part.began, assurance::level(&part.acr)), context.now);
                let is_own = applying.flag(Setting::UpstreamRequired) && !part.is_vouched;
                Some((end.or_else(|| is_own.then(|| applying.by(Setting::UpstreamRequired)))?, part))
            });
        let over: Vec<(Barrier, Part)> = judged.collect();
        if !over.is_empty() {
            self.end(context.clone(), organization.clone(), over).await?;
        }
        Ok(last)
    }

    async fn end(
        &self,
        context: Context,
        organization: OrganizationId,
        over: Vec<(Barrier, Part)>,
    ) -> storage::Result<()> {
        let work = self.app.storage.write(move |tx| {
            Box::pin(async move {
                let parts: Vec<Part> = over.iter().map(|(_, part)| part.clone()).collect();
                let ended = tx.sessions().end_some_parts(&context, &parts).await?;
                for (barrier, part) in over.into_iter().filter(|(_, part)| ended.contains(&part.sid)) {
                    let (setting, rules) = (barrier.setting.name().to_owned(), barrier.rules);
                    let event = Event::PolicyEnd { user: part.user, session: part.session, setting, rules };
                    tx.record(&context, Some(&organization), &event);
                }
                Ok(())
            })
        });
        work.await
    }
}
