//! `lanyard user require-factor`: a second factor that an organization asks of one member.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::{
    authentication::{
        factor::Kind,
        requiring::{self, Outcome, Told, Wanted},
    },
    cli::{
        Shell, recovery,
        scope::{self, Scope},
    },
    clock::Timestamp,
    text::span,
};

/// Asks a member for a second factor, whatever the rules for others say; they are told by mail
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lanyard user require-factor sam@riverside.example --grace 14d --organization riverside
  lanyard user require-factor olivia@riverside.example --kind passkey --organization riverside
  lanyard user require-factor sam@riverside.example --not --organization riverside

Whoever has none sets one up at the next sign-in, which they may put off for as long as
`--grace` says. It is a rule for this member alone: `lanyard policy list` shows it, and any
other setting is set so by `lanyard policy set … --member`. Of all rules the strictest wins.
The kinds are a rule too, `factor.kinds`: without `--kind`, and by `--not`, the one for this
member alone is taken back, whoever set it, and the answer says so.")]
pub(super) struct Requirement {
    /// The member: e-mail address, user name or id
    person: String,
    /// What it may be: email, passkey, sms or totp, several with commas or by repeating it. With passkey alone nothing less will do
    #[arg(long, value_name = "KIND", value_parser = kind, value_delimiter = ',', conflicts_with = "not")]
    kind: Vec<Kind>,
    /// For how long they may put it off (14d); not at all, if left out
    #[arg(long, value_name = "SPAN", value_parser = grace, conflicts_with = "not")]
    grace: Option<Duration>,
    /// Asks them no more
    #[arg(long)]
    not: bool,
}

/// The longest time to put it off.
const LONGEST: Duration = Duration::from_hours(365 * 24);

fn kind(text: &str) -> Result<Kind, String> {
    Kind::stored(text.trim()).ok_or_else(|| {
        let names = Kind::ALL.map(Kind::as_str).join(", ");
        format!("expected one of {names}")
    })
}

fn grace(text: &str) -> Result<Duration, String> {
    let found = span::parse(text).filter(|span| !span.is_zero() && *span <= LONGEST);
    found.ok_or_else(|| "write a number and a unit such as 14d, 365d at most".to_owned())
}

/// The end of the grace, on the minute: so it is told.
fn until(now: Timestamp, grace: Duration) -> Timestamp {
    const MINUTE: i64 = 60_000;
    Timestamp((now.plus(grace).0 + MINUTE - 1) / MINUTE * MINUTE)
}

/// What is asked now.
#[derive(Debug, Serialize)]
struct Shown {
    member: String,
    required: Option<String>,
    kinds: Vec<&'static str>,
    /// What `factor.kinds` said for them alone before, where that is replaced or taken back.
    former_kinds: Option<String>,
    /// The address to which word goes.
    told: Option<String>,
}

impl Requirement {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell, scope: &Scope) -> anyhow::Result<()> {
        let of = scope.organization(shell).await?;
        let member = scope::member(&mut shell.app.storage.read().await?, &of.id, &self.person).await?.id;
        let (app, context, desk) = (shell.app.clone(), shell.context(), recovery::desk(shell).await?);
        let from = self.grace.map(|grace| until(context.now, grace));
        let wanted = (!self.not).then_some(Wanted { kinds: self.kind, from });
        let mut shown = Shown {
            member: member.to_string(),
            required: wanted.as_ref().map(|wanted| wanted.demands().to_string()),
            kinds: wanted.iter().flat_map(|wanted| &wanted.kinds).map(|kind| kind.as_str()).collect(),
            former_kinds: None,
            told: None,
        };
        let kinds = wanted.as_ref().and_then(Wanted::kinds).map(|kinds| kinds.to_string());
        let work = shell.app.storage.write::<_, requiring::Error, _>(move |tx| {
            Box::pin(async move {
                match &wanted {
                    Some(wanted) => requiring::require(tx, (&app, &context), &desk, (&of, &member), wanted).await,
                    None => requiring::lift(tx, &context, &desk, (&of, &member)).await,
                }
            })
        });
        let Outcome { told, former_kinds } = work.await?;
        shown.former_kinds = former_kinds.filter(|former| Some(former) != kinds.as_ref());
        if let Told::Mailed(address) = &told {
            shown.told = Some(address.clone());
        }
        if shell.is_json() {
            return shell.show(&shown, &[]);
        }
        let by = kinds.map(|kinds| format!(", by {kinds}")).unwrap_or_default();
        let what = match &shown.required {
            Some(required) => format!("Asked of {} now: {required}{by}.", self.person),
            None => format!("Nothing is asked of {} alone any more.", self.person),
        };
        let before = before(&shown, &self.person);
        shell.say(format!("{what}{before} {}", word(&told)));
        Ok(())
    }
}

/// What is gone of the kinds that a rule for them alone named, which may have been set by itself.
fn before(shown: &Shown, person: &str) -> String {
    match &shown.former_kinds {
        None => String::new(),
        Some(former) if !shown.kinds.is_empty() => format!(" Before, factor.kinds was {former} for them alone."),
        Some(former) => format!(
            " With it factor.kinds is taken back, which was {former} for them alone; to keep that: \
             `lanyard policy set factor.kinds '{former}' --member {person}`."
        ),
    }
}

fn word(told: &Told) -> String {
    match told {
        Told::Mailed(address) => scope::queued("A letter", address),
        Told::NoAddress => "There is no address to write to: tell them yourself.".to_owned(),
        Told::NothingNew => "It was so before, and nobody is written to.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grace_has_a_unit_and_ends_on_the_minute() {
        for (typed, expected) in [
            ("14d", Some("2026-12-07T20:14:00Z")),
            ("1m", Some("2026-11-23T20:15:00Z")),
            ("365d", Some("2027-11-23T20:14:00Z")),
            ("366d", None),
            ("0d", None),
            ("14", None),
            ("soon", None),
        ] {
            let now = Timestamp::parse("2026-11-23T20:13:01Z").unwrap();
            let found = grace(typed).ok().map(|span| until(now, span).to_string());
            assert_eq!(found.as_deref(), expected, "{typed}");
        }
    }
}
