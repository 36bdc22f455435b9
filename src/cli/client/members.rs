//! `lanyard client set`: members by their registered names.

use std::fs;

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Map, Value};

use super::write;
use crate::{
    cli::Shell,
    oauth::{
        client::Client,
        registrar::{self, RegistrarError},
        registration::{Registration, RegistrationError},
        sector,
    },
};

/// Sets members of a client.
pub(super) async fn set(shell: &Shell, id: String, typed: &[String]) -> anyhow::Result<()> {
    let members = typed.iter().map(|text| member(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    let (context, attributes) = (shell.context(), names.join(" "));
    let said = format!("{id}: {attributes} set.");
    let change = move |mut registration: Registration| {
        for (name, value) in &members {
            registration.set(name, value.clone())?;
        }
        Ok(registration)
    };
    if let Some(before) = shell.app.storage.read().await?.clients().by_id(&id).await? {
        let changed =
            change(Registration::of(before)).map_err(|error| with_the_nearest(RegistrarError::from(error).into()))?;
        sector::verify(&shell.app.outbound, &changed).await?;
    }
    let changed = write(shell, move |tx| {
        Box::pin(async move { registrar::change(tx, &context, &id, (attributes, change)).await })
    });
    changed.await.map_err(with_the_nearest)?;
    shell.say(said);
    Ok(())
}

/// What a client registered, by name: all that is not the default and has no line of its own where a client is shown.
pub(super) fn registered(client: &Client) -> Map<String, Value> {
    let silent = Registration::new(&client.id, &client.name);
    let own = [
        ("audience", client.audience.clone().map(Value::from)),
        ("resources", Some(&client.resources).filter(|all| !all.is_empty()).map(|all| Value::from(all.clone()))),
        ("id_token_signed_response_alg", unless(client.id_token_algorithm.name(), silent.id_token_algorithm.name())),
        (
            "access_token_signed_response_alg",
            unless(client.access_token_algorithm.name(), silent.access_token_algorithm.name()),
        ),
        ("access_token_format", unless(client.access_token_format.name(), silent.access_token_format.name())),
        ("access_token_seconds", client.access_token_life.map(|life| life.as_secs().into())),
        ("introspects", unless(client.introspects.name(), silent.introspects.name())),
    ];
    let mut members: Map<_, _> =
        own.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value))).collect();
    if let Ok(Value::Object(metadata)) = serde_json::to_value(&client.metadata) {
        members.extend(metadata);
    }
    members
}

fn unless(name: &'static str, default: &str) -> Option<Value> {
    (name != default).then(|| name.into())
}

/// The members of a client in one line.
pub(super) fn shown(members: &Map<String, Value>) -> String {
    let short = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Object(_) => "{…}".to_owned(),
        other => other.to_string(),
    };
    members.iter().map(|(name, value)| format!("{name}={}", short(value))).collect::<Vec<_>>().join(" ")
}

/// `name=value`: JSON, a plain text, a file, or nothing.
fn member(text: &str) -> anyhow::Result<(String, Value)> {
    let Some((name, value)) = text.split_once('=') else {
        bail!("`{text}` is not NAME=VALUE; write for example `dpop_bound_access_tokens=true`")
    };
    let value = match value.strip_prefix('@') {
        Some(path) => fs::read_to_string(path).with_context(|| format!("{path} cannot be read"))?,
        None => value.to_owned(),
    };
    let value = match value.trim() {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    };
    Ok((name.trim().to_owned(), value))
}

fn with_the_nearest(error: anyhow::Error) -> anyhow::Error {
    let Some(RegistrarError::Registration(RegistrationError::UnknownMember(name))) = error.downcast_ref() else {
        return error;
    };
    let near = Registration::members()
        .max_by(|one, other| strsim::jaro_winkler(one, name).total_cmp(&strsim::jaro_winkler(other, name)));
    match near {
        Some(near) => anyhow!("{error}; did you mean `{near}`?"),
        None => error,
    }
}
