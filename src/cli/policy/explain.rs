//! `lanyard policy explain`: what holds for somebody and whose rules it comes from, and whether they would be let in.

use std::time::Duration;

use serde::Serialize;

use super::{
    Question,
    subject::{self, Names},
};
use crate::{
    authentication::assurance,
    cli::{Shell, scope},
    directory::organization::Organization,
    policy::{Applying, Arrival, Whom, cached},
    setting::{ROWS, Setting, Value, schedule},
    text::span,
};

/// The answer.
#[derive(Debug, Serialize)]
struct Answer {
    at: String,
    /// The country that they would come from, where it is known.
    country: Option<String>,
    settings: Vec<Line>,
    is_let_in: bool,
    /// How surely they would have to sign in, if they have not.
    wanted: Option<&'static str>,
    /// The setting that stops them.
    stopped_by: Option<&'static str>,
    /// For whom the rules are that stop them.
    rules: Option<String>,
    /// When it is open again, where they are stopped by hours.
    opens_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    setting: &'static str,
    value: String,
    from: String,
}

/// Hours are looked for so far ahead.
const AHEAD: Duration = Duration::from_hours(14 * 24);

/// Answers the question.
pub(super) async fn explain(shell: &Shell, of: &Organization, question: Question) -> anyhow::Result<()> {
    let at = question.at.unwrap_or_else(|| shell.app.clock.now());
    let mut tx = shell.app.storage.read().await?;
    let member = scope::member(&mut tx, &of.id, &question.user).await?;
    if let Some(client) = &question.client {
        subject::client(&mut tx, &of.id, client).await?;
    }
    let rules = cached::read(&mut tx, &shell.app, &of.id).await?;
    let access = tx.access().of_member(&member.id, at).await?;
    let names = Names::in_rules(&mut tx, &rules).await?;
    drop(tx);
    let applying = rules.applying(Whom { access: Some(&access), client: question.client.as_deref() });
    let place = question.from_ip.map(|address| shell.app.place_of(address));
    // Without a word on it whoever asks wants to know what a password alone comes to.
    let is_sure = question.acr.as_deref().is_some_and(|acr| assurance::meets(acr, assurance::MULTI_FACTOR));
    let proved = question.acr.as_deref().and_then(assurance::level);
    let wanted = applying.demands().at(at).filter(|wanted| Some(*wanted) > proved).map(assurance::acr);
    let from = place.map(|place| Arrival { place, is_sure, unexpected: crate::session::Unexpected::default() });
    let barrier = applying.barrier(at, from);
    let is_member = member.is_active(at);
    let opens_at = barrier.as_ref().filter(|barrier| barrier.setting == Setting::ScheduleWindows);
    let opens_at = opens_at.and_then(|_| schedule::next_turn(&applying.schedules(Setting::ScheduleWindows), at, AHEAD));
    let answer = Answer {
        at: at.to_string(),
        country: place.and_then(|place| place.country).map(|country| country.to_string()),
        settings: ROWS.iter().map(|row| line(shell, (&applying, &names), row.setting)).collect(),
        is_let_in: barrier.is_none() && is_member && wanted.is_none(),
        wanted,
        stopped_by: barrier.as_ref().map(|barrier| barrier.setting.name()),
        rules: barrier.map(|barrier| names.put(&barrier.rules)),
        opens_at: opens_at.map(|at| at.to_string()),
    };
    if shell.is_json() {
        return shell.show(&answer, &[]);
    }
    shell.table(&answer.settings, &["setting", "value", "from"], |line| {
        vec![line.setting.to_owned(), line.value.clone(), line.from.clone()]
    })?;
    shell.say(verdict(&answer, is_member));
    Ok(())
}

fn line(shell: &Shell, (applying, names): (&Applying<'_>, &Names), setting: Setting) -> Line {
    let (configured, row) = (configured(shell, setting), setting.row());
    let (value, from) = match (applying.value(setting), configured) {
        (Some(Value::Span(own)), Some(outer)) if outer < own => (span::print(outer), "configuration".to_owned()),
        (Some(own), _) => (own.to_string(), names.put(&applying.named(setting))),
        (None, Some(outer)) => (span::print(outer), "configuration".to_owned()),
        (None, None) => (row.default.replace('`', ""), "default".to_owned()),
    };
    Line { setting: row.name, value, from }
}

/// What the configuration says where no rule does; rules may only be stricter.
fn configured(shell: &Shell, setting: Setting) -> Option<Duration> {
    let config = &shell.app.config;
    match setting {
        Setting::SessionIdle => Some(config.session.idle),
        Setting::SessionFresh => Some(config.session.fresh),
        Setting::SessionAbsolute => Some(config.session.absolute),
        Setting::TokenRefresh => Some(config.tokens.refresh_absolute),
        _ => None,
    }
}

fn verdict(answer: &Answer, is_member: bool) -> String {
    let at = &answer.at;
    match (answer.stopped_by, &answer.rules) {
        _ if !is_member => format!("Would not be let in at {at}: the membership is not active."),
        (Some(setting), Some(rules)) => {
            let opens = answer.opens_at.as_ref().map(|at| format!("; open again at {at}"));
            let country = answer.country.as_ref().map(|country| format!(" from {country}"));
            let [country, opens] = [country, opens].map(Option::unwrap_or_default);
            format!("Would not be let in at {at}{country}: {setting} for {rules}{opens}.")
        }
        _ => match answer.wanted {
            Some(acr) => {
                format!("Would be let in at {at} once they have proved {acr}, and set it up where they have not.")
            }
            None => format!("Would be let in at {at}."),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn the_verdict_names_what_stops_somebody() {
        let answer = |stopped_by: Option<&'static str>, rules: Option<&str>, opens_at: Option<&str>| Answer {
            at: Timestamp(0).to_string(),
            country: None,
            settings: vec![],
            is_let_in: stopped_by.is_none(),
            wanted: None,
            stopped_by,
            rules: rules.map(str::to_owned),
            opens_at: opens_at.map(str::to_owned),
        };
        for (answer, is_member, expected) in [
            (answer(None, None, None), true, "Would be let in at 1970-01-01T00:00:00Z."),
            (
                answer(None, None, None),
                false,
                "Would not be let in at 1970-01-01T00:00:00Z: the membership is not active.",
            ),
            (
                answer(Some("network.allowed"), Some("role owner"), None),
                true,
                "Would not be let in at 1970-01-01T00:00:00Z: network.allowed for role owner.",
            ),
            (
                answer(Some("schedule.windows"), Some("role owner"), Some("tomorrow")),
                true,
                "Would not be let in at 1970-01-01T00:00:00Z: schedule.windows for role owner; open again at tomorrow.",
            ),
        ] {
            assert_eq!(verdict(&answer, is_member), expected);
        }
        let unsure = Answer { wanted: Some(assurance::MULTI_FACTOR), ..answer(None, None, None) };
        assert!(verdict(&unsure, true).contains("once they have proved urn:lanyard:acr:multi-factor"));
    }
}
