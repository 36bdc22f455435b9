//! What becomes of a try that failed and of a run that ended: pauses, and what is remembered and recorded. Pure.

use std::time::Duration;

use super::{
    brake::WINDOW,
    decision::{Operation, Standing},
    problem::{Problem, Trouble},
    push::Deed,
    run::{Kind, Report},
    store::{Outcome, Pushed, Rank},
    thing::Thing,
};
use crate::{audit::Event, clock::Timestamp, id::TargetId, scim::ResourceType};

/// The longest pause between tries to take somebody out.
const LEAVERS_WAIT: Duration = Duration::from_mins(5);

/// Whether somebody is to leave.
pub(super) fn is_to_leave(thing: &Thing, standing: Standing, operation: Operation) -> bool {
    let leaves = matches!(operation, Operation::Deactivate | Operation::Delete)
        || (operation == Operation::Find && standing != Standing::Wanted);
    leaves && thing.kind() == ResourceType::User
}

/// Counts what was done.
pub(super) fn count(report: &mut Report, deed: Deed, members: u64) {
    match deed {
        Deed::Nothing => {}
        Deed::Created => report.created += 1,
        Deed::Changed => report.changed += 1,
        Deed::Left => report.left += 1,
    }
    report.changed += members;
}

/// What is remembered of one that was refused.
pub(super) fn failed(before: &Pushed, problem: &Problem, now: Timestamp) -> Outcome {
    let attempts = before.attempts + 1;
    // What the app refuses it does not have; of what else happens nobody knows.
    let is_uncertain = matches!(problem.trouble, Trouble::Fault | Trouble::Nonsense | Trouble::TooLarge);
    let tried_at = if is_uncertain && before.remote_id.is_none() { Some(now) } else { None };
    let (due_at, trouble) = (Some(now.plus(pause_of_one(before.rank, attempts))), Some((problem.clone(), now)));
    Outcome::Keep(Box::new(Pushed { due_at, tried_at, attempts, trouble, ..before.clone() }), None)
}

pub(super) fn braked(before: &Pushed, now: Timestamp) -> Outcome {
    let problem = Problem::new(Trouble::Braked, "waits for somebody to say that it is meant");
    let (due_at, trouble) = (Some(now.plus(WINDOW)), Some((problem, now)));
    Outcome::Keep(Box::new(Pushed { due_at, trouble, ..before.clone() }), None)
}

/// Pauses of 5 s, 10 s, 20 s, … up to an hour; of whoever is to leave up to [`LEAVERS_WAIT`].
pub(super) fn pause_of_one(rank: Rank, attempts: i64) -> Duration {
    growing(attempts, if rank == Rank::Leaver { LEAVERS_WAIT } else { Duration::from_hours(1) })
}

/// The same for a whole app, in which somebody may be to leave.
pub(super) fn pause_of_app(failures: i64) -> Duration {
    growing(failures, LEAVERS_WAIT)
}

fn growing(times: i64, most: Duration) -> Duration {
    let doublings = u32::try_from(times.saturating_sub(1).clamp(0, 20)).unwrap_or(0);
    Duration::from_secs(5).saturating_mul(1 << doublings).min(most)
}

/// Whether an app took a turn for the worse or the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It did not.
    None,
    /// There is trouble where there was none.
    Worse,
    /// There is none where there was.
    Better,
}

impl Turn {
    /// By whether there was trouble before, and whether there is after.
    pub(super) const fn of(before: bool, after: bool) -> Self {
        match (before, after) {
            (false, true) => Self::Worse,
            (true, false) => Self::Better,
            _ => Self::None,
        }
    }
}

/// What is recorded: whatever was done, what was gone through as a whole, and the first failure of several.
pub(super) fn events(target: &TargetId, whole: Option<Kind>, report: &Report, turn: Turn) -> Vec<Event> {
    let mut events = vec![];
    let Report { created, changed, left, failed, drift, .. } = *report;
    let is_done = report.problem.is_none() && (whole.is_some() || turn == Turn::Better);
    if is_done || created + changed + left + failed + drift > 0 {
        let (target, run) = (target.clone(), whole.unwrap_or(Kind::Changes).name().to_owned());
        events.push(Event::TargetRun { target, run, created, changed, left, failed, drift });
    }
    if let (Some(problem), Turn::Worse) = (&report.problem, turn) {
        let reason = format!("{}: {}", problem.trouble.name(), problem.detail);
        events.push(Event::TargetRunFailure { target: target.clone(), reason });
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::MembershipId, scim::outbound::thing::Thing};

    #[test]
    fn pauses_grow_and_have_an_end() {
        for (times, one, app) in [(1, 5, 5), (2, 10, 10), (7, 320, 300), (10, 2_560, 300), (60, 3_600, 300)] {
            let [of_one, of_leaver] = [Rank::Person, Rank::Leaver].map(|rank| pause_of_one(rank, times).as_secs());
            assert_eq!((of_one, of_leaver, pause_of_app(times).as_secs()), (one, app, app), "{times}");
        }
    }

    #[test]
    fn what_the_app_may_have_taken_is_looked_for_and_what_it_refused_is_not() {
        let before = Pushed::nothing(Thing::Person(MembershipId::from_stored("mem_a".into())));
        for (trouble, is_uncertain) in
            [(Trouble::Refused, false), (Trouble::Conflict, false), (Trouble::Fault, true), (Trouble::Nonsense, true)]
        {
            let sent = Pushed { tried_at: Some(Timestamp(5)), ..before.clone() };
            let outcome = failed(&sent, &Problem::new(trouble, "x"), Timestamp(10));
            let Outcome::Keep(after, None) = outcome else { panic!("kept") };
            assert_eq!(after.tried_at.is_some(), is_uncertain, "{trouble:?}");
            assert_eq!((after.attempts, after.due_at), (1, Some(Timestamp(5_010))), "{trouble:?}");
        }
    }

    #[test]
    fn quiet_runs_and_repeated_failures_are_not_recorded() {
        let target = TargetId::from_stored("sco_a".into());
        let (quiet, done) = (Report::default(), Report { created: 1, ..Report::default() });
        let failed = Report { problem: Some(Problem::new(Trouble::Busy, "429")), ..Report::default() };
        let in_part = Report { created: 1, ..failed.clone() };
        let (none, worse, better) = (Turn::of(true, true), Turn::of(false, true), Turn::of(true, false));
        for (case, whole, report, turn, expected) in [
            ("nothing to do", None, &quiet, none, vec![]),
            ("something done", None, &done, none, vec!["success"]),
            ("all compared", Some(Kind::Reconcile), &quiet, none, vec!["success"]),
            ("first failure", None, &failed, worse, vec!["failure"]),
            ("first failure, after something was done", None, &in_part, worse, vec!["success", "failure"]),
            ("second failure", Some(Kind::Sync), &failed, none, vec![]),
            ("well again", None, &quiet, better, vec!["success"]),
        ] {
            let found = events(&target, whole, report, turn);
            assert_eq!(found.iter().map(|event| event.outcome().as_str()).collect::<Vec<_>>(), expected, "{case}");
        }
    }
}
