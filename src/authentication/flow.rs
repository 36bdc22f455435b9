//! What a person has to do next: an ordered list of checks, pure.

use std::time::Duration;

use super::assurance;
use crate::{
    clock::Timestamp,
    directory::user::User,
    session::{Lifetime, Liveness, Session},
};

/// What is known of the person in front of the browser.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The session of the browser's cookie.
    pub session: Option<&'a Session>,
    /// Its person.
    pub user: Option<&'a User>,
    /// The surest that the person can prove with the factors they have.
    pub reach: &'static str,
    /// How sure rules want it to be.
    pub wanted: Option<&'static str>,
    /// When the password has to be replaced, because of its age.
    pub password_ends_at: Option<Timestamp>,
    /// Whether a text waits to be accepted.
    pub texts_wait: bool,
    /// The limits of a session.
    pub lifetime: Lifetime,
    /// The present instant.
    pub now: Timestamp,
}

/// The next step of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Prove who you are.
    SignIn,
    /// Prove it by a second factor.
    SecondFactor,
    /// Set up a factor that rules ask for.
    Enrol,
    /// Choose another password.
    ChangePassword,
    /// Accept the texts of today.
    AcceptTexts,
    /// Nothing: go on to where you came from.
    Done,
}

impl Step {
    /// The page of the step; `None` when there is nothing left to do.
    #[must_use]
    pub const fn path(self) -> Option<&'static str> {
        match self {
            Self::SignIn => Some("/login/password"),
            Self::SecondFactor => Some("/login/factor"),
            Self::Enrol => Some("/account/enrolment"),
            Self::ChangePassword => Some("/login/change-password"),
            Self::AcceptTexts => Some("/login/texts"),
            Self::Done => None,
        }
    }
}

/// How long a password is good for on the way to the second factor.
const HALFWAY: Duration = Duration::from_mins(10);

type Check = fn(&Standing<'_>) -> Option<Step>;

/// In this order; the first that asks for a step decides.
const CHECKS: &[Check] = &[session, person, second_factor, unfinished, enrolment, password, texts];

/// Decides what comes next.
#[must_use]
pub fn next_step(standing: &Standing<'_>) -> Step {
    CHECKS.iter().find_map(|check| check(standing)).unwrap_or(Step::Done)
}

/// Whether somebody who may sign in has a session that lives, whatever they have left to do.
#[must_use]
pub fn is_live(standing: &Standing<'_>) -> bool {
    session(standing).or_else(|| person(standing)).is_none()
}

fn session(standing: &Standing<'_>) -> Option<Step> {
    let live = standing.session.map(|session| session.liveness(standing.now, standing.lifetime));
    (live != Some(Liveness::Live)).then_some(Step::SignIn)
}

/// A disabled person is told nothing: it looks as if nobody were signed in.
fn person(standing: &Standing<'_>) -> Option<Step> {
    (!standing.user.is_some_and(|user| user.is_active(standing.now))).then_some(Step::SignIn)
}

/// Whoever has one always proves it, soon after the password: a code makes no old password a new one.
fn second_factor(standing: &Standing<'_>) -> Option<Step> {
    let session = standing.session?;
    let in_reach = |wanted: &&str| assurance::meets(standing.reach, wanted);
    let asked = standing.wanted.filter(in_reach).or_else(|| Some(assurance::MULTI_FACTOR).filter(in_reach))?;
    if assurance::obeys(&session.acr, asked) {
        return None;
    }
    let is_soon = standing.now.since(session.auth_time) < HALFWAY;
    Some(if is_soon { Step::SecondFactor } else { Step::SignIn })
}

/// A sign-in that stood at a factor that is there no more was never complete: it begins anew, takes room and is told of.
fn unfinished(standing: &Standing<'_>) -> Option<Step> {
    standing.session?.completed_at.is_none().then_some(Step::SignIn)
}

/// Whoever has proved all that they can, and it is not enough, sets up what is.
fn enrolment(standing: &Standing<'_>) -> Option<Step> {
    let session = standing.session?;
    let is_met = standing.wanted.is_none_or(|wanted| assurance::obeys(&session.acr, wanted));
    (!is_met).then_some(Step::Enrol)
}

/// Whoever came by the word of an upstream used no password of ours, and sets none by that word.
fn password(standing: &Standing<'_>) -> Option<Step> {
    if standing.session?.via.is_some() {
        return None;
    }
    let is_old = standing.password_ends_at.is_some_and(|at| at <= standing.now);
    (is_old || standing.user?.must_change_password(standing.now)).then_some(Step::ChangePassword)
}

fn texts(standing: &Standing<'_>) -> Option<Step> {
    standing.texts_wait.then_some(Step::AcceptTexts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        authentication::assurance::{MULTI_FACTOR as TWO, PASSWORD as ONE, PHISHING_RESISTANT as KEY, REMEMBERED},
        id::{SessionId, UserId},
    };

    const AT: Timestamp = Timestamp(0);
    const HOUR: Duration = Duration::from_hours(1);

    fn session(acr: &str) -> Session {
        Session {
            id: SessionId::from_stored(String::new()),
            user: UserId::from_stored(String::new()),
            auth_time: AT,
            acr: acr.to_owned(),
            amr: vec![],
            created_at: AT,
            last_seen_at: AT,
            expires_at: AT,
            user_agent: String::new(),
            address: String::new(),
            station: None,
            via: None,
            completed_at: Some(AT),
            unexpected: crate::session::Unexpected::default(),
            ended_at: None,
        }
    }

    fn standing<'s>(session: &'s Session, reach: &'static str, wanted: Option<&'static str>) -> Standing<'s> {
        Standing {
            session: Some(session),
            user: None,
            reach,
            wanted,
            password_ends_at: None,
            texts_wait: false,
            lifetime: Lifetime { idle: HOUR, absolute: HOUR, at_station: HOUR },
            now: AT,
        }
    }

    #[test]
    fn whoever_has_a_factor_proves_it_and_whoever_lacks_one_that_is_wanted_sets_it_up() {
        for (case, acr, reach, wanted, minutes, expected) in [
            ("a password is enough", ONE, ONE, None, 0, None),
            ("an app is asked for", ONE, TWO, None, 0, Some(Step::SecondFactor)),
            ("soon after the password", ONE, TWO, None, 10, Some(Step::SignIn)),
            ("an app was proved", TWO, TWO, None, 60, None),
            ("the browser is remembered", REMEMBERED, TWO, None, 60, None),
            ("which rules take", REMEMBERED, TWO, Some(TWO), 60, None),
            ("but for no key", REMEMBERED, KEY, Some(KEY), 0, Some(Step::SecondFactor)),
            ("an app is wanted", ONE, ONE, Some(TWO), 60, Some(Step::Enrol)),
            ("and proved", TWO, ONE, Some(TWO), 60, None),
            ("a key is wanted, the app comes first", ONE, TWO, Some(KEY), 0, Some(Step::SecondFactor)),
            ("then the key is set up", TWO, TWO, Some(KEY), 0, Some(Step::Enrol)),
            ("a key that is there is proved", TWO, KEY, Some(KEY), 0, Some(Step::SecondFactor)),
            ("soon", TWO, KEY, Some(KEY), 10, Some(Step::SignIn)),
            ("and enough", KEY, KEY, Some(KEY), 60, None),
            ("a key is more than an app", KEY, KEY, Some(TWO), 60, None),
        ] {
            let (session, now) = (session(acr), AT.plus(Duration::from_mins(minutes)));
            let standing = Standing { now, ..standing(&session, reach, wanted) };
            assert_eq!(second_factor(&standing).or_else(|| enrolment(&standing)), expected, "{case}");
        }
    }

    #[test]
    fn a_sign_in_that_was_never_complete_begins_anew_where_there_is_no_factor_any_more() {
        for (case, completed_at, reach, wanted, expected) in [
            ("the factor is there", None, TWO, None, Some(Step::SecondFactor)),
            ("it is gone", None, ONE, None, Some(Step::SignIn)),
            ("and wanted: half a sign-in sets none up", None, ONE, Some(TWO), Some(Step::SignIn)),
            ("whoever is signed in goes on", Some(AT), ONE, None, None),
            ("to what is wanted", Some(AT), ONE, Some(TWO), Some(Step::Enrol)),
        ] {
            let session = Session { completed_at, ..session(ONE) };
            let standing = standing(&session, reach, wanted);
            let checks: &[Check] = &[second_factor, unfinished, enrolment];
            assert_eq!(checks.iter().find_map(|check| check(&standing)), expected, "{case}");
        }
    }
}
