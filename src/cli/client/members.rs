//! `lanyard client set`: members by their registered names.

use std::fs;

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;

use super::write;
use crate::{
    cli::Shell,
    oauth::{
        client_metadata::ClientMetadata,
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

/// The members of a client in one line, those that say something.
pub(super) fn shown(metadata: &ClientMetadata) -> String {
    let Ok(Value::Object(members)) = serde_json::to_value(metadata) else { return String::new() };
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
