//! What outside sources say of members, and what becomes of it.

use serde_json::{Map, Value, json};

use super::*;
use crate::{
    directory::{
        Error, domain,
        domain::Verification,
        invitation::{self, Approach},
        provisioning::{self, Added, Desired, Known, Manner, PRACTITIONER, Speaker},
    },
    id::MembershipId,
    secret::{ExposeSecret, TokenHash},
    storage::{sql, testing::databases},
};

/// A source of an organization, `later` milliseconds after [`NOW`].
pub(super) fn source(name: &str, later: i64) -> Context {
    Context { actor: Actor::Connection(name.to_owned()), ..context(later) }
}

pub(super) fn desired(user_name: &str, attributes: Value) -> Desired {
    let Value::Object(attributes) = attributes else { panic!("an object") };
    Desired { user_name: user_name.to_owned(), external_id: None, is_active: Some(true), attributes }
}

pub(super) async fn add(storage: &Storage, of: &Organization, who: &'static str, new: Desired) -> Result<Added> {
    let of = of.id.clone();
    unit!(storage, |tx| {
        let (context, may_assign) = (source(who, 1), [slug("billing"), slug("owner")]);
        let speaker = Speaker {
            context: &context,
            organization: &of,
            may_assign: &may_assign,
            may_grant: &[],
            may_verify: false,
        };
        provisioning::add(tx, speaker, &new).await
    })
}

pub(super) async fn change(
    storage: &Storage,
    of: &Organization,
    who: &'static str,
    (id, new, manner): (&MembershipId, Desired, Manner),
) -> Result<bool> {
    let (of, id) = (of.id.clone(), id.clone());
    unit!(storage, |tx| {
        let (context, may_assign) = (source(who, 2), [slug("billing")]);
        let speaker = Speaker {
            context: &context,
            organization: &of,
            may_assign: &may_assign,
            may_grant: &[],
            may_verify: false,
        };
        provisioning::change(tx, speaker, &id, (&new, manner)).await.map(|(changed, _)| changed)
    })
}

/// Lets a source speak for an organization.
pub(super) async fn connect(storage: &Storage, of: &Organization, who: &'static str) {
    let of = of.id.as_str().to_owned();
    unit!(storage, |tx| {
        sql("INSERT INTO scim_connections (id, organization_id, name, resources, may_write, networks, roles, created_at) \
             VALUES ($1, $2, $1, 'users groups', 1, '[]', '[]', 0)")
        .bind(who)
        .bind(of)
        .execute(tx.connection())
        .await
    })
    .unwrap();
}

pub(super) async fn known(storage: &Storage, of: &Organization, id: &MembershipId) -> Option<Known> {
    storage.read().await.unwrap().member_records().by_id(&of.id, id).await.unwrap()
}

/// A clinic that owns its domain.
pub(super) async fn owning(storage: &Storage, name: &'static str) -> Organization {
    let organization = clinic(storage, name).await;
    let (of, domain) = (organization.id.clone(), format!("{name}.example"));
    unit!(storage, |tx| {
        let domain = domain.parse().unwrap();
        domain::add(tx, &context(0), &of, &domain).await?;
        domain::verify(tx, &context(0), &of, &domain, Verification::Administrator).await
    })
    .unwrap();
    organization
}

#[tokio::test(flavor = "multi_thread")]
async fn in_its_own_domain_an_organization_brings_people_at_once() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = owning(storage, "riverside").await;
        let priya = json!({
            "displayName": "Priya Nair", "name": {"givenName": "Priya", "familyName": "Nair"}, "title": "Dr",
            "emails": [{"value": "Priya@riverside.example", "primary": true}], "roles": [{"value": "billing"}, {"value": "owner"}],
            (PRACTITIONER): {"profession": "Physiotherapist", "membershipKind": "practitioner"},
        });
        let added = add(storage, &riverside, "entra", desired("PNair", priya.clone())).await.unwrap();
        assert!(added.invited.is_none());
        let mut tx = storage.read().await.unwrap();
        let user = tx.users().by_login_name(&"priya@riverside.example".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!((user.name.as_str(), user.given_name.as_deref()), ("Priya Nair", Some("Priya")));
        assert!(user.email_verified_at.is_some() && user.password_hash.is_none());
        let member = tx.memberships().by_id(&riverside.id, &added.known.membership.id).await.unwrap().unwrap();
        assert_eq!((member.kind.as_str(), member.profession.as_deref()), ("practitioner", Some("Physiotherapist")));
        let access = tx.access().of_member(&added.known.membership.id, Timestamp(NOW.0 + 2)).await.unwrap();
        assert_eq!(access.roles, [slug("billing")], "no source makes an owner");
        drop(tx);
        let seen = known(storage, &riverside, &added.known.membership.id).await.unwrap();
        assert!(!seen.is_pending);
        assert_eq!(added.known, seen, "what is answered is what is there");
        assert_eq!(seen.seen()["roles"], priya["roles"], "what was said is shown as it was said");
        assert_eq!(seen.user_name(), "PNair");
        for name in ["PNAIR", "pnair"] {
            let again = add(storage, &riverside, "entra", desired(name, json!({}))).await;
            assert!(matches!(again, Err(Error::Taken(..))), "{name} {again:?}");
        }
        let same_address = add(storage, &riverside, "entra", desired("other", priya)).await;
        assert!(matches!(same_address, Err(Error::AlreadyMember)), "{same_address:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_another_address_is_pending_until_they_accept() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (owning(storage, "riverside").await, owning(storage, "harbour").await);
        let (noor, _) = member(storage, &harbour, "noor@harbour.example", &[]).await;
        let mut ids = vec![];
        for address in ["noor@harbour.example", "nobody@harbour.example"] {
            let said = json!({"displayName": "N", "roles": [{"value": "billing"}]});
            let added = add(storage, &riverside, "entra", desired(address, said)).await.unwrap();
            let (invitation, token) = added.invited.expect("whoever is known answers like whoever is not");
            assert_eq!(invitation.email.as_str(), address);
            let seen = known(storage, &riverside, &added.known.membership.id).await.unwrap();
            assert!(seen.is_pending && seen.membership.disabled_at.is_none());
            assert_eq!(added.known, seen);
            ids.push((added.known.membership.id.clone(), token, seen.seen(), seen.membership.user_id));
        }
        let but_for_the_name = |seen: &Map<String, Value>| {
            let mut seen = seen.clone();
            seen.remove("userName");
            seen
        };
        assert_eq!(but_for_the_name(&ids[0].2), but_for_the_name(&ids[1].2));
        let (id, token, _, placeholder) = &ids[0];
        assert_ne!(placeholder, &noor.id);

        let (link, user) = (TokenHash::of(token.expose_secret()), noor.id.clone());
        let membership =
            unit!(storage, |tx| invitation::accept(tx, &context(5), Approach::Link(link), &user).await).unwrap();
        assert_eq!((&membership.id, &membership.user_id), (id, &noor.id));
        let mut tx = storage.read().await.unwrap();
        let access = tx.access().of_member(id, Timestamp(NOW.0 + 6)).await.unwrap();
        assert_eq!(access.roles, [slug("billing")], "what was given meanwhile is there");
        assert!(tx.users().by_id(placeholder).await.unwrap().unwrap().deleted_at.is_some());
        drop(tx);
        assert!(!known(storage, &riverside, id).await.unwrap().is_pending);

        // The other one is taken back before an answer.
        let (of, id, token) = (riverside.id.clone(), ids[1].0.clone(), TokenHash::of(ids[1].1.expose_secret()));
        unit!(storage, |tx| {
            let context = source("entra", 7);
            let speaker =
                Speaker { context: &context, organization: &of, may_assign: &[], may_grant: &[], may_verify: false };
            provisioning::remove(tx, speaker, &id).await
        })
        .unwrap();
        assert!(known(storage, &riverside, &ids[1].0).await.is_none());
        let mut tx = storage.read().await.unwrap();
        let found = invitation::find(&mut tx, Approach::Link(token), Timestamp(NOW.0 + 8)).await.unwrap();
        assert!(found.is_none(), "the invitation went with it");
        drop(tx);
        add(storage, &riverside, "entra", desired("nobody@harbour.example", json!({}))).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_changes_what_is_its_own_and_never_a_person_of_others() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (owning(storage, "riverside").await, owning(storage, "harbour").await);
        let (max, member) = member(storage, &riverside, "max@riverside.example", &[]).await;
        for who in ["entra", "okta"] {
            connect(storage, &riverside, who).await;
        }
        let said = |phone: &str| {
            let phones = json!([{"value": phone, "type": "work"}]);
            desired("max@riverside.example", json!({"displayName": "Max N", "title": "Dr", "phoneNumbers": phones}))
        };
        let id = &member.id;
        for (who, new, manner, expected) in [
            ("entra", said("+45 1"), Manner::Whole, Ok(true)),
            ("entra", said("+45 1"), Manner::Whole, Ok(false)),
            ("okta", said("+45 2"), Manner::Whole, Ok(false)),
            ("okta", said("+45 2"), Manner::Change, Err("phoneNumbers")),
            ("entra", said("+45 3"), Manner::Change, Ok(true)),
        ] {
            let done = change(storage, &riverside, who, (id, new, manner)).await;
            let done = done.map_err(|error| match error {
                Error::Owned(owned) => owned.attribute,
                other => panic!("{other}"),
            });
            assert_eq!(done, expected.map_err(str::to_owned), "{who}");
        }
        let user = storage.read().await.unwrap().users().by_id(&max.id).await.unwrap().unwrap();
        assert_eq!((user.name.as_str(), user.phone.as_deref()), ("Max N", Some("+45 3")));

        let (of, joining) = (harbour.id.clone(), joining(&max, &[]));
        unit!(storage, |tx| membership::join(tx, &context(3), &of, joining).await).unwrap();
        assert!(change(storage, &riverside, "entra", (id, said("+45 4"), Manner::Whole)).await.unwrap());
        let user = storage.read().await.unwrap().users().by_id(&max.id).await.unwrap().unwrap();
        assert_eq!(user.phone.as_deref(), Some("+45 3"), "another organization sees this person too");
        let seen = known(storage, &riverside, id).await.unwrap().seen();
        assert_eq!(seen["phoneNumbers"][0]["value"], "+45 4", "the organization has its own view");
        let elsewhere = change(storage, &harbour, "entra", (id, said("+45 5"), Manner::Whole)).await;
        assert!(matches!(elsewhere, Err(Error::Unknown(..))), "{elsewhere:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_is_out_and_comes_back_with_what_they_had() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = owning(storage, "riverside").await;
        let said = |is_active: bool| Desired {
            is_active: Some(is_active),
            ..desired("max@riverside.example", json!({"displayName": "Max", "roles": [{"value": "billing"}]}))
        };
        let id = add(storage, &riverside, "entra", said(true)).await.unwrap().known.membership.id;
        for (is_active, changes) in [(false, true), (false, false), (true, true)] {
            let done = change(storage, &riverside, "entra", (&id, said(is_active), Manner::Change)).await.unwrap();
            assert_eq!(done, changes, "{is_active}");
            let member = known(storage, &riverside, &id).await.unwrap().membership;
            assert_eq!(member.disabled_at.is_none(), is_active);
        }
        let access = storage.read().await.unwrap().access().of_member(&id, Timestamp(NOW.0 + 9)).await.unwrap();
        assert_eq!(access.roles, [slug("billing")]);
        let without = desired("max@riverside.example", json!({"displayName": "Max"}));
        change(storage, &riverside, "entra", (&id, without, Manner::Change)).await.unwrap();
        let access = storage.read().await.unwrap().access().of_member(&id, Timestamp(NOW.0 + 9)).await.unwrap();
        assert!(access.roles.is_empty(), "a role that the source takes back ends");
    }
}
