//! What persons type to sign in, with the names they gave up.

use super::{maybe_moment, moment, text};
use crate::{
    clock::Timestamp,
    directory::login_name::{Kind, LoginName},
    id::{OrganizationId, UserId},
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

    /// Names that may have been meant by `typed`, of members of an organization or of everybody: up to `most` that begin with
    /// the same letter, and as many others; no emergency accounts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn near(&mut self, of: Option<&OrganizationId>, typed: &str, most: i64) -> Result<Vec<String>> {
        const NAMES: &str =
            "SELECT l.name FROM login_names l JOIN users u ON u.id = l.user_id AND u.emergency_for IS NULL";
        const OF: &str = "JOIN memberships m ON m.user_id = u.id AND m.organization_id = $4 AND m.removed_at IS NULL";
        let members = if of.is_some() { OF } else { "" };
        let Some(first) = typed.chars().next() else { return Ok(vec![]) };
        let alike = "WHERE l.retired_at IS NULL AND l.name >= $1 AND l.name < $2 ORDER BY l.name LIMIT $3";
        let any = "WHERE l.retired_at IS NULL ORDER BY l.name LIMIT $3";
        let both = format!(
            "SELECT name FROM ({NAMES} {members} {alike}) AS alike UNION SELECT name FROM ({NAMES} {members} {any}) AS others"
        );
        let query = sql(both).bind(first.to_string()).bind(format!("{first}{}", char::MAX)).bind(most);
        let query = match of {
            Some(of) => query.bind(of.as_str().to_owned()),
            None => query,
        };
        query.fetch_all(self.0.connection()).await?.iter().map(|row| text(row, "name")).collect()
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
