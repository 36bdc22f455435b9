//! What a source says of a member that has a meaning in the organization: the manager, sites, roles, the registration.

use lanyard::{
    id::MembershipId,
    scim::connection::{self, Rights},
};
use serde_json::{Value, json};

use super::push::{Push, USER, patch};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(super) const OWN: &str = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner";

fn manager(id: &str) -> Value {
    patch(json!([{"op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": {"value": id}}]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_is_a_member_of_the_same_organization() {
    for push in Push::each().await {
        let (ann, bob, cy) = (push.person("ann").await, push.person("bob").await, push.person("cy").await);
        let path = |id: &str| format!("/Users/{id}");
        let manager_of = async |id: &str| {
            let id: MembershipId = id.parse().unwrap();
            let mut tx = push.door.clinic.app.storage.read().await.unwrap();
            tx.managers().of(&id).await.unwrap().map(|(id, _)| id.to_string())
        };
        let seen = async |id: &str| {
            let one = push.told("GET", &path(id), &Value::Null, 200).await;
            one[ENTERPRISE]["manager"].clone()
        };
        let done = push.told("PATCH", &path(&bob), &manager(&ann), 200).await;
        let address = format!("http://localhost:8080/scim/v2/Users/{ann}");
        assert_eq!(done[ENTERPRISE]["manager"], json!({"value": ann, "$ref": address, "displayName": "ann"}));
        let tag = push.told("GET", &path(&bob), &Value::Null, 200).await["meta"]["version"].clone();
        let renamed = patch(json!([{"op": "replace", "path": "displayName", "value": "Ann \"O\""}]));
        push.told("PATCH", &path(&ann), &renamed, 200).await;
        let found = push.told("GET", &format!("/Users?filter=id%20eq%20%22{bob}%22"), &Value::Null, 200).await;
        assert_eq!(found["Resources"][0][ENTERPRISE]["manager"]["displayName"], "Ann \"O\"");
        assert_eq!(found["Resources"][0]["meta"]["version"], tag, "the manager's name is no change of the member");
        let title = patch(json!([{"op": "replace", "path": "title", "value": "Dr"}]));
        let changed = push.ask_if("PATCH", &path(&bob), &title, ("if-match", tag.as_str().unwrap())).await;
        assert_eq!(changed.json()[ENTERPRISE]["manager"], found["Resources"][0][ENTERPRISE]["manager"]);
        push.told("PATCH", &path(&cy), &manager(&bob), 200).await;
        assert_eq!(manager_of(&cy).await.as_deref(), Some(bob.as_str()));

        // Somebody of another organization, and nobody at all.
        let other = push.of("harbour").await;
        let body = json!({"schemas": [USER], "userName": "x"});
        let stranger = push.ask_as(&other, "POST", "/Users", (&body, &[])).await.json()["id"].clone();
        for wrong in [stranger.as_str().unwrap(), "mem_0192f3c4d5e6798081828384858687ab", "Max Lindqvist"] {
            let answer = push.ask("PATCH", &path(&ann), &manager(wrong)).await;
            let error = answer.json();
            assert_eq!((answer.status.as_u16(), &error["scimType"]), (400, &json!("invalidValue")), "{wrong}");
            assert!(error["detail"].as_str().unwrap().starts_with("manager: "), "{error}");
        }
        assert_eq!(seen(&ann).await, Value::Null, "nothing of a refused request is kept");
        let new =
            json!({"schemas": [USER, ENTERPRISE], "userName": "d", (ENTERPRISE): {"manager": {"value": "nobody"}}});
        assert_eq!(push.refused("POST", "/Users", &new).await, (400, Some("invalidValue".into())));
        let new = json!({"schemas": [USER, ENTERPRISE], "userName": "d", (ENTERPRISE): {"manager": {"value": ann}}});
        let made = push.told("POST", "/Users", &new, 201).await["id"].as_str().unwrap().to_owned();
        assert_eq!(manager_of(&made).await.as_deref(), Some(ann.as_str()));

        // Who is switched off stays a manager; who leaves is nobody's.
        let off = patch(json!([{"op": "replace", "path": "active", "value": false}]));
        push.told("PATCH", &path(&ann), &off, 200).await;
        assert_eq!(seen(&bob).await["value"], ann);
        push.told("DELETE", &path(&ann), &Value::Null, 204).await;
        for id in [&bob, &made] {
            assert_eq!((manager_of(id).await, seen(id).await), (None, Value::Null));
        }
        assert_eq!(manager_of(&cy).await.as_deref(), Some(bob.as_str()));
        let gone = patch(json!([{"op": "remove", "path": format!("{ENTERPRISE}:manager")}]));
        push.told("PATCH", &path(&cy), &gone, 200).await;
        assert_eq!(manager_of(&cy).await, None);
        // Circles are the source's word, too.
        push.told("PATCH", &path(&bob), &manager(&cy), 200).await;
    }
}

/// Roles that a member has, each with its place, and their own identifiers.
pub(super) async fn held(push: &Push, member: &MembershipId) -> (Vec<String>, Vec<String>) {
    let of = push.door.riverside().await;
    let mut tx = push.door.clinic.app.storage.read().await.unwrap();
    let roles = tx.assignments().of_member(&of, member).await.unwrap().into_iter();
    let mut roles: Vec<String> =
        roles.map(|one| format!("{}@{}", one.role, one.location.map(String::from).unwrap_or_default())).collect();
    roles.sort();
    let own = tx.identifiers().of_member(&of, member).await.unwrap();
    let mut own: Vec<String> = own.into_iter().map(|one| format!("{} {}", one.kind, one.value)).collect();
    own.sort();
    (roles, own)
}

pub(super) fn unmapped(one: &Value) -> Vec<(String, String)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let all = one[OWN]["unmapped"].as_array().into_iter().flatten();
    all.map(|one| (text(one, "type"), text(one, "value"))).collect()
}

/// Lets the connection assign these roles.
pub(super) async fn let_assign(push: &Push, roles: [&'static str; 2]) {
    let (context, of) = (push.door.clinic.context(), push.door.riverside().await);
    let may = move |rights: Rights| Rights { roles: roles.map(|role| role.parse().unwrap()).to_vec(), ..rights };
    push.door
        .clinic
        .write(move |tx| {
            Box::pin(async move {
                let name = "entra".parse().unwrap();
                Ok(connection::change(tx, &context, &of, &name, may).await.map(drop)?)
            })
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_means_nothing_here_is_kept_and_told() {
    for push in Push::each().await {
        let of = push.door.riverside().await;
        let site = {
            let mut tx = push.door.clinic.app.storage.read().await.unwrap();
            tx.locations().list(&of).await.unwrap().into_iter().next().unwrap()
        };
        let slug = site.slug.as_str();
        let locations = json!([
            {"value": slug, "identifier": "7A"}, {"value": site.id.as_str(), "identifier": "9", "identifierType": "ydernummer"},
            {"value": "moon"},
        ]);
        let new = json!({
            "schemas": [USER, OWN], "userName": "jo@riverside.example",
            "roles": [{"value": "billing"}, {"value": "owner"}, {"value": "gp_lead"}, {"value": "front_desk"}],
            "entitlements": [{"value": format!("billing@{slug}")}], (OWN): {"locations": locations},
        });
        let made = push.told("POST", "/Users", &new, 201).await;
        let (id, path) = (made["id"].as_str().unwrap(), format!("/Users/{}", made["id"].as_str().unwrap()));
        let member: MembershipId = id.parse().unwrap();
        assert_eq!((&made["roles"], &made[OWN]["locations"]), (&new["roles"], &locations), "all of it is kept");
        let pair = |(a, b): (&str, &str)| (a.to_owned(), b.to_owned());
        let expected =
            [("roles", "owner"), ("roles", "gp_lead"), ("roles", "front_desk"), ("locations", "moon")].map(pair);
        assert_eq!(unmapped(&made), expected, "{made}");
        assert_eq!(push.told("GET", &path, &Value::Null, 200).await, made);
        let both = ["billing@".to_owned(), format!("billing@{slug}")];
        assert_eq!(
            held(&push, &member).await,
            (both.to_vec(), ["provider_number 7A", "ydernummer 9"].map(str::to_owned).to_vec())
        );

        // What is unmapped is ours to say; a role that the connection may assign by now counts when it is said again.
        let forged = patch(json!([{"op": "remove", "path": format!("{OWN}:unmapped")}]));
        assert_eq!(push.refused("PATCH", &path, &forged).await, (400, Some("mutability".into())));
        let mut less = new.clone();
        less["roles"] = json!([{"value": "billing"}]);
        less[OWN]["locations"] = json!([{"value": slug, "identifier": "8"}]);
        less[OWN]["unmapped"] = json!([{"type": "roles", "value": "x"}]);
        let put = push.told("PUT", &path, &less, 200).await;
        assert_eq!(unmapped(&put), []);
        assert_eq!(held(&push, &member).await, (both.to_vec(), vec!["provider_number 8".to_owned()]));
        let_assign(&push, ["billing", "front_desk"]).await;
        let put = push.told("PUT", &path, &new, 200).await;
        let left: Vec<_> = expected.into_iter().filter(|one| one.1 != "front_desk").collect();
        assert_eq!(unmapped(&put), left);
        assert_eq!(held(&push, &member).await.0, ["billing@", &format!("billing@{slug}"), "front_desk@"]);
    }
}
