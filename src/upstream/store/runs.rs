//! What came of reading upstreams.

use crate::{
    clock::Timestamp,
    id::{UpstreamId, UpstreamRunId},
    storage::{Error, Result, Row, Tx, sql},
    upstream::run::{Extent, Report, Run},
};

/// Queries of runs.
pub struct Runs<'t>(&'t mut Tx);

impl Tx {
    /// Runs of upstreams.
    pub fn upstream_runs(&mut self) -> Runs<'_> {
        Runs(self)
    }
}

const COLUMNS: &str = "id, upstream_id, kind, asked_by, begun_at, ended_at, was_read, added, changed, departed, failed, \
                       braked, problem, faults";

impl Runs<'_> {
    /// Keeps a run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&mut self, run: &Run) -> Result<()> {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let report = &run.report;
        sql(format!(
            "INSERT INTO upstream_runs ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
        ))
        .bind(run.id.as_str())
        .bind(run.upstream.as_str())
        .bind(run.extent.name())
        .bind(run.asked_by.as_str())
        .bind(run.begun_at.0)
        .bind(run.ended_at.0)
        .bind(number(report.read))
        .bind(number(report.added))
        .bind(number(report.changed))
        .bind(number(report.departed))
        .bind(number(report.failed))
        .bind(report.braked.map(number))
        .bind(report.problem.clone())
        .bind(serde_json::json!(report.faults).to_string())
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Those of an upstream, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&mut self, upstream: &UpstreamId, limit: i64) -> Result<Vec<Run>> {
        let text = format!(
            "SELECT {COLUMNS} FROM upstream_runs WHERE upstream_id = $1 ORDER BY begun_at DESC, id DESC LIMIT $2"
        );
        let rows = sql(text).bind(upstream.as_str()).bind(limit).fetch_all(self.0.connection()).await?;
        rows.iter().map(run).collect()
    }
}

fn run(row: &Row) -> Result<Run> {
    let instant = |column: &str| row.try_get::<i64>(column).map(Timestamp);
    let count = |column: &str| row.try_get::<i64>(column).map(i64::unsigned_abs);
    Ok(Run {
        id: UpstreamRunId::from_stored(row.try_get("id")?),
        upstream: UpstreamId::from_stored(row.try_get("upstream_id")?),
        extent: Extent::named(row.try_get("kind")?).ok_or(Error::Corrupt("upstream_runs.kind"))?,
        asked_by: row.try_get("asked_by")?,
        begun_at: instant("begun_at")?,
        ended_at: instant("ended_at")?,
        report: Report {
            read: count("was_read")?,
            added: count("added")?,
            changed: count("changed")?,
            departed: count("departed")?,
            failed: count("failed")?,
            faults: serde_json::from_str(row.try_get("faults")?).map_err(|_| Error::Corrupt("upstream_runs.faults"))?,
            braked: row.try_get::<Option<i64>>("braked")?.map(i64::unsigned_abs),
            problem: row.try_get("problem")?,
        },
    })
}
