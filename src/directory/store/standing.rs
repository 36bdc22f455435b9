//! Whether memberships last, and who decided it.

use super::{Memberships, maybe_text};
use crate::{
    clock::Timestamp,
    directory::{membership::Membership, origin::Origin},
    id::{MembershipId, OrganizationId},
    storage::{
        Result, Tally, Value,
        batch::{in_list, padded},
        sql,
    },
};

impl Memberships<'_> {
    /// Who suspended a member.
    pub async fn disabled_by(&mut self, id: &MembershipId) -> Result<Option<Origin>> {
        let row = sql("SELECT disabled_by FROM memberships WHERE id = $1")
            .bind(id.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        let by = row.map(|row| maybe_text(&row, "disabled_by")).transpose()?;
        Ok(by.flatten().map(Origin::from_stored))
    }

    /// Keeps who suspended a member.
    pub(in crate::directory) async fn set_disabled_by(
        &mut self,
        id: &MembershipId,
        origin: Option<&Origin>,
    ) -> Result<()> {
        sql("UPDATE memberships SET disabled_by = $2 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(origin.map(|origin| origin.as_str().to_owned()))
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Keeps these members as they are until the commit, in one order: whoever changes one of them meanwhile waits.
    pub(in crate::directory) async fn hold_all(&mut self, members: &[MembershipId]) -> Result<()> {
        let mut sorted = members.to_vec();
        sorted.sort();
        for list in padded(&sorted) {
            let statement = format!("UPDATE memberships SET kind = kind WHERE id IN ({})", in_list(1, list.len()));
            let query = sql(statement).bind_all(list.into_iter().map(|id| Value::from(id.as_str())));
            query.execute(self.0.connection()).await?;
        }
        Ok(())
    }

    /// Ends a membership; `false` when it has ended already.
    pub(in crate::directory) async fn remove(&mut self, membership: &Membership, now: Timestamp) -> Result<bool> {
        let removed = sql("UPDATE memberships SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL")
            .bind(membership.id.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        if removed == 1 {
            self.0.tally(Tally::Members, membership.organization_id.as_str(), -1);
        }
        Ok(removed == 1)
    }

    /// One of this organization, unless removed, kept as it is until the commit: whoever changes it meanwhile waits, so that
    /// nobody writes back what was read before.
    pub(in crate::directory) async fn held(
        &mut self,
        organization: &OrganizationId,
        id: &MembershipId,
    ) -> Result<Option<Membership>> {
        self.hold(organization, id).await?;
        self.by_id(organization, id).await
    }

    /// Keeps a membership as it is until the commit: whoever changes it meanwhile waits.
    pub(in crate::directory) async fn hold(&mut self, organization: &OrganizationId, id: &MembershipId) -> Result<()> {
        sql("UPDATE memberships SET kind = kind WHERE id = $1 AND organization_id = $2")
            .bind(id.as_str().to_owned())
            .bind(organization.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}
