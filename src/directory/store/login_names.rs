//! What persons type to sign in, with the names they gave up.

use super::{maybe_moment, moment, text};
use crate::{
    clock::Timestamp,
    directory::login_name::{Kind, LoginName},
    id::UserId,
    storage::{
        Result, Row, Tx,
        batch::{self, Rows, Table},
        sql,
    },
    text::UserName,
};

/// Queries of login names.
pub struct LoginNames<'t>(&'t mut Tx);

impl Tx {
    /// Login names.
    pub fn login_names(&mut self) -> LoginNames<'_> {
        LoginNames(self)
    }
}

static LOGIN_NAMES: Table = Table {
    name: "login_names",
    columns: &["name", "user_id", "kind", "created_at"],
    suffix: "ON CONFLICT DO NOTHING",
};

impl LoginNames<'_> {
    /// Those of a person, retired ones included, oldest first.
    pub async fn of(&mut self, user: &UserId) -> Result<Vec<LoginName>> {
        let rows = sql("SELECT name, kind, created_at, retired_at \
             FROM login_names \
             WHERE user_id = $1 \
             ORDER BY created_at, kind")
        .bind(user.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(login_name).collect()
    }

    /// Inserts them; `false` when somebody signs in with one of them.
    pub(in crate::directory) async fn insert(
        &mut self,
        all: &[(&UserId, UserName, Kind)],
        now: Timestamp,
    ) -> Result<bool> {
        let row = |(user, name, kind): &(&UserId, UserName, Kind)| {
            vec![name.as_str().into(), user.as_str().into(), kind.as_str().into(), now.0.into()]
        };
        let rows = Rows { table: &LOGIN_NAMES, values: all.iter().map(row).collect() };
        Ok(batch::insert(self.0.connection(), &rows).await? == all.len() as u64)
    }

    /// Retires the person's names of a kind.
    pub(in crate::directory) async fn retire(&mut self, user: &UserId, kind: Kind, now: Timestamp) -> Result<()> {
        sql("UPDATE login_names SET retired_at = $3 WHERE user_id = $1 AND kind = $2 AND retired_at IS NULL")
            .bind(user.as_str().to_owned())
            .bind(kind.as_str())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Removes every name of a person, the history included.
    pub(in crate::directory) async fn erase(&mut self, user: &UserId) -> Result<()> {
        sql("DELETE FROM login_names WHERE user_id = $1")
            .bind(user.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}

fn login_name(row: &Row) -> Result<LoginName> {
    let kind = if text(row, "kind")? == Kind::Email.as_str() { Kind::Email } else { Kind::UserName };
    Ok(LoginName {
        name: UserName::from_stored(text(row, "name")?),
        kind,
        created_at: moment(row, "created_at")?,
        retired_at: maybe_moment(row, "retired_at")?,
    })
}
