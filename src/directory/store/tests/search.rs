//! Finding people by a part of a name, on both databases.

use std::collections::BTreeSet;

use super::*;
use crate::{
    directory::{
        login_name,
        profile::{self, Attribute, Edit},
        search::{self, Wanted, index_all},
        store::{MemberFilter, PersonFilter},
    },
    id::UserId,
    storage::{sql, testing::databases},
};

/// Names of those who are found, sorted.
async fn found(storage: &Storage, organization: Option<&Organization>, typed: &str) -> Vec<String> {
    let filter = PersonFilter {
        organization: organization.map(|one| one.id.clone()),
        wanted: Some(Wanted::parse(typed).unwrap()),
        limit: 10,
        after: None,
    };
    let people = storage.read().await.unwrap().people().list(filter).await.unwrap();
    let mut names: Vec<String> = people.into_iter().map(|one| one.name.to_string()).collect();
    names.sort_unstable();
    names
}

/// Every trigram that is stored for a person.
async fn stored(storage: &Storage, user: &UserId) -> BTreeSet<i64> {
    let mut tx = storage.read().await.unwrap();
    let rows = sql("SELECT trigram FROM search_trigrams WHERE user_id = $1")
        .bind(user.to_string())
        .fetch_all(tx.connection())
        .await
        .unwrap();
    rows.iter().map(|row| row.try_get(0).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_changes_a_name_changes_what_is_found() {
    for database in databases().await {
        let storage = &database.storage;
        let new = NewUser { user_name: Some("onurse".parse().unwrap()), ..person("olivia@riverside.example") };
        let olivia = unit!(storage, |tx| user::create(tx, &context(0), new).await).unwrap().id;
        let expect = async |texts: &[&str], none: &[&str]| {
            for typed in texts {
                assert_eq!(found(storage, None, typed).await.len(), 1, "{typed}");
            }
            for typed in none {
                assert!(found(storage, None, typed).await.is_empty(), "{typed}");
            }
            let text = texts.join("\n");
            assert_eq!(stored(storage, &olivia).await, search::trigrams(&text), "nothing of before is left");
        };
        expect(&["olivia@riverside.example", "onurse"], &["oowen", "olivia owen"]).await;
        let (id, name) = (olivia.clone(), "oowen".parse().unwrap());
        unit!(storage, |tx| login_name::change(tx, &context(1), &id, &name).await).unwrap();
        expect(&["olivia@riverside.example", "oowen"], &["onurse"]).await;
        let edit = Edit::set(Attribute::Name, "Olivia Åse").unwrap();
        let id = olivia.clone();
        unit!(storage, |tx| profile::edit_person(tx, &context(2), &id, &[edit]).await).unwrap();
        expect(&["olivia@riverside.example", "oowen", "olivia åse"], &["onurse"]).await;
        let (id, email) = (olivia.clone(), "o@harbour.example".parse().unwrap());
        unit!(storage, |tx| user::change_email(tx, &context(3), &id, &email).await).unwrap();
        expect(&["o@harbour.example", "oowen", "olivia åse"], &["riverside"]).await;
        let id = olivia.clone();
        unit!(storage, |tx| user::delete(tx, &context(4), &id).await.map(drop)).unwrap();
        expect(&[], &["olivia", "harbour", "oowen", "erased"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_stays_in_the_organization_and_comes_in_pages() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let harbour = clinic(storage, "harbour").await;
        for email in ["anna@x.example", "annabel@x.example", "hannah@x.example"] {
            member(storage, &riverside, email, &[]).await;
        }
        let (noor, gone) = member(storage, &harbour, "joanna@x.example", &[]).await;
        assert_eq!(found(storage, None, "ANNA").await.len(), 4);
        assert_eq!(found(storage, Some(&riverside), "anna").await.len(), 3);
        assert_eq!(found(storage, Some(&harbour), "anna").await, ["joanna@x.example"]);
        assert_eq!(found(storage, None, "an").await, ["anna@x.example", "annabel@x.example"], "words begin so");
        assert!(found(storage, None, "ann@").await.is_empty(), "trigrams alone would not tell");

        let mut pages = vec![];
        let mut after = None;
        for _ in 0..3 {
            let filter = PersonFilter { wanted: Wanted::parse("anna"), after, limit: 2, organization: None };
            let page = storage.read().await.unwrap().people().list(filter).await.unwrap();
            after = page.last().map(|one| one.id.clone());
            pages.push(page.len());
            if page.is_empty() {
                break;
            }
        }
        assert_eq!(pages, [2, 2, 0]);
        let everybody = PersonFilter { limit: 10, ..Default::default() };
        assert_eq!(storage.read().await.unwrap().people().list(everybody).await.unwrap().len(), 4);

        let (org, id) = (harbour.id.clone(), gone.id.clone());
        unit!(storage, |tx| membership::remove(tx, &context(0), &org, &id).await).unwrap();
        assert!(found(storage, Some(&harbour), "joanna").await.is_empty(), "no member any more");
        assert_eq!(found(storage, None, "joanna").await.len(), 1);
        assert!(noor.is_active(Timestamp(9)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_from_before_the_search_are_taken_in() {
    for database in databases().await {
        let before = &database.storage;
        let riverside = clinic(before, "riverside").await;
        member(before, &riverside, "ann@x.example", &[]).await;
        let (gone, _) = member(before, &riverside, "bob@x.example", &[]).await;
        let undone: Result<()> = unit!(before, |tx| {
            drop(user::delete(tx, &context(0), &gone.id).await?);
            for statement in [
                "DROP TABLE search_backlog",
                "DROP TABLE search_trigrams",
                "DROP TABLE search_texts",
                "DELETE FROM _sqlx_migrations WHERE description = 'search'",
            ] {
                sql(statement).execute(tx.connection()).await?;
            }
            Ok(())
        });
        undone.unwrap();
        Storage::migrate(&database.settings).await.unwrap();
        let storage = &database.second_node().await;
        assert!(found(storage, None, "ann").await.is_empty());
        let waiting = storage.read().await.unwrap().search_index().waiting(10).await.unwrap();
        assert_eq!(waiting.len(), 1, "who is erased is not searched for");
        index_all(storage).await.unwrap();
        assert_eq!(found(storage, None, "ann").await, ["ann@x.example"]);
        assert!(!search::index_some(storage).await.unwrap(), "nobody waits");
    }
}

/// 3,000 people, all in one organization and every thirtieth in the other.
async fn fill(storage: &Storage, few: &Organization, all: &Organization) {
    const MEMBERS: &str = "memberships (id, organization_id, user_id, kind, origin, created_at)";
    let (few, all) = (few.id.to_string(), all.id.to_string());
    let filled: Result<()> = unit!(storage, |tx| {
        let people = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000), \
                      people (n, id) AS (SELECT n, 'usr_' || n FROM numbers)";
        for (table, rows) in [
            ("users (id, name, created_at, updated_at)", "id, 'Ann', 0, 0 FROM people".to_owned()),
            ("search_trigrams (trigram, user_id)", "n % 50, id FROM people".to_owned()),
            ("search_texts (user_id, text)", "id, 'ann' FROM people".to_owned()),
            (MEMBERS, format!("'a' || id, '{all}', id, 'hirer', 'test', 0 FROM people")),
            (MEMBERS, format!("'b' || id, '{few}', id, 'hirer', 'test', 0 FROM people WHERE n % 30 = 0")),
        ] {
            let text = format!("INSERT INTO {table} {people} SELECT {rows}");
            let done = sql(text).execute(tx.connection()).await;
            done?;
        }
        sql("ANALYZE").execute(tx.connection()).await?;
        Ok(())
    });
    filled.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_reads_indexes_alone() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let harbour = clinic(storage, "harbour").await;
        fill(storage, &riverside, &harbour).await;
        let wanted = Some(Wanted { trigrams: vec![7, 8], part: Some("ann".into()) });
        for organization in [None, Some(riverside.id.clone())] {
            let of = if organization.is_some() { "memberships" } else { "search_trigrams" };
            let filter = PersonFilter { organization, wanted: wanted.clone(), after: None, limit: 10 };
            let mut tx = storage.read().await.unwrap();
            let plan = tx.people().prepared(filter).await.unwrap().plan(tx.connection()).await.unwrap();
            for table in ["users", "search_trigrams", "search_texts", "memberships"] {
                let whole = [format!("Seq Scan on {table}"), format!("SCAN {table}")];
                assert!(whole.iter().all(|scan| !plan.contains(scan)), "{plan}");
            }
            assert!(
                plan.contains("search_trigrams_pkey") || plan.contains("sqlite_autoindex_search_trigrams_1"),
                "{plan}"
            );
            assert!(plan.contains(of), "{plan}");
        }
        let members = MemberFilter { wanted, limit: 10, ..Default::default() };
        assert!(storage.read().await.unwrap().memberships().list(&riverside.id, members).await.unwrap().is_empty());
    }
}
