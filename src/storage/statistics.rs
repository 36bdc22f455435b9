//! What PostgreSQL believes of its tables. It looks at them once in a minute at the earliest; until then a first load of a
//! hundred thousand people is planned as if the tables were empty, and goes over them again and again.

use super::{Engine, Result, Storage, sql};

/// Rows from which on a table is worth a look.
const MANY: i64 = 1_000;

impl Storage {
    /// Lets PostgreSQL look at the tables that have grown to twice their size since it last did; SQLite plans without.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn learn_sizes(&self) -> Result<()> {
        if self.engine() == Engine::Sqlite {
            return Ok(());
        }
        let rows = sql("SELECT relname::text AS name \
             FROM pg_stat_user_tables \
             WHERE schemaname = current_schema() AND n_mod_since_analyze > $1 AND n_mod_since_analyze * 2 > n_live_tup \
             ORDER BY relname")
        .bind(MANY)
        .fetch_all(self.read().await?.connection())
        .await?;
        for row in rows {
            // A name of our own schema.
            let statement = format!("ANALYZE \"{}\"", row.try_get::<&str>("name")?);
            self.write(move |tx| Box::pin(async move { tx.run(&statement).await })).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::storage::testing::databases;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_table_that_has_grown_is_looked_at() {
        for database in databases().await {
            let storage = &database.storage;
            if storage.engine() == Engine::Sqlite {
                storage.learn_sizes().await.unwrap();
                continue;
            }
            let filled: Result<u64> = storage
                .write(|tx| {
                    Box::pin(async {
                        let fill = "INSERT INTO leases (name, holder, until) SELECT n::text, 'x', 0 FROM generate_series(1, 5000) AS n";
                        sql(fill).execute(tx.connection()).await
                    })
                })
                .await;
            assert_eq!(filled.unwrap(), 5000);
            for _ in 0..100 {
                storage.learn_sizes().await.unwrap();
                let believed = sql("SELECT reltuples::bigint AS n FROM pg_class WHERE relname = 'leases'");
                let row = believed.fetch_one(storage.read().await.unwrap().connection()).await.unwrap();
                if row.try_get::<i64>("n").unwrap() == 5000 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            panic!("nobody looked");
        }
    }
}
