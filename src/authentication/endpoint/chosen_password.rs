//! The new password of a form that sends it twice, as `new_password` and `repeated_password`.

use crate::{
    app::App,
    authentication::{
        Authenticator,
        new_password::{self, Fault, Measure},
    },
    limit::Network,
    policy::password::{Problem as Policy, strength::Weak},
    secret::ExposeSecret,
    web::{Error, Parameters, Problem, Refusal, Visit},
};

/// The hash of the password, or what is wrong with it by `measure`.
///
/// # Errors
/// While too many passwords wait to be hashed.
pub async fn chosen_password(
    app: &App,
    authenticator: &Authenticator,
    visit: &Visit,
    form: &Parameters,
    measure: &Measure,
) -> Result<Result<String, Problem>, Error> {
    if let Some(problem) = differing(visit, form) {
        return Ok(Err(problem));
    }
    let network = Network::from(visit.address());
    match new_password::prepare(app, authenticator, &form.secret("new_password"), measure, network).await {
        Ok(hash) => Ok(Ok(hash)),
        Err(Fault::Policy(problem)) => Ok(Err(problem_of(visit, problem))),
        Err(Fault::Busy(_)) => Err(Refusal::Busy.into()),
        Err(Fault::Lists(cause)) => Err(std::io::Error::other(cause).into()),
    }
}

/// Says that the two are not the same.
#[must_use]
pub fn differing(visit: &Visit, form: &Parameters) -> Option<Problem> {
    let [new, repeated] = ["new_password", "repeated_password"].map(|key| form.secret(key));
    let differ = new.expose_secret() != repeated.expose_secret();
    differ.then(|| Problem::of("repeated_password", visit.texts().authentication.password.differ))
}

/// What the policy says, in the person's language.
#[must_use]
pub fn problem_of(visit: &Visit, problem: Policy) -> Problem {
    let texts = &visit.texts().authentication.password;
    let text = match problem {
        Policy::TooShort(least) => (texts.too_short)(least),
        Policy::TooLong(_) => texts.too_long.to_owned(),
        Policy::Context => texts.about_you.to_owned(),
        Policy::Trivial | Policy::Known => texts.too_common.to_owned(),
        Policy::Weak(weak) => weakness(visit, weak),
        Policy::Kinds(least) => (texts.kinds)(least),
        Policy::Same => texts.same.to_owned(),
        Policy::Former => texts.former.to_owned(),
    };
    Problem::of("new_password", text)
}

/// Why a password is too weak, and what makes it stronger.
fn weakness(visit: &Visit, weak: Weak) -> String {
    let texts = &visit.texts().authentication.password;
    let why = weak.why.map(|why| texts.weak_why[why as usize]);
    let trick = weak.trick.map(|trick| texts.weak_tricks[trick as usize]);
    [Some(texts.weak), why, trick].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
