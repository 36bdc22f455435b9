//! Whoever acts in an organization on a page of ours comes in there as by an app: its rules about places and hours hold.
//!
//! What somebody may do there is `permission`'s; how surely they sign in, the rules for a person say wherever they come in.

use super::assurance;
use crate::{
    app::App,
    audit::{Context, Event},
    clock::Timestamp,
    directory::access::Access,
    id::{OrganizationId, UserId},
    policy::{Applying, Arrival, Barrier, Policies, Whom},
    session::{Session, Unexpected},
    setting::Setting,
    storage,
};

/// A person whom the rules of an organization let in, from where they are and now.
#[derive(Debug, Clone)]
pub struct Admitted {
    user: UserId,
    organization: OrganizationId,
}

impl Admitted {
    /// Asks the rules; whom they stop, and who comes from elsewhere, is written down.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(
        policies: &Policies,
        context: &Context,
        (session, organization): (&Session, &OrganizationId),
    ) -> storage::Result<Result<Self, Barrier>> {
        let admitted = Self { user: session.user.clone(), organization: organization.clone() };
        let rules = policies.within(organization, &session.user).await?;
        if rules.is_empty() {
            return Ok(Ok(admitted));
        }
        let access = access(&policies.app, (&session.user, organization), context.now).await?;
        let applying = rules.applying(Whom { access: access.as_ref(), client: None });
        let from = arrival(&policies.app, context, (&session.acr, session.unexpected));
        let is_own = applying.flag(Setting::UpstreamRequired) && session.via.is_none();
        let barrier = is_own.then(|| applying.by(Setting::UpstreamRequired));
        let barrier = barrier.or_else(|| applying.barrier(context.now, from));
        if let Some(event) = event((policies, &admitted), &applying, (barrier.clone(), from)) {
            let (context, at) = (context.clone(), organization.clone());
            policies.app.storage.append(move |additions| additions.record(&context, Some(&at), &event)).await?;
        }
        Ok(barrier.map_or(Ok(admitted), Err))
    }

    /// Who.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// Where.
    #[must_use]
    pub const fn organization(&self) -> &OrganizationId {
        &self.organization
    }
}

/// Somebody who comes themselves, with a sign-in that was `acr`; nobody where no address is known.
#[must_use]
pub fn arrival(app: &App, context: &Context, (acr, unexpected): (&str, Unexpected)) -> Option<Arrival> {
    let address = context.address.as_ref()?.parse().ok()?;
    let is_sure = assurance::meets(acr, assurance::MULTI_FACTOR);
    Some(Arrival { place: app.place_of(address), is_sure, unexpected })
}

/// What the person holds there; whoever is no member holds nothing, and no rule of the organization is about them.
async fn access(
    app: &App,
    (user, organization): (&UserId, &OrganizationId),
    now: Timestamp,
) -> storage::Result<Option<Access>> {
    let mut tx = app.storage.read().await?;
    let Some(membership) = tx.memberships().active(user, organization, now).await? else { return Ok(None) };
    tx.access().of_member(&membership.id, now).await.map(Some)
}

/// What is written down, unless it repeats too often.
fn event(
    (policies, Admitted { user, organization }): (&Policies, &Admitted),
    applying: &Applying<'_>,
    (stopped, from): (Option<Barrier>, Option<Arrival>),
) -> Option<Event> {
    // On a page of ours there is no app.
    let client = String::new();
    if let Some(barrier) = stopped {
        let times = policies.recurring.count((format!("{user} {organization}"), barrier.setting))?;
        let (user, setting) = (user.to_string(), barrier.setting.name().to_owned());
        return Some(Event::PolicyRefusal { user, client, setting, rules: barrier.rules, times });
    }
    let (barrier, from) = from.and_then(|from| Some((applying.alert(from)?, from)))?;
    let times = policies.recurring.count((format!("{user} {organization} let in"), barrier.setting))?;
    Some(Event::PolicyAlert {
        user: user.clone(),
        client,
        setting: barrier.setting.name().to_owned(),
        rules: barrier.rules,
        country: from.place.country.map(|country| country.to_string()).unwrap_or_default(),
        times,
    })
}
