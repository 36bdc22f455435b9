//! Targets, and how far each has come.

use url::Url;

use crate::{
    clock::Timestamp,
    id::{GroupId, OrganizationId, TargetId},
    scim::outbound::{
        features::Features,
        problem::{Problem, Trouble},
        target::{Progress, State, Target},
    },
    storage::{
        Error, Result, Row, Tx,
        batch::{self, Rows, Table},
        sql,
    },
    text::Slug,
};

/// Queries of targets.
pub struct Targets<'t>(pub(super) &'t mut Tx);

impl Tx {
    /// Apps that people and groups are pushed to.
    pub fn targets(&mut self) -> Targets<'_> {
        Targets(self)
    }
}

static GROUPS: Table = Table { name: "scim_target_groups", columns: &["target_id", "purpose", "group_id"], suffix: "" };

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.organization_id, t.name, t.url, t.settings, t.features, t.seal, t.server_seal, t.looked_at, \
               t.due_at, t.reconciled_at, t.failures, t.trouble, t.detail, t.failed_at, t.braked, t.confirmed_at, \
               t.crawl, t.survey, t.created_at, t.paused_at, t.paused_by \
             FROM scim_targets t ",
            $rest
        )
    };
}

pub(super) use select;

/// The last links of both audit chains that concern an organization.
const SEALS: &str = "COALESCE((SELECT MAX(s.seal) FROM audit_seals s WHERE s.chain = scim_targets.organization_id), 0), \
                     server_seal = COALESCE((SELECT MAX(s.seal) FROM audit_seals s WHERE s.chain = 'server'), 0)";

impl Targets<'_> {
    /// Inserts a target that reads the audit log from now on; `false` when the name is taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&mut self, new: &Target, sealed_token: &[u8]) -> Result<bool> {
        let written = sql("INSERT INTO scim_targets \
               (id, organization_id, name, url, sealed_token, settings, seal, server_seal, looked_at, due_at, \
                reconciled_at, failures, confirmed_at, leased_until, created_at, paused_at) \
             VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $7, 0, 0, 0, 0, $7, $7) \
             ON CONFLICT DO NOTHING")
        .bind(new.id.as_str())
        .bind(new.organization.as_str())
        .bind(new.name.as_str())
        .bind(new.url.as_str())
        .bind(sealed_token)
        .bind(settings(new))
        .bind(new.created_at.0)
        .execute(self.0.connection())
        .await?;
        if written == 1 {
            self.put_groups(new).await?;
            self.begin_anew(&new.id, new.created_at).await?;
        }
        Ok(written == 1)
    }

    /// Writes how an app is pushed to; another address is another app, of which nothing is remembered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update(&mut self, changed: &Target, sealed_token: Option<&[u8]>, now: Timestamp) -> Result<()> {
        let before = sql("SELECT url FROM scim_targets WHERE id = $1")
            .bind(changed.id.as_str())
            .fetch_one(self.0.connection())
            .await?;
        if before.try_get::<&str>("url")? != changed.url.as_str() {
            self.forget(&changed.id).await?;
        }
        sql("UPDATE scim_targets \
             SET url = $2, settings = $3, sealed_token = COALESCE($4, sealed_token), features = NULL \
             WHERE id = $1")
        .bind(changed.id.as_str())
        .bind(changed.url.as_str())
        .bind(settings(changed))
        .bind(sealed_token.map(<[u8]>::to_vec))
        .execute(self.0.connection())
        .await?;
        sql("DELETE FROM scim_target_groups WHERE target_id = $1")
            .bind(changed.id.as_str())
            .execute(self.0.connection())
            .await?;
        self.put_groups(changed).await?;
        self.begin_anew(&changed.id, now).await
    }

    async fn put_groups(&mut self, target: &Target) -> Result<()> {
        let row =
            |purpose: &str, group: &GroupId| vec![target.id.as_str().into(), purpose.into(), group.as_str().into()];
        let people = target.people.iter().map(|group| row("people", group));
        let values = people.chain(target.groups.iter().map(|group| row("groups", group))).collect();
        batch::insert(self.0.connection(), &Rows { table: &GROUPS, values }).await?;
        Ok(())
    }

    /// The next run compares everything, and reads the audit log from here.
    async fn begin_anew(&mut self, id: &TargetId, now: Timestamp) -> Result<()> {
        sql(format!(
            "UPDATE scim_targets \
             SET seal = {SEALS}, looked_at = $2, due_at = $2, reconciled_at = 0, failures = 0, trouble = NULL, \
               detail = NULL, failed_at = NULL, crawl = NULL, survey = NULL \
             WHERE id = $1"
        ))
        .bind(id.as_str())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Pauses a target, or resumes it with everything compared anew.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn switch(&mut self, id: &TargetId, state: State, by: &str, now: Timestamp) -> Result<()> {
        let paused = (state == State::Paused).then_some((now.0, by.to_owned()));
        let (paused_at, paused_by) = paused.unzip();
        sql("UPDATE scim_targets SET paused_at = $2, paused_by = $3 WHERE id = $1")
            .bind(id.as_str())
            .bind(paused_at)
            .bind(paused_by)
            .execute(self.0.connection())
            .await?;
        if state == State::Live { self.begin_anew(id, now).await } else { Ok(()) }
    }

    /// Removes a target, its token and what is remembered of the app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove(&mut self, id: &TargetId, now: Timestamp) -> Result<()> {
        self.forget(id).await?;
        sql("UPDATE scim_targets SET removed_at = $2, sealed_token = $3 WHERE id = $1 AND removed_at IS NULL")
            .bind(id.as_str())
            .bind(now.0)
            .bind(Vec::<u8>::new())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    async fn forget(&mut self, id: &TargetId) -> Result<()> {
        for statement in
            ["DELETE FROM scim_pushed_members WHERE target_id = $1", "DELETE FROM scim_pushed WHERE target_id = $1"]
        {
            sql(statement).bind(id.as_str()).execute(self.0.connection()).await?;
        }
        Ok(())
    }

    /// The one of this name that was not removed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_name(&mut self, organization: &OrganizationId, name: &Slug) -> Result<Option<Target>> {
        let rows = sql(select!("WHERE t.organization_id = $1 AND t.name = $2 AND t.removed_at IS NULL"))
            .bind(organization.as_str())
            .bind(name.as_str())
            .fetch_all(self.0.connection())
            .await?;
        Ok(self.with_groups(&rows).await?.pop())
    }

    /// One that was not removed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(&mut self, id: &TargetId) -> Result<Option<Target>> {
        let rows = sql(select!("WHERE t.id = $1 AND t.removed_at IS NULL"))
            .bind(id.as_str())
            .fetch_all(self.0.connection())
            .await?;
        Ok(self.with_groups(&rows).await?.pop())
    }

    /// Those of an organization that were not removed, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&mut self, organization: &OrganizationId) -> Result<Vec<Target>> {
        let rows = sql(select!("WHERE t.organization_id = $1 AND t.removed_at IS NULL ORDER BY t.name"))
            .bind(organization.as_str())
            .fetch_all(self.0.connection())
            .await?;
        self.with_groups(&rows).await
    }

    pub(super) async fn with_groups(&mut self, rows: &[Row]) -> Result<Vec<Target>> {
        let mut targets = rows.iter().map(target).collect::<Result<Vec<_>>>()?;
        let Some(first) = targets.first() else { return Ok(targets) };
        // All are of one organization, or few.
        let by = if targets.iter().all(|one| one.organization == first.organization) {
            sql("SELECT g.target_id, g.purpose, g.group_id FROM scim_target_groups g \
                 JOIN scim_targets t ON t.id = g.target_id \
                 WHERE t.organization_id = $1 ORDER BY g.group_id")
            .bind(first.organization.as_str())
        } else {
            sql("SELECT target_id, purpose, group_id FROM scim_target_groups ORDER BY group_id")
        };
        for row in by.fetch_all(self.0.connection()).await? {
            let id: &str = row.try_get("target_id")?;
            let Some(target) = targets.iter_mut().find(|one| one.id.as_str() == id) else { continue };
            let list =
                if row.try_get::<&str>("purpose")? == "people" { &mut target.people } else { &mut target.groups };
            list.push(GroupId::from_stored(row.try_get("group_id")?));
        }
        Ok(targets)
    }

    /// The sealed token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_token(&mut self, id: &TargetId) -> Result<Vec<u8>> {
        let row = sql("SELECT sealed_token FROM scim_targets WHERE id = $1")
            .bind(id.as_str())
            .fetch_one(self.0.connection())
            .await?;
        row.try_get("sealed_token")
    }

    /// Writes what the app can do.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_features(&mut self, id: &TargetId, features: Features) -> Result<()> {
        sql("UPDATE scim_targets SET features = $2 WHERE id = $1")
            .bind(id.as_str())
            .bind(json(&features))
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Writes how far changes were noted, and whether everybody is to be looked at for that.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn noted(&mut self, id: &TargetId, progress: &Progress) -> Result<()> {
        sql("UPDATE scim_targets SET seal = $2, server_seal = $3, looked_at = $4, survey = $5 WHERE id = $1")
            .bind(id.as_str())
            .bind(progress.seal)
            .bind(progress.server_seal)
            .bind(progress.looked_at.0)
            .bind(progress.survey.as_ref().map(json))
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Writes that many are to leave, or that somebody said that it is meant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn brake(&mut self, id: &TargetId, braked: Option<u64>, confirmed_at: Option<Timestamp>) -> Result<()> {
        sql("UPDATE scim_targets SET braked = $2, confirmed_at = COALESCE($3, confirmed_at) WHERE id = $1")
            .bind(id.as_str())
            .bind(braked.map(|many| i64::try_from(many).unwrap_or(i64::MAX)))
            .bind(confirmed_at.map(|at| at.0))
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Writes how a run ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle(&mut self, id: &TargetId, progress: &Progress) -> Result<()> {
        let (trouble, failed_at) = progress.trouble.as_ref().map(|(problem, at)| (problem, at.0)).unzip();
        sql("UPDATE scim_targets \
             SET due_at = $2, reconciled_at = $3, failures = $4, trouble = $5, detail = $6, failed_at = $7, \
               crawl = $8, survey = $9 \
             WHERE id = $1")
        .bind(id.as_str())
        .bind(progress.due_at.0)
        .bind(progress.reconciled_at.0)
        .bind(progress.failures)
        .bind(trouble.map(|problem| problem.trouble.name().to_owned()))
        .bind(trouble.map(|problem| problem.detail.clone()))
        .bind(failed_at)
        .bind(progress.crawl.as_ref().map(json))
        .bind(progress.survey.as_ref().map(json))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and flags are JSON")
}

fn settings(target: &Target) -> String {
    json(&target.settings)
}

/// Trouble that is written in a row.
pub(super) fn problem(row: &Row) -> Result<Option<(Problem, Timestamp)>> {
    let Some(name) = row.try_get::<Option<String>>("trouble")? else { return Ok(None) };
    let trouble = Trouble::named(&name).ok_or(Error::Corrupt("trouble"))?;
    let detail: Option<String> = row.try_get("detail")?;
    let at = row.try_get::<Option<i64>>("failed_at")?.unwrap_or(0);
    Ok(Some((Problem { trouble, detail: detail.unwrap_or_default() }, Timestamp(at))))
}

/// What is written as JSON in a column.
fn read<T: serde::de::DeserializeOwned>(row: &Row, column: &'static str) -> Result<Option<T>> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|_| Error::Corrupt(column))).transpose()
}

fn target(row: &Row) -> Result<Target> {
    let instant = |column: &str| row.try_get::<i64>(column).map(Timestamp);
    Ok(Target {
        id: TargetId::from_stored(row.try_get("id")?),
        organization: OrganizationId::from_stored(row.try_get("organization_id")?),
        name: Slug::from_stored(row.try_get("name")?),
        url: Url::parse(row.try_get("url")?).map_err(|_| Error::Corrupt("scim_targets.url"))?,
        settings: serde_json::from_str(row.try_get("settings")?)
            .map_err(|_| Error::Corrupt("scim_targets.settings"))?,
        people: vec![],
        groups: vec![],
        created_at: instant("created_at")?,
        paused_at: row.try_get::<Option<i64>>("paused_at")?.map(Timestamp),
        paused_by: row.try_get("paused_by")?,
        progress: Progress {
            features: read(row, "features")?,
            seal: row.try_get("seal")?,
            server_seal: row.try_get("server_seal")?,
            looked_at: instant("looked_at")?,
            due_at: instant("due_at")?,
            reconciled_at: instant("reconciled_at")?,
            failures: row.try_get("failures")?,
            trouble: problem(row)?,
            braked: row.try_get::<Option<i64>>("braked")?.and_then(|many| u64::try_from(many).ok()),
            confirmed_at: instant("confirmed_at")?,
            crawl: read(row, "crawl")?,
            survey: read(row, "survey")?,
        },
    })
}
