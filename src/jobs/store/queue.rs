//! The queue.

use crate::{
    audit::Context,
    clock::Timestamp,
    id::{JobId, NodeId},
    jobs::{
        Failed, Job, Lane, Leased,
        retry::{self, Next},
    },
    keys::{SealedColumn, Sealer},
    secret::ExposeSecret,
    storage::{Result, Tx, Value, batch::Table, sql},
};

static JOBS: Table =
    Table { name: "jobs", columns: &["id", "kind", "payload", "run_at", "attempts", "created_at"], suffix: "" };

/// Jobs that wait, run and failed.
pub struct Jobs<'t>(&'t mut Tx);

impl Tx {
    /// The queue.
    pub fn jobs(&mut self) -> Jobs<'_> {
        Jobs(self)
    }
}

impl Jobs<'_> {
    /// Adds a job that is due at once, in the unit of the change that asks for it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enqueue(&mut self, context: &Context, sealer: &Sealer, job: &Job) -> Result<JobId> {
        let (id, payload) = sealed(context, sealer, job);
        sql("INSERT INTO jobs (id, kind, payload, run_at, attempts, created_at) \
             VALUES ($1, $2, $3, $4, 0, $4)")
        .bind(id.as_str().to_owned())
        .bind(job.kind())
        .bind(payload)
        .bind(context.now.0)
        .execute(self.0.connection())
        .await?;
        Ok(id)
    }

    /// Adds a job without payload that is due at once: written with the commit, those of one unit together.
    pub fn append(&mut self, context: &Context, job: &Job) -> JobId {
        let id = JobId::fresh(context.now, &context.random);
        self.appended(context, (id.clone(), vec![]), job);
        id
    }

    /// The same with its payload, for many at a time.
    pub fn append_sealed(&mut self, context: &Context, sealer: &Sealer, job: &Job) {
        self.appended(context, sealed(context, sealer, job), job);
    }

    fn appended(&mut self, context: &Context, (id, payload): (JobId, Vec<u8>), job: &Job) {
        let values = vec![
            id.as_str().into(),
            job.kind().into(),
            Value::Bytes(payload),
            context.now.0.into(),
            0.into(),
            context.now.0.into(),
        ];
        self.0.append(&JOBS, values);
    }

    /// Whether any job is due; cheap, for the look once a second.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_any_due(&mut self, now: Timestamp) -> Result<bool> {
        let row = sql("SELECT id FROM jobs \
             WHERE failed_at IS NULL AND run_at <= $1 AND COALESCE(leased_until, 0) <= $1 \
             LIMIT 1")
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        Ok(row.is_some())
    }

    /// Leases up to `most` due jobs of a lane (`None`: of any) to `node`, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lease(
        &mut self,
        (node, sealer): (&NodeId, &Sealer),
        now: Timestamp,
        (lane, most): (Option<Lane>, i64),
    ) -> Result<Vec<Leased>> {
        // Parts of our own only; values are bound.
        let text = format!(
            "UPDATE jobs SET leased_until = $2, leased_by = $3, attempts = attempts + 1 \
             WHERE id IN ( \
               SELECT id FROM jobs \
               WHERE failed_at IS NULL AND run_at <= $1 AND COALESCE(leased_until, 0) <= $1 AND {} \
               ORDER BY run_at LIMIT $4) \
             AND COALESCE(leased_until, 0) <= $1 \
             RETURNING id, kind, payload, attempts",
            match lane {
                Some(Lane::Mail) => "kind IN ('send-mail', 'tell-owners')",
                Some(Lane::Apps) => "kind NOT IN ('send-mail', 'tell-owners')",
                None => "1 = 1",
            }
        );
        let rows = sql(text)
            .bind(now.0)
            .bind(now.plus(retry::LEASE).0)
            .bind(node.as_str().to_owned())
            .bind(most)
            .fetch_all(self.0.connection())
            .await?;
        let mut leased = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = JobId::from_stored(row.try_get("id")?);
            let payload: Vec<u8> = row.try_get("payload")?;
            let job = if payload.is_empty() {
                Job::without_payload(&row.try_get::<String>("kind")?)
            } else {
                let plain = sealer.open(SealedColumn::JOB, id.as_str(), &payload).ok();
                plain.and_then(|plain| serde_json::from_slice(plain.expose_secret()).ok())
            };
            leased.push(Leased { id, job, attempts: row.try_get("attempts")?, by: node.clone() });
        }
        leased.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(leased)
    }

    /// A job was done: it leaves the queue, unless another node has taken it over (`false`).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn complete(&mut self, id: &JobId, node: &NodeId) -> Result<bool> {
        let done = sql("DELETE FROM jobs WHERE id = $1 AND leased_by = $2")
            .bind(id.as_str().to_owned())
            .bind(node.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(done == 1)
    }

    /// A job failed: it is tried again later, or given up, unless another node has taken it over (`false`).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fail(&mut self, leased: &Leased, next: Next, now: Timestamp, why: &str) -> Result<bool> {
        let (run_at, failed_at) = match next {
            Next::Again(at) => (at, None),
            Next::GiveUp => (now, Some(now.0)),
        };
        let failed =
            sql("UPDATE jobs SET run_at = $2, failed_at = $3, last_error = $4, leased_until = NULL, leased_by = NULL \
             WHERE id = $1 AND leased_by = $5")
            .bind(leased.id.as_str().to_owned())
            .bind(run_at.0)
            .bind(failed_at)
            .bind(why.chars().take(500).collect::<String>())
            .bind(leased.by.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(failed == 1)
    }

    /// Gives back the jobs that `node` has leased and not finished.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(&mut self, node: &NodeId) -> Result<()> {
        sql("UPDATE jobs SET leased_until = NULL, leased_by = NULL WHERE leased_by = $1")
            .bind(node.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Jobs that were given up, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn failed(&mut self, most: i64) -> Result<Vec<Failed>> {
        let rows = sql("SELECT id, kind, failed_at, COALESCE(last_error, '') AS last_error FROM jobs \
             WHERE failed_at IS NOT NULL \
             ORDER BY id DESC \
             LIMIT $1")
        .bind(most)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Failed {
                    id: JobId::from_stored(row.try_get("id")?),
                    kind: row.try_get("kind")?,
                    failed_at: Timestamp(row.try_get("failed_at")?),
                    last_error: row.try_get("last_error")?,
                })
            })
            .collect()
    }

    /// How many jobs of a kind wait or run, at most `most`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_of(&mut self, kind: &'static str, most: i64) -> Result<i64> {
        let row = sql("SELECT COUNT(*) AS n FROM \
             (SELECT id FROM jobs WHERE failed_at IS NULL AND kind = $1 LIMIT $2) AS j")
        .bind(kind)
        .bind(most)
        .fetch_one(self.0.connection())
        .await?;
        row.try_get("n")
    }

    /// How many jobs wait or run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting(&mut self) -> Result<i64> {
        let row = sql("SELECT COUNT(*) AS n FROM jobs WHERE failed_at IS NULL").fetch_one(self.0.connection()).await?;
        row.try_get("n")
    }
}

/// The id and the payload of a new job.
fn sealed(context: &Context, sealer: &Sealer, job: &Job) -> (JobId, Vec<u8>) {
    let id = JobId::fresh(context.now, &context.random);
    let plain = serde_json::to_vec(job).expect("a job is texts and numbers, which always make JSON");
    let payload = sealer.seal(SealedColumn::JOB, id.as_str(), &plain);
    (id, payload)
}
