//! Upstreams as they are shown: never with a secret.

use serde::Serialize;

use crate::{
    cli::scope::{cell, instant},
    directory::organization::Organization,
    upstream::{Kind, Upstream},
};

/// An upstream as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub(super) name: String,
    id: String,
    pub(super) kind: &'static str,
    pub(super) state: &'static str,
    pub(super) people: u64,
    pub(super) groups: u64,
    precedence: i64,
    created_at: String,
    paused_at: Option<String>,
    paused_by: Option<String>,
    /// When all of it was read last.
    read_at: Option<String>,
    pub(super) next_at: Option<String>,
    problem: Option<String>,
    problem_since: Option<String>,
    /// So many are to be shut out that nobody is.
    waiting: Option<u64>,
}

pub(super) fn shown(upstream: &Upstream, (people, groups): (u64, u64)) -> Shown {
    let progress = &upstream.progress;
    Shown {
        name: upstream.name.to_string(),
        id: upstream.id.to_string(),
        kind: upstream.kind.name(),
        state: match upstream {
            one if one.paused_at.is_some() => "paused",
            one if one.progress.failures > 0 => "out of reach",
            one if one.progress.braked.is_some() => "waits for a word",
            _ => "live",
        },
        people,
        groups,
        precedence: upstream.precedence,
        created_at: upstream.created_at.to_string(),
        paused_at: instant(upstream.paused_at),
        paused_by: upstream.paused_by.clone(),
        read_at: instant(Some(progress.whole_at).filter(|at| at.0 > 0)),
        next_at: instant(Some(progress.due_at).filter(|_| upstream.paused_at.is_none() && upstream.kind == Kind::Ldap)),
        problem: progress.trouble.as_ref().map(|(problem, _)| problem.clone()),
        problem_since: progress.trouble.as_ref().map(|(_, since)| since.to_string()),
        waiting: progress.braked,
    }
}

impl Shown {
    /// What to do next, where there is something.
    pub(super) fn advice(&self, of: &Organization) -> Option<String> {
        let Self { name, .. } = self;
        let at = format!("{name} --organization {}", of.slug);
        if let Some(waiting) = self.waiting {
            return Some(format!(
                "{waiting} people and groups are to go at once, so nobody did. Look at `lanyard upstream preview {at}`; if it \
                 is meant: `lanyard upstream sync {at} --confirm`."
            ));
        }
        if self.problem.is_some() {
            return Some(format!("What works and what does not: `lanyard upstream test {at}`."));
        }
        let since = self.paused_at.as_ref()?;
        let by = self.paused_by.as_deref().unwrap_or("nobody has begun yet");
        Some(format!("{name} is paused since {since} ({by}). To read it: `lanyard upstream resume {at}`."))
    }
}

/// What is shown of it, by line.
pub(super) fn facts(one: &Shown) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("name", one.name.clone()),
        ("id", one.id.clone()),
        ("kind", one.kind.to_owned()),
        ("state", one.state.to_owned()),
        ("knows", format!("{} people, {} groups", one.people, one.groups)),
        ("precedence", one.precedence.to_string()),
        ("all read", cell(one.read_at.as_deref())),
        ("next", cell(one.next_at.as_deref())),
    ];
    if let (Some(problem), Some(since)) = (&one.problem, &one.problem_since) {
        facts.push(("problem", format!("{problem} (since {since})")));
    }
    facts
}
