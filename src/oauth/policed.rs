//! What the rules of organizations say of apps and tokens: whether somebody may go on, and how long tokens may live.
//!
//! An organization without rules costs a look into a map. Networks are compared where the person comes themselves: with
//! their browser, and at the token endpoint with an app that runs on their device (a public client); the address of an
//! app's server says nothing of them.

use std::sync::Arc;

use super::{
    client::Client,
    error::{Challenge, Code, Error, Refusal, refuse},
    grant::{Exchange, Standing},
    provider::Parts,
    redirect_uri::Registrant,
    scope::{Scope, Scopes},
    store::Family,
};
use crate::{
    audit::{Actor, Context, Event},
    authentication::{admitted, assurance},
    clock::Timestamp,
    directory::access::{Access, Detail},
    id::{OrganizationId, UserId},
    policy::{Applying, Arrival, Barrier, Bounds, Rests, Rules, Whom},
    session::{Session, Unexpected},
    setting::{Setting, demand::Level},
    storage,
};

/// What a client is told whose tokens the rules of an organization stop.
const STOPPED: Refusal =
    refuse(Code::InvalidGrant, "the rules of the organization do not allow it now; let the person sign in");

/// The same for one who would come in without a sign-in there.
const STOPPED_ON_THE_WAY: Refusal = refuse(
    Code::InteractionRequired,
    "the rules of the organization do not allow it from where the person is; let them sign in there",
);

/// What a token is told that counts no more.
const ENDED: Refusal = refuse(Code::InvalidToken, "the access token is not valid");

/// The same for a service.
const SERVICE_STOPPED: Refusal = refuse(Code::UnauthorizedClient, "the rules of the organization do not allow it now");

/// The rules of an organization, with what somebody holds there and the app that they use.
pub struct Ruled {
    rules: Arc<Rules>,
    standing: Option<Arc<Standing>>,
    client: String,
}

impl Ruled {
    /// Those that hold for them.
    #[must_use]
    pub fn applying(&self) -> Applying<'_> {
        let access = self.standing.as_ref().map(|standing| &standing.access);
        self.rules.applying(Whom { access, client: Some(&self.client) })
    }
}

impl Parts {
    /// The rules for a person who uses an app in an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ruled(
        &self,
        (user, organization): (&UserId, &OrganizationId),
        client: &Client,
    ) -> storage::Result<Ruled> {
        let rules = self.policies.within(organization, user).await?;
        let standing =
            if rules.is_empty() { None } else { self.standing_in(user, organization, Detail::default()).await? };
        Ok(Ruled { rules, standing, client: client.id.clone() })
    }

    /// Whether tokens outlive the session: where an app asks for it, and never those of an emergency account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn outlives_the_session(&self, scopes: &Scopes, user: &UserId) -> storage::Result<bool> {
        Ok(scopes.has(Scope::OfflineAccess) && !self.policies.is_emergency(user).await?)
    }

    /// What the person of an authorization is and may do now; `None` when that is over, or the rules of the organization
    /// let its tokens not count any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn admitted(
        &self,
        family: &Family,
        client: &Client,
        now: Timestamp,
    ) -> storage::Result<Option<Arc<Standing>>> {
        let Some(standing) = self.standing(family).await? else { return Ok(None) };
        let rules = self.policies.within(&family.organization, &family.user).await?;
        let judged = judge(&rules, (family, &standing.access), &client.id, Coming { now, from: None, last: None });
        Ok(judged.is_ok().then_some(standing))
    }

    /// The same for what a token opens here.
    ///
    /// # Errors
    /// `invalid_token`, a challenge where another sign-in would help (RFC 9470 §3), or a fault.
    pub async fn entrant(&self, (family, client): (&Family, &Client), now: Timestamp) -> Result<Arc<Standing>, Error> {
        let standing = self.standing(family).await?.ok_or(ENDED)?;
        let rules = self.policies.within(&family.organization, &family.user).await?;
        let applying = rules.applying(Whom { access: Some(&standing.access), client: Some(&client.id) });
        match judge(&rules, (family, &standing.access), &client.id, Coming { now, from: None, last: None }) {
            Ok(_) => Ok(standing),
            Err(barrier) if barrier.setting == Setting::FactorRequired => {
                let acr = applying.demands().at(now).map(assurance::acr);
                Err(Challenge { max_age: None, acr }.into())
            }
            Err(barrier) if barrier.setting == Setting::SessionReauthenticate => {
                let max_age = applying.span(Setting::SessionReauthenticate).map(|span| span.as_secs());
                Err(Challenge { max_age, acr: None }.into())
            }
            Err(_) => Err(ENDED.into()),
        }
    }

    /// How long tokens of an authorization may live that are issued now. `last` is when the refresh token was issued that is
    /// used.
    ///
    /// # Errors
    /// `invalid_grant` with an audit event that names the rule, or a fault.
    pub(super) async fn bounds(
        &self,
        exchange: &Exchange<'_>,
        (family, standing): (&Family, &Standing),
        last: Option<Timestamp>,
    ) -> Result<Bounds, Error> {
        let rules = self.policies.within(&family.organization, &family.user).await?;
        let (client, context) = (&exchange.client.client, &exchange.context);
        let from = self.arrival(context, &family.acr).filter(|_| client.registrant() == Registrant::Public);
        let coming = Coming { now: context.now, from, last };
        match judge(&rules, (family, &standing.access), &client.id, coming) {
            Ok(bounds) => {
                let applying = rules.applying(Whom { access: Some(&standing.access), client: Some(&client.id) });
                self.alert(context, (&client.id, &family.user), &family.organization, (&applying, from)).await?;
                Ok(bounds)
            }
            Err(barrier) => {
                let user = family.user.to_string();
                self.stopped(context, (&client.id, user), &family.organization, barrier).await?;
                Err(STOPPED.into())
            }
        }
    }

    /// Whether the person of an authorization may come into its organization by going on there from another one: where they
    /// are is where their session is.
    ///
    /// # Errors
    /// `interaction_required` with an audit event that names the rule, or a fault.
    pub(super) async fn enters(
        &self,
        exchange: &Exchange<'_>,
        (family, standing): (&Family, &Standing),
    ) -> Result<(), Error> {
        let rules = self.policies.within(&family.organization, &family.user).await?;
        let client = &exchange.client.client.id;
        let applying = rules.applying(Whom { access: Some(&standing.access), client: Some(client) });
        if applying.is_empty() {
            return Ok(());
        }
        let session = self.app.storage.read().await?.sessions().by_id(&family.session).await?;
        let from = session.and_then(|session| {
            let context = Context { address: Some(session.address.clone()), ..exchange.context.clone() };
            self.arrival_of(&context, &session)
        });
        let barrier = match from {
            Some(from) => applying.stopped_at(from),
            None => applying.asks_where(),
        };
        let Some(barrier) = barrier else { return Ok(()) };
        self.stopped(&exchange.context, (client, family.user.to_string()), &family.organization, barrier).await?;
        Err(STOPPED_ON_THE_WAY.into())
    }

    /// The same for a service on its own behalf: rules for its client alone are about it.
    ///
    /// # Errors
    /// `unauthorized_client` with an audit event that names the rule, or a fault.
    pub(super) async fn service_bounds(
        &self,
        (client, owner): (&Client, &OrganizationId),
        context: &Context,
    ) -> Result<Bounds, Error> {
        let rules = self.policies.of(owner).await?;
        let applying = rules.applying(Whom { access: None, client: Some(&client.id) });
        // A service proves itself by its own means.
        let rests = Rests { authorized_at: context.now, session: None, proved: Level::ALL.last().copied() };
        let barrier = applying.barrier(context.now, self.arrival(context, ""));
        match barrier.map_or_else(|| applying.bounds(rests, context.now), Err) {
            Ok(bounds) => Ok(bounds),
            Err(barrier) => {
                self.stopped(context, (&client.id, String::new()), owner, barrier).await?;
                Err(SERVICE_STOPPED.into())
            }
        }
    }

    /// Writes down whom a rule has stopped; an app that tries on and on fills no audit log.
    async fn stopped(
        &self,
        context: &Context,
        (client, user): (&str, String),
        organization: &OrganizationId,
        barrier: Barrier,
    ) -> storage::Result<()> {
        let key = (format!("{client} {user}"), barrier.setting);
        let Some(times) = self.policies.recurring.count(key) else { return Ok(()) };
        let event = refusal(barrier, (client, user), times);
        let (context, at) = (context.by(Actor::Client(client.to_owned())), organization.clone());
        self.app.storage.append(move |additions| additions.record(&context, Some(&at), &event)).await
    }
}

/// That a rule has stopped somebody.
#[must_use]
pub fn refusal(barrier: Barrier, (client, user): (&str, String), times: u64) -> Event {
    let (setting, rules) = (barrier.setting.name().to_owned(), barrier.rules);
    Event::PolicyRefusal { user, client: client.to_owned(), setting, rules, times }
}

impl Parts {
    /// Somebody who comes with an authorization whose sign-in was `acr`.
    fn arrival(&self, context: &Context, acr: &str) -> Option<Arrival> {
        admitted::arrival(&self.app, context, (acr, Unexpected::default()))
    }

    /// Somebody who comes with their browser.
    #[must_use]
    pub fn arrival_of(&self, context: &Context, session: &Session) -> Option<Arrival> {
        admitted::arrival(&self.app, context, (&session.acr, session.unexpected))
    }

    /// Writes down that somebody was let in from elsewhere; once in a while, however often they come.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alert(
        &self,
        context: &Context,
        (client, user): (&str, &UserId),
        organization: &OrganizationId,
        (applying, from): (&Applying<'_>, Option<Arrival>),
    ) -> storage::Result<()> {
        let Some((barrier, from)) = from.and_then(|from| Some((applying.alert(from)?, from))) else { return Ok(()) };
        let key = (format!("{client} {user} let in"), barrier.setting);
        let Some(times) = self.policies.recurring.count(key) else { return Ok(()) };
        let event = Event::PolicyAlert {
            user: user.clone(),
            client: client.to_owned(),
            setting: barrier.setting.name().to_owned(),
            rules: barrier.rules,
            country: from.place.country.map(|country| country.to_string()).unwrap_or_default(),
            times,
        };
        let (context, at) = (context.clone(), organization.clone());
        self.app.storage.append(move |additions| additions.record(&context, Some(&at), &event)).await
    }
}

/// When and how tokens are asked for.
#[derive(Debug, Clone, Copy)]
struct Coming {
    now: Timestamp,
    /// Where the person is.
    from: Option<Arrival>,
    /// When the refresh token was issued that is used.
    last: Option<Timestamp>,
}

/// How long tokens of an authorization may live, or what stops them.
fn judge(rules: &Rules, (family, access): (&Family, &Access), client: &str, coming: Coming) -> Result<Bounds, Barrier> {
    let is_at_station = family.is_at_station;
    if rules.is_empty() && !is_at_station {
        return Ok(Bounds::default());
    }
    let applying = rules.applying(Whom { access: Some(access), client: Some(client) });
    if let Some(barrier) = applying.barrier(coming.now, coming.from) {
        return Err(barrier);
    }
    let session = family.session_began_at.filter(|_| !family.is_offline);
    let session = session.map(|began| (began, family.auth_time));
    let rests = Rests { authorized_at: family.created_at, session, proved: assurance::level(&family.acr) };
    let bounds = applying.bounds(rests, coming.now)?;
    let bounds = if is_at_station { bounds.at_station(applying.idle_at_station()) } else { bounds };
    let is_idle = bounds.idle.zip(coming.last).is_some_and(|(idle, last)| coming.now.since(last) >= idle);
    let setting = if is_at_station { Setting::StationIdle } else { Setting::SessionIdle };
    if is_idle { Err(applying.by(setting)) } else { Ok(bounds) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        geography::Place,
        oauth::testing::family,
        policy::{Rule, Subject},
    };

    /// A session that began at 0 min; tokens are asked for at 60 min.
    #[test]
    fn what_rests_on_a_session_is_bounded_by_it_and_what_outlives_it_is_not() {
        let minute = |number: u64| Timestamp::parse("2026-11-23T08:00:00Z").unwrap().plus(Duration::from_mins(number));
        let online = Family {
            session_began_at: Some(minute(0)),
            auth_time: minute(0),
            created_at: minute(0),
            ..family("portal", "usr_o", "a")
        };
        let offline = Family { is_offline: true, ..online.clone() };
        let access = Access::default();
        for (case, setting, value, family, last, expected) in [
            ("in use", Setting::SessionIdle, "10m", &online, Some(51), None),
            ("idle", Setting::SessionIdle, "10m", &online, Some(50), Some("session.idle")),
            ("just signed in", Setting::SessionIdle, "10m", &online, None, None),
            ("idle, offline", Setting::SessionIdle, "10m", &offline, Some(50), None),
            ("too old", Setting::SessionAbsolute, "60m", &online, Some(59), Some("session.absolute")),
            ("too old, offline", Setting::SessionAbsolute, "60m", &offline, Some(59), None),
            ("let in long ago, offline", Setting::TokenRefresh, "60m", &offline, Some(59), Some("token.refresh")),
            (
                "closed, offline",
                Setting::ScheduleWindows,
                "daily 10:00-12:00 in UTC",
                &offline,
                None,
                Some("schedule.windows"),
            ),
            ("not sure", Setting::FactorRequired, "multi-factor", &online, None, Some("factor.required")),
            ("not sure, offline", Setting::FactorRequired, "multi-factor", &offline, None, Some("factor.required")),
            ("outside", Setting::NetworkAllowed, "10.0.0.0/8", &online, None, Some("network.allowed")),
            ("inside", Setting::NetworkAllowed, "192.0.2.0/24", &online, None, None),
        ] {
            let value = setting.kind().parse(value).unwrap();
            let rules = Rules::of(vec![Rule { subject: Subject::Everybody, setting, value }]);
            let place = Place { address: [192, 0, 2, 7].into(), country: None };
            let from = Some(Arrival { place, is_sure: false, unexpected: crate::session::Unexpected::default() });
            let coming = Coming { now: minute(60), from, last: last.map(minute) };
            let found = judge(&rules, (family, &access), "portal", coming).err().map(|barrier| barrier.setting.name());
            assert_eq!(found, expected, "{case}");
        }
    }
}
