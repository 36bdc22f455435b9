//! Rules as requests need them: kept in memory until one is changed. An organization without rules costs a look into a map.

use std::{collections::BTreeSet, ops::Deref, sync::Arc};

use super::{
    emergency,
    rule::{Rule, Rules, Subject, Whom},
    store::StoredRule,
};
use crate::{
    app::{App, cache::Cache},
    clock::Timestamp,
    directory::access::{Access, Holdings},
    id::{MembershipId, OrganizationId, UserId},
    limit::Recurrences,
    session::Lifetime,
    setting::Setting,
    storage::{self, Revision, Tx},
};

/// The rules of all organizations; cheap to clone.
#[derive(Clone)]
pub struct Policies(Arc<Parts>);

/// What it is made of.
pub struct Parts {
    /// The application.
    pub app: App,
    everybody: Arc<Rules>,
    are_there: Cache<(), bool>,
    organizations: Cache<OrganizationId, Shared>,
    members: Cache<(OrganizationId, UserId), Arc<Rules>>,
    people: Cache<UserId, Arc<Rules>>,
    emergency: Arc<Rules>,
    emergencies: Cache<(), Arc<BTreeSet<UserId>>>,
    /// Whom rules stop, and of whom they tell, as it repeats: whoever tries on and on fills no audit log.
    pub recurring: Recurrences<(String, Setting)>,
}

/// The rules of an organization that are not for one member alone.
#[derive(Clone)]
struct Shared {
    rules: Arc<Rules>,
    /// Whether there are others.
    are_others: bool,
}

impl Deref for Policies {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Policies {
    /// Those of this application.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self(Arc::new(Parts {
            everybody: Arc::new(everybody(&app)),
            recurring: Recurrences::new(app.clock.clone()),
            app,
            are_there: Cache::of(&[Revision::Policies]),
            organizations: Cache::of(&[Revision::Policies]),
            // Whoever becomes a member anew has no rules from before.
            members: Cache::of(&[Revision::Policies]),
            people: Cache::of(&[Revision::Policies, Revision::Directory]),
            emergency: Arc::new(emergency::rules()),
            emergencies: Cache::of(&[Revision::Policies]),
        }))
    }
}

/// The rules of the configuration.
#[must_use]
pub fn everybody(app: &App) -> Rules {
    let rule =
        |(setting, value): &_| Rule { subject: Subject::Everybody, setting: *setting, value: Clone::clone(value) };
    Rules::of(app.config.policy.0.iter().map(rule).collect())
}

/// Rules and some more.
fn with(rules: &Rules, more: Vec<StoredRule>) -> Arc<Rules> {
    let more = more.into_iter().map(|stored| stored.rule);
    Arc::new(Rules::of(rules.iter().cloned().chain(more).collect()))
}

/// The rules of an organization, with those of the configuration, as they are now.
///
/// # Errors
/// When the database fails.
pub async fn read(tx: &mut Tx, app: &App, organization: &OrganizationId) -> storage::Result<Rules> {
    let mut rules = everybody(app).into_vec();
    rules.extend(tx.policy_rules().of(organization).await?.into_iter().map(|stored| stored.rule));
    Ok(Rules::of(rules))
}

impl Parts {
    /// The rules of an organization that are not for one member alone, with those of the configuration.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, organization: &OrganizationId) -> storage::Result<Arc<Rules>> {
        Ok(self.shared(organization).await?.rules)
    }

    async fn shared(&self, organization: &OrganizationId) -> storage::Result<Shared> {
        let moment = self.organizations.moment(&self.app);
        if let Some(found) = self.organizations.find(organization, moment) {
            return Ok(found);
        }
        let (own, are_others) = self.app.storage.read().await?.policy_rules().shared(organization).await?;
        let rules = if own.is_empty() { Arc::clone(&self.everybody) } else { with(&self.everybody, own) };
        let loaded = Shared { rules, are_others };
        self.organizations.keep(organization.clone(), loaded.clone(), moment);
        Ok(loaded)
    }

    /// The rules for a person in an organization: its own, but for its emergency accounts. Those for other members alone are not
    /// even read, however many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn within(&self, organization: &OrganizationId, user: &UserId) -> storage::Result<Arc<Rules>> {
        if self.is_emergency(user).await? {
            return Ok(Arc::clone(&self.emergency));
        }
        let moment = self.members.moment(&self.app);
        let shared = self.shared(organization).await?;
        if !shared.are_others {
            return Ok(shared.rules);
        }
        let key = (organization.clone(), user.clone());
        if let Some(found) = self.members.find(&key, moment) {
            return Ok(found);
        }
        let own = self.app.storage.read().await?.policy_rules().own(organization, user).await?;
        let loaded = if own.is_empty() { shared.rules } else { with(&shared.rules, own) };
        self.members.keep(key, Arc::clone(&loaded), moment);
        Ok(loaded)
    }

    /// The rules for a member who may have no account yet: whoever takes a place that is kept for them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_member(
        &self,
        organization: &OrganizationId,
        member: Option<&MembershipId>,
    ) -> storage::Result<Arc<Rules>> {
        let shared = self.shared(organization).await?;
        let Some(member) = member.filter(|_| shared.are_others) else { return Ok(shared.rules) };
        let all = self.app.storage.read().await?.policy_rules().about(&[(member, organization)]).await?;
        Ok(with(&self.everybody, all))
    }

    /// Whether this is an emergency account: kept in memory until one is made or removed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_emergency(&self, user: &UserId) -> storage::Result<bool> {
        let moment = self.emergencies.moment(&self.app);
        if let Some(found) = self.emergencies.find(&(), moment) {
            return Ok(found.contains(user));
        }
        let all = self.app.storage.read().await?.emergency_accounts().all().await?;
        let found: Arc<BTreeSet<UserId>> = Arc::new(all.into_iter().map(|one| one.user).collect());
        self.emergencies.keep((), Arc::clone(&found), moment);
        Ok(found.contains(user))
    }

    /// The rules that hold for a person wherever they are an active member, but for those that are of an app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_person(&self, user: &UserId) -> storage::Result<Arc<Rules>> {
        if self.is_emergency(user).await? {
            return Ok(Arc::clone(&self.emergency));
        }
        if !self.are_there().await? {
            return Ok(Arc::clone(&self.everybody));
        }
        let moment = self.people.moment(&self.app);
        if let Some(found) = self.people.find(user, moment) {
            return Ok(found);
        }
        let (mut tx, now) = (self.app.storage.read().await?, self.app.clock.now());
        let (rules, ends_at) = of_person(&mut tx, user, now).await?;
        let all = self.everybody.as_ref().clone().into_vec();
        let loaded = Arc::new(Rules::of(all.into_iter().chain(rules).collect()));
        self.people.keep_until(user.clone(), Arc::clone(&loaded), (moment, ends_at));
        Ok(loaded)
    }

    /// How long a session of a person may live.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lifetime(&self, user: &UserId) -> storage::Result<Lifetime> {
        Ok(self.of_person(user).await?.all().lifetime(&self.app.config.session))
    }

    async fn are_there(&self) -> storage::Result<bool> {
        let moment = self.are_there.moment(&self.app);
        if let Some(found) = self.are_there.find(&(), moment) {
            return Ok(found);
        }
        let found = self.app.storage.read().await?.policy_rules().are_there().await?;
        self.are_there.keep((), found, moment);
        Ok(found)
    }
}

/// How long a session may live of somebody who has just become a member, in the unit of work that made them one.
///
/// # Errors
/// When the database fails.
pub async fn lifetime_of_newcomer(tx: &mut Tx, app: &App, user: &UserId, now: Timestamp) -> storage::Result<Lifetime> {
    let (rules, _) = of_person(tx, user, now).await?;
    let all = everybody(app).into_vec();
    Ok(Rules::of(all.into_iter().chain(rules).collect()).all().lifetime(&app.config.session))
}

/// The rules of organizations that hold for a person, and until when that is known.
async fn of_person(tx: &mut Tx, user: &UserId, now: Timestamp) -> storage::Result<(Vec<Rule>, Option<Timestamp>)> {
    let members = tx.memberships().active_of_user(user, now).await?;
    let pairs: Vec<_> = members.iter().map(|(own, organization)| (&own.id, &organization.id)).collect();
    let rules = tx.policy_rules().about(&pairs).await?;
    let is_ruled = |organization: &OrganizationId| rules.iter().any(|stored| stored.organization == *organization);
    let members = members.iter().filter(|(_, organization)| is_ruled(&organization.id));
    let places: Vec<(MembershipId, &OrganizationId)> = members.map(|(own, at)| (own.id.clone(), &at.id)).collect();
    let ids: Vec<MembershipId> = places.iter().map(|(id, _)| id.clone()).collect();
    let holdings: Vec<Holdings> = tx.access().holdings_of(&ids, now).await?;
    let (mut held, mut ends_at) = (vec![], None);
    for ((_, organization), holdings) in places.iter().zip(holdings) {
        let access: Access = holdings.access(now);
        let whom = Whom { access: Some(&access), client: None };
        let own = rules.iter().filter(|stored| stored.organization == **organization);
        let own = Rules::of(own.map(|stored| stored.rule.clone()).collect());
        held.extend(own.applying(whom).iter().cloned());
        ends_at = [ends_at, access.ends_at].into_iter().flatten().min();
    }
    Ok((held, ends_at))
}
