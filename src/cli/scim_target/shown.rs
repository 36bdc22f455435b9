//! Targets as they are shown: never with a token.

use serde::Serialize;

use super::{or, text};
use crate::{
    cli::scope::instant,
    directory::{group::Group, organization::Organization},
    id::GroupId,
    scim::outbound::{Target, decision::Leaver, mapping::Rule, store::Counts, target::RESTORE},
};

/// A target as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub(super) name: String,
    id: String,
    pub(super) url: String,
    pub(super) state: &'static str,
    people: Vec<String>,
    groups: Vec<String>,
    all_groups: bool,
    user_name: &'static str,
    rules: Vec<String>,
    leaver: Leaver,
    brake_percent: u8,
    created_at: String,
    paused_at: Option<String>,
    /// Who paused it; nobody where nobody has begun yet.
    paused_by: Option<String>,
    reconciled_at: Option<String>,
    next_at: Option<String>,
    pub(super) counts: Counts,
    problem: Option<ShownProblem>,
}

#[derive(Debug, Serialize)]
struct ShownProblem {
    trouble: &'static str,
    detail: String,
    since: String,
    advice: &'static str,
}

pub(super) fn shown(target: &Target, counts: Counts, groups: &[Group]) -> Shown {
    let slugs = |ids: &[GroupId]| {
        let named = groups.iter().filter(|group| ids.contains(&group.id));
        named.map(|group| group.slug.to_string()).collect::<Vec<_>>()
    };
    let (settings, progress) = (&target.settings, &target.progress);
    let problem = progress.trouble.as_ref().map(|(problem, since)| ShownProblem {
        trouble: problem.trouble.name(),
        detail: problem.detail.clone(),
        since: since.to_string(),
        advice: problem.advice(),
    });
    Shown {
        name: target.name.to_string(),
        id: target.id.to_string(),
        url: target.url.to_string(),
        state: match target {
            one if one.paused_at.is_some() => "paused",
            one if one.progress.failures > 0 => "out of reach",
            one if one.progress.braked.is_some() => "waits for a word",
            _ => "live",
        },
        people: slugs(&target.people),
        groups: slugs(&target.groups),
        all_groups: settings.every_group,
        user_name: settings.mapping.user_name.name(),
        rules: settings.mapping.rules.iter().map(rule).collect(),
        leaver: settings.leaver,
        brake_percent: settings.brake,
        created_at: target.created_at.to_string(),
        paused_at: instant(target.paused_at),
        paused_by: target.paused_by.clone(),
        reconciled_at: instant(Some(progress.reconciled_at).filter(|at| at.0 > 0)),
        next_at: instant(Some(progress.due_at).filter(|_| target.paused_at.is_none())),
        counts,
        problem,
    }
}

/// Since when and why nothing is pushed to an app by itself, and what begins it again.
pub(super) fn pause(target: &Target, of: &Organization) -> Option<String> {
    let at = target.paused_at?;
    let why = match target.paused_by.as_deref() {
        Some(RESTORE) => "since a backup was restored".to_owned(),
        Some(by) => format!("by {by}"),
        None if at == target.created_at => "nobody has begun yet".to_owned(),
        None => "by hand".to_owned(),
    };
    let Target { name, .. } = target;
    Some(format!(
        "{name} is paused since {at} ({why}): what changes is not pushed. To push it: `lanyard scim-target resume {name} \
         --organization {}`.",
        of.slug
    ))
}

fn rule(rule: &Rule) -> String {
    match rule {
        Rule::Set(path, template) => format!("{path}={}", String::from(template.clone())),
        Rule::Drop(path) => format!("drop {path}"),
        Rule::Send(path) => format!("send {path}"),
    }
}

/// What is shown of it, by line.
pub(super) fn facts(one: &Shown) -> Vec<(&'static str, String)> {
    let counts = &one.counts;
    let groups = if one.all_groups { "all".to_owned() } else { or(&one.groups, "none") };
    let leaver = match one.leaver {
        Leaver::Deactivate => "become inactive",
        Leaver::Delete => "are removed",
    };
    let mut facts = vec![
        ("name", one.name.clone()),
        ("id", one.id.clone()),
        ("state", one.state.to_owned()),
        ("url", one.url.clone()),
        ("for members of", or(&one.people, "everybody")),
        ("groups", groups),
        ("user name", one.user_name.to_owned()),
        ("rules", if one.rules.is_empty() { "-".to_owned() } else { one.rules.join("; ") }),
        ("leavers", format!("{leaver}; without a word at most {} % an hour, or ten", one.brake_percent)),
        ("in the app", format!("{} people, {} who left, {} groups", counts.people, counts.left, counts.groups)),
        ("waiting", format!("{}, refused {}", counts.waiting, counts.troubled)),
        ("compared", text(one.reconciled_at.as_ref())),
        ("next", text(one.next_at.as_ref())),
    ];
    if let Some(problem) = &one.problem {
        facts.push(("problem", format!("{} (since {})", problem.detail, problem.since)));
        facts.push(("what to do", problem.advice.to_owned()));
    }
    facts
}
