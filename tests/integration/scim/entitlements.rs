//! Entitlements that are permissions of apps: granted directly by the source that may, and taken away by it alone.

use lanyard::{
    directory::{
        app::{self, Adopt, Declaration, Requires},
        permission::{self, Effect},
    },
    id::MembershipId,
    scim::connection::{self, Rights},
};
use serde_json::json;

use super::push::{Push, USER, patch};

const READ: &str = "portal:slot:read";
const WRITE: &str = "portal:slot:write";

/// Lets Riverside use an app with two permissions.
async fn declare(push: &Push) {
    let (context, of) = (push.door.clinic.context(), push.door.riverside().await);
    let work = push.door.clinic.write(move |tx| {
        Box::pin(async move {
            let said = |text: &str| (text.parse().unwrap(), "Slots.".to_owned());
            let declaration = Declaration { permissions: [READ, WRITE].map(said).to_vec(), templates: vec![] };
            app::declare(tx, &context, "portal", &declaration).await?;
            app::activate(tx, &context, &of, "portal", (&Adopt::All, &Requires::default())).await?;
            Ok(())
        })
    });
    work.await;
}

/// What a member may do now, and what is said of single permissions, each with its source.
async fn held(push: &Push, member: &MembershipId) -> (Vec<String>, Vec<String>) {
    let (of, now) = (push.door.riverside().await, push.door.clinic.app.clock.now());
    let mut tx = push.door.clinic.app.storage.read().await.unwrap();
    let access = tx.access().of_member(member, now).await.unwrap().entitlements;
    let ranking = tx.sources().ranking(&of).await.unwrap();
    let direct = tx.permissions().of_member(&of, member).await.unwrap().into_iter().map(|one| {
        let by = one.source.map_or_else(|| "people".to_owned(), |source| ranking.name_of(&source));
        format!("{} {} {by}", one.effect.as_str(), one.permission)
    });
    let direct = direct.collect();
    (access.into_iter().filter(|one| one.starts_with("portal:")).collect(), direct)
}

async fn by_hand(push: &Push, member: &MembershipId, effect: Option<Effect>) -> Result<(), String> {
    let (context, of, member) = (push.door.clinic.context(), push.door.riverside().await, member.clone());
    let work = push.door.clinic.app.storage.write::<_, lanyard::directory::Error, _>(move |tx| {
        Box::pin(async move { permission::set(tx, &context, &of, &member, (&READ.parse().unwrap(), effect)).await })
    });
    work.await.map_err(|error| error.to_string())
}

async fn end(push: &Push, name: &str) {
    let (context, of, name) = (push.door.clinic.context(), push.door.riverside().await, name.parse().unwrap());
    let work = push
        .door
        .clinic
        .write(move |tx| Box::pin(async move { Ok(connection::remove(tx, &context, &of, &name).await?) }));
    work.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_may_grant_is_granted_and_only_its_own_is_taken_away() {
    for push in Push::each().await {
        declare(&push).await;
        let rights = Rights {
            permissions: vec![READ.parse().unwrap()],
            roles: vec!["billing".parse().unwrap()],
            precedence: 5,
            ..Rights::default()
        };
        let (_, hr) = push.door.connect("hr", rights).await;
        let value = |text: &str| json!({"value": text});
        let said = [READ, WRITE, "lanyard:people:read", "billing", "portal:slot:gone"].map(value);
        let new = json!({"schemas": [USER], "userName": "jo@riverside.example", "entitlements": said});
        let made = push.ask_as(&hr, "POST", "/Users", (&new, &[])).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let made = made.json();
        assert_eq!(made["entitlements"], new["entitlements"], "all of it is kept");
        let own = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner";
        let unmapped: Vec<&str> =
            made[own]["unmapped"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect();
        assert_eq!(unmapped, [WRITE, "lanyard:people:read", "portal:slot:gone"]);
        let member: MembershipId = made["id"].as_str().unwrap().parse().unwrap();
        let path = format!("/Users/{member}");
        let granted = format!("grant {READ} hr");
        assert_eq!(held(&push, &member).await, (vec![READ.to_owned()], vec![granted.clone()]));
        assert_eq!(push.door.clinic.recorded("permission-change").await, 1);

        // A denial by people stands beside it and wins; what the source grants is the source's to take back.
        let refused = by_hand(&push, &member, None).await.unwrap_err();
        assert_eq!(refused, format!("`entitlements[value eq \"{READ}\"]` is kept by hr; change it there"));
        by_hand(&push, &member, Some(Effect::Deny)).await.unwrap();
        assert_eq!(held(&push, &member).await, (vec![], vec![format!("deny {READ} people"), granted.clone()]));
        by_hand(&push, &member, None).await.unwrap();
        assert_eq!(held(&push, &member).await, (vec![READ.to_owned()], vec![granted]));
        by_hand(&push, &member, Some(Effect::Grant)).await.unwrap();
        let none = patch(json!([{"op": "remove", "path": "entitlements"}]));
        assert_eq!(push.ask_as(&hr, "PATCH", &path, (&none, &[])).await.status, 200);
        assert_eq!(held(&push, &member).await, (vec![READ.to_owned()], vec![format!("grant {READ} people")]));
        by_hand(&push, &member, None).await.unwrap();

        // A source that may not grant it gives nothing by the rights of another, and whoever is overruled gives no more.
        let say = |text: &str| patch(json!([{"op": "replace", "path": "entitlements", "value": [value(text)]}]));
        push.told("PATCH", &path, &say(READ), 200).await;
        assert_eq!(held(&push, &member).await, (vec![], vec![]), "entra may not grant it");
        assert_eq!(
            push.ask_as(
                &hr,
                "PATCH",
                &path,
                (&patch(json!([{"op": "add", "path": "entitlements", "value": [value("billing")]}])), &[])
            )
            .await
            .status,
            200
        );
        assert_eq!(held(&push, &member).await.0, [READ], "hr says both, and may");
        assert_eq!(push.refused("PATCH", &path, &say(WRITE)).await, (400, Some("mutability".into())));
        let (_, higher) = push.door.connect("higher", Rights { precedence: 9, ..Rights::default() }).await;
        assert_eq!(push.ask_as(&higher, "PATCH", &path, (&say("nothing"), &[])).await.status, 200);
        assert_eq!(held(&push, &member).await, (vec![], vec![]), "whoever is overruled grants no more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_take_back_what_a_source_granted_that_has_ended() {
    for push in Push::each().await {
        declare(&push).await;
        let rights = Rights { permissions: vec![READ.parse().unwrap()], ..Rights::default() };
        let (_, brief) = push.door.connect("brief", rights).await;
        let id = push.person("jo").await;
        let (member, path): (MembershipId, _) = (id.parse().unwrap(), format!("/Users/{id}"));
        let read = patch(json!([{"op": "add", "path": "entitlements", "value": [{"value": READ}]}]));
        assert_eq!(push.ask_as(&brief, "PATCH", &path, (&read, &[])).await.status, 200);
        assert!(by_hand(&push, &member, None).await.is_err());
        end(&push, "brief").await;
        assert_eq!(held(&push, &member).await.0, [READ], "what it brought stays");
        by_hand(&push, &member, None).await.unwrap();
        assert_eq!(held(&push, &member).await, (vec![], vec![]));
    }
}
