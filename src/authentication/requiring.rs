//! A second factor that an organization asks of one member, whatever its rules for others say: a rule for the member alone, with
//! word to the person in the unit of work that sets it.
//!
//! Enforced it is as any other rule (`policy`, [`allowed`](super::allowed)).

use super::{allowed::Allowed, assurance, factor::Kind, lost_factors::Desk, recovery::mail};
use crate::{
    app::App,
    audit::Context,
    clock::Timestamp,
    directory::{access::Access, membership, organization::Organization},
    id::MembershipId,
    policy::{
        self, Whom, cached,
        changing::{self, Care, For},
        store::Trial,
    },
    setting::{Setting, SubjectKind, Value, demand::Level},
    storage::{self, Tx},
    web::{Language, Letterhead},
};

/// Why it is not asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// As of any rule.
    #[error(transparent)]
    Policy(#[from] policy::Error),
    /// It could not be met.
    #[error(
        "nothing that this person may set up is {level}, by the rules of the organization and by what `[factors]` and `[sms]` let in; \
         `lanyard policy explain` shows where `factor.kinds` comes from", level = .0.name()
    )]
    NothingWillDo(Level),
}

impl From<storage::Error> for Error {
    fn from(fault: storage::Error) -> Self {
        Self::Policy(fault.into())
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The kinds that it may be; where none is named, what other rules say.
    pub kinds: Vec<Kind>,
    /// From when on; at once, where nothing is said.
    pub from: Option<Timestamp>,
}

impl Wanted {
    /// With passkeys alone nothing less will do.
    fn level(&self) -> Level {
        let are_keys = !self.kinds.is_empty() && self.kinds.iter().all(|kind| *kind == Kind::Passkey);
        if are_keys { Level::PhishingResistant } else { Level::MultiFactor }
    }

    /// The value of `factor.required`.
    ///
    /// # Panics
    /// Never: a level with an instant is such a value.
    #[must_use]
    pub fn demands(&self) -> Value {
        let from = self.from.map(|from| format!(" from {from}")).unwrap_or_default();
        let text = format!("{}{from}", self.level().name());
        Setting::FactorRequired.kind().parse(&text).expect("a level, and an instant as it is printed")
    }

    /// The value of `factor.kinds`.
    #[must_use]
    pub fn kinds(&self) -> Option<Value> {
        let names = self.kinds.iter().map(|kind| kind.as_str().to_owned());
        (!self.kinds.is_empty()).then(|| Value::Words(names.collect()))
    }
}

/// Whether the person was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// By a letter to this address.
    Mailed(String),
    /// There is no address.
    NoAddress,
    /// Nothing has changed.
    NothingNew,
}

/// What has become of it.
#[derive(Debug)]
pub struct Outcome {
    /// Whether the person was told.
    pub told: Told,
    /// The kinds that a rule for them alone named before, whoever set it: it is replaced, or taken back.
    pub former_kinds: Option<String>,
}

/// Asks a member for a second factor; what was asked of them alone before is replaced, and so are the kinds.
///
/// # Errors
/// As [`changing::set`], and where rules leave them nothing to set up that would do.
pub async fn require(
    tx: &mut Tx,
    (app, context): (&App, &Context),
    desk: &Desk,
    (organization, member): (&Organization, &MembershipId),
    wanted: &Wanted,
) -> Result<Outcome, Error> {
    let (id, demands, kinds) = (&organization.id, wanted.demands(), wanted.kinds());
    // Whether they leave something to set up is asked of both rules together, below.
    let former_kinds = match &kinds {
        Some(kinds) => {
            let change = (Setting::FactorKinds, kinds, Care::Forced);
            changing::set(tx, (app, context), id, whom(member), change).await?.former
        }
        None => forget_kinds(tx, context, (organization, member)).await?,
    };
    let change = (Setting::FactorRequired, &demands, Care::Forced);
    let former = changing::set(tx, (app, context), id, whom(member), change).await?.former;
    if let Some(level) = unmet(tx, (app, context), (organization, member), wanted.level()).await? {
        return Err(Error::NothingWillDo(level));
    }
    // Other kinds are news as well, even where they are to be as sure as before.
    let are_same_kinds = former_kinds == kinds.map(|kinds| kinds.to_string());
    let change = (former.as_deref().filter(|_| are_same_kinds), Some(&demands));
    let told = tell(tx, context, desk, (organization, member.as_str()), change).await?;
    Ok(Outcome { told, former_kinds })
}

/// Asks them no more, and names no kinds for them alone.
///
/// # Errors
/// Where it was not asked of them alone.
pub async fn lift(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (organization, member): (&Organization, &MembershipId),
) -> Result<Outcome, Error> {
    let former = changing::unset(tx, context, &organization.id, whom(member), Setting::FactorRequired).await?;
    let former_kinds = forget_kinds(tx, context, (organization, member)).await?;
    let told = tell(tx, context, desk, (organization, member.as_str()), (former.as_deref(), None)).await?;
    Ok(Outcome { told, former_kinds })
}

fn whom(member: &MembershipId) -> (For<'_>, &str) {
    ((SubjectKind::Member, member.as_str()), member.as_str())
}

async fn forget_kinds(
    tx: &mut Tx,
    context: &Context,
    (organization, member): (&Organization, &MembershipId),
) -> Result<Option<String>, Error> {
    match changing::unset(tx, context, &organization.id, whom(member), Setting::FactorKinds).await {
        Ok(former) => Ok(former),
        Err(policy::Error::NoRule(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// How sure the rules of the organization ask them to be, this one or another that asks for more, where these leave them nothing to
/// set up that would do. What others say of them is not told.
async fn unmet(
    tx: &mut Tx,
    (app, context): (&App, &Context),
    (organization, member): (&Organization, &MembershipId),
    level: Level,
) -> storage::Result<Option<Level>> {
    let rules = cached::read(tx, app, &organization.id).await?;
    let held = tx.access().of_member(member, context.now).await?;
    // The rule is for them while they are suspended, too.
    let access = Access { member: Some(member.clone()), ..held };
    let applying = rules.applying(Whom { access: Some(&access), client: None });
    let allowed = Allowed::of(&applying, app.config.factors);
    let reach = assurance::reach(Kind::ALL.into_iter().filter(|kind| allowed.holds(*kind)));
    let level = applying.demands().highest().map_or(level, |highest| highest.max(level));
    // Rules may leave none of the models of keys as well.
    let is_met = assurance::meets(reach, assurance::acr(level)) && !applying.leave_no_factor(app.config.factors);
    Ok((!is_met).then_some(level))
}

/// Tells a member that a rule for them alone, which said `former` before, asks them for a second factor, or none does any more.
///
/// # Errors
/// When the database fails, and when there is no such member.
pub async fn tell(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (organization, member): (&Organization, &str),
    (former, demands): (Option<&str>, Option<&Value>),
) -> Result<Told, policy::Error> {
    if former.map(str::to_owned) == demands.map(ToString::to_string) {
        return Ok(Told::NothingNew);
    }
    let member = MembershipId::from_stored(member.to_owned());
    let user = membership::existing(tx, &organization.id, &member).await?.user_id;
    let Some(person) = tx.users().by_id(&user).await? else { return Ok(Told::NoAddress) };
    let Some(email) = &person.email else { return Ok(Told::NoAddress) };
    let language = person.locale.as_deref().and_then(Language::of_range).unwrap_or_default();
    let letterhead = Letterhead::new(language, &desk.site).addressed_to(person.name.as_str());
    let (name, href) = (organization.name.as_str(), desk.site.address_of("/account/security"));
    let letter = match demanded(demands, context.now) {
        Some(demand) => letterhead.factor_required(name, demand, &href),
        None => letterhead.factor_not_required(name, &href),
    };
    tx.jobs().enqueue(context, &desk.sealer, &mail(email.as_str(), letter)).await?;
    Ok(Told::Mailed(email.to_string()))
}

/// Tells each member whom something that was tried, and is kept, asks for a second factor alone, or does not ask any more.
///
/// # Errors
/// When the database fails.
pub async fn tell_kept(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (organization, kept): (&Organization, &[Trial]),
) -> Result<(), policy::Error> {
    let is_told = |trial: &&Trial| trial.subject.0 == SubjectKind::Member && trial.setting == Setting::FactorRequired;
    let told: Vec<&Trial> = kept.iter().filter(is_told).collect();
    if told.is_empty() {
        return Ok(());
    }
    let rules = tx.policy_rules().of(&organization.id).await?;
    for trial in told {
        let own = rules.iter().find(|one| one.rule.setting == trial.setting && one.subject == trial.subject);
        let change = (trial.former.as_deref(), own.map(|one| &one.rule.value));
        tell(tx, context, desk, (organization, &trial.subject.1), change).await?;
    }
    Ok(())
}

/// How sure somebody has to be, at once or from when on.
fn demanded(value: Option<&Value>, now: Timestamp) -> Option<(Level, Option<Timestamp>)> {
    let Some(Value::Demands(demands)) = value else { return None };
    let to_come = || demands.next(None, now).map(|(level, from)| (level, Some(from)));
    demands.at(now).map(|level| (level, None)).or_else(to_come)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_passkeys_alone_nothing_less_will_do() {
        let day = Timestamp::parse("2026-12-01T08:30:00Z").unwrap();
        for (kinds, from, expected, listed) in [
            (&[][..], None, "multi-factor", None),
            (&[], Some(day), "multi-factor from 2026-12-01T08:30:00Z", None),
            (&[Kind::Totp], None, "multi-factor", Some("totp")),
            (&[Kind::Totp, Kind::Passkey], None, "multi-factor", Some("passkey, totp")),
            (&[Kind::Passkey], Some(day), "phishing-resistant from 2026-12-01T08:30:00Z", Some("passkey")),
        ] {
            let wanted = Wanted { kinds: kinds.to_vec(), from };
            assert_eq!(wanted.demands().to_string(), expected);
            let kinds = wanted.kinds().map(|value| value.to_string());
            assert_eq!(kinds.as_deref(), listed);
            assert!(listed.is_none_or(|text| Setting::FactorKinds.kind().parse(text).ok() == wanted.kinds()));
        }
    }

    #[test]
    fn a_letter_says_from_when_on() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let now = at("2026-12-01T00:00:00Z");
        for (value, expected) in [
            (None, None),
            (Some("multi-factor"), Some((Level::MultiFactor, None))),
            (Some("phishing-resistant from 2026-11-30"), Some((Level::PhishingResistant, None))),
            (Some("multi-factor from 2026-12-02"), Some((Level::MultiFactor, Some(at("2026-12-02T00:00:00Z"))))),
        ] {
            let value = value.map(|text| Setting::FactorRequired.kind().parse(text).unwrap());
            assert_eq!(demanded(value.as_ref(), now), expected, "{value:?}");
        }
    }
}
