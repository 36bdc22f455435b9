//! Changes of rules that are tried for a while.

use crate::{
    clock::Timestamp,
    id::OrganizationId,
    setting::{Setting, SubjectKind},
    storage::{Error, Result, Row, Tx, sql},
};

/// Queries of trials.
pub struct PolicyTrials<'t>(&'t mut Tx);

impl Tx {
    /// Changes of rules that are tried for a while.
    pub fn policy_trials(&mut self) -> PolicyTrials<'_> {
        PolicyTrials(self)
    }
}

/// A change that is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Where.
    pub organization: OrganizationId,
    /// For whom: the kind and the id.
    pub subject: (SubjectKind, String),
    /// What people call them.
    pub name: String,
    /// What.
    pub setting: Setting,
    /// What the rule was before; none where there was none.
    pub former: Option<String>,
    /// When it is so again.
    pub ends_at: Timestamp,
}

impl PolicyTrials<'_> {
    /// The trials of an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&mut self, organization: &OrganizationId) -> Result<Vec<Trial>> {
        let rows = sql("SELECT organization_id, subject_kind, subject_id, setting, subject_name, former, ends_at \
             FROM policy_trials WHERE organization_id = $1 ORDER BY setting, subject_kind, subject_id")
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().filter_map(|row| trial(row).transpose()).collect()
    }

    /// The organizations in which a trial is over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn over(&mut self, now: Timestamp) -> Result<Vec<OrganizationId>> {
        let rows = sql("SELECT DISTINCT organization_id FROM policy_trials WHERE ends_at <= $1")
            .bind(now.0)
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(|row| Ok(OrganizationId::from_stored(row.try_get("organization_id")?))).collect()
    }

    /// Takes out the trials of an organization that are over.
    pub(in crate::policy) async fn take(
        &mut self,
        organization: &OrganizationId,
        now: Timestamp,
    ) -> Result<Vec<Trial>> {
        let rows = sql("DELETE FROM policy_trials WHERE organization_id = $1 AND ends_at <= $2 \
             RETURNING organization_id, subject_kind, subject_id, setting, subject_name, former, ends_at")
        .bind(organization.as_str().to_owned())
        .bind(now.0)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().filter_map(|row| trial(row).transpose()).collect()
    }

    /// Begins a trial, or lets the one that there is go on: what was before it stays so.
    pub(in crate::policy) async fn put(&mut self, trial: &Trial) -> Result<()> {
        sql("INSERT INTO policy_trials \
             (organization_id, subject_kind, subject_id, setting, subject_name, former, ends_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (organization_id, subject_kind, subject_id, setting) DO UPDATE SET \
             former = excluded.former, ends_at = excluded.ends_at")
        .bind(trial.organization.as_str().to_owned())
        .bind(trial.subject.0.name())
        .bind(trial.subject.1.clone())
        .bind(trial.setting.name())
        .bind(trial.name.clone())
        .bind(trial.former.clone())
        .bind(trial.ends_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Ends a trial: what is tried stays; the trial, where there was one.
    pub(in crate::policy) async fn end(
        &mut self,
        organization: &OrganizationId,
        (kind, id): (SubjectKind, &str),
        setting: Setting,
    ) -> Result<Option<Trial>> {
        let row = sql("DELETE FROM policy_trials \
             WHERE organization_id = $1 AND subject_kind = $2 AND subject_id = $3 AND setting = $4 \
             RETURNING organization_id, subject_kind, subject_id, setting, subject_name, former, ends_at")
        .bind(organization.as_str().to_owned())
        .bind(kind.name())
        .bind(id.to_owned())
        .bind(setting.name())
        .fetch_optional(self.0.connection())
        .await?;
        Ok(row.as_ref().map(trial).transpose()?.flatten())
    }
}

/// None of a setting that this program does not know.
fn trial(row: &Row) -> Result<Option<Trial>> {
    let text = |column: &'static str| row.try_get::<String>(column);
    let Ok(setting) = text("setting")?.parse::<Setting>() else { return Ok(None) };
    let kind = SubjectKind::named(&text("subject_kind")?).ok_or(Error::Corrupt("policy_trials.subject_kind"))?;
    Ok(Some(Trial {
        organization: OrganizationId::from_stored(text("organization_id")?),
        subject: (kind, text("subject_id")?),
        name: text("subject_name")?,
        setting,
        former: row.try_get("former")?,
        ends_at: Timestamp(row.try_get("ends_at")?),
    }))
}
