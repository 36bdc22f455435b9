//! Our keys. One signs: the latest that was ever put to use. The others are announced, or on their way out.

use crate::{
    clock::Timestamp,
    keys::{SealedColumn, Sealer, sealing::OpenFault},
    saml::credential::Credential,
    secret::{ExposeSecret as _, SecretSlice},
    storage::{Error, Result, Row, Tx, sql},
};

/// Queries of our keys.
pub struct SamlKeys<'t>(&'t mut Tx);

impl Tx {
    /// Our keys for SAML.
    pub fn saml_keys(&mut self) -> SamlKeys<'_> {
        SamlKeys(self)
    }
}

/// A key as it is kept.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// Its name: the beginning of the fingerprint of its certificate.
    pub id: String,
    /// The order in which they were made.
    pub turn: i64,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// When that ends.
    pub ends_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it signs; it is announced where it never did.
    pub used_at: Option<Timestamp>,
    sealed: Vec<u8>,
}

impl StoredKey {
    /// Its private half, PKCS #8.
    ///
    /// # Errors
    /// When it was sealed with another master key.
    pub fn open(&self, sealer: &Sealer) -> std::result::Result<SecretSlice<u8>, OpenFault> {
        sealer.open(SealedColumn::SAML_KEY, &self.id, &self.sealed)
    }
}

impl SamlKeys<'_> {
    /// All of them: the one that signs first, then the newer ones before the older ones.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(&mut self) -> Result<Vec<StoredKey>> {
        let rows = sql("SELECT id, turn, certificate, sealed_private, ends_at, created_at, used_at FROM saml_keys \
             ORDER BY turn DESC LIMIT 20")
        .fetch_all(self.0.connection())
        .await?;
        let mut keys: Vec<StoredKey> = rows.iter().map(stored).collect::<Result<_>>()?;
        let signing = keys.iter().position(|key| key.used_at.is_some());
        if let Some(at) = signing {
            let key = keys.remove(at);
            keys.insert(0, key);
        }
        Ok(keys)
    }

    /// Keeps a key as the one of this turn; `false` when somebody else was first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(
        &mut self,
        (id, key): (&str, &Credential),
        (turn, used_at): (i64, Option<Timestamp>),
        sealer: &Sealer,
        now: Timestamp,
    ) -> Result<bool> {
        let written =
            sql("INSERT INTO saml_keys (id, turn, certificate, sealed_private, ends_at, created_at, used_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT DO NOTHING")
            .bind(id)
            .bind(turn)
            .bind(key.certificate().der())
            .bind(sealer.seal(SealedColumn::SAML_KEY, id, key.pkcs8().expose_secret()))
            .bind(key.certificate().ends().0)
            .bind(now.0)
            .bind(used_at.map(|at| at.0))
            .execute(self.0.connection())
            .await?;
        Ok(written == 1)
    }

    /// Puts an announced key to use; `false` when it is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_to_use(&mut self, id: &str, now: Timestamp) -> Result<bool> {
        let written = sql("UPDATE saml_keys SET used_at = $2 WHERE id = $1 AND used_at IS NULL")
            .bind(id)
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(written == 1)
    }

    /// Removes a key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove(&mut self, id: &str) -> Result<()> {
        sql("DELETE FROM saml_keys WHERE id = $1").bind(id).execute(self.0.connection()).await?;
        Ok(())
    }
}

fn stored(row: &Row) -> Result<StoredKey> {
    let used_at: Option<i64> = row.try_get("used_at")?;
    let id: String = row.try_get("id")?;
    if id.is_empty() {
        return Err(Error::Corrupt("saml_keys.id"));
    }
    Ok(StoredKey {
        id,
        turn: row.try_get("turn")?,
        certificate: row.try_get("certificate")?,
        ends_at: Timestamp(row.try_get("ends_at")?),
        created_at: Timestamp(row.try_get("created_at")?),
        used_at: used_at.map(Timestamp),
        sealed: row.try_get("sealed_private")?,
    })
}
