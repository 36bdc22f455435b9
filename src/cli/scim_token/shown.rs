//! Connections and tokens as they are shown.

use serde::Serialize;

use crate::{
    cli::scope::instant,
    clock::Timestamp,
    scim::connection::{Connection, Token},
};

/// A system as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) resources: &'static str,
    pub(super) access: &'static str,
    pub(super) networks: Vec<String>,
    pub(super) roles: Vec<String>,
    pub(super) permissions: Vec<String>,
    pub(super) may_verify: bool,
    pub(super) precedence: i64,
    pub(super) token_life_seconds: Option<u64>,
    pub(super) created_at: String,
    pub(super) uses: i64,
    pub(super) last_used_at: Option<String>,
    pub(super) tokens: Vec<ShownToken>,
}

#[derive(Debug, Serialize)]
pub(super) struct ShownToken {
    pub(super) id: String,
    pub(super) state: &'static str,
    pub(super) created_at: String,
    pub(super) expires_at: Option<String>,
    pub(super) uses: i64,
    pub(super) last_used_at: Option<String>,
}

pub(super) fn shown((connection, tokens): &(Connection, Vec<Token>), now: Timestamp) -> Shown {
    let rights = &connection.rights;
    let token = |token: &Token| ShownToken {
        id: token.id.to_string(),
        state: match token {
            one if one.is_live(now) => "live",
            one if one.revoked_at.is_some() => "revoked",
            _ => "expired",
        },
        created_at: token.created_at.to_string(),
        expires_at: instant(token.expires_at),
        uses: token.uses,
        last_used_at: instant(token.last_used_at),
    };
    Shown {
        name: connection.name.to_string(),
        id: connection.id.to_string(),
        resources: rights.resources.name(),
        access: if rights.may_write { "read and write" } else { "read" },
        networks: rights.networks.iter().map(ToString::to_string).collect(),
        roles: rights.roles.iter().map(ToString::to_string).collect(),
        permissions: rights.permissions.iter().map(ToString::to_string).collect(),
        may_verify: rights.may_verify,
        precedence: rights.precedence,
        token_life_seconds: rights.token_life.map(|life| life.as_secs()),
        created_at: connection.created_at.to_string(),
        uses: tokens.iter().map(|token| token.uses).sum(),
        last_used_at: instant(tokens.iter().filter_map(|token| token.last_used_at).max()),
        tokens: tokens.iter().map(token).collect(),
    }
}

impl Shown {
    /// Until when its last live token counts.
    pub(super) fn until(&self) -> String {
        let live = || self.tokens.iter().filter(|token| token.state == "live");
        if live().count() == 0 {
            return "no live token".to_owned();
        }
        if live().any(|token| token.expires_at.is_none()) {
            return "never".to_owned();
        }
        live().filter_map(|token| token.expires_at.clone()).max().unwrap_or_default()
    }
}
