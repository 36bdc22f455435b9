//! Whoever was pushed before they joined: what a source and people gave to their place meanwhile is theirs when they take it,
//! and nobody takes it who did not prove the address.

use lanyard::{
    directory::{
        group,
        invitation::{self, Approach, NewInvitation},
        membership::{self, FirstRoles, Membership, NewMembership},
        origin::Origin,
        user::{self, NewUser},
        validity::Validity,
    },
    id::{GroupId, MembershipId},
    setting::SubjectKind,
};
use serde_json::{Value, json};

use super::push::{GROUP, Push, USER, patch};
use crate::oauth::clinic::claims;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const OWN: &str = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner";
const ADDRESS: &str = "nobody@clinic.example";

/// The account of that address accepts the invitation.
async fn accept(push: &Push) -> Membership {
    let (context, user) = (push.door.clinic.context(), push.door.clinic.user("nobody").await);
    let work = push.door.clinic.write(move |tx| {
        Box::pin(async move {
            let open = tx.invitations().open_of(&ADDRESS.parse()?, context.now).await?.pop().unwrap();
            Ok(invitation::accept(tx, &context, Approach::Account(&open.id), &user).await?)
        })
    });
    work.await
}

/// People of Riverside make an account a member.
async fn join(push: &Push, email: &str, (kind, is_proved): (&'static str, bool)) -> Membership {
    let (context, of, email) = (push.door.clinic.context(), push.door.riverside().await, email.to_owned());
    let work = push.door.clinic.write(move |tx| {
        Box::pin(async move {
            let new = NewUser {
                name: "X".parse()?,
                email: Some(email.parse()?),
                email_is_verified: is_proved,
                user_name: None,
                password: None,
                locale: None,
            };
            let user = user::create(tx, &context, new).await?.id;
            let (kind, roles, origin) = (kind.parse()?, FirstRoles::OfKind, Origin::of(&context));
            let new = NewMembership { user, kind, roles, validity: Validity::ALWAYS, origin };
            Ok(membership::join(tx, &context, &of, new).await?)
        })
    });
    work.await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_for_a_place_is_for_whoever_takes_it() {
    for push in Push::each().await {
        push.door.clinic.leaves_jobs();
        let new = json!({"schemas": [USER], "userName": ADDRESS, "displayName": "N"});
        let id = push.told("POST", "/Users", &new, 201).await["id"].as_str().unwrap().to_owned();
        push.door.clinic.rule_for((SubjectKind::Member, &id), ("token.lifetime", "2m")).await;
        assert_eq!(accept(&push).await.id.as_str(), id);
        let browser = push.door.clinic.browser("nobody").await;
        assert_eq!(push.door.clinic.tokens(&browser, "portal", "").await["expires_in"], 120);
        push.told("DELETE", &format!("/Users/{id}"), &Value::Null, 204).await;
        let of = push.door.riverside().await;
        let left = push.door.clinic.app.storage.read().await.unwrap().policy_rules().of(&of).await.unwrap();
        assert_eq!(left, [], "it goes with the member");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_to_a_place_is_whose_it_becomes() {
    for push in Push::each().await {
        push.door.clinic.leaves_jobs();
        let ann = push.person("ann").await;
        let new = json!({
            "schemas": [USER, OWN, ENTERPRISE], "userName": ADDRESS, "externalId": "n", "displayName": "N", "title": "Dr",
            "roles": [{"value": "billing"}], (ENTERPRISE): {"manager": {"value": ann}},
            (OWN): {"membershipKind": "hirer", "profession": "Physician", "registrationNumber": "R-1"},
        });
        let made = push.told("POST", "/Users", &new, 201).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let path = format!("/Users/{id}");
        let team = json!({"schemas": [GROUP], "displayName": "Team", "members": [{"value": id}]});
        push.told("POST", "/Groups", &team, 201).await;
        let reports = patch(json!([{"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": {"value": id}}]));
        let bob = format!("/Users/{}", push.person("bob").await);
        push.told("PATCH", &bob, &reports, 200).await;
        let (context, of, member) =
            (push.door.clinic.context(), push.door.riverside().await, id.parse::<MembershipId>().unwrap());
        let (by, at) = (context.clone(), of.clone());
        push.door
            .clinic
            .write(move |tx| {
                Box::pin(async move {
                    let gps: GroupId = tx.groups().by_slug(&at, &"gps".parse()?).await?.unwrap().id;
                    Ok(group::add_member(tx, &by, &at, &gps, &member).await?)
                })
            })
            .await;
        let before = push.told("GET", &path, &Value::Null, 200).await;
        let joined = accept(&push).await;
        assert_eq!((joined.id.as_str(), joined.kind.as_str()), (id.as_str(), "hirer"), "the kind that the source said");
        let after = push.told("GET", &path, &Value::Null, 200).await;
        for name in ["id", "userName", "externalId", "displayName", "title", "roles", "groups", ENTERPRISE, OWN] {
            assert_eq!(after[name], before[name], "{name}");
        }
        assert_eq!(after["groups"].as_array().unwrap().len(), 2);
        let told = push.told("GET", &bob, &Value::Null, 200).await;
        assert_eq!(told[ENTERPRISE]["manager"]["value"], json!(id), "who reports to them still does");

        let browser = push.door.clinic.browser("nobody").await;
        let scope = format!("scope=openid+practitioner+roles+groups&organization={of}");
        let tokens = push.door.clinic.tokens(&browser, "portal", &scope).await;
        let said = claims(&tokens["access_token"]);
        assert_eq!((&said["roles"], &said["groups"]), (&json!(["billing"]), &json!(["gps", "team"])));
        assert_eq!((&said["membership_kind"], &said["profession"]), (&json!("hirer"), &json!("Physician")));
        assert_eq!(said["registration"], json!({"number": "R-1", "status": "unverified"}));

        // It is the source's member as before.
        let off = patch(json!([{"op": "replace", "path": "active", "value": false}]));
        assert_eq!(push.told("PATCH", &path, &off, 200).await["active"], false);
        let active = push
            .door
            .clinic
            .app
            .storage
            .read()
            .await
            .unwrap()
            .memberships()
            .active(&joined.user_id, &of, context.now)
            .await;
        assert!(active.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kind_of_whoever_takes_a_place_is_the_one_that_somebody_chose() {
    for push in Push::each().await {
        push.door.clinic.leaves_jobs();
        let of = push.door.riverside().await;
        for (case, said, by_people, by_hand, expected) in [
            ("nobody said it before", None, None, "contractor", "contractor"),
            ("the source says it", Some("hirer"), None, "contractor", "hirer"),
            ("the source says the usual one", Some("administrative"), None, "contractor", "administrative"),
            ("people changed it meanwhile", None, Some("hirer"), "contractor", "hirer"),
            ("nobody chooses", None, None, "administrative", "administrative"),
        ] {
            for way in ["join", "invitation"] {
                let address = format!("{}-{way}@elsewhere.example", case.replace(' ', "-"));
                let mut new = json!({"schemas": [USER, OWN], "userName": address});
                if let Some(kind) = said {
                    new[OWN] = json!({"membershipKind": kind});
                }
                let id: MembershipId =
                    push.told("POST", "/Users", &new, 201).await["id"].as_str().unwrap().parse().unwrap();
                if let Some(kind) = by_people {
                    let (context, of, id) = (push.door.clinic.context(), of.clone(), id.clone());
                    let change = (Some(kind.parse().unwrap()), None);
                    push.door
                        .clinic
                        .write(move |tx| {
                            Box::pin(
                                async move { Ok(membership::update(tx, &context, &of, &id, change).await.map(drop)?) },
                            )
                        })
                        .await;
                }
                let joined = if way == "join" {
                    join(&push, &address, (by_hand, true)).await
                } else {
                    invited(&push, &address, by_hand).await
                };
                assert_eq!((&joined.id, joined.kind.as_str()), (&id, expected), "{case}, {way}");
                let told = push.told("GET", &format!("/Users/{id}"), &Value::Null, 200).await;
                assert_eq!(told[OWN]["membershipKind"], expected, "{case}, {way}");
            }
        }
    }
}

/// People of Riverside invite an address that a source named, and an account accepts that proved it later.
async fn invited(push: &Push, address: &str, kind: &'static str) -> Membership {
    let (context, of, address) = (push.door.clinic.context(), push.door.riverside().await, address.to_owned());
    let work = push.door.clinic.write(move |tx| {
        Box::pin(async move {
            let email = address.parse()?;
            let open = tx.invitations().unanswered(&of, &email).await?.unwrap();
            invitation::revoke(tx, &context, &of, &open.id).await?;
            let new = NewInvitation { email, kind: kind.parse()?, roles: None, invited_by: None };
            let (made, _) = invitation::create(tx, &context, &of, new).await?;
            let new = NewUser {
                name: "X".parse()?,
                email: Some(address.parse()?),
                email_is_verified: true,
                user_name: None,
                password: None,
                locale: None,
            };
            let user = user::create(tx, &context, new).await?.id;
            Ok(invitation::accept(tx, &context, Approach::Account(&made.id), &user).await?)
        })
    });
    work.await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_did_not_prove_the_address_takes_no_place() {
    for push in Push::each().await {
        push.door.clinic.leaves_jobs();
        let address = "boss@elsewhere.example";
        let new = json!({
            "schemas": [USER, OWN], "userName": address, "roles": [{"value": "billing"}], (OWN): {"profession": "Physician"},
        });
        let made = push.told("POST", "/Users", &new, 201).await;
        let (id, path) = (made["id"].clone(), format!("/Users/{}", made["id"].as_str().unwrap()));
        let joined = join(&push, address, ("contractor", false)).await;
        assert_ne!(json!(joined.id), id);
        assert_eq!(joined.profession, None, "nothing of the place is theirs");
        let clinic = &push.door.clinic;
        let (of, now) = (push.door.riverside().await, clinic.app.clock.now());
        let access = clinic.app.storage.read().await.unwrap().access().of_member(&joined.id, now).await.unwrap();
        assert!(!access.roles.iter().any(|role| role.as_str() == "billing"));
        assert_eq!(push.told("GET", &path, &Value::Null, 200).await, made, "the place waits as before");
        let kept = clinic
            .app
            .storage
            .read()
            .await
            .unwrap()
            .member_records()
            .by_id(&of, &id.as_str().unwrap().parse().unwrap())
            .await;
        assert!(kept.unwrap().unwrap().is_pending);
        let open =
            clinic.app.storage.read().await.unwrap().invitations().unanswered(&of, &address.parse().unwrap()).await;
        assert!(open.unwrap().is_some(), "the letter still reaches whoever has the mailbox");

        // The source switches its own off, and nobody else.
        let off = patch(json!([{"op": "replace", "path": "active", "value": false}]));
        push.told("PATCH", &path, &off, 200).await;
        let other = push.told("GET", &format!("/Users/{}", joined.id), &Value::Null, 200).await;
        assert_eq!(other["active"], true);
    }
}
