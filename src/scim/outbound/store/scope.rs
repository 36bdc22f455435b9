//! Who and what is to be in an app, as the directory says now.

use crate::{
    clock::Timestamp,
    id::{GroupId, MembershipId, OrganizationId, TargetId, UserId},
    scim::outbound::decision::Standing,
    storage::{
        Result, Row, Tx, Value,
        batch::{in_list, padded},
        sql,
    },
};

/// Queries of who is to be in an app. All of them take the organization with the target, and see nobody else's people.
pub struct Scope<'t> {
    tx: &'t mut Tx,
    target: TargetId,
    organization: OrganizationId,
    now: Timestamp,
}

/// Which of those who are to leave are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Those of whom it was noted.
    Noted,
    /// All.
    All,
}

/// A member of a group that is pushed, by the id here and in the app.
pub type Place = (MembershipId, Option<String>);

impl Tx {
    /// Who is to be in the app now.
    pub fn scope(&mut self, target: &TargetId, organization: &OrganizationId, now: Timestamp) -> Scope<'_> {
        Scope { tx: self, target: target.clone(), organization: organization.clone(), now }
    }
}

/// The groups that the app is for, with all that lie in them. `$1` is the target, `$2` the organization, `$3` now.
macro_rules! inside {
    () => {
        "WITH RECURSIVE inside (id) AS ( \
           SELECT tg.group_id FROM scim_target_groups tg \
           JOIN groups g ON g.id = tg.group_id AND g.removed_at IS NULL \
           WHERE tg.target_id = $1 AND tg.purpose = 'people' \
           UNION SELECT gp.group_id FROM group_parents gp \
           JOIN inside ON inside.id = gp.parent_id \
           JOIN groups g ON g.id = gp.group_id AND g.removed_at IS NULL \
         ) "
    };
}

/// Whether a membership `m` of a person `u` is to be in the app.
macro_rules! wanted {
    () => {
        "(m.organization_id = $2 AND m.removed_at IS NULL AND m.disabled_at IS NULL \
          AND (m.valid_from IS NULL OR m.valid_from <= $3) AND (m.valid_until IS NULL OR m.valid_until > $3) \
          AND u.disabled_at IS NULL AND u.deleted_at IS NULL AND u.placeholder_since IS NULL \
          AND (u.account_from IS NULL OR u.account_from <= $3) AND (u.account_until IS NULL OR u.account_until > $3) \
          AND NOT EXISTS (SELECT 1 FROM organizations o WHERE o.id = $2 AND o.disabled_at IS NOT NULL) \
          AND (NOT EXISTS (SELECT 1 FROM scim_target_groups tg WHERE tg.target_id = $1 AND tg.purpose = 'people') \
            OR EXISTS (SELECT 1 FROM group_members gm JOIN inside ON inside.id = gm.group_id \
              WHERE gm.membership_id = m.id)))"
    };
}

/// The group `$2` with all that lie in it.
macro_rules! within {
    () => {
        "WITH RECURSIVE within (id) AS ( \
           SELECT g.id FROM groups g WHERE g.id = $2 AND g.removed_at IS NULL \
           UNION SELECT gp.group_id FROM group_parents gp \
           JOIN within ON within.id = gp.parent_id \
           JOIN groups g ON g.id = gp.group_id AND g.removed_at IS NULL \
         ) "
    };
}

impl Scope<'_> {
    /// Where these memberships stand; of one that is unknown nothing is said.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn people(&mut self, ids: &[MembershipId]) -> Result<Vec<(MembershipId, Standing)>> {
        let mut found = vec![];
        for list in padded(ids) {
            let statement = format!(
                concat!(
                    inside!(),
                    "SELECT m.id, CASE WHEN u.deleted_at IS NOT NULL THEN 2 WHEN ",
                    wanted!(),
                    " THEN 1 ELSE 0 END AS standing \
                     FROM memberships m \
                     JOIN users u ON u.id = m.user_id \
                     WHERE m.organization_id = $2 AND m.id IN ({})"
                ),
                in_list(4, list.len())
            );
            let query = sql(statement).bind_all(self.bound()).bind_all(list.iter().map(|id| Value::from(id.as_str())));
            for row in query.fetch_all(self.tx.connection()).await? {
                let standing = match row.try_get::<i64>("standing")? {
                    2 => Standing::Erased,
                    1 => Standing::Wanted,
                    _ => Standing::Unwanted,
                };
                found.push((MembershipId::from_stored(row.try_get("id")?), standing));
            }
        }
        Ok(found)
    }

    fn bound(&self) -> [Value; 3] {
        [self.target.as_str().into(), self.organization.as_str().into(), self.now.0.into()]
    }

    /// Where these groups stand.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn groups(&mut self, ids: &[GroupId], is_every: bool) -> Result<Vec<GroupId>> {
        let mut found = vec![];
        for list in padded(ids) {
            let statement = format!(
                "SELECT g.id FROM groups g \
                 WHERE g.organization_id = $2 AND g.removed_at IS NULL AND ($3 = 1 OR EXISTS ( \
                   SELECT 1 FROM scim_target_groups tg \
                   WHERE tg.target_id = $1 AND tg.purpose = 'groups' AND tg.group_id = g.id)) \
                   AND g.id IN ({})",
                in_list(4, list.len())
            );
            let query = sql(statement)
                .bind(self.target.as_str())
                .bind(self.organization.as_str())
                .bind(i64::from(is_every))
                .bind_all(list.iter().map(|id| Value::from(id.as_str())));
            for row in query.fetch_all(self.tx.connection()).await? {
                found.push(GroupId::from_stored(row.try_get("id")?));
            }
        }
        Ok(found)
    }

    /// People who are to be in the app and of whom nothing is remembered: some of them, in their order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new_people(&mut self, after: &str, limit: u32) -> Result<Vec<MembershipId>> {
        let rows = sql(concat!(
            inside!(),
            "SELECT m.id FROM memberships m \
             JOIN users u ON u.id = m.user_id \
             WHERE m.organization_id = $2 AND m.removed_at IS NULL AND m.id > $4 AND ",
            wanted!(),
            " AND NOT EXISTS (SELECT 1 FROM scim_pushed p WHERE p.target_id = $1 AND p.id = m.id) \
             ORDER BY m.id LIMIT $5"
        ))
        .bind_all(self.bound())
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(self.tx.connection())
        .await?;
        rows.iter().map(|row| Ok(MembershipId::from_stored(row.try_get("id")?))).collect()
    }

    /// Groups that are pushed and of which nothing is remembered: some of them, in their order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new_groups(&mut self, is_every: bool, after: &str, limit: u32) -> Result<Vec<GroupId>> {
        let rows = sql("SELECT g.id FROM groups g \
             WHERE g.organization_id = $2 AND g.removed_at IS NULL AND g.id > $4 AND ($3 = 1 OR EXISTS ( \
               SELECT 1 FROM scim_target_groups tg \
               WHERE tg.target_id = $1 AND tg.purpose = 'groups' AND tg.group_id = g.id)) \
               AND NOT EXISTS (SELECT 1 FROM scim_pushed p WHERE p.target_id = $1 AND p.id = g.id) \
             ORDER BY g.id LIMIT $5")
        .bind(self.target.as_str())
        .bind(self.organization.as_str())
        .bind(i64::from(is_every))
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(self.tx.connection())
        .await?;
        rows.iter().map(|row| Ok(GroupId::from_stored(row.try_get("id")?))).collect()
    }

    /// How many of those who are active in the app are to leave it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leaving(&mut self, counted: Counted) -> Result<u64> {
        let row = sql(format!(
            concat!(
                inside!(),
                "SELECT COUNT(*) AS leaving FROM scim_pushed p \
                 JOIN memberships m ON m.id = p.id \
                 JOIN users u ON u.id = m.user_id \
                 WHERE p.target_id = $1 AND p.kind = 'user' AND p.is_live = 1 {} AND NOT ",
                wanted!()
            ),
            match counted {
                Counted::Noted => "AND p.due_at IS NOT NULL",
                Counted::All => "",
            }
        ))
        .bind_all(self.bound())
        .fetch_one(self.tx.connection())
        .await?;
        Ok(u64::try_from(row.try_get::<i64>("leaving")?).unwrap_or(0))
    }

    /// The memberships of these people in the organization, those that ended among them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn memberships_of(&mut self, people: &[UserId]) -> Result<Vec<(UserId, MembershipId)>> {
        let mut found = vec![];
        for list in padded(people) {
            let statement = format!(
                "SELECT id, user_id FROM memberships WHERE organization_id = $1 AND user_id IN ({})",
                in_list(2, list.len())
            );
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            let query = sql(statement).bind(self.organization.as_str()).bind_all(keys);
            for row in query.fetch_all(self.tx.connection()).await? {
                let user = UserId::from_stored(row.try_get("user_id")?);
                found.push((user, MembershipId::from_stored(row.try_get("id")?)));
            }
        }
        Ok(found)
    }

    /// Those of these groups of the organization that are there, with all that they lie in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enclosing(&mut self, groups: &[GroupId]) -> Result<Vec<GroupId>> {
        let mut found = vec![];
        for list in padded(groups) {
            let statement = format!(
                "WITH RECURSIVE above (id) AS ( \
                   SELECT id FROM groups WHERE organization_id = $1 AND id IN ({}) \
                   UNION SELECT gp.parent_id FROM group_parents gp JOIN above ON above.id = gp.group_id \
                 ) SELECT id FROM above",
                in_list(2, list.len())
            );
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            let query = sql(statement).bind(self.organization.as_str()).bind_all(keys);
            for row in query.fetch_all(self.tx.connection()).await? {
                found.push(GroupId::from_stored(row.try_get("id")?));
            }
        }
        Ok(found)
    }

    /// Memberships that began or ended by themselves since `since`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn turned(&mut self, since: Timestamp, limit: u32) -> Result<Vec<MembershipId>> {
        let rows = sql("SELECT id FROM memberships \
             WHERE organization_id = $1 AND valid_until > $2 AND valid_until <= $3 \
             UNION SELECT id FROM memberships \
             WHERE organization_id = $1 AND valid_from > $2 AND valid_from <= $3 \
             UNION SELECT m.id FROM users u JOIN memberships m ON m.user_id = u.id AND m.organization_id = $1 \
             WHERE u.account_from > $2 AND u.account_from <= $3 \
             LIMIT $4")
        .bind(self.organization.as_str())
        .bind(since.0)
        .bind(self.now.0)
        .bind(i64::from(limit))
        .fetch_all(self.tx.connection())
        .await?;
        rows.iter().map(|row| Ok(MembershipId::from_stored(row.try_get("id")?))).collect()
    }

    /// When a membership next begins or ends by itself.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_turn(&mut self) -> Result<Option<Timestamp>> {
        let row = sql("SELECT \
               (SELECT MIN(valid_until) FROM memberships WHERE organization_id = $1 AND valid_until > $2) AS ending, \
               (SELECT MIN(valid_from) FROM memberships WHERE organization_id = $1 AND valid_from > $2) AS beginning, \
               (SELECT MIN(u.account_from) FROM users u \
                 JOIN memberships m ON m.user_id = u.id AND m.organization_id = $1 WHERE u.account_from > $2) AS opening")
        .bind(self.organization.as_str())
        .bind(self.now.0)
        .fetch_one(self.tx.connection())
        .await?;
        let found = [row.try_get::<Option<i64>>("ending")?, row.try_get("beginning")?, row.try_get("opening")?];
        Ok(found.into_iter().flatten().min().map(Timestamp))
    }

    /// Members of a group, through whatever lies in it, who are active in the app and not yet in its group there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn missing_members(&mut self, group: &GroupId, limit: u32) -> Result<Vec<Place>> {
        let statement = concat!(
            within!(),
            "SELECT DISTINCT p.id, p.remote_id FROM group_members gm \
             JOIN within ON within.id = gm.group_id \
             JOIN scim_pushed p ON p.target_id = $1 AND p.id = gm.membership_id AND p.is_live = 1 \
             WHERE p.remote_id IS NOT NULL AND NOT EXISTS ( \
               SELECT 1 FROM scim_pushed_members pm \
               WHERE pm.target_id = $1 AND pm.group_id = $2 AND pm.membership_id = p.id) \
             ORDER BY p.id LIMIT $3"
        );
        self.places(statement, group, limit).await
    }

    /// Members of its group over there who are in the group no more, or not active in the app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn surplus_members(&mut self, group: &GroupId, limit: u32) -> Result<Vec<Place>> {
        let statement = concat!(
            within!(),
            "SELECT pm.membership_id AS id, p.remote_id FROM scim_pushed_members pm \
             LEFT JOIN scim_pushed p ON p.target_id = $1 AND p.id = pm.membership_id \
             WHERE pm.target_id = $1 AND pm.group_id = $2 AND (COALESCE(p.is_live, 0) = 0 OR NOT EXISTS ( \
               SELECT 1 FROM group_members gm JOIN within ON within.id = gm.group_id \
               WHERE gm.membership_id = pm.membership_id)) \
             ORDER BY id LIMIT $3"
        );
        self.places(statement, group, limit).await
    }

    async fn places(&mut self, statement: &'static str, group: &GroupId, limit: u32) -> Result<Vec<Place>> {
        let query = sql(statement).bind(self.target.as_str()).bind(group.as_str()).bind(i64::from(limit));
        let rows = query.fetch_all(self.tx.connection()).await?;
        let place = |row: &Row| Ok((MembershipId::from_stored(row.try_get("id")?), row.try_get("remote_id")?));
        rows.iter().map(place).collect()
    }
}
