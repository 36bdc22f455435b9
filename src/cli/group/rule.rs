//! `lanyard group rule`: members who follow from what is known of them.

use clap::Subcommand;
use serde::Serialize;

use crate::{
    cli::{
        Shell,
        scope::{self, cell},
    },
    directory::{
        organization::Organization,
        rule::{self, Condition, Progress},
    },
    text::Slug,
};

/// The rule of a group: who is in it because of what is known of them
#[derive(Debug, Subcommand)]
pub(super) enum Rule {
    /// Says how many members a rule would bring and take, and changes nothing
    #[command(after_help = EXAMPLES)]
    Preview {
        /// The group
        group: Slug,
        /// What has to be true of its members; the rule that it has, if left out
        #[arg(long = "where", value_name = "CONDITION", value_parser = Condition::parse)]
        condition: Option<Condition>,
    },
    /// Sets or changes the rule of a group; look at `preview` first
    #[command(after_help = EXAMPLES)]
    Set {
        /// The group
        group: Slug,
        /// What has to be true of its members
        #[arg(long = "where", value_name = "CONDITION", value_parser = Condition::parse)]
        condition: Condition,
    },
    /// Shows the rule of a group, and whether it holds for everybody yet
    #[command(after_help = "Example:\n  lanyard group rule show cardiologists --organization riverside")]
    Show {
        /// The group
        group: Slug,
    },
    /// Takes the rule of a group back; whom it brought goes with it
    #[command(after_help = "Example:\n  lanyard group rule clear cardiologists --organization riverside")]
    Clear {
        /// The group
        group: Slug,
    },
}

const EXAMPLES: &str = "\
Examples:
  lanyard group rule preview cardiologists --where 'specialty eq \"cardiology\"' \\
    --organization riverside
  lanyard group rule set north --where 'location eq \"north\" and not (kind eq \"hirer\")' \\
    --organization riverside
  lanyard group rule set billing-desk --where 'department sw \"Billing\" or costCenter eq \"4711\"' \\
    --organization riverside

A condition is made of `eq`, `co` (contains), `sw`, `ew` (starts, ends with), `pr` (is there),
`and`, `or`, `not (…)` and brackets, as in SCIM. It looks at kind, profession, specialty, title,
department, costCenter, division (as sources write them), location (sites where the member has
a role or an identifier, and what these lie in) and role (assigned, not by a group).";

/// A rule as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    group: String,
    r#where: Option<String>,
    set_at: Option<String>,
    /// Whether everybody was gone through since it was set.
    is_complete: bool,
    /// Why it cannot be gone through.
    failure: Option<String>,
}

impl Rule {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell, of: &Organization) -> anyhow::Result<()> {
        match self {
            Self::Preview { group, condition } => preview(shell, of, (&group, condition)).await,
            Self::Set { group, condition } => set(shell, of, (&group, condition)).await,
            Self::Show { group } => show(shell, of, &group).await,
            Self::Clear { group } => clear(shell, of, &group).await,
        }
    }
}

async fn preview(
    shell: &Shell,
    of: &Organization,
    (slug, condition): (&Slug, Option<Condition>),
) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let group = scope::group(&mut tx, &of.id, slug).await?;
    let present = tx.group_rules().of_group(&group.id).await?.and_then(|rule| rule.condition().cloned());
    let condition =
        condition.or(present).ok_or_else(|| scope::Usage("the group has no rule: say --where CONDITION".into()))?;
    rule::check(&mut tx, &of.id, &condition).await?;
    let found = rule::preview(&mut tx, &of.id, (&group.id, &condition), shell.app.clock.now()).await?;
    shell.show(&found, &lines(&condition, &found))
}

fn lines(condition: &Condition, found: &Progress) -> Vec<(&'static str, String)> {
    let some = |number: u64, names: &[crate::text::Name]| {
        let names: Vec<&str> = names.iter().map(crate::text::Name::as_str).collect();
        match (names.len() as u64, number) {
            (_, 0) => "0".to_owned(),
            (listed, all) if listed == all => format!("{number} ({})", names.join(", ")),
            _ => format!("{number} ({}, …)", names.join(", ")),
        }
    };
    vec![
        ("where", condition.to_string()),
        ("true of", format!("{} of {} members", found.matching, found.members)),
        ("come in", some(found.joining, &found.names.0)),
        ("go", some(found.leaving, &found.names.1)),
        ("there already", format!("{}, whom somebody put there: they stay", found.there_already)),
    ]
}

async fn set(shell: &Shell, of: &Organization, (slug, condition): (&Slug, Condition)) -> anyhow::Result<()> {
    let (context, id, key) = (shell.context(), of.id.clone(), slug.clone());
    let group = shell
        .change(move |tx| {
            Box::pin(async move {
                let group = scope::group(tx, &id, &key).await?.id;
                rule::set(tx, &context, &id, (&group, &condition)).await?;
                Ok(group)
            })
        })
        .await?;
    let done = rule::recompute(&shell.app.storage, &shell.context(), &group).await?;
    shell.say(format!("{} of {} members came in, {} went.", done.joining, done.members, done.leaving));
    show(shell, of, slug).await
}

async fn show(shell: &Shell, of: &Organization, slug: &Slug) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let group = scope::group(&mut tx, &of.id, slug).await?;
    let rule = tx.group_rules().of_group(&group.id).await?;
    let failure = tx.group_rules().failure(&group.id).await?;
    let shown = Shown {
        group: slug.to_string(),
        set_at: rule.as_ref().map(|rule| rule.set_at.to_string()),
        is_complete: rule.as_ref().is_none_or(|rule| rule.reached.is_none()),
        failure,
        r#where: rule.and_then(|rule| Some(rule.condition()?.to_string())),
    };
    let state = match &shown.failure {
        Some(why) => format!("cannot be gone through: {why}; it is tried again each minute"),
        None if shown.is_complete => "holds for everybody".to_owned(),
        None => "the server goes through the members".to_owned(),
    };
    let lines = [("where", cell(shown.r#where.as_deref())), ("set", cell(shown.set_at.as_deref())), ("state", state)];
    shell.show(&shown, &lines)
}

async fn clear(shell: &Shell, of: &Organization, slug: &Slug) -> anyhow::Result<()> {
    let (context, id, key) = (shell.context(), of.id.clone(), slug.clone());
    let group = shell
        .change(move |tx| {
            Box::pin(async move {
                let group = scope::group(tx, &id, &key).await?.id;
                rule::clear(tx, &context, &id, &group).await?;
                Ok(group)
            })
        })
        .await?;
    let done = rule::recompute(&shell.app.storage, &shell.context(), &group).await?;
    shell.say(format!("{} members went; those whom somebody put there stay.", done.leaving));
    show(shell, of, slug).await
}
