//! How events are shown: in lines that fit a terminal, with names in place of ids, or whole.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use crate::{audit::Recorded, cli::Shell};

/// How long a line may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// As a terminal shows it.
    Terminal,
    /// All of the event.
    Any,
}

/// Columns of a terminal.
const TERMINAL: usize = 118;

/// The longest name of a person or an organization; who did it is told whole.
const NAME: usize = 16;

/// What is left for the detail at least.
const DETAIL: usize = 10;

/// The columns that fit a terminal, before the detail.
const SHORT: [&str; 6] = ["at", "action", "outcome", "actor", "person", "where"];

/// An event as it is shown.
#[derive(Serialize)]
struct Shown<'e> {
    id: &'e str,
    /// The organization's id, or `server`.
    chain: &'e str,
    /// RFC 3339.
    at: String,
    /// Unix milliseconds.
    at_ms: i64,
    action: &'e str,
    outcome: &'e str,
    actor_kind: &'e str,
    actor_id: Option<&'e str>,
    /// What people call a person or a connection who acted.
    actor_name: Option<&'e str>,
    person_id: Option<&'e str>,
    client_id: Option<&'e str>,
    resource: Option<&'e str>,
    request_id: Option<&'e str>,
    address: Option<&'e str>,
    /// Of the address, as the file of countries says now.
    country: Option<String>,
    detail: &'e RawValue,
    seal: Option<i64>,
}

/// Prints the events.
pub(super) async fn show(shell: &Shell, events: &[Recorded], width: Width) -> anyhow::Result<()> {
    let names = names(shell, events).await?;
    if width == Width::Terminal && !shell.is_json() {
        let rows = short(events, &names);
        let head = [&SHORT[..], &["detail"]].concat();
        return shell.table(&rows, &head, Vec::clone);
    }
    let shown: Vec<Shown<'_>> =
        events.iter().map(|event| Shown::of(shell, event, &names)).collect::<anyhow::Result<_>>()?;
    let head = ["at", "action", "outcome", "actor", "person", "chain", "id", "request", "address", "detail"];
    shell.table(&shown, &head, |event| {
        vec![
            event.at.clone(),
            event.action.to_owned(),
            event.outcome.to_owned(),
            match (event.actor_id, event.actor_name) {
                (Some(id), Some(name)) => format!("{} {id} ({name})", event.actor_kind),
                (Some(id), None) => format!("{} {id}", event.actor_kind),
                (None, _) => event.actor_kind.to_owned(),
            },
            event.person_id.unwrap_or("-").to_owned(),
            event.chain.to_owned(),
            event.id.to_owned(),
            event.request_id.unwrap_or("-").to_owned(),
            match (event.address, &event.country) {
                (Some(address), Some(country)) => format!("{address} ({country})"),
                (address, _) => address.unwrap_or("-").to_owned(),
            },
            event.detail.get().to_owned(),
        ]
    })
}

/// What people call the persons, connections and organizations of these events, by id.
async fn names(shell: &Shell, events: &[Recorded]) -> anyhow::Result<BTreeMap<String, String>> {
    let actors = |kind: &'static str| {
        events.iter().filter(move |event| event.actor_kind == kind).filter_map(|event| event.actor_id.clone())
    };
    let once = |mut ids: Vec<String>| {
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let persons = events.iter().filter_map(|event| event.person_id.clone());
    let changed = events.iter().filter_map(|event| event.resource.clone()).filter(|id| id.starts_with("scn_"));
    let mut tx = shell.app.storage.read().await?;
    let mut names = tx.names_of_users(&once(persons.chain(actors("user")).collect())).await?;
    names.extend(tx.names_of_connections(&once(changed.chain(actors("connection")).collect())).await?);
    let organizations = tx.organizations().list().await?;
    names.extend(organizations.into_iter().map(|one| (one.id.to_string(), one.slug.to_string())));
    Ok(names)
}

/// Rows that fit a terminal, unless who did it has a long name: what an event says shrinks to the room that is left.
fn short(events: &[Recorded], names: &BTreeMap<String, String>) -> Vec<Vec<String>> {
    let whole = |id: &str| names.get(id).map_or(id, String::as_str).to_owned();
    let name = |id: &str| cut(&whole(id), NAME);
    let row = |event: &Recorded| {
        let actor = match (event.actor_kind.as_str(), event.actor_id.as_deref()) {
            ("user", Some(id)) => whole(id),
            (kind, Some(id)) => format!("{kind} {}", whole(id)),
            (kind, None) => kind.to_owned(),
        };
        vec![
            event.at.to_string(),
            event.action.clone(),
            event.outcome.clone(),
            actor,
            event.person_id.as_deref().map_or_else(|| "-".to_owned(), name),
            name(event.chain.as_str()),
        ]
    };
    let mut rows: Vec<Vec<String>> = events.iter().map(row).collect();
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).chain([SHORT[column].len()]).max().unwrap_or_default() + 2
    };
    let left = TERMINAL.saturating_sub((0..SHORT.len()).map(width).sum()).max(DETAIL);
    for (row, event) in rows.iter_mut().zip(events) {
        row.push(cut(&told(&event.detail, names), left));
    }
    rows
}

/// What an event tells besides ids, with the names of connections in place of theirs: `slug=front_desk`.
fn told(detail: &str, names: &BTreeMap<String, String>) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(detail) else { return detail.to_owned() };
    let told = |(name, value): (&String, &Value)| match value {
        Value::Null => None,
        Value::String(text) if text.starts_with("scn_") && names.contains_key(text) => {
            Some(format!("{name}={}", names[text]))
        }
        Value::String(text) if text.is_empty() || is_id(text) => None,
        Value::String(text) => Some(format!("{name}={text}")),
        other => Some(format!("{name}={other}")),
    };
    fields.iter().filter_map(told).collect::<Vec<_>>().join(" ")
}

/// `usr_` and 32 digits, or likewise.
fn is_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(_, rest)| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{kept}…")
}

impl<'e> Shown<'e> {
    fn of(shell: &Shell, event: &'e Recorded, names: &'e BTreeMap<String, String>) -> anyhow::Result<Self> {
        Ok(Self {
            id: event.id.as_str(),
            chain: event.chain.as_str(),
            at: event.at.to_string(),
            at_ms: event.at.0,
            action: &event.action,
            outcome: &event.outcome,
            actor_kind: &event.actor_kind,
            actor_id: event.actor_id.as_deref(),
            actor_name: event.actor_id.as_ref().and_then(|id| names.get(id)).map(String::as_str),
            person_id: event.person_id.as_deref(),
            client_id: event.client_id.as_deref(),
            resource: event.resource.as_deref(),
            request_id: event.request_id.as_deref(),
            address: event.address.as_deref(),
            country: event.address.as_ref().and_then(|text| shell.app.country_of(text)),
            detail: serde_json::from_str(&event.detail).with_context(|| format!("event {}", event.id))?,
            seal: event.seal,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_told_without_ids() {
        for (detail, expected) in [
            (r#"{"role":"rol_01a202d4a5f874ec94e6a46db8cbfc2f","slug":"front_desk"}"#, "slug=front_desk"),
            (r#"{"role":"billing","location":null,"links":3}"#, "links=3 role=billing"),
            ("{}", ""),
            (
                r#"{"connection":"scn_01a202d4a5f874ec94e6a46db8cbfc2f","attributes":"roles"}"#,
                "attributes=roles connection=entra",
            ),
            (r#"{"connection":"scn_02a202d4a5f874ec94e6a46db8cbfc2f"}"#, ""),
        ] {
            let names = [("scn_01a202d4a5f874ec94e6a46db8cbfc2f".to_owned(), "entra".to_owned())].into();
            assert_eq!(told(detail, &names), expected, "{detail}");
        }
        assert_eq!((cut("olivia", 6), cut("olivia-hart", 6)), ("olivia".to_owned(), "olivi…".to_owned()));
    }
}
