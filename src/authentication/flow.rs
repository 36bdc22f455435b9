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
    /// Whether the person has a second factor.
    pub has_second_factor: bool,
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
const CHECKS: &[Check] = &[session, person, second_factor, password, texts];

/// Decides what comes next.
#[must_use]
pub fn next_step(standing: &Standing<'_>) -> Step {
    CHECKS.iter().find_map(|check| check(standing)).unwrap_or(Step::Done)
}

fn session(standing: &Standing<'_>) -> Option<Step> {
    let live = standing.session.map(|session| session.liveness(standing.now, standing.lifetime));
    (live != Some(Liveness::Live)).then_some(Step::SignIn)
}

/// A disabled person is told nothing: it looks as if nobody were signed in.
fn person(standing: &Standing<'_>) -> Option<Step> {
    (!standing.user.is_some_and(User::is_active)).then_some(Step::SignIn)
}

/// Whoever has one always proves it, soon after the password: a code makes no old password a new one.
fn second_factor(standing: &Standing<'_>) -> Option<Step> {
    let session = standing.session?;
    if !standing.has_second_factor || assurance::meets(&session.acr, assurance::MULTI_FACTOR) {
        return None;
    }
    let is_soon = standing.now.since(session.auth_time) < HALFWAY;
    Some(if is_soon { Step::SecondFactor } else { Step::SignIn })
}

fn password(standing: &Standing<'_>) -> Option<Step> {
    let is_old = standing.password_ends_at.is_some_and(|at| at <= standing.now);
    (is_old || standing.user?.must_change_password(standing.now)).then_some(Step::ChangePassword)
}

fn texts(standing: &Standing<'_>) -> Option<Step> {
    standing.texts_wait.then_some(Step::AcceptTexts)
}
