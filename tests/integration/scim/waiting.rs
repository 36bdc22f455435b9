//! Values that mean nothing when a source says them, and something later.

use lanyard::{
    directory::{location, role},
    id::{LocationId, MembershipId},
    scim::connection::{self, Step},
    storage::sql,
};
use serde_json::{Value, json};

use super::{
    group_rules::group_of,
    members::{OWN, held, let_assign, unmapped},
    push::{Push, USER, patch},
};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Somebody of whom the source says these roles; the address.
async fn with_roles(push: &Push, name: &str, roles: &[&str]) -> String {
    let roles: Vec<Value> = roles.iter().map(|role| json!({"value": role})).collect();
    let new = json!({"schemas": [USER], "userName": format!("{name}@riverside.example"), "roles": roles});
    let made = push.told("POST", "/Users", &new, 201).await;
    format!("/Users/{}", made["id"].as_str().unwrap())
}

fn member(path: &str) -> MembershipId {
    path.rsplit_once('/').unwrap().1.parse().unwrap()
}

/// Goes over everybody, as the server does; how many got something in each batch.
async fn map(push: &Push) -> Vec<u64> {
    let (clinic, mut steps) = (&push.door.clinic, vec![]);
    while let Step::Done(count) = connection::map_some(&clinic.app.storage, clinic.context(), None).await.unwrap() {
        steps.push(count);
    }
    steps
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_again_counts_once_it_may() {
    for push in Push::each().await {
        let roles = ["billing", "front_desk", "gp_lead"];
        let (ann, bo) = (with_roles(&push, "ann", &roles).await, with_roles(&push, "bo", &roles).await);
        assert_eq!(held(&push, &member(&ann)).await.0, ["billing@"]);
        let_assign(&push, ["billing", "front_desk"]).await;
        let told = push.told("GET", &ann, &Value::Null, 200).await;
        for (path, method, body) in [
            (&ann, "PUT", told.clone()),
            (&bo, "PATCH", patch(json!([{"op": "replace", "path": "roles", "value": told["roles"]}]))),
        ] {
            let answer = push.told(method, path, &body, 200).await;
            assert_eq!(unmapped(&answer), [("roles".to_owned(), "gp_lead".to_owned())], "{method}");
            assert_ne!(answer["meta"]["version"], told["meta"]["version"], "{method}");
            assert_eq!(held(&push, &member(path)).await.0, ["billing@", "front_desk@"], "{method}");
            // And is said once.
            let again = push.told(method, path, &body, 200).await;
            assert_eq!(again["meta"], answer["meta"], "{method}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_given_when_the_connection_may() {
    for push in Push::each().await {
        let mut people = vec![];
        for number in 0..53 {
            people.push(with_roles(&push, &format!("p{number}"), &["front_desk"]).await);
        }
        with_roles(&push, "other", &["gp_lead"]).await;
        let by_other = push.of("harbour").await;
        let new = json!({"schemas": [USER], "userName": "p0@riverside.example", "roles": [{"value": "front_desk"}]});
        let foreign = push.ask_as(&by_other, "POST", "/Users", (&new, &[])).await;
        assert_eq!(foreign.status, 201);
        assert_eq!(map(&push).await, <[u64; 0]>::default(), "nothing to be done");
        let_assign(&push, ["billing", "front_desk"]).await;
        let batches = map(&push).await;
        assert_eq!((batches.iter().sum::<u64>(), batches.len()), (53, 3), "two batches and the end: {batches:?}");
        for path in &people {
            assert_eq!(held(&push, &member(path)).await.0, ["front_desk@"]);
        }
        let shown = push.told("GET", &people[0], &Value::Null, 200).await;
        assert_eq!((unmapped(&shown), &shown["roles"]), (vec![], &new["roles"]));
        let other = foreign.json();
        assert_eq!(unmapped(&other).len(), 1, "of another organization: {other}");
        let_assign(&push, ["billing", "front_desk"]).await;
        assert_eq!(map(&push).await, <[u64; 0]>::default(), "no other rights, nothing to be done");
        assert_eq!(push.letters().await, ["p0@riverside.example"], "who is pushed into the other one is invited");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_connection_may_give_no_more_is_taken_from_everybody_alike() {
    for push in Push::each().await {
        let_assign(&push, ["billing", "front_desk"]).await;
        let people = [
            with_roles(&push, "ann", &["front_desk", "billing"]).await,
            with_roles(&push, "bo", &["front_desk"]).await,
            with_roles(&push, "cy", &["front_desk", "gp_lead"]).await,
        ];
        let dee = with_roles(&push, "dee", &["billing"]).await;
        let_assign(&push, ["billing", "practitioner"]).await;
        assert_eq!(map(&push).await, [3, 0]);
        for (path, roles) in people.iter().zip([vec!["billing@"], vec![], vec![]]) {
            assert_eq!(held(&push, &member(path)).await.0, roles, "{path}");
            let shown = push.told("GET", path, &Value::Null, 200).await;
            assert!(unmapped(&shown).contains(&("roles".to_owned(), "front_desk".to_owned())), "{shown}");
        }
        assert_eq!(held(&push, &member(&dee)).await.0, ["billing@"]);
        let_assign(&push, ["billing", "front_desk"]).await;
        assert_eq!(map(&push).await, [3, 0], "and is given again");
        assert_eq!(held(&push, &member(&people[0])).await.0, ["billing@", "front_desk@"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_removed_is_unmapped_from_then_on() {
    for push in Push::each().await {
        let ann = with_roles(&push, "ann", &["clerk", "billing"]).await;
        let (clinic, of) = (&push.door.clinic, push.door.riverside().await);
        let (context, own) = (clinic.context(), of.clone());
        let made = clinic.write(move |tx| {
            Box::pin(async move {
                let (slug, name) = ("clerk".parse().unwrap(), "Clerk".parse().unwrap());
                Ok(role::create(tx, &context, &own, (&slug, &name), &[]).await?)
            })
        });
        let clerk = made.await;
        let_assign(&push, ["billing", "clerk"]).await;
        map(&push).await;
        assert_eq!(held(&push, &member(&ann)).await.0, ["billing@", "clerk@"]);
        let context = clinic.context();
        clinic.write(move |tx| Box::pin(async move { Ok(role::remove(tx, &context, &of, &clerk.id).await?) })).await;
        map(&push).await;
        let shown = push.told("GET", &ann, &Value::Null, 200).await;
        assert_eq!(unmapped(&shown), [("roles".to_owned(), "clerk".to_owned())]);
        assert_eq!(held(&push, &member(&ann)).await.0, ["billing@"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_whose_record_cannot_be_read_stops_nobody() {
    for push in Push::each().await {
        let mut people = vec![];
        for name in ["ann", "bo", "cy"] {
            people.push(with_roles(&push, name, &["front_desk"]).await);
        }
        let broken = member(&people[1]);
        let write = async |id: MembershipId, from: &'static str, to: &'static str| {
            let replace = "UPDATE member_records SET attributes = REPLACE(attributes, $2, $3) WHERE membership_id = $1";
            push.door
                .clinic
                .write(move |tx| {
                    let replace = sql(replace).bind(id.to_string()).bind(from.to_owned()).bind(to.to_owned());
                    Box::pin(async move { Ok(replace.execute(tx.connection()).await.map(drop)?) })
                })
                .await;
        };
        write(broken.clone(), "{", "<").await;
        let_assign(&push, ["billing", "front_desk"]).await;
        assert_eq!(map(&push).await, [2], "each by itself, to the end");
        write(broken, "<", "{").await;
        for (path, roles) in people.iter().zip([vec!["front_desk@"], vec![], vec!["front_desk@"]]) {
            assert_eq!(held(&push, &member(path)).await.0, roles, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_opened_takes_who_waited_for_it() {
    for push in Push::each().await {
        let clinic = &push.door.clinic;
        let of = push.door.riverside().await;
        let site = clinic.app.storage.read().await.unwrap().locations().list(&of).await.unwrap().remove(0);
        let turn = async |is_open: bool| {
            let (context, of, id) = (clinic.context(), of.clone(), site.id.clone());
            let turned = clinic.write(move |tx| {
                Box::pin(async move {
                    let id: &LocationId = &id;
                    let turned = if is_open {
                        location::reopen(tx, &context, &of, id).await
                    } else {
                        location::close(tx, &context, &of, id).await
                    };
                    Ok(turned.map(drop)?)
                })
            });
            turned.await;
        };
        turn(false).await;
        let slug = site.slug.as_str();
        let new = json!({
            "schemas": [USER, OWN], "userName": "ann@riverside.example", "roles": [{"value": format!("billing@{slug}")}],
            (OWN): {"locations": [{"value": slug, "identifier": "7A"}]},
        });
        let made = push.told("POST", "/Users", &new, 201).await;
        let path = format!("/Users/{}", made["id"].as_str().unwrap());
        assert_eq!(unmapped(&made).len(), 2, "{made}");
        turn(true).await;
        assert_eq!(map(&push).await, [1, 0]);
        let expected = (vec![format!("billing@{slug}")], vec!["provider_number 7A".to_owned()]);
        assert_eq!(held(&push, &member(&path)).await, expected);
        assert_eq!(unmapped(&push.told("GET", &path, &Value::Null, 200).await), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_come_into_a_group_goes_on_waiting_alone() {
    for push in Push::each().await {
        let (ann, bo) =
            (with_roles(&push, "ann", &["front_desk"]).await, with_roles(&push, "bo", &["front_desk"]).await);
        let department = json!([{"op": "add", "path": format!("{ENTERPRISE}:department"), "value": "desk"}]);
        push.told("PATCH", &ann, &patch(department), 200).await;
        // Whoever has the role and works at the desk would be a manager, which the source cannot make.
        group_of(&push, "role eq \"front_desk\" and department eq \"desk\"", Some("manager")).await;
        let_assign(&push, ["billing", "front_desk"]).await;
        assert_eq!(map(&push).await, [1, 0]);
        assert_eq!(held(&push, &member(&ann)).await.0, <[String; 0]>::default());
        assert_eq!(held(&push, &member(&bo)).await.0, ["front_desk@"]);
        assert_eq!(unmapped(&push.told("GET", &ann, &Value::Null, 200).await).len(), 1);
    }
}
