//! Invitations.

use super::{maybe_moment, maybe_text, moment, text};
use crate::{
    clock::Timestamp,
    directory::invitation::Invitation,
    id::{InvitationId, MembershipId, OrganizationId, UserId},
    secret::TokenHash,
    storage::{Error, Result, Row, Tx, sql},
    text::{EmailAddress, Slug},
};

/// Queries of invitations.
pub struct Invitations<'t>(&'t mut Tx);

impl Tx {
    /// Invitations.
    pub fn invitations(&mut self) -> Invitations<'_> {
        Invitations(self)
    }
}

macro_rules! columns {
    () => {
        "id, organization_id, email, kind, roles, invited_by, created_at, expires_at, sent, accepted_at, rejected_at, \
         revoked_at, membership_id"
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", columns!(), " FROM invitations ", $rest)
    };
}

/// An invitation that was neither answered nor revoked.
macro_rules! unanswered {
    () => {
        " accepted_at IS NULL AND rejected_at IS NULL AND revoked_at IS NULL "
    };
}

impl Invitations<'_> {
    /// By its id, of whatever organization: what a person may see of it is decided by the address.
    pub async fn by_id(&mut self, id: &InvitationId) -> Result<Option<Invitation>> {
        let row =
            sql(select!("WHERE id = $1")).bind(id.as_str().to_owned()).fetch_optional(self.0.connection()).await?;
        row.as_ref().map(invitation).transpose()
    }

    /// By the token of its newest letter.
    pub async fn by_token(&mut self, hash: TokenHash) -> Result<Option<Invitation>> {
        let row = sql(select!("WHERE token_hash = $1")).bind(hash.to_vec()).fetch_optional(self.0.connection()).await?;
        row.as_ref().map(invitation).transpose()
    }

    /// Those of an organization, newest first, whatever became of them; those before `before` where it is said.
    pub async fn list(
        &mut self,
        organization: &OrganizationId,
        before: Option<&InvitationId>,
        limit: u32,
    ) -> Result<Vec<Invitation>> {
        let rows = sql(select!("WHERE organization_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3"))
            .bind(organization.as_str().to_owned())
            .bind(before.map_or("", InvitationId::as_str).to_owned())
            .bind(i64::from(limit))
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(invitation).collect()
    }

    /// The unanswered one of an address in an organization, expired or not.
    pub async fn unanswered(
        &mut self,
        organization: &OrganizationId,
        email: &EmailAddress,
    ) -> Result<Option<Invitation>> {
        let row = sql(concat!(
            "SELECT ",
            columns!(),
            " FROM invitations WHERE organization_id = $1 AND email = $2 AND",
            unanswered!()
        ))
        .bind(organization.as_str().to_owned())
        .bind(email.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(invitation).transpose()
    }

    /// Those that an address can answer.
    pub async fn open_of(&mut self, email: &EmailAddress, now: Timestamp) -> Result<Vec<Invitation>> {
        let rows = sql(concat!(
            "SELECT ",
            columns!(),
            " FROM invitations WHERE email = $1 AND",
            unanswered!(),
            "AND expires_at > $2 ORDER BY id"
        ))
        .bind(email.as_str().to_owned())
        .bind(now.0)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(invitation).collect()
    }

    /// Inserts it; `false` when the address has an unanswered one.
    pub(in crate::directory) async fn insert(
        &mut self,
        new: &Invitation,
        (hash, mailed_at): (TokenHash, Timestamp),
    ) -> Result<bool> {
        let done = sql(
            "INSERT INTO invitations (id, organization_id, email, token_hash, kind, roles, invited_by, created_at, \
             expires_at, sent, mailed_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             ON CONFLICT DO NOTHING",
        )
        .bind(new.id.as_str().to_owned())
        .bind(new.organization_id.as_str().to_owned())
        .bind(new.email.as_str().to_owned())
        .bind(hash.to_vec())
        .bind(new.kind.as_str().to_owned())
        .bind(serde_json::to_string(&new.roles).expect("roles are texts"))
        .bind(new.invited_by.as_ref().map(|id| id.as_str().to_owned()))
        .bind(new.created_at.0)
        .bind(new.expires_at.0)
        .bind(new.sent)
        .bind(mailed_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    /// Revokes an expired one of the address, so that another can be made.
    pub(in crate::directory) async fn revoke_expired(
        &mut self,
        organization: &OrganizationId,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<()> {
        sql(concat!(
            "UPDATE invitations SET revoked_at = $3 WHERE organization_id = $1 AND email = $2 AND",
            unanswered!(),
            "AND expires_at <= $3"
        ))
        .bind(organization.as_str().to_owned())
        .bind(email.as_str().to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Gives an unanswered one another token and another seven days.
    pub(in crate::directory) async fn rotate(
        &mut self,
        (organization, id): (&OrganizationId, &InvitationId),
        hash: TokenHash,
        (now, expires_at): (Timestamp, Timestamp),
    ) -> Result<Option<Invitation>> {
        let row = sql(concat!(
            "UPDATE invitations SET token_hash = $3, expires_at = $4, mailed_at = $5, sent = sent + 1 \
             WHERE organization_id = $1 AND id = $2 AND",
            unanswered!(),
            "RETURNING ",
            columns!()
        ))
        .bind(organization.as_str().to_owned())
        .bind(id.as_str().to_owned())
        .bind(hash.to_vec())
        .bind(expires_at.0)
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(invitation).transpose()
    }

    /// Takes over the link of the last letter to an address, with when it was sent, if that was after `since`; the
    /// invitation that had it has `void` from now on, which leads nowhere.
    pub(in crate::directory) async fn take_link(
        &mut self,
        organization: &OrganizationId,
        email: &EmailAddress,
        (since, void): (Timestamp, TokenHash),
    ) -> Result<Option<(TokenHash, Timestamp)>> {
        let row = sql("SELECT id, token_hash, mailed_at FROM invitations \
             WHERE organization_id = $1 AND email = $2 AND mailed_at > $3 AND accepted_at IS NULL AND rejected_at IS NULL \
             ORDER BY mailed_at DESC, id DESC \
             LIMIT 1")
        .bind(organization.as_str().to_owned())
        .bind(email.as_str().to_owned())
        .bind(since.0)
        .fetch_optional(self.0.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        sql("UPDATE invitations SET token_hash = $2, mailed_at = NULL WHERE id = $1")
            .bind(text(&row, "id")?)
            .bind(void.to_vec())
            .execute(self.0.connection())
            .await?;
        let hash: Vec<u8> = row.try_get("token_hash")?;
        let hash = TokenHash::from_stored(&hash).ok_or(Error::Corrupt("invitations.token_hash"))?;
        Ok(Some((hash, moment(&row, "mailed_at")?)))
    }

    pub(in crate::directory) async fn revoke(
        &mut self,
        organization: &OrganizationId,
        id: &InvitationId,
        now: Timestamp,
    ) -> Result<Option<Invitation>> {
        let row = sql(concat!(
            "UPDATE invitations SET revoked_at = $3 WHERE organization_id = $1 AND id = $2 AND",
            unanswered!(),
            "RETURNING ",
            columns!()
        ))
        .bind(organization.as_str().to_owned())
        .bind(id.as_str().to_owned())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(invitation).transpose()
    }

    /// Ties it to the membership that waits for the answer; `false` when another one does.
    pub(in crate::directory) async fn wait_for(
        &mut self,
        id: &InvitationId,
        membership: &MembershipId,
    ) -> Result<bool> {
        let done = sql("UPDATE invitations SET membership_id = $2 \
             WHERE id = $1 AND (membership_id IS NULL OR membership_id = $2)")
        .bind(id.as_str().to_owned())
        .bind(membership.as_str().to_owned())
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    /// The unanswered one that a membership waits for.
    pub(in crate::directory) async fn awaited_by(
        &mut self,
        organization: &OrganizationId,
        membership: &MembershipId,
    ) -> Result<Option<InvitationId>> {
        let row = sql(concat!(
            "SELECT id FROM invitations WHERE organization_id = $1 AND membership_id = $2 AND",
            unanswered!()
        ))
        .bind(organization.as_str().to_owned())
        .bind(membership.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        row.map(|row| Ok(InvitationId::from_stored(text(&row, "id")?))).transpose()
    }

    /// Closes an open one as accepted; `false` when somebody was faster.
    pub(in crate::directory) async fn accept(&mut self, id: &InvitationId, now: Timestamp) -> Result<bool> {
        let statement =
            concat!("UPDATE invitations SET accepted_at = $2 WHERE id = $1 AND", unanswered!(), "AND expires_at > $2");
        self.close(statement, id, now).await
    }

    /// Closes an open one as rejected; `false` when somebody was faster.
    pub(in crate::directory) async fn reject(&mut self, id: &InvitationId, now: Timestamp) -> Result<bool> {
        let statement =
            concat!("UPDATE invitations SET rejected_at = $2 WHERE id = $1 AND", unanswered!(), "AND expires_at > $2");
        self.close(statement, id, now).await
    }

    async fn close(&mut self, statement: &'static str, id: &InvitationId, now: Timestamp) -> Result<bool> {
        let done = sql(statement).bind(id.as_str().to_owned()).bind(now.0).execute(self.0.connection()).await?;
        Ok(done == 1)
    }

    /// Revokes what is open to the addresses of a person who is erased, and blanks the address in every one.
    pub(in crate::directory) async fn erase(&mut self, user: &UserId, now: Timestamp) -> Result<()> {
        sql(concat!(
            "UPDATE invitations SET revoked_at = $2 \
             WHERE email IN (SELECT name FROM login_names WHERE user_id = $1) AND",
            unanswered!()
        ))
        .bind(user.as_str().to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        sql("UPDATE invitations SET email = '' WHERE email IN (SELECT name FROM login_names WHERE user_id = $1)")
            .bind(user.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}

fn invitation(row: &Row) -> Result<Invitation> {
    Ok(Invitation {
        id: InvitationId::from_stored(text(row, "id")?),
        organization_id: OrganizationId::from_stored(text(row, "organization_id")?),
        email: EmailAddress::from_stored(text(row, "email")?),
        kind: Slug::from_stored(text(row, "kind")?),
        roles: serde_json::from_str(&text(row, "roles")?).map_err(|_| Error::Corrupt("invitations.roles"))?,
        invited_by: maybe_text(row, "invited_by")?.map(UserId::from_stored),
        created_at: moment(row, "created_at")?,
        expires_at: moment(row, "expires_at")?,
        sent: row.try_get("sent")?,
        accepted_at: maybe_moment(row, "accepted_at")?,
        rejected_at: maybe_moment(row, "rejected_at")?,
        revoked_at: maybe_moment(row, "revoked_at")?,
        membership_id: maybe_text(row, "membership_id")?.map(MembershipId::from_stored),
    })
}
