//! `[policy]`: rules for everybody in every organization; those of organizations may only be stricter.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::check::{Check, wrong};
use crate::setting::{ROWS, Setting, Value};

/// Rules for everybody.
#[derive(Debug, Clone, Default)]
pub struct Policy(pub Vec<(Setting, Value)>);

/// Values by the names of settings; an empty one sets nothing.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Raw(BTreeMap<String, String>);

impl Default for Raw {
    fn default() -> Self {
        Self(ROWS.iter().map(|row| (row.name.to_owned(), String::new())).collect())
    }
}

impl Raw {
    pub(super) fn interpret(&self, check: &mut Check) -> Option<Policy> {
        let mut rules = Some(vec![]);
        for row in ROWS {
            let Some(text) = self.0.get(row.name).filter(|text| !text.trim().is_empty()) else { continue };
            let value = row.kind.parse(text).map_err(|error| wrong(error.what, error.instead));
            match (check.take(&format!("policy.{}", row.name), value), &mut rules) {
                (Some(value), Some(rules)) => rules.push((row.setting, value)),
                _ => rules = None,
            }
        }
        rules.map(Policy)
    }
}
