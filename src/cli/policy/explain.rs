//! `lanyard policy explain`: what holds for somebody and whose rules it comes from, and whether they would be let in.

use std::time::Duration;

use serde::Serialize;

use super::{
    Question,
    obstacle::{self, Obstacle},
    subject::{self, Names},
};
use crate::{
    authentication::assurance,
    cli::{Shell, scope},
    clock::Timestamp,
    config::Config,
    directory::{Noun, access::Access, organization::Organization},
    policy::{Applying, Arrival, Whom, cached, configured, emergency},
    setting::{ROWS, Setting, Value},
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
    /// All that keeps them out.
    obstacles: Vec<Obstacle>,
}

#[derive(Debug, Serialize)]
struct Line {
    setting: &'static str,
    value: String,
    from: String,
}

/// Answers the question.
pub(super) async fn explain(shell: &Shell, of: &Organization, question: Question) -> anyhow::Result<()> {
    let at = question.at.unwrap_or_else(|| shell.app.clock.now());
    let mut tx = shell.app.storage.read().await?;
    let member = scope::member(&mut tx, &of.id, &question.user).await?;
    let person = tx.users().by_id(&member.user_id).await?.ok_or_else(|| Noun::Membership.unknown(&question.user))?;
    let life = match &question.client {
        Some(client) => subject::client(&mut tx, &of.id, client).await?,
        None => None,
    };
    let is_emergency = tx.emergency_accounts().of_user(&person.id).await?.is_some();
    let rules = if is_emergency { emergency::rules() } else { cached::read(&mut tx, &shell.app, &of.id).await? };
    // Rules for a member are theirs while they are suspended, too.
    let access = Access { member: Some(member.id.clone()), ..tx.access().of_member(&member.id, at).await? };
    let names = Names::in_rules(&mut tx, &rules).await?;
    drop(tx);
    let applying = rules.applying(Whom { access: Some(&access), client: question.client.as_deref() });
    let limits = Limits { config: &shell.app.config, life, is_emergency };
    let from = arrival(shell, &question);
    let wanted = obstacle::wanted(&applying, at, question.acr.as_deref());
    let mut obstacles = obstacle::of_people(at, of, (&person, &member));
    obstacles.extend(obstacle::of_rules((&applying, &names), (at, from), wanted));
    let barrier = applying.barrier(at, from);
    let is_closed = barrier.as_ref().is_some_and(|barrier| barrier.setting == Setting::ScheduleWindows);
    let opens_at = obstacle::opens_at(&applying, at).filter(|_| is_closed);
    let answer = Answer {
        at: at.to_string(),
        country: from.and_then(|from| from.place.country).map(|country| country.to_string()),
        settings: ROWS.iter().map(|row| limits.line(&applying, &names, row.setting)).collect(),
        is_let_in: obstacles.is_empty(),
        wanted,
        stopped_by: barrier.as_ref().map(|barrier| barrier.setting.name()),
        rules: barrier.map(|barrier| names.put(&barrier.rules)),
        opens_at: opens_at.map(|at: Timestamp| at.to_string()),
        obstacles,
    };
    if shell.is_json() {
        return shell.show(&answer, &[]);
    }
    shell.table(&answer.settings, &["setting", "value", "from"], |line| {
        vec![line.setting.to_owned(), line.value.clone(), line.from.clone()]
    })?;
    shell.say(verdict(&answer));
    Ok(())
}

/// Where they would come from. Without a word on it whoever asks wants to know what a password alone comes to.
fn arrival(shell: &Shell, question: &Question) -> Option<Arrival> {
    let is_sure = question.acr.as_deref().is_some_and(|acr| assurance::meets(acr, assurance::MULTI_FACTOR));
    let place = shell.app.place_of(question.from_ip?);
    Some(Arrival { place, is_sure, unexpected: crate::session::Unexpected::default() })
}

/// What holds beside rules.
struct Limits<'a> {
    config: &'a Config,
    /// How long access tokens of the app live, where it has a word of its own on it.
    life: Option<(String, Duration)>,
    is_emergency: bool,
}

impl Limits<'_> {
    fn line(&self, applying: &Applying<'_>, names: &Names, setting: Setting) -> Line {
        let own_life = self.life.as_ref().filter(|_| setting == Setting::TokenLifetime);
        let limit = match own_life {
            Some((_, life)) => Some(Value::Span(*life)),
            None => configured::limit(self.config, setting),
        };
        let Some(found) = applying.in_force(setting, limit) else {
            return Line {
                setting: setting.name(),
                value: setting.row().default.replace('`', ""),
                from: "default".to_owned(),
            };
        };
        let limit = own_life.map_or_else(|| "configuration".to_owned(), |(client, _)| format!("client {client}"));
        let rules = if self.is_emergency { "emergency account".to_owned() } else { names.put(&found.rules) };
        let from = match (found.rules.is_empty(), found.is_limited) {
            (true, _) => limit,
            (false, true) => format!("{rules}, {limit}"),
            (false, false) => rules,
        };
        Line { setting: setting.name(), value: found.value.to_string(), from }
    }
}

fn verdict(answer: &Answer) -> String {
    let at = &answer.at;
    let country = answer.country.as_ref().map(|country| format!(" from {country}")).unwrap_or_default();
    match (answer.obstacles.as_slice(), answer.wanted) {
        ([], _) => format!("Would be let in at {at}."),
        ([_], Some(acr)) => {
            format!("Would be let in at {at} once they have proved {acr}, and set it up where they have not.")
        }
        ([only], None) => format!("Would not be let in at {at}{country}: {only}."),
        (several, _) => {
            let lines: Vec<String> = several.iter().map(|one| format!("\n- {one}")).collect();
            format!("Would not be let in at {at}{country}:{}", lines.concat())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    #[test]
    fn the_verdict_names_all_that_keeps_somebody_out() {
        let owner = |what, detail: Option<&str>| Obstacle {
            what,
            rules: Some("role owner".to_owned()),
            detail: detail.map(str::to_owned),
        };
        let network = || owner("network.allowed", None);
        let hours = || owner("schedule.windows", Some("open again at tomorrow"));
        let suspended =
            || Obstacle { what: "membership", rules: None, detail: Some("the membership is disabled".to_owned()) };
        let unsure = || owner("factor.required", Some("they have to prove it"));
        for (obstacles, wanted, expected) in [
            (vec![], None, "Would be let in at NOW."),
            (vec![suspended()], None, "Would not be let in at NOW: the membership is disabled."),
            (vec![network()], None, "Would not be let in at NOW: network.allowed for role owner."),
            (
                vec![hours()],
                None,
                "Would not be let in at NOW: schedule.windows for role owner; open again at tomorrow.",
            ),
            (
                vec![unsure()],
                Some(assurance::MULTI_FACTOR),
                "Would be let in at NOW once they have proved urn:lanyard:acr:multi-factor, and set it up where they have not.",
            ),
            (
                vec![suspended(), hours(), network(), unsure()],
                Some(assurance::MULTI_FACTOR),
                "Would not be let in at NOW:\n- the membership is disabled\n- schedule.windows for role owner; open again at \
                 tomorrow\n- network.allowed for role owner\n- factor.required for role owner; they have to prove it",
            ),
        ] {
            let answer = Answer {
                at: "NOW".to_owned(),
                country: None,
                settings: vec![],
                is_let_in: obstacles.is_empty(),
                wanted,
                stopped_by: None,
                rules: None,
                opens_at: None,
                obstacles,
            };
            assert_eq!(verdict(&answer), expected);
        }
    }

    #[test]
    fn every_line_has_a_value_and_not_the_name_of_another_setting() {
        let config = Config::load(&Sources::none().with("password.min_length", "13")).unwrap();
        let limits = |life| Limits { config: &config, life, is_emergency: false };
        let names = Names::none();
        let line = |limits: &Limits<'_>, setting| limits.line(&Applying::default(), &names, setting);
        for row in ROWS {
            let line = line(&limits(None), row.setting);
            assert!(!line.value.contains('['), "{}: {}", line.setting, line.value);
        }
        for (setting, life, expected) in [
            (Setting::PasswordMinLength, None, ("13", "configuration")),
            (Setting::FactorKinds, None, ("passkey, totp", "configuration")),
            (Setting::StationIdle, None, ("5m", "default")),
            (Setting::TokenLifetime, Some(("portal".to_owned(), Duration::from_mins(3))), ("3m", "client portal")),
        ] {
            let line = line(&limits(life), setting);
            assert_eq!((line.value.as_str(), line.from.as_str()), expected, "{setting}");
        }
    }
}
