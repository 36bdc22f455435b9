//! Setting a rule and taking it back, each with its audit event. What would stop every owner is refused
//! ([`sparing`]).

use super::{
    ahead,
    sparing::{self, Change, Owners},
};
use crate::{
    app::App,
    audit::{Context, Event},
    directory::{self, membership},
    id::{MembershipId, OrganizationId, UserId},
    setting::{Setting, SubjectKind, Value},
    storage::{self, Tx},
};

/// Why a rule was not set; the message is fit for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// Something of the directory is not there.
    #[error(transparent)]
    Directory(#[from] directory::Error),
    /// A setting that is not for such a subject.
    #[error("{0} cannot be set for a {kind}; it is for a whole {list}", kind = .1.name(), list = subjects(*.0))]
    NotFor(Setting, SubjectKind),
    /// An emergency account has rules of its own.
    #[error("an emergency account has rules of its own, which nobody changes")]
    EmergencyAccount,
    /// Every owner would be stopped.
    #[error(
        "with this change {0} would stop every owner of the organization, at every time or from wherever they are signed in \
         or signed in last, now or when what is tried is over; correct it, or add --force"
    )]
    StopsOwners(Setting),
    /// Nobody knows in which country an address is.
    #[error(
        "there is no file of countries, so {0} would stop whoever comes from a public address, or nobody: set `[network] \
         countries`, or add --force"
    )]
    CountriesUnknown(Setting),
    /// Whoever sets it would be stopped.
    #[error(
        "with this change {0} would stop you, at every time or from where you are now, at once or when what is tried is over; \
         correct it, or add --force"
    )]
    StopsSetter(Setting),
    /// Somebody who looks after the organization could never set up a second factor, or none that would do.
    #[error(
        "with this rule {0} would leave {1} no second factor to set up: of the kinds, or of the models of passkeys, that the rules for \
         {1} name and that `[factors]` and `[sms]` let in, none would do; correct it, or add --force"
    )]
    NoFactorLeft(Setting, String),
    /// Nothing is tried.
    #[error("no change is being tried there; `lanyard policy list` shows those that are")]
    NoTrial,
    /// There is no such rule.
    #[error("there is no rule for {0} there; `lanyard policy list` shows those that there are")]
    NoRule(Setting),
}

fn subjects(setting: Setting) -> String {
    setting.row().subjects.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}

/// For whom a rule is set: the kind, and its id; the organization itself has none.
pub type For<'a> = (SubjectKind, &'a str);

/// What became of a rule that was set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// What it was before for good, and not only tried.
    pub former: Option<String>,
    /// What became of it.
    pub effect: Effect,
    /// It is about places, and nobody knows where owners come from: none of them has signed in lately.
    pub is_unchecked: bool,
}

/// Whether setting a rule changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effect {
    /// It says something else.
    #[default]
    Changed,
    /// It said so before.
    Unchanged,
    /// It said so before for a while, and is kept now.
    Kept,
}

impl Outcome {
    /// Of a rule that was taken back.
    #[must_use]
    pub fn removal(former: Option<String>) -> Self {
        Self { former, ..Self::default() }
    }
}

/// Sets a rule, over the one that there is. Who is [`Forced`](Care::Forced) may stop every owner. What was tried of it is
/// tried no more. A rule that says so already is left as it is.
///
/// # Errors
/// When the setting is not for such a subject, when there is no such member, for an emergency account, and when every owner
/// would be stopped.
pub async fn set(
    tx: &mut Tx,
    (app, context): (&App, &Context),
    organization: &OrganizationId,
    (subject, name): (For<'_>, &str),
    (setting, value, care): (Setting, &Value, Care),
) -> Result<Outcome, Error> {
    if !setting.row().subjects.contains(&subject.0) {
        return Err(Error::NotFor(setting, subject.0));
    }
    let is_of_countries = matches!(setting, Setting::NetworkCountries | Setting::NetworkCountriesDenied);
    if is_of_countries && care == Care::SpareOwners && !app.countries.are_known() {
        return Err(Error::CountriesUnknown(setting));
    }
    tx.organizations().lock(organization).await?;
    let user = person(tx, organization, subject).await?;
    if let Some(user) = &user
        && tx.emergency_accounts().of_user(user).await?.is_some()
    {
        return Err(Error::EmergencyAccount);
    }
    let former = tx.policy_rules().value(organization, subject, setting).await?;
    let tried = tx.policy_trials().end(organization, subject, setting).await?;
    if former.as_deref().is_some_and(|former| setting.kind().parse(former).as_ref() == Ok(value)) {
        let Some(tried) = tried else {
            return Ok(Outcome { former, effect: Effect::Unchanged, is_unchecked: false });
        };
        tx.record(context, Some(organization), &kept(user, setting, (subject.0, name)));
        return Ok(Outcome { former: tried.former, effect: Effect::Kept, is_unchecked: false });
    }
    tx.policy_rules().put(context, organization, subject, (setting, value)).await?;
    let is_unchecked = care == Care::SpareOwners
        && spare(tx, (app, context), organization, (setting, &named(subject.0, name))).await? == Owners::Unknown;
    let event = Event::PolicySet {
        user: named_in_log(user),
        setting: setting.name().to_owned(),
        subject: named(subject.0, name),
        from: former.clone().unwrap_or_default(),
        to: value.to_string(),
    };
    tx.record(context, Some(organization), &event);
    let former = tried.map_or(former, |tried| tried.former);
    Ok(Outcome { former, effect: Effect::Changed, is_unchecked })
}

/// Refuses a rule, just set, that would stop every owner or whoever sets it, or leave one of them no second factor.
async fn spare(
    tx: &mut Tx,
    (app, context): (&App, &Context),
    organization: &OrganizationId,
    (setting, subject): (Setting, &str),
) -> Result<Owners, Error> {
    let change = Change::of(ahead::beside(tx, app, (organization, setting)).await?, setting, subject);
    if setting == Setting::UpstreamRequired
        && sparing::needs_an_upstream(tx, (organization, &change), context.now).await?
    {
        return Err(Error::StopsOwners(setting));
    }
    let owners = sparing::owners(tx, app, (organization, &change), context.now).await?;
    if owners == Owners::Stopped {
        return Err(Error::StopsOwners(setting));
    }
    if sparing::stops_setter(tx, app, context, (organization, &change)).await? {
        return Err(Error::StopsSetter(setting));
    }
    match sparing::without_factor(tx, app, context, (organization, &change)).await? {
        Some(who) => Err(Error::NoFactorLeft(setting, who)),
        None => Ok(owners),
    }
}

/// Whether a rule may stop every owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// It may not.
    SpareOwners,
    /// Whoever sets it means it.
    Forced,
}

/// Takes a rule back, as [`unset`] does. Whatever comes from elsewhere is denied where nothing else is said: without the rule that lets
/// them in, every owner may be stopped.
///
/// # Errors
/// When there is none, and when every owner or whoever takes it back would be stopped.
pub async fn unset_with_care(
    tx: &mut Tx,
    (app, context): (&App, &Context),
    organization: &OrganizationId,
    (subject, name): (For<'_>, &str),
    (setting, care): (Setting, Care),
) -> Result<Option<String>, Error> {
    if care == Care::Forced || setting != Setting::NetworkOtherwise {
        return unset(tx, context, organization, (subject, name), setting).await;
    }
    let before = ahead::beside(tx, app, (organization, setting)).await?;
    let former = unset(tx, context, organization, (subject, name), setting).await?;
    let now = ahead::beside(tx, app, (organization, setting)).await?;
    let change = Change::without(before, now, setting, &named(subject.0, name));
    if sparing::owners(tx, app, (organization, &change), context.now).await? == Owners::Stopped {
        return Err(Error::StopsOwners(setting));
    }
    if sparing::stops_setter(tx, app, context, (organization, &change)).await? {
        return Err(Error::StopsSetter(setting));
    }
    Ok(former)
}

/// Takes a rule back, also for good where that is only tried; what it was before for good, none where it was only tried itself.
///
/// # Errors
/// When there is none, and none that is tried without.
pub async fn unset(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (subject, name): (For<'_>, &str),
    setting: Setting,
) -> Result<Option<String>, Error> {
    tx.organizations().lock(organization).await?;
    let present = tx.policy_rules().value(organization, subject, setting).await?;
    let tried = tx.policy_trials().end(organization, subject, setting).await?;
    let former = match (&present, tried) {
        (None, None) => return Err(Error::NoRule(setting)),
        (Some(_), None) => present.clone(),
        (_, Some(tried)) => tried.former,
    };
    let user = person(tx, organization, subject).await?;
    let event = if let Some(from) = present {
        tx.policy_rules().delete(organization, subject, setting).await?;
        let (setting, subject) = (setting.name().to_owned(), named(subject.0, name));
        Event::PolicyRemoval { user: named_in_log(user), setting, subject, from }
    } else {
        kept(user, setting, (subject.0, name))
    };
    tx.record(context, Some(organization), &event);
    Ok(former)
}

/// The person whom a rule is about that is for one member alone, kept as they are until the commit: nobody leaves meanwhile
/// and leaves a rule behind.
pub(super) async fn person(
    tx: &mut Tx,
    organization: &OrganizationId,
    (kind, id): For<'_>,
) -> Result<Option<UserId>, Error> {
    if kind != SubjectKind::Member {
        return Ok(None);
    }
    let id = MembershipId::from_stored(id.to_owned());
    Ok(Some(membership::existing(tx, organization, &id).await?.user_id))
}

/// The same, as the audit log has it.
pub(super) fn named_in_log(user: Option<UserId>) -> String {
    user.map(String::from).unwrap_or_default()
}

/// What was tried is so from now on.
pub(super) fn kept(user: Option<UserId>, setting: Setting, (kind, name): (SubjectKind, &str)) -> Event {
    Event::PolicyKeep { user: named_in_log(user), setting: setting.name().to_owned(), subject: named(kind, name) }
}

/// For whom a rule is, in words.
#[must_use]
pub fn named(kind: SubjectKind, name: &str) -> String {
    format!("{} {name}", kind.name())
}
