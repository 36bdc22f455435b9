//! Problems of a configuration: where, which key, what is wrong and what to write instead.

use std::{fmt, fs, path::PathBuf};

use figment::value::Value;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use super::layer::{Flat, Layer, Origin};

/// One thing to correct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(String);

/// Everything to correct, in the order of the sources.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

/// What is wrong with a value, and what to write instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) what: String,
    pub(super) instead: String,
}

/// Shorthand for the rules of a section.
pub(super) fn wrong(what: impl Into<String>, instead: impl Into<String>) -> Wrong {
    Wrong { what: what.into(), instead: instead.into() }
}

/// Reads the path of a file or folder.
pub(super) fn path(text: &str) -> Result<PathBuf, Wrong> {
    if text.is_empty() { Err(wrong("is empty", "write a path")) } else { Ok(text.into()) }
}

/// Reads the path of a PEM file of authorities, which is there and holds a certificate; nothing where it is not set.
pub(super) fn authorities(text: &str) -> Result<Option<PathBuf>, Wrong> {
    let path = text.trim();
    if path.is_empty() {
        return Ok(None);
    }
    let pem = fs::read(path).map_err(|cause| wrong(format!("{path}: {cause}"), "name a PEM file that can be read"))?;
    let mut certificates = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        certificate.map_err(|_| wrong(format!("{path} is no PEM file"), "write the certificates in PEM"))?;
        certificates += 1;
    }
    match certificates {
        0 => Err(wrong(format!("{path} holds no certificate"), "put the certificate of the authority there, in PEM")),
        _ => Ok(Some(path.into())),
    }
}

/// Collects the problems of all sections; knows where each value comes from.
pub(super) struct Check {
    pub(super) layers: Vec<Layer>,
    pub(super) problems: Vec<Problem>,
}

impl Check {
    /// The value, or `None` with the problem noted under `key`.
    pub(super) fn take<T>(&mut self, key: &str, result: Result<T, Wrong>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(Wrong { what, instead }) => {
                let problem = match self.origin(key) {
                    Some(origin) => format!("{origin}: {}: {what}; {instead}", origin.spelling(key)),
                    None => format!("{key}: {what}; {instead}"),
                };
                self.problems.push(Problem(problem));
                None
            }
        }
    }

    /// The source that decides `key`; `None` for the default.
    pub(super) fn origin(&self, key: &str) -> Option<&Origin> {
        self.layers.iter().rev().find(|layer| layer.values.contains_key(key)).map(|layer| &layer.origin)
    }
}

impl Problem {
    pub(super) fn unknown(origin: &Origin, key: &str, known: &Flat) -> Self {
        let typed = origin.spelling(key);
        let hint = match nearest(key, known.keys()) {
            Some(near) => format!("did you mean `{}`?", origin.spelling(near)),
            None => "`lanyard config show --defaults` prints all keys".to_owned(),
        };
        Self(match origin {
            Origin::Environment => format!("{origin}: unknown variable `{typed}`; {hint}"),
            Origin::File(_) | Origin::CommandLine => format!("{origin}: unknown key `{typed}`; {hint}"),
        })
    }

    pub(super) fn mistyped(origin: &Origin, key: &str, value: &Value, default: &Value) -> Self {
        let expected = match default {
            Value::Array(..) => "a list of texts",
            Value::Num(..) => "a whole number that is not negative",
            _ => "text in quotes",
        };
        let example = match default {
            Value::Array(_, items) if items.is_empty() => Value::from(vec!["…"]),
            other => other.clone(),
        };
        // The value itself may be a secret in the wrong place: only its type is named.
        Self(format!(
            "{origin}: {}: expected {expected}, found {}; write for example `{}`",
            origin.spelling(key),
            kind(value),
            origin.assignment(key, &example),
        ))
    }

    pub(super) fn unreadable(origin: &Origin, cause: &str) -> Self {
        Self(format!("{origin}: cannot be read: {cause}; name another file with --config, or correct this one"))
    }

    pub(super) fn of_figment(error: &figment::Error) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Problems {
    /// One problem a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(..) | Value::Char(..) => "text",
        Value::Bool(..) => "true or false",
        Value::Num(..) => "another number",
        Value::Empty(..) => "nothing",
        Value::Dict(..) => "a table",
        Value::Array(..) => "a list",
    }
}

/// The known key that was most likely meant; `None` when nothing is near.
fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    known
        .map(|key| {
            let name = key.rsplit('.').next().unwrap_or(key);
            let same_name = typed.rsplit('.').next() == Some(name);
            (if same_name { 1 } else { strsim::osa_distance(typed, key) }, key.as_str())
        })
        .min()
        .filter(|(distance, key)| *distance <= (key.len() / 3).max(2))
        .map(|(_, key)| key)
}
