//! Outside systems, their tokens and how often these were used.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    app::uses::Counts,
    clock::Timestamp,
    directory::permission::Permission,
    id::{ConnectionId, ConnectionTokenId, OrganizationId},
    scim::{
        caller::ResourceSet,
        connection::{Connection, Rights, Token},
    },
    secret::TokenHash,
    storage::{
        Error, Result, Row, Tx, Value,
        batch::{self, Rows, Table, in_list},
        sql,
    },
    text::Slug,
};

/// Connections that are listed at most: far more than an organization has systems.
const MOST: usize = 1000;

static USES: Table = Table {
    name: "scim_token_uses",
    columns: &["token_id", "uses", "last_used_at"],
    suffix: "ON CONFLICT (token_id) DO UPDATE SET uses = scim_token_uses.uses + excluded.uses, \
             last_used_at = CASE WHEN excluded.last_used_at > scim_token_uses.last_used_at \
               THEN excluded.last_used_at ELSE scim_token_uses.last_used_at END",
};

/// A token that is known, whether it counts or not, with the connection that it is of.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The token.
    pub token: Token,
    /// Whose it is.
    pub connection: Connection,
    /// Whether its organization is active.
    pub organization_is_active: bool,
}

impl Admitted {
    /// Why the token counts no more; `None` when it does.
    #[must_use]
    pub fn ended(&self, now: Timestamp) -> Option<&'static str> {
        match self {
            Self { organization_is_active: false, .. } => Some("the organization is disabled"),
            Self { connection, .. } if connection.removed_at.is_some() => Some("the connection was removed"),
            Self { token, .. } if token.revoked_at.is_some() => Some("the token was revoked"),
            Self { token, .. } if !token.is_live(now) => Some("the token has expired"),
            _ => None,
        }
    }
}

/// Queries of connections and their tokens.
pub struct Connections<'t>(pub(super) &'t mut Tx);

impl Tx {
    /// Connections and their tokens.
    pub fn connections(&mut self) -> Connections<'_> {
        Connections(self)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.organization_id, c.name, c.resources, c.may_write, c.networks, c.roles, c.token_life, \
               c.precedence, c.permissions, c.may_verify, c.created_at, c.removed_at \
             FROM scim_connections c ",
            $rest
        )
    };
}

macro_rules! select_tokens {
    ($rest:literal) => {
        concat!(
            "SELECT t.id AS token_id, t.connection_id, t.created_at AS token_created_at, t.expires_at, t.revoked_at, \
               COALESCE(u.uses, 0) AS uses, u.last_used_at \
             FROM scim_tokens t \
             LEFT JOIN scim_token_uses u ON u.token_id = t.id ",
            $rest
        )
    };
}

impl Connections<'_> {
    /// Inserts it; `false` when the organization has one of this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&mut self, new: &Connection) -> Result<bool> {
        let written = sql("INSERT INTO scim_connections \
               (id, organization_id, name, resources, may_write, networks, roles, token_life, precedence, permissions, \
               may_verify, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             ON CONFLICT DO NOTHING")
        .bind(new.id.as_str().to_owned())
        .bind(new.organization.as_str().to_owned())
        .bind(new.name.as_str().to_owned())
        .bind_all(stored(&new.rights))
        .bind(new.created_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(written == 1)
    }

    /// Writes what it may do.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update(&mut self, changed: &Connection) -> Result<()> {
        sql("UPDATE scim_connections \
             SET resources = $2, may_write = $3, networks = $4, roles = $5, token_life = $6, precedence = $7, \
             permissions = $8, may_verify = $9 \
             WHERE id = $1")
        .bind(changed.id.as_str().to_owned())
        .bind_all(stored(&changed.rights))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Removes a connection and revokes its tokens.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove(&mut self, id: &ConnectionId, now: Timestamp) -> Result<()> {
        for statement in [
            "UPDATE scim_connections SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL",
            "UPDATE scim_tokens SET revoked_at = $2 WHERE connection_id = $1 AND revoked_at IS NULL",
        ] {
            sql(statement).bind(id.as_str().to_owned()).bind(now.0).execute(self.0.connection()).await?;
        }
        Ok(())
    }

    /// The one of this name that was not removed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_name(&mut self, organization: &OrganizationId, name: &Slug) -> Result<Option<Connection>> {
        let row = sql(select!("WHERE c.organization_id = $1 AND c.name = $2 AND c.removed_at IS NULL"))
            .bind(organization.as_str().to_owned())
            .bind(name.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(connection).transpose()
    }

    /// Those of an organization that were not removed, by name, with their tokens.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&mut self, organization: &OrganizationId) -> Result<Vec<(Connection, Vec<Token>)>> {
        let rows = sql(select!("WHERE c.organization_id = $1 AND c.removed_at IS NULL ORDER BY c.name LIMIT $2"))
            .bind(organization.as_str().to_owned())
            .bind(i64::try_from(MOST).unwrap_or(i64::MAX))
            .fetch_all(self.0.connection())
            .await?;
        let tokens = sql(select_tokens!(
            "JOIN scim_connections c ON c.id = t.connection_id \
             WHERE c.organization_id = $1 AND c.removed_at IS NULL \
             ORDER BY t.id"
        ))
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        let mut by_connection: BTreeMap<ConnectionId, Vec<Token>> = BTreeMap::new();
        for row in &tokens {
            let token = token(row)?;
            by_connection.entry(token.connection.clone()).or_default().push(token);
        }
        let with_tokens = |one: Connection| {
            let tokens = by_connection.remove(&one.id).unwrap_or_default();
            (one, tokens)
        };
        rows.iter().map(connection).collect::<Result<Vec<_>>>().map(|all| all.into_iter().map(with_tokens).collect())
    }

    /// All tokens of a connection, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens(&mut self, of: &ConnectionId) -> Result<Vec<Token>> {
        let rows = sql(select_tokens!("WHERE t.connection_id = $1 ORDER BY t.id"))
            .bind(of.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(token).collect()
    }

    /// Inserts a token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_token(&mut self, new: &Token, hash: TokenHash) -> Result<()> {
        sql("INSERT INTO scim_tokens (id, connection_id, token_hash, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5)")
        .bind(new.id.as_str().to_owned())
        .bind(new.connection.as_str().to_owned())
        .bind(hash.to_vec())
        .bind(new.created_at.0)
        .bind(new.expires_at.map(|at| at.0))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Lets a token expire at `end`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_token(&mut self, id: &ConnectionTokenId, end: Timestamp) -> Result<()> {
        sql("UPDATE scim_tokens SET expires_at = $2 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(end.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Revokes a token of this organization that counts; the connection that it was of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_token(
        &mut self,
        organization: &OrganizationId,
        id: &ConnectionTokenId,
        now: Timestamp,
    ) -> Result<Option<ConnectionId>> {
        let row = sql("UPDATE scim_tokens SET revoked_at = $3 \
             WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3) \
             AND connection_id IN (SELECT id FROM scim_connections WHERE organization_id = $2) \
             RETURNING connection_id")
        .bind(id.as_str().to_owned())
        .bind(organization.as_str().to_owned())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.map(|row| Ok(ConnectionId::from_stored(row.try_get("connection_id")?))).transpose()
    }

    /// The token of this hash, whether it counts or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_token(&mut self, hash: TokenHash) -> Result<Option<Admitted>> {
        let row = sql("SELECT t.id AS token_id, t.connection_id, t.created_at AS token_created_at, t.expires_at, \
               t.revoked_at, CAST(0 AS BIGINT) AS uses, CAST(NULL AS BIGINT) AS last_used_at, o.disabled_at AS organization_disabled_at, \
               c.id, c.organization_id, c.name, c.resources, c.may_write, c.networks, c.roles, c.token_life, \
               c.precedence, c.permissions, c.may_verify, c.created_at, c.removed_at \
             FROM scim_tokens t \
             JOIN scim_connections c ON c.id = t.connection_id \
             JOIN organizations o ON o.id = c.organization_id \
             WHERE t.token_hash = $1")
        .bind(hash.to_vec())
        .fetch_optional(self.0.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let organization_is_active = row.try_get::<Option<i64>>("organization_disabled_at")?.is_none();
        Ok(Some(Admitted { token: token(&row)?, connection: connection(&row)?, organization_is_active }))
    }

    /// Tokens that count, of every organization that is active: its short name, the name of the connection, the token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn live(&mut self, now: Timestamp) -> Result<Vec<(String, String, Token)>> {
        let rows = sql(
            "SELECT o.slug, c.name, t.id AS token_id, t.connection_id, t.created_at AS token_created_at, t.expires_at, \
               t.revoked_at, COALESCE(u.uses, 0) AS uses, u.last_used_at \
             FROM scim_tokens t \
             JOIN scim_connections c ON c.id = t.connection_id \
             JOIN organizations o ON o.id = c.organization_id \
             LEFT JOIN scim_token_uses u ON u.token_id = t.id \
             WHERE t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $1) \
             AND c.removed_at IS NULL AND o.disabled_at IS NULL \
             ORDER BY o.slug, c.name, t.id LIMIT $2",
        )
        .bind(now.0)
        .bind(i64::try_from(MOST).unwrap_or(i64::MAX))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok((row.try_get("slug")?, row.try_get("name")?, token(row)?))).collect()
    }

    /// One of these tokens that counts, with the name of its connection.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn holder_of(&mut self, secrets: &[TokenHash], now: Timestamp) -> Result<Option<(String, String)>> {
        let text = format!(
            "SELECT c.name, o.slug FROM scim_tokens t \
             JOIN scim_connections c ON c.id = t.connection_id \
             JOIN organizations o ON o.id = c.organization_id \
             WHERE t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $1) AND t.token_hash IN ({}) \
             ORDER BY c.id LIMIT 1",
            in_list(2, secrets.len())
        );
        // Placeholders only; values are bound.
        let query = sql(text).bind(now.0).bind_all(secrets.iter().map(|hash| hash.to_vec()));
        let Some(row) = query.fetch_optional(self.0.connection()).await? else { return Ok(None) };
        Ok(Some((row.try_get("slug")?, row.try_get("name")?)))
    }

    /// Adds to how often tokens were used, in their order, so that two nodes do not wait for each other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_uses(&mut self, uses: &Counts) -> Result<()> {
        let row = |(id, (uses, last)): (&ConnectionTokenId, &(i64, Timestamp))| {
            vec![id.as_str().into(), (*uses).into(), last.0.into()]
        };
        let rows = Rows { table: &USES, values: uses.iter().map(row).collect() };
        batch::insert(self.0.connection(), &rows).await?;
        Ok(())
    }
}

/// What a connection may do, in the order of its columns.
fn stored(rights: &Rights) -> [Value; 8] {
    let life = rights.token_life.map(|life| i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
    let json = |list: serde_json::Result<String>| Value::from(list.expect("lists of texts are JSON"));
    [
        rights.resources.name().into(),
        i64::from(rights.may_write).into(),
        json(serde_json::to_string(&rights.networks)),
        json(serde_json::to_string(&rights.roles)),
        life.into(),
        rights.precedence.into(),
        json(serde_json::to_string(&rights.permissions.iter().map(Permission::as_str).collect::<Vec<_>>())),
        i64::from(rights.may_verify).into(),
    ]
}

pub(super) fn connection(row: &Row) -> Result<Connection> {
    let resources =
        ResourceSet::named(row.try_get("resources")?).ok_or(Error::Corrupt("scim_connections.resources"))?;
    let networks = serde_json::from_str(row.try_get("networks")?);
    let roles = serde_json::from_str::<Vec<Slug>>(row.try_get("roles")?);
    let permissions = serde_json::from_str::<Vec<String>>(row.try_get("permissions")?).ok();
    let permissions: Option<Vec<Permission>> =
        permissions.and_then(|all| all.iter().map(|text| text.parse().ok()).collect());
    let life: Option<i64> = row.try_get("token_life")?;
    Ok(Connection {
        id: ConnectionId::from_stored(row.try_get("id")?),
        organization: OrganizationId::from_stored(row.try_get("organization_id")?),
        name: Slug::from_stored(row.try_get("name")?),
        rights: Rights {
            resources,
            may_write: row.try_get::<i64>("may_write")? != 0,
            networks: networks.map_err(|_| Error::Corrupt("scim_connections.networks"))?,
            roles: roles.map_err(|_| Error::Corrupt("scim_connections.roles"))?,
            token_life: life.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0))),
            precedence: row.try_get("precedence")?,
            permissions: permissions.ok_or(Error::Corrupt("scim_connections.permissions"))?,
            may_verify: row.try_get::<i64>("may_verify")? != 0,
        },
        created_at: Timestamp(row.try_get("created_at")?),
        removed_at: row.try_get::<Option<i64>>("removed_at")?.map(Timestamp),
    })
}

fn token(row: &Row) -> Result<Token> {
    Ok(Token {
        id: ConnectionTokenId::from_stored(row.try_get("token_id")?),
        connection: ConnectionId::from_stored(row.try_get("connection_id")?),
        created_at: Timestamp(row.try_get("token_created_at")?),
        expires_at: row.try_get::<Option<i64>>("expires_at")?.map(Timestamp),
        revoked_at: row.try_get::<Option<i64>>("revoked_at")?.map(Timestamp),
        uses: row.try_get("uses")?,
        last_used_at: row.try_get::<Option<i64>>("last_used_at")?.map(Timestamp),
    })
}
