//! What each app has, as far as it was written down, and what is to be sent next.

use super::targets::problem;
use crate::{
    clock::Timestamp,
    id::TargetId,
    scim::{
        ResourceType,
        outbound::{decision::Remembered, problem::Problem, thing::Thing},
    },
    storage::{
        Result, Row, Tx, Value,
        batch::{self, Rows, Table, in_list, padded},
        sql,
    },
};

/// Queries of what an app has.
pub struct PushedRows<'t> {
    pub(super) tx: &'t mut Tx,
    pub(super) target: TargetId,
}

impl Tx {
    /// What an app has.
    pub fn pushed(&mut self, target: &TargetId) -> PushedRows<'_> {
        PushedRows { tx: self, target: target.clone() }
    }
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Whoever may have left.
    Leaver,
    /// Everybody else.
    Person,
    /// Groups, whose members have to be there.
    Group,
}

/// What is remembered of one person or group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Who or what.
    pub thing: Thing,
    /// Its id in the app.
    pub remote_id: Option<String>,
    /// The digest of the last document that the app took.
    pub digest: Option<String>,
    /// The paths in it.
    pub sent: Vec<String>,
    /// What it is called there, as far as it is known; of people only.
    pub name: Option<String>,
    /// Whether it is active there.
    pub is_live: bool,
    /// When it is sent next; as it should be when `None`.
    pub due_at: Option<Timestamp>,
    /// How urgent that is.
    pub rank: Rank,
    /// Since when it may be there without our knowing.
    pub tried_at: Option<Timestamp>,
    /// Tries in a row that failed.
    pub attempts: i64,
    /// Why the last one did, and when.
    pub trouble: Option<(Problem, Timestamp)>,
}

impl Pushed {
    /// Of something of which nothing is remembered.
    #[must_use]
    pub fn nothing(thing: Thing) -> Self {
        let rank = if thing.kind() == ResourceType::Group { Rank::Group } else { Rank::Person };
        Self {
            thing,
            remote_id: None,
            digest: None,
            sent: vec![],
            name: None,
            is_live: false,
            due_at: None,
            rank,
            tried_at: None,
            attempts: 0,
            trouble: None,
        }
    }

    /// For the decision.
    #[must_use]
    pub fn remembered(&self) -> Remembered<'_> {
        Remembered {
            remote: self.remote_id.as_deref(),
            digest: self.digest.as_deref(),
            is_live: self.is_live,
            is_uncertain: self.tried_at.is_some(),
        }
    }
}

/// What is to be remembered after a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing at all.
    Forget,
    /// This; `left_at` is set for whoever has just left.
    Keep(Box<Pushed>, Option<Timestamp>),
}

static MARKS: Table = Table {
    name: "scim_pushed",
    columns: &["target_id", "id", "kind", "sent", "is_live", "due_at", "rank", "attempts"],
    suffix: "ON CONFLICT (target_id, id) DO UPDATE SET due_at = excluded.due_at, rank = CASE \
             WHEN scim_pushed.due_at IS NOT NULL AND scim_pushed.rank < excluded.rank THEN scim_pushed.rank \
             ELSE excluded.rank END",
};

static OUTCOMES: Table = Table {
    name: "scim_pushed",
    columns: &[
        "target_id",
        "id",
        "kind",
        "remote_id",
        "digest",
        "sent",
        "name",
        "is_live",
        "left_at",
        "due_at",
        "rank",
        "tried_at",
        "attempts",
        "trouble",
        "detail",
        "failed_at",
    ],
    suffix: "ON CONFLICT (target_id, id) DO UPDATE SET remote_id = excluded.remote_id, digest = excluded.digest, \
             sent = excluded.sent, name = excluded.name, is_live = excluded.is_live, left_at = COALESCE(excluded.left_at, scim_pushed.left_at), \
             due_at = excluded.due_at, rank = excluded.rank, tried_at = excluded.tried_at, attempts = excluded.attempts, \
             trouble = excluded.trouble, detail = excluded.detail, failed_at = excluded.failed_at",
};

/// Rows of one app, which is `$1`.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, remote_id, digest, sent, name, is_live, due_at, rank, tried_at, attempts, trouble, detail, failed_at \
             FROM scim_pushed WHERE target_id = $1 ",
            $rest
        )
    };
}

pub(super) use select;

impl PushedRows<'_> {
    /// Notes that these may have changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark(&mut self, things: &[(Thing, Rank)], now: Timestamp) -> Result<()> {
        let row = |(thing, rank): &(Thing, Rank)| {
            vec![
                self.target.as_str().into(),
                thing.id().into(),
                thing.stored_kind().into(),
                "".into(),
                0.into(),
                now.0.into(),
                Value::from(*rank as i64),
                0.into(),
            ]
        };
        let rows = Rows { table: &MARKS, values: things.iter().map(row).collect() };
        batch::insert(self.tx.connection(), &rows).await?;
        Ok(())
    }

    /// Notes that members of all groups may have changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark_groups(&mut self, now: Timestamp) -> Result<()> {
        sql("UPDATE scim_pushed SET due_at = $2 WHERE target_id = $1 AND kind = 'group' AND due_at IS NULL")
            .bind(self.target.as_str())
            .bind(now.0)
            .execute(self.tx.connection())
            .await?;
        Ok(())
    }

    /// Lets what waits for its pause, or for a word, be tried at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hurry(&mut self, now: Timestamp) -> Result<()> {
        sql("UPDATE scim_pushed SET due_at = $2 WHERE target_id = $1 AND due_at > $2")
            .bind(self.target.as_str())
            .bind(now.0)
            .execute(self.tx.connection())
            .await?;
        Ok(())
    }

    /// What is to be sent now and as urgent as `upto`, what is urgent first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due(&mut self, now: Timestamp, upto: Rank, limit: u32) -> Result<Vec<Pushed>> {
        let rows = sql(select!("AND due_at <= $2 AND rank <= $3 ORDER BY rank, due_at, id LIMIT $4"))
            .bind(self.target.as_str())
            .bind(now.0)
            .bind(upto as i64)
            .bind(i64::from(limit))
            .fetch_all(self.tx.connection())
            .await?;
        rows.iter().map(pushed).collect()
    }

    /// When something is to be sent next.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&mut self) -> Result<Option<Timestamp>> {
        let row = sql("SELECT MIN(due_at) AS due_at FROM scim_pushed WHERE target_id = $1 AND due_at IS NOT NULL")
            .bind(self.target.as_str())
            .fetch_one(self.tx.connection())
            .await?;
        Ok(row.try_get::<Option<i64>>("due_at")?.map(Timestamp))
    }

    /// All that is remembered, in the order of the ids here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page(&mut self, after: &str, limit: u32) -> Result<Vec<Pushed>> {
        let rows = sql(select!("AND id > $2 ORDER BY id LIMIT $3"))
            .bind(self.target.as_str())
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(self.tx.connection())
            .await?;
        rows.iter().map(pushed).collect()
    }

    /// What was refused, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn troubled(&mut self, limit: u32) -> Result<Vec<Pushed>> {
        let rows = sql(select!("AND trouble IS NOT NULL ORDER BY failed_at DESC, id LIMIT $2"))
            .bind(self.target.as_str())
            .bind(i64::from(limit))
            .fetch_all(self.tx.connection())
            .await?;
        rows.iter().map(pushed).collect()
    }

    /// Those that have these ids in the app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_remote(&mut self, kind: ResourceType, remote: &[String]) -> Result<Vec<Pushed>> {
        let mut found = vec![];
        for list in padded(remote) {
            let statement = format!("{} AND remote_id IN ({})", select!("AND kind = $2"), in_list(3, list.len()));
            let query = sql(statement).bind(self.target.as_str()).bind(stored(kind)).bind_all(list);
            for row in query.fetch_all(self.tx.connection()).await? {
                found.push(pushed(&row)?);
            }
        }
        Ok(found)
    }

    /// What is remembered of these.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(&mut self, ids: &[String]) -> Result<Vec<Pushed>> {
        let mut found = vec![];
        for list in padded(ids) {
            let statement = format!("{} AND id IN ({})", select!(""), in_list(2, list.len()));
            for row in sql(statement).bind(self.target.as_str()).bind_all(list).fetch_all(self.tx.connection()).await? {
                found.push(pushed(&row)?);
            }
        }
        Ok(found)
    }

    /// Notes, before they are sent, that these may come to be in the app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_all(&mut self, ids: &[String], now: Timestamp) -> Result<()> {
        for list in padded(ids) {
            let statement = format!(
                "UPDATE scim_pushed SET tried_at = $2 WHERE target_id = $1 AND id IN ({})",
                in_list(3, list.len())
            );
            let query = sql(statement).bind(self.target.as_str()).bind(now.0).bind_all(list);
            query.execute(self.tx.connection()).await?;
        }
        Ok(())
    }

    /// Writes what became of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle(&mut self, outcomes: &[(Thing, Outcome)]) -> Result<()> {
        let forgotten = outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Forget);
        let forgotten: Vec<String> = forgotten.map(|(thing, _)| thing.id().to_owned()).collect();
        self.forget(&forgotten).await?;
        let kept = outcomes.iter().filter_map(|(_, outcome)| match outcome {
            Outcome::Keep(pushed, left_at) => Some(self.values(pushed, *left_at)),
            Outcome::Forget => None,
        });
        let rows = Rows { table: &OUTCOMES, values: kept.collect() };
        batch::insert(self.tx.connection(), &rows).await?;
        Ok(())
    }

    fn values(&self, pushed: &Pushed, left_at: Option<Timestamp>) -> Vec<Value> {
        let (problem, failed_at) = pushed.trouble.as_ref().map(|(problem, at)| (problem, at.0)).unzip();
        vec![
            self.target.as_str().into(),
            pushed.thing.id().into(),
            pushed.thing.stored_kind().into(),
            pushed.remote_id.clone().into(),
            pushed.digest.clone().into(),
            pushed.sent.join(" ").into(),
            pushed.name.clone().into(),
            i64::from(pushed.is_live).into(),
            left_at.map(|at| at.0).into(),
            pushed.due_at.map(|at| at.0).into(),
            Value::from(pushed.rank as i64),
            pushed.tried_at.map(|at| at.0).into(),
            pushed.attempts.into(),
            problem.map(|problem| problem.trouble.name()).into(),
            problem.map(|problem| problem.detail.as_str()).into(),
            failed_at.into(),
        ]
    }

    async fn forget(&mut self, ids: &[String]) -> Result<()> {
        for list in padded(ids) {
            for table in
                ["scim_pushed_members WHERE target_id = $1 AND group_id", "scim_pushed WHERE target_id = $1 AND id"]
            {
                let statement = format!("DELETE FROM {table} IN ({})", in_list(2, list.len()));
                let query = sql(statement).bind(self.target.as_str()).bind_all(list.clone());
                query.execute(self.tx.connection()).await?;
            }
        }
        Ok(())
    }
}

pub(super) const fn stored(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::User => "user",
        ResourceType::Group => "group",
    }
}

pub(super) fn pushed(row: &Row) -> Result<Pushed> {
    let instant = |column: &str| row.try_get::<Option<i64>>(column).map(|at| at.map(Timestamp));
    Ok(Pushed {
        thing: Thing::from_stored(row.try_get("id")?),
        remote_id: row.try_get("remote_id")?,
        digest: row.try_get("digest")?,
        sent: row.try_get::<&str>("sent")?.split_whitespace().map(str::to_owned).collect(),
        name: row.try_get("name")?,
        is_live: row.try_get::<i64>("is_live")? != 0,
        due_at: instant("due_at")?,
        rank: match row.try_get::<i64>("rank")? {
            0 => Rank::Leaver,
            1 => Rank::Person,
            _ => Rank::Group,
        },
        tried_at: instant("tried_at")?,
        attempts: row.try_get("attempts")?,
        trouble: problem(row)?,
    })
}
