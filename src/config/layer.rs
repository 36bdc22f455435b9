//! One source of configuration, its keys and types checked against the defaults.

use std::{collections::BTreeMap, fmt, path::Path};

use figment::{
    Figment, Metadata, Profile, Provider,
    error::Error,
    providers::{Format, Toml},
    value::{Dict, Map, Num, Value},
};

use super::{Problem, Sources};

/// Variables that begin with `LANYARD_` but are read by the command line or by tests.
const NOT_CONFIGURATION: [&str; 3] = ["LANYARD_CONFIG", "LANYARD_ORGANIZATION", "LANYARD_TEST_"];

/// Values by `section.key`.
pub(super) type Flat = BTreeMap<String, Value>;

/// Where a value comes from, as it is named to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    File(String),
    Environment,
    CommandLine,
}

impl Origin {
    /// How `key` is written there.
    pub(super) fn spelling(&self, key: &str) -> String {
        match self {
            Self::Environment => format!("LANYARD_{}", key.to_uppercase().replace('.', "__")),
            Self::File(_) | Self::CommandLine => key.to_owned(),
        }
    }

    /// How `value` is written there.
    pub(super) fn assignment(&self, key: &str, value: &Value) -> String {
        match self {
            Self::Environment => format!("{}={}", self.spelling(key), plain(value)),
            Self::File(_) | Self::CommandLine => format!("{key} = {}", toml(value)),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.write_str(path),
            Self::Environment => f.write_str("environment"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// One source whose keys are known and whose values have the right type.
pub(super) struct Layer {
    pub(super) origin: Origin,
    pub(super) values: Flat,
}

impl Layer {
    /// Reads every source; what is wrong in one does not hide what is wrong in another.
    pub(super) fn all(sources: &Sources, defaults: &Flat) -> (Vec<Self>, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut layers = Vec::new();
        if let Some(path) = &sources.file {
            match read_file(path) {
                Ok(figment) => layers.push((Origin::File(path.display().to_string()), flatten(&figment))),
                Err(problem) => problems.push(problem),
            }
        }
        let environment = sources.environment.iter().filter_map(|(name, value)| {
            let rest = name.strip_prefix("LANYARD_")?;
            let foreign =
                NOT_CONFIGURATION.iter().any(|other| name == other || other.ends_with('_') && name.starts_with(other));
            (!foreign).then(|| (rest.replace("__", ".").to_lowercase(), value))
        });
        layers.push((Origin::Environment, typed(environment, defaults)));
        let overrides = sources.overrides.iter().map(|(key, value)| (key.clone(), value));
        layers.push((Origin::CommandLine, typed(overrides, defaults)));
        let layers =
            layers.into_iter().map(|(origin, values)| Self::checked(origin, values, defaults, &mut problems)).collect();
        (layers, problems)
    }

    /// Keeps the values that are known and well typed; reports the others.
    fn checked(origin: Origin, values: Flat, defaults: &Flat, problems: &mut Vec<Problem>) -> Self {
        let mut kept = Flat::new();
        for (key, value) in values {
            match defaults.get(&key) {
                None => problems.push(Problem::unknown(&origin, &key, defaults)),
                Some(default) if !same_type(default, &value) => {
                    problems.push(Problem::mistyped(&origin, &key, &value, default));
                }
                Some(_) => {
                    kept.insert(key, value);
                }
            }
        }
        Self { origin, values: kept }
    }
}

impl Provider for &Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut sections = BTreeMap::<String, Dict>::new();
        for (key, value) in &self.values {
            if let Some((section, name)) = key.split_once('.') {
                sections.entry(section.to_owned()).or_default().insert(name.to_owned(), value.clone());
            }
        }
        let dict = sections.into_iter().map(|(section, values)| (section, Value::from(values))).collect();
        Ok(Profile::Default.collect(dict))
    }
}

/// `Toml::file` would search the parent folders and treat a missing file as an empty one, so the text is read here.
fn read_file(path: &Path) -> Result<Figment, Problem> {
    let origin = Origin::File(path.display().to_string());
    let text = std::fs::read_to_string(path).map_err(|error| Problem::unreadable(&origin, &error.to_string()))?;
    let figment = Figment::from(Toml::string(&text));
    match figment.data() {
        Ok(_) => Ok(figment),
        Err(error) => Err(Problem::unreadable(&origin, error.kind.to_string().trim_end())),
    }
}

/// All values of a figment by `section.key`; a value outside any section keeps its bare name. Keys may have dots of their
/// own.
pub(super) fn flatten(figment: &Figment) -> Flat {
    let profiles = figment.data().unwrap_or_default();
    let mut flat = Flat::new();
    for (section, value) in profiles.into_values().flatten() {
        add(&mut flat, section, value);
    }
    flat
}

fn add(flat: &mut Flat, name: String, value: Value) {
    match value {
        Value::Dict(_, keys) if !keys.is_empty() => {
            for (key, value) in keys {
                add(flat, format!("{name}.{key}"), value);
            }
        }
        // An empty section says nothing.
        Value::Dict(..) if !name.contains('.') => {}
        other => {
            flat.insert(name, other);
        }
    }
}

/// Reads text as the type of the default: a password that looks like a number stays text.
fn typed<'a>(values: impl Iterator<Item = (String, &'a String)>, defaults: &Flat) -> Flat {
    values
        .map(|(key, text)| {
            let value = match defaults.get(&key) {
                Some(Value::Array(..)) => {
                    let items = text.trim().trim_start_matches('[').trim_end_matches(']').split(',');
                    let items = items.map(|item| item.trim().trim_matches('"')).filter(|item| !item.is_empty());
                    Value::from(items.map(str::to_owned).collect::<Vec<_>>())
                }
                Some(Value::Num(..)) => {
                    text.trim().parse::<u64>().map_or_else(|_| Value::from(text.as_str()), Value::from)
                }
                _ => Value::from(text.as_str()),
            };
            (key, value)
        })
        .collect()
}

fn same_type(default: &Value, value: &Value) -> bool {
    match (default, value) {
        (Value::String(..), Value::String(..)) => true,
        (Value::Num(..), Value::Num(_, number)) => is_natural(*number),
        (Value::Array(..), Value::Array(_, items)) => items.iter().all(|item| matches!(item, Value::String(..))),
        _ => false,
    }
}

fn is_natural(number: Num) -> bool {
    number.to_u128().is_some_and(|n| u64::try_from(n).is_ok())
        || number.to_i128().is_some_and(|n| u64::try_from(n).is_ok())
}

/// A value as TOML. JSON strings are TOML basic strings.
pub(super) fn toml(value: &Value) -> String {
    match value {
        Value::Array(_, items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(_, text) => text.clone(),
        Value::Array(_, items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => toml(other),
    }
}
