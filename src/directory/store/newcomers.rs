//! People and members who were not there before, many at a time.

use super::millis;
use crate::{
    clock::Timestamp,
    directory::{membership::Membership, user::User},
    storage::{
        Result, Tally, Tx,
        batch::{self, Rows, Table},
    },
    text::EmailAddress,
};

/// Inserts of people and members.
pub(in crate::directory) struct Newcomers<'t>(&'t mut Tx);

impl Tx {
    /// People and members who were not there before.
    pub(in crate::directory) fn newcomers(&mut self) -> Newcomers<'_> {
        Newcomers(self)
    }
}

static USERS: Table = Table {
    name: "users",
    columns: &[
        "id",
        "name",
        "given_name",
        "family_name",
        "email",
        "email_verified_at",
        "phone",
        "postal_address",
        "locale",
        "picture",
        "placeholder_since",
        "password_hash",
        "password_changed_at",
        "password_must_change_at",
        "created_at",
        "updated_at",
    ],
    suffix: "",
};

static MEMBERSHIPS: Table = Table {
    name: "memberships",
    columns: &[
        "id",
        "organization_id",
        "user_id",
        "kind",
        "profession",
        "registration_number",
        "registration_body",
        "registration_expires_at",
        "registration_verified_at",
        "registration_verified_by",
        "specialty",
        "title",
        "origin",
        "valid_from",
        "valid_until",
        "created_at",
    ],
    suffix: "ON CONFLICT DO NOTHING",
};

impl Newcomers<'_> {
    /// Inserts people, each of whom may stand for somebody who has not joined.
    pub(in crate::directory) async fn people(&mut self, all: &[(&User, Option<Timestamp>)]) -> Result<()> {
        let row = |(new, placeholder_since): &(&User, Option<Timestamp>)| {
            vec![
                new.id.as_str().into(),
                new.name.as_str().into(),
                new.given_name.as_deref().into(),
                new.family_name.as_deref().into(),
                new.email.as_ref().map(EmailAddress::as_str).into(),
                millis(new.email_verified_at).into(),
                new.phone.as_deref().into(),
                new.postal_address.as_deref().into(),
                new.locale.as_deref().into(),
                new.picture.as_deref().into(),
                millis(*placeholder_since).into(),
                new.password_hash.as_deref().into(),
                millis(new.password_changed_at).into(),
                millis(new.password_must_change_at).into(),
                new.created_at.0.into(),
                new.updated_at.0.into(),
            ]
        };
        batch::insert(self.0.connection(), &Rows { table: &USERS, values: all.iter().map(row).collect() }).await?;
        Ok(())
    }

    /// Inserts memberships of one organization; `false` when one of the people is a member already.
    pub(in crate::directory) async fn memberships(&mut self, all: &[&Membership]) -> Result<bool> {
        let row = |new: &&Membership| {
            vec![
                new.id.as_str().into(),
                new.organization_id.as_str().into(),
                new.user_id.as_str().into(),
                new.kind.as_str().into(),
                new.profession.as_deref().into(),
                new.registration_number.as_deref().into(),
                new.registration_body.as_deref().into(),
                millis(new.registration_expires_at).into(),
                millis(new.verification.as_ref().map(|verification| verification.at)).into(),
                new.verification.as_ref().map(|verification| verification.by.to_string()).into(),
                new.specialty.as_deref().into(),
                new.title.as_deref().into(),
                new.origin.as_str().into(),
                millis(new.validity.from).into(),
                millis(new.validity.until).into(),
                new.created_at.0.into(),
            ]
        };
        let rows = Rows { table: &MEMBERSHIPS, values: all.iter().map(row).collect() };
        let written = batch::insert(self.0.connection(), &rows).await?;
        if let Some(first) = all.first() {
            let by = i64::try_from(written).unwrap_or(i64::MAX);
            self.0.tally(Tally::Members, first.organization_id.as_str(), by);
        }
        for new in all {
            self.0.touch_member(&new.id);
        }
        Ok(written == all.len() as u64)
    }
}
