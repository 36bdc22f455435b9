//! What people are found by, with its trigrams.

use std::collections::BTreeMap;

use super::{maybe_text, text};
use crate::{
    directory::search::{self, MOST, Trigram},
    id::UserId,
    storage::{
        Result, Statement, Tx,
        batch::{self, Rows, Table, in_list, padded},
        sql,
    },
};

/// Queries of the search index.
pub struct SearchIndex<'t>(&'t mut Tx);

impl Tx {
    /// What people are found by.
    pub fn search_index(&mut self) -> SearchIndex<'_> {
        SearchIndex(self)
    }
}

/// A person's text, as it is indexed and as it should be.
pub(in crate::directory) struct Found {
    pub(in crate::directory) user: UserId,
    pub(in crate::directory) before: String,
    pub(in crate::directory) after: String,
}

const TRIGRAMS: Table =
    Table { name: "search_trigrams", columns: &["trigram", "user_id"], suffix: "ON CONFLICT DO NOTHING" };

const TEXTS: Table = Table {
    name: "search_texts",
    columns: &["user_id", "text"],
    suffix: "ON CONFLICT (user_id) DO UPDATE SET text = excluded.text",
};

static BACKLOG: Table = Table { name: "search_backlog", columns: &["user_id"], suffix: "ON CONFLICT DO NOTHING" };

/// How often each of eight trigrams occurs, counted up to 500.
const HOW_OFTEN: &str = {
    macro_rules! count {
        ($n:literal) => {
            concat!("(SELECT COUNT(*) FROM (SELECT 1 FROM search_trigrams WHERE trigram = $", $n, " LIMIT 500) AS few)")
        };
    }
    concat!(
        "SELECT ",
        count!(1),
        " AS n1, ",
        count!(2),
        " AS n2, ",
        count!(3),
        " AS n3, ",
        count!(4),
        " AS n4, ",
        count!(5),
        " AS n5, ",
        count!(6),
        " AS n6, ",
        count!(7),
        " AS n7, ",
        count!(8),
        " AS n8"
    )
};

impl SearchIndex<'_> {
    /// The texts of these people. Whoever changes a name of one of them waits until this unit ends, and then reads what
    /// it wrote.
    pub(in crate::directory) async fn hold(&mut self, people: &[UserId]) -> Result<Vec<Found>> {
        if people.is_empty() {
            return Ok(vec![]);
        }
        let new: Vec<String> = (1..=people.len()).map(|n| format!("(${n}, '')")).collect();
        let hold = format!(
            "INSERT INTO search_texts (user_id, text) VALUES {} \
             ON CONFLICT (user_id) DO UPDATE SET text = search_texts.text \
             RETURNING user_id, text",
            new.join(", ")
        );
        // Only numbers of placeholders are put into the text.
        let query = people.iter().fold(sql(hold), |query, id| query.bind(id.to_string()));
        let mut before = BTreeMap::new();
        for row in query.fetch_all(self.0.connection()).await? {
            before.insert(text(&row, "user_id")?, text(&row, "text")?);
        }
        let mut names = self.names(people).await?;
        let found = |(user, before)| {
            let names: Vec<String> = names.remove(&user).unwrap_or_default();
            let after = search::text(names.iter().map(String::as_str));
            Found { user: UserId::from_stored(user), before, after }
        };
        Ok(before.into_iter().map(found).collect())
    }

    /// Names, addresses and live login names; an erased person has none.
    async fn names(&mut self, people: &[UserId]) -> Result<BTreeMap<String, Vec<String>>> {
        let statement = format!(
            "SELECT users.id, users.name, users.email, login_names.name AS login_name \
             FROM users \
             LEFT JOIN login_names ON login_names.user_id = users.id AND login_names.retired_at IS NULL \
             WHERE users.deleted_at IS NULL AND users.id IN ({})",
            in_list(1, people.len())
        );
        let query = people.iter().fold(sql(statement), |query, id| query.bind(id.to_string()));
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in query.fetch_all(self.0.connection()).await? {
            let own = names.entry(text(&row, "id")?).or_default();
            own.push(text(&row, "name")?);
            own.extend(maybe_text(&row, "email")?);
            own.extend(maybe_text(&row, "login_name")?);
        }
        Ok(names)
    }

    /// Removes trigrams of a person; of most people there are none to be removed.
    pub(in crate::directory) async fn remove(&mut self, gone: Vec<(&UserId, Vec<Trigram>)>) -> Result<()> {
        for (user, trigrams) in gone {
            for list in padded(&trigrams) {
                let statement = format!(
                    "DELETE FROM search_trigrams WHERE user_id = $1 AND trigram IN ({})",
                    in_list(2, list.len())
                );
                let query = sql(statement).bind(user.to_string());
                list.into_iter().fold(query, Statement::bind).execute(self.0.connection()).await?;
            }
        }
        Ok(())
    }

    pub(in crate::directory) async fn add(&mut self, new: Vec<(Trigram, &UserId)>) -> Result<()> {
        let values = new.into_iter().map(|(trigram, user)| vec![trigram.into(), user.as_str().into()]).collect();
        batch::insert(self.0.connection(), &Rows { table: &TRIGRAMS, values }).await?;
        Ok(())
    }

    pub(in crate::directory) async fn save(&mut self, found: &[Found]) -> Result<()> {
        let values = found.iter().map(|one| vec![one.user.as_str().into(), one.after.as_str().into()]).collect();
        batch::insert(self.0.connection(), &Rows { table: &TEXTS, values }).await?;
        Ok(())
    }

    /// Some of the people from before there was a search.
    pub(in crate::directory) async fn waiting(&mut self, limit: u32) -> Result<Vec<UserId>> {
        let rows = sql("SELECT user_id FROM search_backlog ORDER BY user_id LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(|row| Ok(UserId::from_stored(text(row, "user_id")?))).collect()
    }

    /// Leaves people to be taken in later.
    pub(in crate::directory) async fn wait(&mut self, people: &[&UserId]) -> Result<()> {
        let values = people.iter().map(|person| vec![person.as_str().into()]).collect();
        batch::insert(self.0.connection(), &Rows { table: &BACKLOG, values }).await?;
        Ok(())
    }

    /// Takes them from the backlog.
    pub(in crate::directory) async fn done(&mut self, people: &[UserId]) -> Result<()> {
        for list in padded(people) {
            let statement = format!("DELETE FROM search_backlog WHERE user_id IN ({})", in_list(1, list.len()));
            let query = list.into_iter().fold(sql(statement), |query, id| query.bind(id.to_string()));
            query.execute(self.0.connection()).await?;
        }
        Ok(())
    }

    /// The trigrams again, the rarest first: it is the one to begin with.
    pub(super) async fn rarest_first(&mut self, trigrams: &[Trigram]) -> Result<Vec<Trigram>> {
        let last = trigrams.last().copied().unwrap_or_default();
        let eight = (0..MOST).map(|n| trigrams.get(n).copied().unwrap_or(last));
        let row = eight.fold(sql(HOW_OFTEN), Statement::bind).fetch_one(self.0.connection()).await?;
        let mut counted = vec![];
        for (n, trigram) in trigrams.iter().enumerate() {
            counted.push((row.try_get::<i64>(n)?, *trigram));
        }
        counted.sort_unstable();
        Ok(counted.into_iter().map(|(_, trigram)| trigram).collect())
    }
}
