//! The file of countries: readable, and not old.

use std::time::Duration;

use super::Finding;
use crate::{clock::Timestamp, config::Config, geography, setting::Setting};

const CHECK: &str = "countries";

/// Networks change hands: an older file says wrong countries of some.
const OLD: Duration = Duration::from_hours(24 * 90);

pub(super) fn look(config: &Config, now: Timestamp) -> Option<Finding> {
    let Some(path) = &config.network.countries else { return without(config) };
    let advice = "until then the country of no address is known";
    let made_at = match geography::made_at(path) {
        Ok(seconds) => Timestamp::from_seconds(i64::try_from(seconds).unwrap_or_default()),
        Err(cause) => return Some(Finding::fail(CHECK, cause, advice)),
    };
    let found = format!("{} was made on {}", path.display(), made_at.to_string().get(..10).unwrap_or_default());
    if now.since(made_at) > OLD {
        return Some(Finding::warn(CHECK, found, "put a newer file in its place; it is read while the server runs"));
    }
    Some(Finding::ok(CHECK, found))
}

/// Rules about countries stop everybody, or nobody, while there is no file.
fn without(config: &Config) -> Option<Finding> {
    let is_about = |setting: Setting| matches!(setting, Setting::NetworkCountries | Setting::NetworkCountriesDenied);
    let setting = config.policy.0.iter().map(|(setting, _)| *setting).find(|setting| is_about(*setting))?;
    let found = format!("`[policy] {setting}` is set, and there is no file of countries");
    Some(Finding::fail(CHECK, found, "set `[network] countries`"))
}
