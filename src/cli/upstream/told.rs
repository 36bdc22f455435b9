//! What a reading came to, or would come to; what works and what does not.

use anyhow::{anyhow, bail};
use serde::Serialize;
use serde_json::Value;

use crate::{
    cli::Shell,
    federation::sync::{Differences, Fate},
    ldap::{Directory, Step, account, escaped},
    upstream::{Upstream, run::Report},
};

/// Tells what a reading came to; one that the directory ended has failed.
pub(super) fn report(shell: &Shell, upstream: &Upstream, report: &Report) -> anyhow::Result<()> {
    let facts = [
        ("read", report.read),
        ("brought", report.added),
        ("changed", report.changed),
        ("shut out", report.departed),
        ("not followed", report.failed),
    ];
    let lines: Vec<(&str, String)> = facts.into_iter().map(|(name, count)| (name, count.to_string())).collect();
    shell.show(report, &lines)?;
    faults(shell, report);
    if let Some(problem) = &report.problem {
        bail!("{problem}; what works and what does not: `lanyard upstream test {}`", upstream.name);
    }
    match report.braked {
        Some(waiting) => bail!(
            "{waiting} people and groups are to go at once, so nobody did. Look at `lanyard upstream preview {}`; if it is \
             meant, repeat this with --confirm",
            upstream.name
        ),
        None => Ok(()),
    }
}

fn faults(shell: &Shell, report: &Report) {
    const MOST: usize = 10;
    for fault in report.faults.iter().take(MOST) {
        shell.say(format!("✗ {}: {}", fault.dn, fault.trouble));
    }
    if report.failed > MOST as u64 {
        shell.say(format!("… and {} more", report.failed - MOST as u64));
    }
}

#[derive(Serialize)]
struct Previewed<'p> {
    #[serde(flatten)]
    report: &'p Report,
    differences: &'p [crate::federation::sync::Difference],
}

/// Tells what would follow.
pub(super) fn preview(
    shell: &Shell,
    upstream: &Upstream,
    (report, differences): (&Report, &Differences),
) -> anyhow::Result<()> {
    if shell.is_json() {
        return shell.show(&Previewed { report, differences: &differences.first }, &[]);
    }
    for one in &differences.first {
        let sign = match one.fate {
            Fate::Added => '+',
            Fate::Changed => '~',
            Fate::Departed => '-',
        };
        let what = if one.is_person { "person" } else { "group" };
        shell.say(format!("{sign} {what:6} {}", one.name));
        for detail in &one.details {
            shell.say(format!("           {detail}"));
        }
    }
    let rest = (report.added + report.changed + report.departed).saturating_sub(differences.first.len() as u64);
    if rest > 0 {
        shell.say(format!("… and {rest} more (--limit N tells more of them)"));
    }
    faults(shell, report);
    shell.say(format!(
        "{} entries were read. Would bring {}, change {}, shut out or end {}; {} cannot be followed. Nothing was changed.",
        report.read, report.added, report.changed, report.departed, report.failed
    ));
    if report.braked.is_some() {
        shell.say(format!(
            "So many would go that nobody does before `lanyard upstream sync {} --confirm`.",
            upstream.name
        ));
    }
    match &report.problem {
        Some(problem) => bail!("it could not be read to its end: {problem}"),
        None => Ok(()),
    }
}

/// Tells what works and what does not.
pub(super) fn steps(shell: &Shell, steps: &[Step]) -> anyhow::Result<()> {
    if shell.is_json() {
        shell.show(&steps, &[])?;
    }
    for step in steps {
        shell.say(format!("{} {}: {}", if step.works { "✓" } else { "✗" }, step.what, step.detail));
    }
    match steps.iter().filter(|step| !step.works).count() {
        0 => Ok(()),
        count => bail!("{count} of {} things do not work", steps.len()),
    }
}

#[derive(Serialize)]
struct Person {
    dn: String,
    may_sign_in: bool,
    why_not: Option<&'static str>,
    attributes: serde_json::Map<String, Value>,
    manager: Option<String>,
    groups_by_rule: Vec<String>,
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    name: String,
    here: Option<String>,
    roles: Vec<String>,
}

/// Tells what the directory says of one person, and what follows.
pub(super) async fn person(shell: &Shell, directory: &Directory, name: &str) -> anyhow::Result<()> {
    let settings = &directory.settings;
    let mut reader = directory.read().await?;
    let entry = directory.find(&mut reader, name).await?;
    let entry = entry.ok_or_else(|| {
        anyhow!("nobody there, or more than one, is called `{name}` by {}", settings.people.names.join(", "))
    })?;
    let mapped = settings.people.mapping.apply(&entry);
    let mut groups = vec![];
    for base in &settings.groups.bases {
        for attribute in settings.preset.members().0 {
            let dn = [escaped(entry.dn.as_bytes())];
            for group in reader.groups_of(base, (attribute, &dn)).await?.entries {
                let mapped = settings.groups.apply(&group);
                groups.push(Group {
                    name: group.text("cn").unwrap_or(&group.dn).to_owned(),
                    roles: mapped.as_ref().map(|one| one.roles.iter().cloned().collect()).unwrap_or_default(),
                    here: mapped.map(|one| one.name),
                });
            }
        }
    }
    let closed = match account::standing(&entry, settings.preset, shell.app.clock.now()) {
        account::Standing::Open => None,
        account::Standing::Closed(why) => Some(why),
        account::Standing::Untold => Some("the account that reads may not read userAccountControl"),
    };
    let person = Person {
        dn: entry.dn.clone(),
        may_sign_in: closed.is_none(),
        why_not: closed,
        attributes: mapped.attributes,
        manager: mapped.manager,
        groups_by_rule: mapped.groups.into_iter().collect(),
        groups,
    };
    let mut facts = vec![("entry", person.dn.clone())];
    facts.push(("may sign in", person.why_not.map_or_else(|| "yes".to_owned(), |why| format!("no: {why}"))));
    let attributes: Vec<String> = person.attributes.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    facts.extend(attributes.into_iter().enumerate().map(|(at, line)| (if at == 0 { "is told" } else { "" }, line)));
    facts.push(("manager", person.manager.clone().unwrap_or_else(|| "-".to_owned())));
    if !person.groups_by_rule.is_empty() {
        facts.push(("in, by rule", person.groups_by_rule.join(", ")));
    }
    for group in &person.groups {
        let here = group.here.clone().unwrap_or_else(|| "none here".to_owned());
        let roles = if group.roles.is_empty() { String::new() } else { format!(", gives {}", group.roles.join(", ")) };
        facts.push(("in group", format!("{} → {here}{roles}", group.name)));
    }
    shell.show(&person, &facts)
}

/// Lists what came of readings.
pub(super) async fn runs(shell: &Shell, upstream: &Upstream, limit: u32) -> anyhow::Result<()> {
    let all = shell.app.storage.read().await?.upstream_runs().list(&upstream.id, i64::from(limit)).await?;
    let head =
        ["begun", "seconds", "extent", "by", "read", "brought", "changed", "shut out", "not followed", "problem"];
    shell.table(&all, &head, |run| {
        let report = &run.report;
        let seconds = run.ended_at.since(run.begun_at).as_secs();
        let numbers = [report.read, report.added, report.changed, report.departed, report.failed];
        let braked = report.braked.map(|waiting| format!("{waiting} wait for a word"));
        let problem = report.problem.clone().or(braked).unwrap_or_else(|| "-".to_owned());
        [run.begun_at.to_string(), seconds.to_string(), run.extent.name().to_owned(), run.asked_by.clone()]
            .into_iter()
            .chain(numbers.map(|number| number.to_string()))
            .chain([problem])
            .collect()
    })
}

#[derive(Serialize)]
struct Troubled {
    dn: String,
    trouble: String,
}

/// Lists what could not be followed.
pub(super) async fn errors(shell: &Shell, upstream: &Upstream, limit: u32) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let all = tx.upstream_entries(&upstream.id).troubled(i64::from(limit)).await?;
    let all: Vec<Troubled> =
        all.into_iter().map(|one| Troubled { dn: one.dn, trouble: one.trouble.unwrap_or_default() }).collect();
    shell.table(&all, &["entry", "why"], |one| vec![one.dn.clone(), one.trouble.clone()])
}
