//! A manager who leaves: nobody reports to them any more, and nobody tells of them, however many they were.

use lanyard::{
    directory::user,
    storage::{Statement, sql},
};
use serde_json::{Value, json};

use super::push::{Push, patch};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const MANY: i64 = 5_000;

/// One of them.
const SOME: &str = "mem_0192f3c4d5e679808182838485812345";

/// Five thousand members of Riverside who report to one.
async fn let_report(push: &Push, to: &str) {
    let (of, to) = (push.door.riverside().await, to.to_owned());
    push.door
        .clinic
        .write(move |tx| {
            Box::pin(async move {
                const NUMBERS: &str = "WITH RECURSIVE numbers (n) AS ( \
                   SELECT CAST(10001 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < 15000 \
                 ) ";
                let written = format!(
                    r#"{{"userName":"%","{ENTERPRISE}":{{"department":"GP","manager":{{"value":"{to}","displayName":"Max Gone"}}}}}}"#
                );
                let (head, tail) = written.split_once('%').unwrap();
                for (statement, values) in [
                    (
                        "INSERT INTO users (id, name, created_at, updated_at) ".to_owned()
                            + NUMBERS
                            + "SELECT 'usr_0192f3c4d5e6798081828384858' || n, 'Report ' || n, 1, 1 FROM numbers",
                        vec![],
                    ),
                    (
                        "INSERT INTO memberships (id, organization_id, user_id, kind, origin, created_at, manager_id) ".to_owned()
                            + NUMBERS
                            + "SELECT 'mem_0192f3c4d5e6798081828384858' || n, $1, 'usr_0192f3c4d5e6798081828384858' || n, 'administrative', 'scim:scn_x', 1, $2 FROM numbers",
                        vec![of.to_string(), to.clone()],
                    ),
                    (
                        "INSERT INTO member_records (membership_id, organization_id, user_name, attributes, sources, updated_at) "
                            .to_owned()
                            + NUMBERS
                            + "SELECT 'mem_0192f3c4d5e6798081828384858' || n, $1, 'report-' || n, $2 || 'report-' || n || $3, '{}', 1 FROM numbers",
                        vec![of.to_string(), head.to_owned(), tail.to_owned()],
                    ),
                ] {
                    // Program text alone; values are bound.
                    let query = values.into_iter().fold(sql(statement), Statement::bind);
                    query.execute(tx.connection()).await?;
                }
                Ok(())
            })
        })
        .await;
}

/// How many report to the manager, and the sum of when anything of them was written.
async fn rows(push: &Push, manager: &str) -> (i64, i64) {
    let mut tx = push.door.clinic.app.storage.read().await.unwrap();
    let row = sql("SELECT COUNT(*) AS found, CAST(SUM(member_records.updated_at) AS BIGINT) AS written \
         FROM memberships \
         JOIN member_records ON member_records.membership_id = memberships.id \
         WHERE memberships.manager_id = $1")
    .bind(manager.to_owned())
    .fetch_one(tx.connection())
    .await
    .unwrap();
    (row.try_get("found").unwrap(), row.try_get("written").unwrap())
}

/// Lets all of them report to another one.
async fn move_to(push: &Push, to: &str) {
    let to = to.to_owned();
    push.door
        .clinic
        .write(move |tx| {
            Box::pin(async move {
                sql("UPDATE memberships SET manager_id = $1 WHERE origin = 'scim:scn_x'")
                    .bind(to)
                    .execute(tx.connection())
                    .await?;
                Ok(())
            })
        })
        .await;
}

/// Erases the person of a membership.
async fn erase(push: &Push, id: &str) {
    let (context, of, id) = (push.door.clinic.context(), push.door.riverside().await, id.parse().unwrap());
    push.door
        .clinic
        .write(move |tx| {
            Box::pin(async move {
                let person = tx.memberships().by_id(&of, &id).await?.unwrap().user_id;
                Ok(user::delete(tx, &context, &person).await.map(drop)?)
            })
        })
        .await;
}

/// Reads all people; how many there are.
async fn crawl(push: &Push, is_right: impl Fn(&str) -> bool) -> usize {
    let (mut cursor, mut seen) = (Some(String::new()), 0);
    while let Some(at) = cursor {
        let page = push.ask("GET", &format!("/Users?count=1000&cursor={at}"), &Value::Null).await;
        assert!(is_right(&page.body));
        let page = page.json();
        seen += page["Resources"].as_array().unwrap().len();
        cursor = page["nextCursor"].as_str().map(str::to_owned);
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_of_thousands_leaves_and_nobody_tells_of_them() {
    for push in Push::each().await {
        for way in ["delete", "erase"] {
            let max = push.person(&format!("max-{way}")).await;
            if way == "delete" {
                let_report(&push, &max).await;
            } else {
                move_to(&push, &max).await;
            }
            let some = &format!("/Users/{SOME}");
            let before = push.ask("GET", some, &Value::Null).await;
            assert_eq!(before.status, 200, "{}", before.body);
            assert_eq!(before.json()[ENTERPRISE]["manager"]["displayName"], format!("max-{way}"), "the name of now");
            let reporting = rows(&push, &max).await;
            assert_eq!(reporting.0, MANY);
            push.door.clinic.app.clock.advance(std::time::Duration::from_secs(1));
            if way == "delete" {
                push.told("DELETE", &format!("/Users/{max}"), &Value::Null, 204).await;
            } else {
                erase(&push, &max).await;
            }
            assert_eq!(rows(&push, &max).await, reporting, "{way}: nothing of those who reported was written");
            let listed = crawl(&push, |page| !page.contains(&max) && !page.contains("Max Gone")).await;
            assert!(listed >= usize::try_from(MANY).unwrap(), "{way}");
            let after = push.told("GET", some, &Value::Null, 200).await;
            assert_eq!(after[ENTERPRISE], json!({"department": "GP"}), "{way}");
            assert_ne!(after["meta"]["version"], before.json()["meta"]["version"]);
            assert!(after["meta"]["lastModified"].as_str() > before.json()["meta"]["lastModified"].as_str(), "{way}");

            // Whoever changes one of them does not bring the manager back.
            let title = patch(json!([{"op": "replace", "path": "title", "value": way}]));
            let changed = push.told("PATCH", some, &title, 200).await;
            assert_eq!((changed[ENTERPRISE].get("manager"), &changed["title"]), (None, &json!(way)));
            let back =
                patch(json!([{"op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": {"value": max}}]));
            assert_eq!(push.refused("PATCH", some, &back).await, (400, Some("invalidValue".into())));
            let mut tx = push.door.clinic.app.storage.read().await.unwrap();
            assert_eq!(tx.managers().of(&SOME.parse().unwrap()).await.unwrap(), None);
        }
    }
}
