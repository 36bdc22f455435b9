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

const COLUMNS: &str = "anchor, kind, dn, thing_id, digest, account, number, given, ends_at, gone_at, trouble";

impl Entries<'_> {
    /// Writes these, over what was known of them; no anchor is there twice.
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
        let rows = Rows { table: &TABLE, values: entries.iter().map(row).collect() };
        batch::insert(self.0.connection(), &rows).await?;
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

    /// Those that are there, by anchor, after one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn after(&mut self, anchor: &str, limit: i64) -> Result<Vec<KnownEntry>> {
        let text = format!(
            "SELECT {COLUMNS} FROM upstream_entries \
             WHERE upstream_id = $1 AND anchor > $2 AND gone_at IS NULL ORDER BY anchor LIMIT $3"
        );
        let rows = sql(text).bind(self.1.as_str()).bind(anchor).bind(limit).fetch_all(self.0.connection()).await?;
        rows.iter().map(entry).collect()
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

    /// People who have been gone since before `until` and are members still.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn gone_before(&mut self, until: Timestamp, limit: i64) -> Result<Vec<KnownEntry>> {
        let text = format!(
            "SELECT {COLUMNS} FROM upstream_entries \
             WHERE upstream_id = $1 AND gone_at < $2 AND kind = 'person' AND thing_id IS NOT NULL \
             ORDER BY gone_at LIMIT $3"
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
             WHERE upstream_id = $1 AND trouble IS NOT NULL ORDER BY failed_at DESC, anchor LIMIT $2"
        );
        let rows = sql(text).bind(self.1.as_str()).bind(limit).fetch_all(self.0.connection()).await?;
        rows.iter().map(entry).collect()
    }

    /// How many people it lets in, and how many left since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn crowd(&mut self, leaving: u64, since: Timestamp) -> Result<Crowd> {
        let row = sql("SELECT \
               (SELECT COUNT(*) FROM upstream_entries \
                 WHERE upstream_id = $1 AND kind = 'person' AND gone_at IS NULL AND thing_id IS NOT NULL) AS live, \
               (SELECT COUNT(*) FROM upstream_entries \
                 WHERE upstream_id = $1 AND kind = 'person' AND gone_at > $2 AND thing_id IS NOT NULL) AS gone")
        .bind(self.1.as_str())
        .bind(since.0)
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
        number: row.try_get("number")?,
        given: serde_json::from_str(row.try_get("given")?).map_err(|_| Error::Corrupt("upstream_entries.given"))?,
        ends_at: instant("ends_at")?,
        gone_at: instant("gone_at")?,
        trouble: row.try_get("trouble")?,
    })
}
