//! The effective configuration as text, without its secrets.

use std::fmt::Write;

use figment::{Figment, providers::Serialized, value::Value};
use url::Url;

use super::{RawConfig, check::Check, layer};

/// Keys whose value is never printed.
const SECRETS: [&str; 4] = ["alerts.secret", "keys.master_key", "mail.password", "sms.secret"];

/// TOML that reads back to the same configuration, but for the secrets.
pub(super) fn describe(raw: &RawConfig, check: &Check) -> String {
    let mut text = String::new();
    let mut current = "";
    let values = layer::flatten(&Figment::from(Serialized::defaults(raw)));
    for (key, value) in &values {
        let (section, name) = key.split_once('.').unwrap_or(("", key));
        if section != current {
            let gap = if current.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}[{section}]");
            current = section;
        }
        let origin = check.origin(key).map_or_else(|| "default".to_owned(), ToString::to_string);
        let _ = writeln!(text, "{:<60} # {origin}", format!("{name} = {}", layer::toml(&redacted(key, value))));
    }
    text
}

fn redacted(key: &str, value: &Value) -> Value {
    match value {
        Value::String(_, text) if text.is_empty() => value.clone(),
        Value::String(..) if SECRETS.contains(&key) => Value::from("(set)"),
        Value::String(_, text) => Value::from(without_password(text)),
        other => other.clone(),
    }
}

/// Addresses may carry a password (`postgres://user:password@host/…`, `…?password=…`).
fn without_password(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    let secret_parameter = |name: &str| name.contains("password") || name.contains("secret") || name.contains("token");
    let parameters: Vec<_> = url.query_pairs().into_owned().collect();
    if url.password().is_none() && !parameters.iter().any(|(name, _)| secret_parameter(name)) {
        return text.to_owned();
    }
    if url.password().is_some() {
        let _ = url.set_password(Some("***"));
    }
    if !parameters.is_empty() {
        let shown = parameters.iter().map(|(name, value)| (name, if secret_parameter(name) { "***" } else { value }));
        url.query_pairs_mut().clear().extend_pairs(shown);
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_passwords() {
        for (text, shown) in [
            ("postgres://lanyard:hunter2@db/lanyard", "postgres://lanyard:***@db/lanyard"),
            ("postgres://db/l?user=a&password=hunter2", "postgres://db/l?user=a&password=***"),
            ("sqlite:data/lanyard.db", "sqlite:data/lanyard.db"),
            ("Lanyard <lanyard@localhost>", "Lanyard <lanyard@localhost>"),
        ] {
            assert_eq!(without_password(text), shown);
        }
    }

    #[test]
    fn every_key_that_sounds_secret_is_redacted() {
        let keys = layer::flatten(&Figment::from(Serialized::defaults(RawConfig::default())));
        for key in keys.keys() {
            let name = key.rsplit('.').next().unwrap_or_default();
            let sounds_secret = ["password", "secret", "token", "master_key"].contains(&name);
            assert_eq!(sounds_secret, SECRETS.contains(&key.as_str()), "{key}");
        }
    }
}
