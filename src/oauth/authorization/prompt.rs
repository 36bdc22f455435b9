//! What has to happen before a request is answered with a code: an ordered list of pure checks (OpenID Connect Core 1.0
//! §3.1.2.1 to §3.1.2.4). The first that is not met decides; `prompt=none` turns it into its error.

use std::time::Duration;

use serde_json::Value;

use super::{
    organization::Resolved,
    progress::Progress,
    request::{AuthorizationRequest, Prompt},
    step_up::Missing,
};
use crate::{
    clock::Timestamp,
    id::UserId,
    oauth::{
        authorization_details::{self, Details},
        error::{Code, Refusal, refuse},
        scope::Scopes,
    },
};

/// What is known when the checks run.
#[derive(Debug)]
pub struct Situation<'a> {
    /// What was asked.
    pub request: &'a AuthorizationRequest,
    /// Whether the app is the clinic's own.
    pub is_first_party: bool,
    /// What the person did for this request already.
    pub progress: &'a Progress,
    /// Who is signed in.
    pub person: Option<Person<'a>>,
    /// The present instant.
    pub now: Timestamp,
}

/// The person who is signed in with this browser.
#[derive(Debug)]
pub struct Person<'a> {
    /// Who.
    pub user: &'a UserId,
    /// When they last proved it.
    pub auth_time: Timestamp,
    /// What the sign-in lacks of how sure it has to be.
    pub missing: Option<Missing>,
    /// Whom the app expects, by an earlier ID token.
    pub expected: Option<&'a UserId>,
    /// Where the person works with this app.
    pub organization: &'a Resolved,
    /// What the person allowed the app there.
    pub consent: Option<&'a Consent>,
    /// How long after a sign-in the rules of the organization ask for another one.
    pub reauthenticate_after: Option<Duration>,
}

/// What a person allowed an app in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The scopes.
    pub scopes: Scopes,
    /// What was asked for in detail.
    pub authorization_details: Details,
    /// When they were last asked.
    pub granted_at: Timestamp,
}

/// The most details of a consent; the oldest are asked for again.
const MOST_DETAILS: usize = 64;

impl Consent {
    /// What a person allows now, with what they allowed before.
    #[must_use]
    pub fn given(request: &AuthorizationRequest, before: Option<Self>, now: Timestamp) -> Self {
        let authorization_details = request.authorization_details.clone();
        Self { scopes: request.told(), authorization_details, granted_at: now }.beside(before)
    }

    /// With what was allowed before.
    #[must_use]
    pub fn beside(self, before: Option<Self>) -> Self {
        let Some(Self { scopes, authorization_details: mut details, .. }) = before else { return self };
        details.retain(|old| !self.authorization_details.contains(old));
        details.extend(self.authorization_details);
        let too_many = details.len().saturating_sub(MOST_DETAILS);
        Self { scopes: scopes.union(&self.scopes), authorization_details: details.split_off(too_many), ..self }
    }

    /// Of scopes alone.
    #[must_use]
    pub fn of_scopes(scopes: &Scopes, granted_at: Timestamp) -> Self {
        Self { scopes: scopes.clone(), authorization_details: vec![], granted_at }
    }

    /// What of a request was allowed already.
    #[must_use]
    pub fn covering(consent: Option<&Self>, (scopes, details): (&Scopes, &[Value])) -> Covered {
        let allowed = |what: &dyn Fn(&Self) -> bool| consent.is_some_and(what);
        Covered {
            scopes: allowed(&|given| given.scopes.covers(scopes)),
            // RFC 9396 §9: details are allowed by the person, whoever made the app.
            details: details.is_empty()
                || allowed(&|given| authorization_details::covers(&given.authorization_details, details)),
        }
    }
}

/// What of a request a person allowed before.
#[derive(Debug, Clone, Copy)]
pub struct Covered {
    scopes: bool,
    details: bool,
}

impl Covered {
    /// Whether that is all that an app needs; the scopes of an app that is trusted are allowed by whoever made it so.
    #[must_use]
    pub const fn suffices(self, is_trusted: bool) -> bool {
        self.details && (self.scopes || is_trusted)
    }
}

/// What the person has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Prove who they are.
    SignIn,
    /// Prove more than they did, so that the sign-in is this sure.
    StepUp(&'static str),
    /// The same, by a factor that they do not have.
    Enrol(&'static str),
    /// Set such a factor up, because the rules of the organization want it.
    SetUp(&'static str),
    /// Say with which account.
    SelectAccount,
    /// Say for which organization.
    ChooseOrganization,
    /// Allow the app.
    Consent,
}

impl Need {
    /// The answer where no page may be shown (OpenID Connect Core 1.0 §3.1.2.6).
    #[must_use]
    pub const fn refusal(self) -> Refusal {
        match self {
            Self::SignIn => refuse(Code::LoginRequired, "the person has to sign in"),
            Self::StepUp(_) => refuse(Code::LoginRequired, "the person has to prove more than they did"),
            Self::Enrol(_) => {
                refuse(Code::UnmetAuthenticationRequirements, "the person has no factor that is sure enough")
            }
            Self::SetUp(_) => refuse(Code::InteractionRequired, "the person has to set up another factor"),
            Self::SelectAccount => refuse(Code::AccountSelectionRequired, "the person has to choose an account"),
            Self::ChooseOrganization => refuse(Code::InteractionRequired, "the person has to choose an organization"),
            Self::Consent => refuse(Code::ConsentRequired, "the person has to allow the app"),
        }
    }
}

impl From<Missing> for Need {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Proof(acr) => Self::StepUp(acr),
            Missing::Factor(acr) => Self::Enrol(acr),
            Missing::Enrolment(acr) => Self::SetUp(acr),
        }
    }
}

type Check = fn(&Situation<'_>) -> Option<Need>;

const CHECKS: [Check; 8] = [
    somebody_is_signed_in,
    a_new_sign_in_was_done,
    the_sign_in_is_recent,
    the_expected_person_is_signed_in,
    the_sign_in_is_sure_enough,
    the_account_was_selected,
    the_organization_is_known,
    the_app_is_allowed,
];

/// The first thing that the person has to do; `None`: the request can be decided.
#[must_use]
pub fn first_need(situation: &Situation<'_>) -> Option<Need> {
    CHECKS.iter().find_map(|check| check(situation))
}

fn somebody_is_signed_in(situation: &Situation<'_>) -> Option<Need> {
    situation.person.is_none().then_some(Need::SignIn)
}

fn a_new_sign_in_was_done(situation: &Situation<'_>) -> Option<Need> {
    let is_old = situation.person.as_ref()?.auth_time < situation.progress.started_at;
    (situation.request.prompts_for(Prompt::Login) && is_old).then_some(Need::SignIn)
}

/// `max_age`, or what the rules of the organization ask for.
fn the_sign_in_is_recent(situation: &Situation<'_>) -> Option<Need> {
    let person = situation.person.as_ref()?;
    let by_rule = person.reauthenticate_after.and_then(|after| i64::try_from(after.as_secs()).ok());
    let max_age = [situation.request.max_age, by_rule].into_iter().flatten().min()?;
    let is_recent = is_recent(person.auth_time, max_age, (situation.progress.started_at, situation.now));
    (!is_recent).then_some(Need::SignIn)
}

/// Whether a sign-in is no older than `max_age` seconds; one that was made for this very request is recent enough, whatever
/// the number.
pub(super) fn is_recent(auth_time: Timestamp, max_age: i64, (asked_at, now): (Timestamp, Timestamp)) -> bool {
    now <= Timestamp(auth_time.0.saturating_add(max_age.saturating_mul(1000))) || auth_time >= asked_at
}

fn the_expected_person_is_signed_in(situation: &Situation<'_>) -> Option<Need> {
    let person = situation.person.as_ref()?;
    (person.expected? != person.user).then_some(Need::SignIn)
}

fn the_sign_in_is_sure_enough(situation: &Situation<'_>) -> Option<Need> {
    situation.person.as_ref()?.missing.map(Need::from)
}

fn the_account_was_selected(situation: &Situation<'_>) -> Option<Need> {
    let person = situation.person.as_ref()?;
    let was_selected =
        situation.progress.account.as_ref() == Some(person.user) || person.auth_time >= situation.progress.started_at;
    (situation.request.prompts_for(Prompt::SelectAccount) && !was_selected).then_some(Need::SelectAccount)
}

fn the_organization_is_known(situation: &Situation<'_>) -> Option<Need> {
    matches!(situation.person.as_ref()?.organization, Resolved::Choose(_)).then_some(Need::ChooseOrganization)
}

fn the_app_is_allowed(situation: &Situation<'_>) -> Option<Need> {
    let person = situation.person.as_ref()?;
    if !matches!(person.organization, Resolved::Chosen(_)) {
        return None;
    }
    let (request, consent) = (situation.request, person.consent);
    let covered = Consent::covering(consent, (&request.told(), &request.authorization_details));
    let was_asked = consent.is_some_and(|consent| consent.granted_at >= situation.progress.started_at);
    let must_be_asked = request.prompts_for(Prompt::Consent);
    let is_trusted = situation.is_first_party && !must_be_asked;
    let is_due = !covered.suffices(is_trusted) || (must_be_asked && !was_asked);
    is_due.then_some(Need::Consent)
}

#[cfg(test)]
mod tests {
    use super::{
        super::organization::{Denial, tests::member},
        super::request::tests::request,
        *,
    };

    struct Given {
        query: &'static str,
        auth_time: Option<i64>,
        account: Option<&'static str>,
        missing: Option<Missing>,
        expected: Option<&'static str>,
        organization: Resolved,
        consent: Option<(&'static str, i64)>,
        is_first_party: bool,
        /// Seconds.
        by_rule: Option<u64>,
    }

    fn signed_in(auth_time: i64) -> Given {
        Given {
            query: "",
            auth_time: Some(auth_time),
            account: None,
            missing: None,
            expected: None,
            organization: Resolved::Chosen(Box::new(member("a"))),
            consent: None,
            is_first_party: true,
            by_rule: None,
        }
    }

    /// The request began at 1000 s, now is 1060 s.
    fn need(given: &Given) -> Option<Need> {
        let request = request(given.query);
        let id = |text: &str| UserId::from_stored(text.to_owned());
        let progress = Progress { account: given.account.map(id), ..Progress::begun(Timestamp(1_000_000)) };
        let consent =
            given.consent.map(|(scopes, at)| Consent::of_scopes(&Scopes::parse(scopes).unwrap(), Timestamp(at * 1000)));
        let (user, expected) = (id("usr_o"), given.expected.map(id));
        let person = given.auth_time.map(|at| Person {
            user: &user,
            auth_time: Timestamp(at * 1000),
            missing: given.missing,
            expected: expected.as_ref(),
            organization: &given.organization,
            consent: consent.as_ref(),
            reauthenticate_after: given.by_rule.map(Duration::from_secs),
        });
        let is_first_party = given.is_first_party;
        first_need(&Situation {
            request: &request,
            is_first_party,
            progress: &progress,
            person,
            now: Timestamp(1_060_000),
        })
    }

    #[test]
    fn the_first_check_that_is_not_met_decides() {
        let old = || signed_in(500);
        let fresh = || signed_in(1_010);
        let choose = || Resolved::Choose(vec![]);
        let third = || Given { is_first_party: false, ..old() };
        for (case, given, expected) in [
            ("nobody", Given { auth_time: None, ..old() }, Some(Need::SignIn)),
            ("somebody", old(), None),
            ("prompt=login", Given { query: "prompt=login", ..old() }, Some(Need::SignIn)),
            ("prompt=login, done", Given { query: "prompt=login", ..fresh() }, None),
            ("max_age, too old", Given { query: "max_age=559", ..old() }, Some(Need::SignIn)),
            ("max_age, just", Given { query: "max_age=560", ..old() }, None),
            ("max_age=0", Given { query: "max_age=0", ..old() }, Some(Need::SignIn)),
            ("max_age=0, done", Given { query: "max_age=0", ..fresh() }, None),
            ("a huge max_age", Given { query: "max_age=999999999999999999", ..old() }, None),
            ("the rule, too old", Given { by_rule: Some(559), ..old() }, Some(Need::SignIn)),
            ("the rule, just", Given { by_rule: Some(560), ..old() }, None),
            ("the rule, done", Given { by_rule: Some(1), ..fresh() }, None),
            ("the stricter of both", Given { query: "max_age=560", by_rule: Some(559), ..old() }, Some(Need::SignIn)),
            ("another is expected", Given { expected: Some("usr_x"), ..old() }, Some(Need::SignIn)),
            ("this one is expected", Given { expected: Some("usr_o"), ..old() }, None),
            ("select_account", Given { query: "prompt=select_account", ..old() }, Some(Need::SelectAccount)),
            ("selected", Given { query: "prompt=select_account", account: Some("usr_o"), ..old() }, None),
            (
                "selected another",
                Given { query: "prompt=select_account", account: Some("usr_x"), ..old() },
                Some(Need::SelectAccount),
            ),
            ("selected by signing in", Given { query: "prompt=select_account", ..fresh() }, None),
            ("many organizations", Given { organization: choose(), ..old() }, Some(Need::ChooseOrganization)),
            (
                "denied comes before consent",
                Given { organization: Resolved::Denied(Denial::NotAMember), ..third() },
                None,
            ),
            ("another's app", third(), Some(Need::Consent)),
            ("another's app, allowed", Given { consent: Some(("openid", 1)), ..third() }, None),
            (
                "another's app, allowed less",
                Given { query: "scope=openid+email", consent: Some(("openid", 1)), ..third() },
                Some(Need::Consent),
            ),
            (
                "prompt=consent",
                Given { query: "prompt=consent", consent: Some(("openid", 1)), ..third() },
                Some(Need::Consent),
            ),
            (
                "prompt=consent, done",
                Given { query: "prompt=consent", consent: Some(("openid", 1_020)), ..third() },
                None,
            ),
            ("prompt=consent, own app", Given { query: "prompt=consent", ..old() }, Some(Need::Consent)),
            (
                "order",
                Given { query: "prompt=login+select_account", organization: choose(), ..old() },
                Some(Need::SignIn),
            ),
        ] {
            assert_eq!(need(&given), expected, "{case}");
        }
    }

    #[test]
    fn a_sign_in_that_is_not_sure_enough_is_told_once_it_is_the_right_one() {
        let old = || signed_in(500);
        for (case, given, expected) in [
            ("not sure enough", Given { missing: Some(Missing::Proof("x")), ..old() }, Some(Need::StepUp("x"))),
            ("is set up", Given { missing: Some(Missing::Enrolment("x")), ..old() }, Some(Need::SetUp("x"))),
            ("cannot be", Given { missing: Some(Missing::Factor("x")), ..old() }, Some(Need::Enrol("x"))),
            (
                "another might be",
                Given { missing: Some(Missing::Factor("x")), expected: Some("usr_x"), ..old() },
                Some(Need::SignIn),
            ),
            (
                "after signing in anew",
                Given { query: "max_age=1", missing: Some(Missing::Factor("x")), ..old() },
                Some(Need::SignIn),
            ),
        ] {
            assert_eq!(need(&given), expected, "{case}");
        }
    }
}
