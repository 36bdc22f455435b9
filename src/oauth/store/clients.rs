//! Clients with their secrets and activations.

use std::{collections::HashMap, time::Duration};

use super::{from_json, to_json};
use crate::{
    clock::Timestamp,
    id::{ClientSecretId, OrganizationId},
    oauth::{
        client::{
            AccessTokenFormat, Activation, AuthenticationMethod, Client, GrantType, Introspects, Registered, Secret,
        },
        client_metadata::ClientMetadata,
        redirect_uri::RedirectUri,
        scope::Scopes,
    },
    secret::TokenHash,
    storage::{
        Error, Result, Row, Statement, Tx,
        batch::in_list,
        filter::{Filter, Operator},
        sql,
    },
};

/// Queries of clients.
pub struct Clients<'t>(&'t mut Tx);

impl Tx {
    /// Clients.
    pub fn clients(&mut self) -> Clients<'_> {
        Clients(self)
    }
}

const COLUMNS: &str = "SELECT id, organization_id, name, token_endpoint_auth_method, first_party, grant_types, \
                       scopes, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, audience, resources, \
                       id_token_signed_response_alg, access_token_signing_alg, access_token_format, \
                       access_token_seconds, pkce_waived, introspects, metadata, created_at, updated_at, \
                       disabled_at, tokens_void_before \
                       FROM clients";

impl Clients<'_> {
    /// A client with all that decides about its requests.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registered(&mut self, id: &str) -> Result<Option<Registered>> {
        let Some(client) = self.by_id(id).await? else { return Ok(None) };
        let (secrets, activations) = (self.secrets(id).await?, self.activations(id).await?);
        Ok(Some(Registered { client, secrets, activations }))
    }

    /// A client alone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(&mut self, id: &str) -> Result<Option<Client>> {
        let rows =
            Filter::select(COLUMNS).and("id", Operator::Equal, id).order("id", 1).fetch(self.0.connection()).await?;
        rows.first().map(client).transpose()
    }

    /// Clients of one organization (`None`: all), in the order of their ids; at most `limit` after `after`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&mut self, owner: Option<&OrganizationId>, after: &str, limit: u32) -> Result<Vec<Client>> {
        let rows = Filter::select(COLUMNS)
            .and_if("organization_id", Operator::Equal, owner.map(OrganizationId::as_str))
            .and("id", Operator::Above, after)
            .order("id", limit)
            .fetch(self.0.connection())
            .await?;
        rows.iter().map(client).collect()
    }

    /// Redirect URIs of all public clients: the origins that may call from a browser.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn browser_redirect_uris(&mut self) -> Result<Vec<RedirectUri>> {
        let rows = sql("SELECT redirect_uris FROM clients \
             WHERE token_endpoint_auth_method = 'none' AND disabled_at IS NULL")
        .fetch_all(self.0.connection())
        .await?;
        let lists = rows.iter().map(|row| list(row, "redirect_uris")).collect::<Result<Vec<Vec<String>>>>()?;
        Ok(lists.into_iter().flatten().map(RedirectUri::from_stored).collect())
    }

    /// Types of authorization details of server-wide clients, each once, in order: what everybody may know.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn detail_types(&mut self) -> Result<Vec<String>> {
        let rows = sql("SELECT metadata FROM clients \
             WHERE organization_id IS NULL AND disabled_at IS NULL AND metadata <> '{}'")
        .fetch_all(self.0.connection())
        .await?;
        let mut types = vec![];
        for row in &rows {
            types.extend(
                from_json::<ClientMetadata>(row.try_get("metadata")?, "clients.metadata")?.authorization_details_types,
            );
        }
        types.sort_unstable();
        types.dedup();
        Ok(types)
    }

    /// Writes a new client; `false` when the id is taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&mut self, client: &Client) -> Result<bool> {
        let insert = sql("INSERT INTO clients (id, organization_id, name, token_endpoint_auth_method, first_party, \
             grant_types, scopes, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, audience, resources, \
             id_token_signed_response_alg, access_token_signing_alg, access_token_format, access_token_seconds, \
             pkce_waived, introspects, metadata, updated_at, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) \
             ON CONFLICT DO NOTHING");
        let written = written(insert, client).bind(client.created_at.0).execute(self.0.connection()).await?;
        Ok(written == 1)
    }

    /// Writes all that was registered of a client anew; its id stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update(&mut self, client: &Client) -> Result<()> {
        let update = sql("UPDATE clients SET organization_id = $2, name = $3, token_endpoint_auth_method = $4, \
             first_party = $5, grant_types = $6, scopes = $7, redirect_uris = $8, post_logout_redirect_uris = $9, \
             backchannel_logout_uri = $10, audience = $11, resources = $12, id_token_signed_response_alg = $13, \
             access_token_signing_alg = $14, access_token_format = $15, access_token_seconds = $16, \
             pkce_waived = $17, introspects = $18, metadata = $19, updated_at = $20 \
             WHERE id = $1");
        written(update, client).execute(self.0.connection()).await?;
        Ok(())
    }

    /// Disables a client (`at`) or enables it again; `false` when there is none, or nothing to change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_disabled(&mut self, id: &str, at: Option<Timestamp>, now: Timestamp) -> Result<bool> {
        let statement = match at {
            Some(_) => "UPDATE clients SET disabled_at = $2, updated_at = $2 WHERE id = $1 AND disabled_at IS NULL",
            None => {
                "UPDATE clients SET disabled_at = NULL, updated_at = $2, tokens_void_before = $2 \
                 WHERE id = $1 AND disabled_at IS NOT NULL"
            }
        };
        let changed = sql(statement).bind(id.to_owned()).bind(now.0).execute(self.0.connection()).await?;
        Ok(changed == 1)
    }

    /// Secrets that were not revoked, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn secrets(&mut self, client: &str) -> Result<Vec<Secret>> {
        let rows = sql("SELECT id, hash, created_at, expires_at FROM client_secrets \
             WHERE client_id = $1 AND revoked_at IS NULL \
             ORDER BY id")
        .bind(client.to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(secret).collect()
    }

    /// Writes a new secret.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_secret(&mut self, client: &str, secret: &Secret) -> Result<()> {
        sql("INSERT INTO client_secrets (id, client_id, hash, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5)")
        .bind(secret.id.as_str().to_owned())
        .bind(client.to_owned())
        .bind(secret.hash.to_vec())
        .bind(secret.created_at.0)
        .bind(secret.expires_at.map(|at| at.0))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Revokes a secret; `false` when the client has none of this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_secret(&mut self, client: &str, id: &ClientSecretId, now: Timestamp) -> Result<bool> {
        let revoked = sql("UPDATE client_secrets SET revoked_at = $3 \
             WHERE client_id = $1 AND id = $2 AND revoked_at IS NULL")
        .bind(client.to_owned())
        .bind(id.as_str().to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(revoked == 1)
    }

    /// A client with a live secret among these, and which one that is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn holder_of(
        &mut self,
        secrets: &[TokenHash],
        now: Timestamp,
    ) -> Result<Option<(String, ClientSecretId)>> {
        let text = format!(
            "SELECT client_id, id FROM client_secrets \
             WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1) AND hash IN ({}) \
             ORDER BY client_id, id LIMIT 1",
            in_list(2, secrets.len())
        );
        // Placeholders only; values are bound.
        let query = sql(text).bind(now.0);
        let query = secrets.iter().fold(query, |query, hash| query.bind(hash.to_vec()));
        let Some(row) = query.fetch_optional(self.0.connection()).await? else { return Ok(None) };
        Ok(Some((row.try_get("client_id")?, ClientSecretId::from_stored(row.try_get("id")?))))
    }

    async fn activations(&mut self, client: &str) -> Result<HashMap<OrganizationId, Activation>> {
        let rows = sql("SELECT organization_id, requires, activated_at FROM activations WHERE client_id = $1")
            .bind(client.to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter()
            .map(|row| {
                let requires = from_json(row.try_get("requires")?, "activations.requires")?;
                let activation = Activation { requires, since: Timestamp(row.try_get("activated_at")?) };
                Ok((OrganizationId::from_stored(row.try_get("organization_id")?), activation))
            })
            .collect()
    }
}

/// Binds what was registered, as `$1` to `$20`.
fn written(statement: Statement, client: &Client) -> Statement {
    let texts = |uris: &[RedirectUri]| to_json(&uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>());
    statement
        .bind(client.id.clone())
        .bind(client.organization.as_ref().map(|id| id.as_str().to_owned()))
        .bind(client.name.clone())
        .bind(client.authentication.name())
        .bind(i64::from(client.is_first_party))
        .bind(to_json(&client.grant_types.iter().map(|grant| grant.name()).collect::<Vec<_>>()))
        .bind(to_json(&client.scopes.iter().collect::<Vec<_>>()))
        .bind(texts(&client.redirect_uris))
        .bind(texts(&client.post_logout_redirect_uris))
        .bind(client.backchannel_logout_uri.clone())
        .bind(client.audience.clone())
        .bind(to_json(&client.resources))
        .bind(client.id_token_algorithm.name())
        .bind(client.access_token_algorithm.name())
        .bind(client.access_token_format.name())
        .bind(client.access_token_life.map(|life| i64::try_from(life.as_secs()).unwrap_or(i64::MAX)))
        .bind(i64::from(client.is_pkce_waived))
        .bind(client.introspects.name())
        .bind(to_json(&client.metadata))
        .bind(client.updated_at.0)
}

fn client(row: &Row) -> Result<Client> {
    let text = |column: &'static str| row.try_get::<String>(column);
    let uris =
        |column| list::<Vec<String>>(row, column).map(|uris| uris.into_iter().map(RedirectUri::from_stored).collect());
    let grants: Vec<String> = list(row, "grant_types")?;
    let scopes: Vec<String> = list(row, "scopes")?;
    let seconds: Option<i64> = row.try_get("access_token_seconds")?;
    Ok(Client {
        id: text("id")?,
        organization: row.try_get::<Option<String>>("organization_id")?.map(OrganizationId::from_stored),
        name: text("name")?,
        authentication: known(
            AuthenticationMethod::named(&text("token_endpoint_auth_method")?),
            "token_endpoint_auth_method",
        )?,
        is_first_party: row.try_get::<i64>("first_party")? != 0,
        grant_types: grants.iter().filter_map(|name| GrantType::named(name)).collect(),
        scopes: scopes.into_iter().collect::<Scopes>(),
        redirect_uris: uris("redirect_uris")?,
        post_logout_redirect_uris: uris("post_logout_redirect_uris")?,
        backchannel_logout_uri: row.try_get("backchannel_logout_uri")?,
        audience: row.try_get("audience")?,
        resources: list(row, "resources")?,
        id_token_algorithm: known(text("id_token_signed_response_alg")?.parse().ok(), "id_token_signed_response_alg")?,
        access_token_algorithm: known(text("access_token_signing_alg")?.parse().ok(), "access_token_signing_alg")?,
        access_token_format: known(AccessTokenFormat::named(&text("access_token_format")?), "access_token_format")?,
        access_token_life: seconds.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0))),
        is_pkce_waived: row.try_get::<i64>("pkce_waived")? != 0,
        introspects: known(Introspects::named(&text("introspects")?), "introspects")?,
        metadata: list(row, "metadata")?,
        created_at: Timestamp(row.try_get("created_at")?),
        updated_at: Timestamp(row.try_get("updated_at")?),
        disabled_at: row.try_get::<Option<i64>>("disabled_at")?.map(Timestamp),
        tokens_void_before: row.try_get::<Option<i64>>("tokens_void_before")?.map(Timestamp),
    })
}

fn secret(row: &Row) -> Result<Secret> {
    Ok(Secret {
        id: ClientSecretId::from_stored(row.try_get("id")?),
        hash: known(TokenHash::from_stored(&row.try_get::<Vec<u8>>("hash")?), "client_secrets.hash")?,
        created_at: Timestamp(row.try_get("created_at")?),
        expires_at: row.try_get::<Option<i64>>("expires_at")?.map(Timestamp),
    })
}

fn list<T: for<'de> serde::Deserialize<'de>>(row: &Row, column: &'static str) -> Result<T> {
    from_json(&row.try_get::<String>(column)?, column)
}

fn known<T>(value: Option<T>, column: &'static str) -> Result<T> {
    value.ok_or(Error::Corrupt(column))
}
