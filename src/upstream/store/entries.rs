//! Who and what an upstream knows.

use std::collections::BTreeSet;

use crate::{
    clock::Timestamp,
    id::UpstreamId,
    storage::{
        Error, Result, Row, Tx, Value,
        batch::{self, Rows, Table, in_list, padded},
        sql,
    },
    upstream::{
        brake::Crowd,
        entry::{Class, KnownEntry},
    },
};

/// Queries of the entries of one upstream.
pub struct Entries<'t>(&'t mut Tx, &'t UpstreamId);

impl Tx {
    /// What an upstream knows.
    pub fn upstream_entries<'t>(&'t mut self, upstream: &'t UpstreamId) -> Entries<'t> {
        Entries(self, upstream)
    }
}

static TABLE: Table = Table {
    name: "upstream_entries",
    columns: &[
        "upstream_id",
        "anchor",
        "kind",
        "dn",
        "thing_id",
        "digest",
        "account",
        "number",
        "given",
        "ends_at",
        "gone_at",
        "trouble",
        "failed_at",
    ],
    suffix: "ON CONFLICT (upstream_id, anchor) DO UPDATE SET kind = excluded.kind, dn = excluded.dn, \
             thing_id = excluded.thing_id, digest = excluded.digest, account = excluded.account, \
             number = excluded.number, given = excluded.given, \
             ends_at = excluded.ends_at, gone_at = excluded.gone_at, trouble = excluded.trouble, \
             failed_at = excluded.failed_at",
};

static NAMES: Table =
    Table { name: "upstream_names", columns: &["upstream_id", "anchor", "name"], suffix: "ON CONFLICT DO NOTHING" };

const COLUMNS: &str = "anchor, kind, dn, thing_id, digest, account, number, given, ends_at, gone_at, trouble";

impl Entries<'_> {
    /// Writes these, over what was known of them; no anchor is there twice. Nobody else is called as they are now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put(&mut self, entries: &[KnownEntry], now: Timestamp) -> Result<()> {
        let row = |entry: &KnownEntry| {
            vec![
                self.1.as_str().into(),
                entry.anchor.as_str().into(),
                entry.class.name().into(),
                entry.dn.as_str().into(),
                entry.thing.clone().into(),
                entry.digest.clone().into(),
                entry.account.clone().into(),
                entry.number.into(),
                serde_json::json!(entry.given).to_string().into(),
                entry.ends_at.map(|at| at.0).into(),
                entry.gone_at.map(|at| at.0).into(),
                entry.trouble.clone().into(),
                entry.trouble.as_ref().map(|_| now.0).into(),
            ]
        };
        for list in padded(&entries.iter().filter(|one| !one.dn.is_empty()).collect::<Vec<_>>()) {
            let text = format!(
                "UPDATE upstream_entries SET dn = '' \
                 WHERE upstream_id = $1 AND dn IN ({}) AND anchor NOT IN ({})",
                in_list(2, list.len()),
                in_list(2 + list.len(), list.len())
            );
            let names = list.iter().map(|one| Value::from(one.dn.as_str()));
            let anchors = list.iter().map(|one| Value::from(one.anchor.as_str()));
            sql(text).bind(self.1.as_str()).bind_all(names.chain(anchors)).execute(self.0.connection()).await?;
        }
        let rows = Rows { table: &TABLE, values: entries.iter().map(row).collect() };
        batch::insert(self.0.connection(), &rows).await?;
        self.put_names(entries).await
    }

    async fn put_names(&mut self, entries: &[KnownEntry]) -> Result<()> {
        let told: Vec<_> = entries.iter().filter_map(|one| Some((&one.anchor, one.names.as_ref()?))).collect();
        for list in padded(&told) {
            let text =
                format!("DELETE FROM upstream_names WHERE upstream_id = $1 AND anchor IN ({})", in_list(2, list.len()));
            let anchors = list.iter().map(|(anchor, _)| Value::from(anchor.as_str()));
            sql(text).bind(self.1.as_str()).bind_all(anchors).execute(self.0.connection()).await?;
        }
        let row = |anchor: &str, name: &str| vec![self.1.as_str().into(), anchor.into(), name.into()];
        let values = told.iter().flat_map(|(anchor, names)| names.iter().map(|name| row(anchor, name))).collect();
        batch::insert(self.0.connection(), &Rows { table: &NAMES, values }).await?;
        Ok(())
    }

    /// Those of these anchors.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_anchors(&mut self, anchors: &[String]) -> Result<Vec<KnownEntry>> {
        self.among("anchor", anchors).await
    }

    /// Those that are called so, in lower case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_dns(&mut self, dns: &[String]) -> Result<Vec<KnownEntry>> {
        self.among("dn", dns).await
    }

    /// People whom groups call so, in lower case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_accounts(&mut self, accounts: &[String]) -> Result<Vec<KnownEntry>> {
        self.among("account", accounts).await
    }

    async fn among(&mut self, column: &'static str, values: &[String]) -> Result<Vec<KnownEntry>> {
        let mut found = vec![];
        for list in padded(values) {
            let text = format!(
                "SELECT {COLUMNS} FROM upstream_entries WHERE upstream_id = $1 AND {column} IN ({})",
                in_list(2, list.len())
            );
            let query = sql(text).bind(self.1.as_str()).bind_all(list.into_iter().map(Value::from));
            for row in query.fetch_all(self.0.connection()).await? {
                found.push(entry(&row)?);
            }
        }
        Ok(found)
    }

    /// Of one class with one of these numbers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_numbers(&mut self, class: Class, numbers: &BTreeSet<i64>) -> Result<Vec<KnownEntry>> {
        let mut found = vec![];
        for list in padded(&numbers.iter().copied().collect::<Vec<_>>()) {
            let text = format!(
                "SELECT {COLUMNS} FROM upstream_entries WHERE upstream_id = $1 AND kind = $2 AND number IN ({})",
                in_list(3, list.len())
            );
            let query = sql(text).bind(self.1.as_str()).bind(class.name());
            let query = query.bind_all(list.into_iter().map(Value::from));
            for row in query.fetch_all(self.0.connection()).await? {
                found.push(entry(&row)?);
            }
        }
        Ok(found)
    }

    /// Those of a class that are there, by anchor, after one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn after(&mut self, class: Class, anchor: &str, limit: i64) -> Result<Vec<KnownEntry>> {
        let text = format!(
            "SELECT {COLUMNS} FROM upstream_entries \
             WHERE upstream_id = $1 AND kind = $2 AND anchor > $3 AND gone_at IS NULL ORDER BY anchor LIMIT $4"
        );
        let query = sql(text).bind(self.1.as_str()).bind(class.name()).bind(anchor).bind(limit);
        query.fetch_all(self.0.connection()).await?.iter().map(entry).collect()
    }

    /// Those that are these memberships or groups.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_things(&mut self, things: &[String]) -> Result<Vec<KnownEntry>> {
        self.among("thing_id", things).await
    }

    /// People whose accounts have come to their end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ended(&mut self, now: Timestamp, limit: i64) -> Result<Vec<KnownEntry>> {
        let text = format!(
            "SELECT {COLUMNS} FROM upstream_entries \
             WHERE upstream_id = $1 AND ends_at <= $2 AND gone_at IS NULL ORDER BY ends_at LIMIT $3"
        );
        let rows = sql(text).bind(self.1.as_str()).bind(now.0).bind(limit).fetch_all(self.0.connection()).await?;
        rows.iter().map(entry).collect()
    }

    /// What has been gone since before `until` and is a member or group still.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn gone_before(&mut self, until: Timestamp, limit: i64) -> Result<Vec<KnownEntry>> {
        let text = format!(
            "SELECT {COLUMNS} FROM upstream_entries \
             WHERE upstream_id = $1 AND gone_at < $2 AND thing_id IS NOT NULL ORDER BY gone_at LIMIT $3"
        );
        let rows = sql(text).bind(self.1.as_str()).bind(until.0).bind(limit).fetch_all(self.0.connection()).await?;
        rows.iter().map(entry).collect()
    }

    /// Those whose last word was not followed, and was tried before `until`, the longest ago first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn to_retry(&mut self, until: Timestamp, limit: i64) -> Result<Vec<KnownEntry>> {
        let text = format!(
            "SELECT {COLUMNS} FROM upstream_entries \
             WHERE upstream_id = $1 AND trouble IS NOT NULL AND gone_at IS NULL AND failed_at < $2 \
             ORDER BY failed_at LIMIT $3"
        );
        let rows = sql(text).bind(self.1.as_str()).bind(until.0).bind(limit).fetch_all(self.0.connection()).await?;
        rows.iter().map(entry).collect()
    }

    /// Those whose last word was not followed, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn troubled(&mut self, limit: i64) -> Result<Vec<KnownEntry>> {
        let text = format!(
            "SELECT {COLUMNS} FROM upstream_entries \
             WHERE upstream_id = $1 AND trouble IS NOT NULL AND gone_at IS NULL ORDER BY failed_at DESC, anchor LIMIT $2"
        );
        let rows = sql(text).bind(self.1.as_str()).bind(limit).fetch_all(self.0.connection()).await?;
        rows.iter().map(entry).collect()
    }

    /// How many of a class are there, and how many left since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn crowd(&mut self, class: Class, leaving: u64, since: Timestamp) -> Result<Crowd> {
        let row = sql("SELECT \
               (SELECT COUNT(*) FROM upstream_entries \
                 WHERE upstream_id = $1 AND kind = $3 AND gone_at IS NULL AND thing_id IS NOT NULL) AS live, \
               (SELECT COUNT(*) FROM upstream_entries \
                 WHERE upstream_id = $1 AND kind = $3 AND gone_at > $2 AND thing_id IS NOT NULL) AS gone")
        .bind(self.1.as_str())
        .bind(since.0)
        .bind(class.name())
        .fetch_one(self.0.connection())
        .await?;
        let count = |column: &str| row.try_get::<i64>(column).map(i64::unsigned_abs);
        Ok(Crowd { live: count("live")?, leaving, left: count("gone")? })
    }

    /// How many people and groups are there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counts(&mut self) -> Result<(u64, u64)> {
        let row = sql("SELECT COUNT(CASE WHEN kind = 'person' THEN 1 END) AS people, \
               COUNT(CASE WHEN kind = 'group' THEN 1 END) AS crowds \
             FROM upstream_entries WHERE upstream_id = $1 AND gone_at IS NULL AND thing_id IS NOT NULL")
        .bind(self.1.as_str())
        .fetch_one(self.0.connection())
        .await?;
        let count = |column: &str| row.try_get::<i64>(column).map(i64::unsigned_abs);
        Ok((count("people")?, count("crowds")?))
    }
}

fn entry(row: &Row) -> Result<KnownEntry> {
    let instant = |column: &str| Ok::<_, Error>(row.try_get::<Option<i64>>(column)?.map(Timestamp));
    Ok(KnownEntry {
        anchor: row.try_get("anchor")?,
        class: Class::named(row.try_get("kind")?).ok_or(Error::Corrupt("upstream_entries.kind"))?,
        dn: row.try_get("dn")?,
        thing: row.try_get("thing_id")?,
        digest: row.try_get("digest")?,
        account: row.try_get("account")?,
        names: None,
        number: row.try_get("number")?,
        given: serde_json::from_str(row.try_get("given")?).map_err(|_| Error::Corrupt("upstream_entries.given"))?,
        ends_at: instant("ends_at")?,
        gone_at: instant("gone_at")?,
        trouble: row.try_get("trouble")?,
    })
}
