//! What would keep somebody out: whether they are there at all, hours, places, and how surely they have to sign in. All of it, so
//! that whoever mends one thing does not find the next one.

use std::{fmt, time::Duration};

use serde::Serialize;

use super::subject::Names;
use crate::{
    authentication::assurance,
    clock::Timestamp,
    directory::{membership::Membership, organization::Organization, user::User, validity::Validity},
    policy::{Applying, Arrival, Barrier},
    setting::{Setting, schedule},
};

/// Something that keeps somebody out.
#[derive(Debug, Serialize)]
pub(super) struct Obstacle {
    /// The setting; or `organization`, `person` or `membership`.
    pub(super) what: &'static str,
    /// For whom the rules are.
    pub(super) rules: Option<String>,
    /// More of it, in words.
    pub(super) detail: Option<String>,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.rules, &self.detail) {
            (Some(rules), Some(detail)) => write!(f, "{} for {rules}; {detail}", self.what),
            (Some(rules), None) => write!(f, "{} for {rules}", self.what),
            (None, detail) => f.write_str(detail.as_deref().unwrap_or(self.what)),
        }
    }
}

/// What keeps somebody out whatever rules say.
pub(super) fn of_people(at: Timestamp, of: &Organization, (person, member): (&User, &Membership)) -> Vec<Obstacle> {
    let state = |what, is_disabled: bool, validity: Validity| {
        let disabled = is_disabled.then(|| "is disabled".to_owned());
        let not_yet = validity.from.filter(|from| at < *from).map(|from| format!("begins at {from}"));
        let no_more = validity.until.filter(|until| *until <= at).map(|until| format!("ended at {until}"));
        let all = [disabled, not_yet, no_more].into_iter().flatten();
        all.map(move |state| Obstacle { what, rules: None, detail: Some(format!("the {what} {state}")) })
    };
    let organization = state("organization", !of.is_active(), Validity::ALWAYS);
    let account = state("account", person.disabled_at.is_some(), person.validity);
    organization.chain(account).chain(state("membership", member.disabled_at.is_some(), member.validity)).collect()
}

/// Hours are looked for so far ahead.
const AHEAD: Duration = Duration::from_hours(14 * 24);

/// When it is open again, where it is closed.
pub(super) fn opens_at(applying: &Applying<'_>, at: Timestamp) -> Option<Timestamp> {
    let schedules = applying.schedules(Setting::ScheduleWindows);
    (!schedule::are_open(&schedules, at)).then(|| schedule::next_turn(&schedules, at, AHEAD)).flatten()
}

/// What keeps somebody out by rules.
pub(super) fn of_rules(
    (applying, names): (&Applying<'_>, &Names),
    (at, from): (Timestamp, Option<Arrival>),
    wanted: Option<&'static str>,
) -> Vec<Obstacle> {
    let stands = |Barrier { setting, rules }: Barrier, detail| Obstacle {
        what: setting.name(),
        rules: Some(names.put(&rules)),
        detail,
    };
    let opens = opens_at(applying, at).map(|at| format!("open again at {at}"));
    let of_barrier = |barrier: Barrier| {
        let detail = opens.clone().filter(|_| barrier.setting == Setting::ScheduleWindows);
        stands(barrier, detail)
    };
    let unsure = wanted.map(|acr| {
        let detail = format!("they have to prove {acr}, and to set it up where they have not");
        stands(applying.by(Setting::FactorRequired), Some(detail))
    });
    applying.barriers(at, from).into_iter().map(of_barrier).chain(unsure).collect()
}

/// How surely somebody has to sign in who has not; nothing where they have.
pub(super) fn wanted(applying: &Applying<'_>, at: Timestamp, acr: Option<&str>) -> Option<&'static str> {
    let proved = acr.and_then(assurance::level);
    applying.demands().at(at).filter(|wanted| Some(*wanted) > proved).map(assurance::acr)
}
