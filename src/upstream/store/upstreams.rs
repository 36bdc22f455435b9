//! Upstreams, and which node reads each.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    id::{NodeId, OrganizationId, UpstreamId},
    storage::{Error, Result, Row, Tx, sql},
    text::{DomainName, Slug},
    upstream::registry::{Kind, Progress, State, Upstream},
};

/// Queries of upstreams.
pub struct Upstreams<'t>(pub(super) &'t mut Tx);

impl Tx {
    /// Upstreams.
    pub fn upstreams(&mut self) -> Upstreams<'_> {
        Upstreams(self)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, organization_id, name, kind, settings, precedence, created_at, paused_at, paused_by, place, \
               due_at, whole_at, failures, trouble, failed_at, braked, confirmed_at, version, unsettled, domains \
             FROM upstreams ",
            $rest
        )
    };
}

impl Upstreams<'_> {
    /// Inserts an upstream; `false` when the name is taken.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::upstream) async fn insert(&mut self, new: &Upstream, sealed_secret: &[u8]) -> Result<bool> {
        let written = sql("INSERT INTO upstreams \
               (id, organization_id, name, kind, settings, sealed_secret, precedence, due_at, whole_at, failures, \
                confirmed_at, leased_until, created_at, paused_at, domains) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, $8, $8, $9) \
             ON CONFLICT DO NOTHING")
        .bind(new.id.as_str())
        .bind(new.organization.as_str())
        .bind(new.name.as_str())
        .bind(new.kind.name())
        .bind(new.settings.as_str())
        .bind(sealed_secret)
        .bind(new.precedence)
        .bind(new.created_at.0)
        .bind(written(&new.domains))
        .execute(self.0.connection())
        .await?;
        Ok(written == 1)
    }

    /// Writes what it is told by; everything is read next.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::upstream) async fn update(
        &mut self,
        changed: &Upstream,
        sealed_secret: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<()> {
        sql("UPDATE upstreams \
             SET settings = $2, domains = $6, precedence = $3, sealed_secret = COALESCE($4, sealed_secret), place = NULL, due_at = $5, \
               version = version + 1, failures = 0, trouble = NULL, failed_at = NULL \
             WHERE id = $1")
        .bind(changed.id.as_str())
        .bind(changed.settings.as_str())
        .bind(changed.precedence)
        .bind(sealed_secret.map(<[u8]>::to_vec))
        .bind(now.0)
        .bind(written(&changed.domains))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Pauses an upstream, or resumes it with everything read anew.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::upstream) async fn switch(
        &mut self,
        id: &UpstreamId,
        state: State,
        by: &str,
        now: Timestamp,
    ) -> Result<()> {
        let paused = (state == State::Paused).then_some((now.0, by.to_owned()));
        let (paused_at, paused_by) = paused.unzip();
        sql("UPDATE upstreams SET paused_at = $2, paused_by = $3, due_at = $4, place = NULL, failures = 0, \
               version = version + 1 \
             WHERE id = $1")
        .bind(id.as_str())
        .bind(paused_at)
        .bind(paused_by)
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Removes an upstream, its secret and what is remembered of it.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::upstream) async fn remove(&mut self, id: &UpstreamId, now: Timestamp) -> Result<()> {
        for known in
            ["DELETE FROM upstream_names WHERE upstream_id = $1", "DELETE FROM upstream_entries WHERE upstream_id = $1"]
        {
            sql(known).bind(id.as_str()).execute(self.0.connection()).await?;
        }
        sql("UPDATE upstreams SET removed_at = $2, sealed_secret = $3 WHERE id = $1 AND removed_at IS NULL")
            .bind(id.as_str())
            .bind(now.0)
            .bind(Vec::<u8>::new())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// The one of this name that was not removed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_name(&mut self, organization: &OrganizationId, name: &Slug) -> Result<Option<Upstream>> {
        let row = sql(select!("WHERE organization_id = $1 AND name = $2 AND removed_at IS NULL"))
            .bind(organization.as_str())
            .bind(name.as_str())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(upstream).transpose()
    }

    /// One that was not removed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(&mut self, id: &UpstreamId) -> Result<Option<Upstream>> {
        let row = sql(select!("WHERE id = $1 AND removed_at IS NULL"))
            .bind(id.as_str())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(upstream).transpose()
    }

    /// Those of an organization that were not removed, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&mut self, organization: &OrganizationId) -> Result<Vec<Upstream>> {
        let rows = sql(select!("WHERE organization_id = $1 AND removed_at IS NULL ORDER BY name"))
            .bind(organization.as_str())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(upstream).collect()
    }

    /// Those that are not followed, each with its organization: out of reach, waiting for a word, or paused after they were
    /// begun. Of the whole server.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn troubled(&mut self, limit: i64) -> Result<Vec<(Slug, Upstream)>> {
        let rows = sql(select!(
            "WHERE removed_at IS NULL AND (trouble IS NOT NULL OR braked IS NOT NULL OR paused_by IS NOT NULL) \
             ORDER BY organization_id, name LIMIT $1"
        ))
        .bind(limit)
        .fetch_all(self.0.connection())
        .await?;
        let mut found = vec![];
        let all = self.0.organizations().list().await?;
        for upstream in rows.iter().map(upstream).collect::<Result<Vec<_>>>()? {
            let of = all.iter().find(|one| one.id == upstream.organization).map(|one| one.slug.clone());
            found.extend(of.map(|of| (of, upstream)));
        }
        Ok(found)
    }

    pub(in crate::upstream) async fn sealed_secret(&mut self, id: &UpstreamId) -> Result<Vec<u8>> {
        let row = sql("SELECT sealed_secret FROM upstreams WHERE id = $1")
            .bind(id.as_str())
            .fetch_one(self.0.connection())
            .await?;
        row.try_get("sealed_secret")
    }

    /// Directories that are to be read and that nobody reads, each with its organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<(UpstreamId, OrganizationId)>> {
        let rows = sql("SELECT id, organization_id FROM upstreams \
             WHERE kind = 'ldap' AND paused_at IS NULL AND removed_at IS NULL AND due_at <= $1 AND leased_until <= $1 \
             ORDER BY due_at, id LIMIT $2")
        .bind(now.0)
        .bind(limit)
        .fetch_all(self.0.connection())
        .await?;
        let due = |row: &Row| {
            let of = OrganizationId::from_stored(row.try_get("organization_id")?);
            Ok((UpstreamId::from_stored(row.try_get("id")?), of))
        };
        rows.iter().map(due).collect()
    }

    /// Whether a node still has an upstream that was told by this; notes that people are written.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_writing(&mut self, read: (&UpstreamId, i64), node: &NodeId, now: Timestamp) -> Result<bool> {
        let (id, version) = read;
        let done = sql("UPDATE upstreams SET unsettled = 1 \
             WHERE id = $1 AND version = $2 AND leased_by = $3 AND leased_until > $4 AND removed_at IS NULL")
        .bind(id.as_str())
        .bind(version)
        .bind(node.as_str())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    /// Writes how far reading has come, unless somebody changed what it is told by; whether that was so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle(&mut self, read: &Upstream, progress: &Progress, is_settled: bool) -> Result<bool> {
        let (trouble, failed_at) = progress.trouble.clone().map(|(trouble, at)| (trouble, at.0)).unzip();
        let done = sql("UPDATE upstreams \
             SET place = $2, due_at = $3, whole_at = $4, failures = $5, trouble = $6, failed_at = $7, braked = $8, \
               confirmed_at = $9, unsettled = CASE WHEN $10 = 1 THEN 0 ELSE unsettled END \
             WHERE id = $1 AND version = $11 AND removed_at IS NULL")
        .bind(read.id.as_str())
        .bind(progress.place.clone())
        .bind(progress.due_at.0)
        .bind(progress.whole_at.0)
        .bind(progress.failures)
        .bind(trouble)
        .bind(failed_at)
        .bind(progress.braked.map(|many| i64::try_from(many).unwrap_or(i64::MAX)))
        .bind(progress.confirmed_at.0)
        .bind(i64::from(is_settled))
        .bind(read.version)
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    /// Takes or keeps an upstream for this node; whether it has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lease(&mut self, id: &UpstreamId, node: &NodeId, now: Timestamp, length: Duration) -> Result<bool> {
        let row = sql("UPDATE upstreams SET leased_by = $2, leased_until = $3 \
             WHERE id = $1 AND removed_at IS NULL AND (leased_by = $2 OR leased_until <= $4) RETURNING id")
        .bind(id.as_str())
        .bind(node.as_str())
        .bind(now.plus(length).0)
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        Ok(row.is_some())
    }

    /// Gives an upstream back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_back(&mut self, id: &UpstreamId, node: &NodeId) -> Result<()> {
        sql("UPDATE upstreams SET leased_by = NULL, leased_until = 0 WHERE id = $1 AND leased_by = $2")
            .bind(id.as_str())
            .bind(node.as_str())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Gives back all that a node has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(&mut self, node: &NodeId) -> Result<()> {
        sql("UPDATE upstreams SET leased_by = NULL, leased_until = 0 WHERE leased_by = $1")
            .bind(node.as_str())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}

fn written(domains: &[DomainName]) -> String {
    domains.iter().map(DomainName::as_str).collect::<Vec<_>>().join(" ")
}

pub(super) fn upstream(row: &Row) -> Result<Upstream> {
    let instant = |column: &str| row.try_get::<i64>(column).map(Timestamp);
    let perhaps = |column: &str| Ok::<_, Error>(row.try_get::<Option<i64>>(column)?.map(Timestamp));
    let domains = row.try_get::<String>("domains")?;
    let trouble: Option<String> = row.try_get("trouble")?;
    Ok(Upstream {
        id: UpstreamId::from_stored(row.try_get("id")?),
        organization: OrganizationId::from_stored(row.try_get("organization_id")?),
        name: Slug::from_stored(row.try_get("name")?),
        kind: Kind::named(row.try_get("kind")?).ok_or(Error::Corrupt("upstreams.kind"))?,
        settings: row.try_get("settings")?,
        domains: domains.split_whitespace().map(|name| DomainName::from_stored(name.to_owned())).collect(),
        precedence: row.try_get("precedence")?,
        created_at: instant("created_at")?,
        paused_at: perhaps("paused_at")?,
        paused_by: row.try_get("paused_by")?,
        version: row.try_get("version")?,
        is_unsettled: row.try_get::<i64>("unsettled")? == 1,
        progress: Progress {
            place: row.try_get("place")?,
            due_at: instant("due_at")?,
            whole_at: instant("whole_at")?,
            failures: row.try_get("failures")?,
            trouble: trouble.zip(perhaps("failed_at")?),
            braked: row.try_get::<Option<i64>>("braked")?.and_then(|many| u64::try_from(many).ok()),
            confirmed_at: instant("confirmed_at")?,
        },
    })
}
