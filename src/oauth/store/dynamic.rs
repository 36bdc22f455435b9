//! Who may register clients by the protocol, and which clients look after themselves.

use super::{from_json, to_json};
use crate::{
    clock::Timestamp,
    id::{OrganizationId, RegistrationTokenId},
    oauth::dynamic::Policy,
    secret::TokenHash,
    storage::{
        Result, Row, Tx,
        filter::{Filter, Operator},
        sql,
    },
};

/// An initial access token (RFC 7591 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialToken {
    /// Its id.
    pub id: RegistrationTokenId,
    /// The owner of clients that come by it; `None`: they are of the whole server.
    pub organization: Option<OrganizationId>,
    /// What they may be.
    pub policy: Policy,
    /// How many may come.
    pub uses: i64,
    /// How many came.
    pub used: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A client that looks after its own registration (RFC 7592).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfRegistered {
    /// The client.
    pub client_id: String,
    /// What it may be.
    pub policy: Policy,
    /// Its software statement, as it was sent.
    pub statement: Option<String>,
    /// The initial access token that it came by.
    pub registered_by: Option<RegistrationTokenId>,
}

/// Queries of initial access tokens.
pub struct InitialTokens<'t>(&'t mut Tx);

/// Queries of clients that look after themselves.
pub struct SelfRegisteredClients<'t>(&'t mut Tx);

impl Tx {
    /// Initial access tokens.
    pub fn initial_tokens(&mut self) -> InitialTokens<'_> {
        InitialTokens(self)
    }

    /// Clients that look after themselves.
    pub fn self_registered(&mut self) -> SelfRegisteredClients<'_> {
        SelfRegisteredClients(self)
    }
}

impl InitialTokens<'_> {
    /// Writes a new token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&mut self, token: &InitialToken, hash: TokenHash) -> Result<()> {
        sql("INSERT INTO registration_tokens (id, hash, organization_id, policy, uses, used, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, 0, $6, $7)")
        .bind(token.id.as_str().to_owned())
        .bind(hash.to_vec())
        .bind(token.organization.as_ref().map(|id| id.as_str().to_owned()))
        .bind(to_json(&token.policy))
        .bind(token.uses)
        .bind(token.created_at.0)
        .bind(token.expires_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// A token that still lets somebody in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_hash(&mut self, hash: TokenHash, now: Timestamp) -> Result<Option<InitialToken>> {
        let row = sql("SELECT id, organization_id, policy, uses, used, created_at, expires_at, revoked_at \
             FROM registration_tokens \
             WHERE hash = $1 AND expires_at > $2 AND revoked_at IS NULL AND used < uses")
        .bind(hash.to_vec())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(token).transpose()
    }

    /// Tokens of an organization (`None`: of everybody), newest first, older than `before`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(
        &mut self,
        organization: Option<&OrganizationId>,
        before: Option<RegistrationTokenId>,
        limit: u32,
    ) -> Result<Vec<InitialToken>> {
        let filter = Filter::select(
            "SELECT id, organization_id, policy, uses, used, created_at, expires_at, revoked_at \
             FROM registration_tokens",
        )
        .and_if("organization_id", Operator::Equal, organization.map(|id| id.as_str().to_owned()))
        .and_if("id", Operator::Below, before.map(String::from))
        .order("id DESC", limit);
        filter.fetch(self.0.connection()).await?.iter().map(token).collect()
    }

    /// Counts one use; `false` when none was left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&mut self, id: &RegistrationTokenId, now: Timestamp) -> Result<bool> {
        let taken = sql("UPDATE registration_tokens SET used = used + 1 \
             WHERE id = $1 AND used < uses AND revoked_at IS NULL AND expires_at > $2")
        .bind(id.as_str().to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(taken == 1)
    }

    /// Revokes a token; `false` when there is none of this id that counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke(&mut self, id: &RegistrationTokenId, now: Timestamp) -> Result<bool> {
        let revoked = sql("UPDATE registration_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
            .bind(id.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(revoked == 1)
    }
}

impl SelfRegisteredClients<'_> {
    /// Writes a new one, that looks after itself by the token behind `hash`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&mut self, client: &SelfRegistered, hash: TokenHash) -> Result<()> {
        sql("INSERT INTO registered_clients (client_id, hash, policy, software_statement, registered_by) \
             VALUES ($1, $2, $3, $4, $5)")
        .bind(client.client_id.clone())
        .bind(hash.to_vec())
        .bind(to_json(&client.policy))
        .bind(client.statement.clone())
        .bind(client.registered_by.as_ref().map(|id| id.as_str().to_owned()))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// The client of this id, if the token is its own.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_token(&mut self, client: &str, hash: TokenHash) -> Result<Option<SelfRegistered>> {
        let row = sql("SELECT client_id, policy, software_statement, registered_by FROM registered_clients \
             WHERE client_id = $1 AND hash = $2")
        .bind(client.to_owned())
        .bind(hash.to_vec())
        .fetch_optional(self.0.connection())
        .await?;
        row.map(|row| {
            Ok(SelfRegistered {
                client_id: row.try_get("client_id")?,
                policy: from_json(&row.try_get::<String>("policy")?, "registered_clients.policy")?,
                statement: row.try_get("software_statement")?,
                registered_by: row.try_get::<Option<String>>("registered_by")?.map(RegistrationTokenId::from_stored),
            })
        })
        .transpose()
    }

    /// Writes down another software statement.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_statement(&mut self, client: &str, statement: Option<&str>) -> Result<()> {
        sql("UPDATE registered_clients SET software_statement = $2 WHERE client_id = $1")
            .bind(client.to_owned())
            .bind(statement.map(str::to_owned))
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// The client looks after itself no more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove(&mut self, client: &str) -> Result<()> {
        sql("DELETE FROM registered_clients WHERE client_id = $1")
            .bind(client.to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}

fn token(row: &Row) -> Result<InitialToken> {
    Ok(InitialToken {
        id: RegistrationTokenId::from_stored(row.try_get("id")?),
        organization: row.try_get::<Option<String>>("organization_id")?.map(OrganizationId::from_stored),
        policy: from_json(&row.try_get::<String>("policy")?, "registration_tokens.policy")?,
        uses: row.try_get("uses")?,
        used: row.try_get("used")?,
        created_at: Timestamp(row.try_get("created_at")?),
        expires_at: Timestamp(row.try_get("expires_at")?),
        revoked_at: row.try_get::<Option<i64>>("revoked_at")?.map(Timestamp),
    })
}
