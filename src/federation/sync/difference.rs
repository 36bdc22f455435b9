//! What a reading would change, for somebody who looks before it does.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;
use serde_json::Value;

use super::{groups, people};
use crate::{
    app::App,
    directory::{
        self,
        provisioning::{self, Attributes, Part},
    },
    federation::voice::Voice,
    storage,
    upstream::{
        entry::{Class, KnownEntry},
        run::Report,
    },
};

/// What would become of a person or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// They would be brought.
    Added,
    /// They would be changed.
    Changed,
    /// They would be shut out, or end.
    Departed,
}

/// One person or group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What would become of it.
    pub fate: Fate,
    /// Whether it is a person.
    pub is_person: bool,
    /// What it is called.
    pub name: String,
    /// What would be otherwise.
    pub details: Vec<String>,
}

/// What would be otherwise, as far as it is told one by one.
#[derive(Debug)]
pub struct Differences {
    /// The first of them.
    pub first: Vec<Difference>,
    most: usize,
}

impl Differences {
    pub(super) const fn of(most: usize) -> Self {
        Self { first: vec![], most }
    }

    fn add(&mut self, difference: Difference) {
        if self.first.len() < self.most {
            self.first.push(difference);
        }
    }

    /// Looks at what would follow for a person.
    pub(super) async fn person(
        &mut self,
        app: &App,
        voice: &Voice,
        step: &people::Step,
        report: &mut Report,
    ) -> storage::Result<()> {
        let name = step.called().to_owned();
        match &step.follows {
            people::Follows::Nothing => {}
            people::Follows::Fault(why) => report.fail(&name, why),
            people::Follows::Bring(desired) => {
                report.added += 1;
                let details = compared(&Attributes::new(), &desired.attributes);
                self.add(Difference { fate: Fate::Added, is_person: true, name, details });
            }
            people::Follows::Change(id, desired) => {
                let mut tx = app.storage.read().await?;
                let Some(known) = tx.member_records().by_id(&voice.of.id, id).await? else { return Ok(()) };
                let seen = known.seen();
                let mut details = compared(&seen, &desired.attributes);
                if known.membership.disabled_at.is_some() {
                    details.push("would be let in again".to_owned());
                }
                if !details.is_empty() {
                    report.changed += 1;
                    self.add(Difference { fate: Fate::Changed, is_person: true, name, details });
                }
            }
        }
        Ok(())
    }

    /// Looks at what would follow for a group.
    pub(super) async fn group(
        &mut self,
        app: &App,
        voice: &Voice,
        step: &groups::Step,
        report: &mut Report,
    ) -> storage::Result<()> {
        let name = step.called().to_owned();
        if let Some(why) = step.fault() {
            report.fail(&name, why);
            return Ok(());
        }
        let Some(id) = step.group() else {
            if step.is_group() {
                report.added += 1;
                let details = vec![format!("{} members known so far", step.parts.len())];
                self.add(Difference { fate: Fate::Added, is_person: false, name, details });
            }
            return Ok(());
        };
        let mut tx = app.storage.read().await?;
        let Some(known) = tx.group_records().by_id(&voice.of.id, &id).await? else { return Ok(()) };
        let held = provisioning::given_parts(&mut tx, voice.speaker(), &id).await;
        let held = held.map_err(|error| match error {
            directory::Error::Storage(fault) => fault,
            other => storage::Error::Refused(Box::new(other)),
        })?;
        let wanted: HashSet<Part> = step.parts.iter().cloned().collect();
        let (joining, leaving) = (wanted.difference(&held).count(), held.difference(&wanted).count());
        let mut details = vec![];
        if known.group.name.as_str() != name {
            details.push(format!("name: {} → {name}", known.group.name));
        }
        if joining + leaving > 0 {
            details.push(format!("members: {joining} would join, {leaving} would leave"));
        }
        if !details.is_empty() {
            report.changed += 1;
            self.add(Difference { fate: Fate::Changed, is_person: false, name, details });
        }
        Ok(())
    }

    /// Notes who would be shut out.
    pub(super) fn leaves(&mut self, entry: &KnownEntry, report: &mut Report) {
        if entry.thing.is_none() {
            return;
        }
        report.departed += 1;
        let (name, is_person) = (entry.dn.clone(), entry.class == Class::Person);
        self.add(Difference { fate: Fate::Departed, is_person, name, details: vec![] });
    }
}

/// What is otherwise in attributes that the directory tells.
fn compared(before: &Attributes, after: &Attributes) -> Vec<String> {
    let names: BTreeSet<&String> = after.keys().collect();
    let mut lines = vec![];
    for name in names {
        match (before.get(name), &after[name]) {
            (Some(Value::Object(before)), Value::Object(after)) => lines.extend(compared(before, after)),
            (None, Value::Object(after)) => lines.extend(compared(&Attributes::new(), after)),
            (Some(before), after) if before == after => {}
            (None, after) => lines.push(format!("{name}: {}", short(after))),
            (Some(before), after) => lines.push(format!("{name}: {} → {}", short(before), short(after))),
        }
    }
    lines
}

/// A value in a few words.
fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(short).collect::<Vec<_>>().join(", "),
        Value::Object(parts) => parts.get("value").map_or_else(|| value.to_string(), short),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_would_be_otherwise_is_told_in_few_words() {
        let map = |value: Value| value.as_object().cloned().unwrap();
        let before = map(json!({
            "title": "GP", "emails": [{"value": "a@x.example", "primary": true}], "nickName": "Ada",
            "urn:e": {"department": "X", "costCenter": "1"},
        }));
        let after = map(json!({
            "title": "Nurse", "emails": [{"value": "a@x.example", "primary": true}], "userType": "staff",
            "urn:e": {"department": "Y", "costCenter": "1"},
        }));
        assert_eq!(compared(&before, &after), ["title: GP → Nurse", "department: X → Y", "userType: staff"]);
        assert!(compared(&before, &before).is_empty());
    }
}
