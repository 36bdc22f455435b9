//! Names of many people or sources at once, for lists.

use std::collections::BTreeMap;

use crate::storage::{
    Result, Statement, Tx,
    batch::{in_list, padded},
    sql,
};

impl Tx {
    /// The names of these people, by id; ids of nobody are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn names_of_users(&mut self, ids: &[String]) -> Result<BTreeMap<String, String>> {
        self.names_in("users", ids).await
    }

    /// The names of these connections, removed or not, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn names_of_connections(&mut self, ids: &[String]) -> Result<BTreeMap<String, String>> {
        self.names_in("scim_connections", ids).await
    }

    /// What these members sign in with, by the id of the membership; whoever has no such name yet is left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn login_names_of_members(&mut self, ids: &[String]) -> Result<BTreeMap<String, String>> {
        let mut names = BTreeMap::new();
        for list in padded(ids) {
            let text = format!(
                "SELECT m.id, COALESCE(u.email, ( \
                   SELECT MIN(l.name) FROM login_names l WHERE l.user_id = u.id AND l.retired_at IS NULL \
                 )) AS name \
                 FROM memberships m \
                 JOIN users u ON u.id = m.user_id \
                 WHERE m.id IN ({})",
                in_list(1, list.len())
            );
            let query = list.into_iter().fold(sql(text), Statement::bind);
            for row in query.fetch_all(self.connection()).await? {
                if let Some(name) = row.try_get::<Option<String>>("name")? {
                    names.insert(row.try_get("id")?, name);
                }
            }
        }
        Ok(names)
    }

    async fn names_in(&mut self, table: &'static str, ids: &[String]) -> Result<BTreeMap<String, String>> {
        let mut names = BTreeMap::new();
        for list in padded(ids) {
            // A name of a table alone; values are bound.
            let text = format!("SELECT id, name FROM {table} WHERE id IN ({})", in_list(1, list.len()));
            let query = sql(text);
            let query = list.into_iter().fold(query, Statement::bind);
            for row in query.fetch_all(self.connection()).await? {
                names.insert(row.try_get("id")?, row.try_get("name")?);
            }
        }
        Ok(names)
    }
}
