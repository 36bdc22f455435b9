//! Persons and memberships.

use std::time::Duration;

use super::*;
use crate::{
    directory::{
        Error,
        profile::{self, Attribute, Edit, EditableBy, Editor},
        user::{NewPassword, PasswordKind},
    },
    id::UserId,
    secret::TokenHash,
    session::{Authenticated, Lifetime, Proof},
    storage::{Tally, testing::databases},
};

const LIFETIME: Lifetime = Lifetime {
    idle: Duration::from_secs(600),
    absolute: Duration::from_secs(36_000),
    at_station: Duration::from_secs(600),
};

async fn signed_in(storage: &Storage, user: &UserId) -> TokenHash {
    let user = user.clone();
    let (_, token) = Random::system().token();
    let begun: crate::storage::Result<_> = unit!(storage, |tx| {
        let who =
            Authenticated { user, proof: Proof::default(), user_agent: "Firefox".into(), browser: None, via: None };
        tx.sessions().begin(&context(0), token, who, LIFETIME).await
    });
    begun.unwrap();
    token
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_by_every_live_login_name() {
    for database in databases().await {
        let storage = &database.storage;
        let new = NewUser { user_name: Some("olivia".parse().unwrap()), ..person("olivia@riverside.example") };
        let olivia = unit!(storage, |tx| user::create(tx, &context(0), new).await).unwrap();
        let id = olivia.id.clone();
        unit!(storage, |tx| user::change_email(tx, &context(5), &id, &"o@new.example".parse().unwrap()).await).unwrap();
        let mut tx = storage.read().await.unwrap();
        for (name, found) in [
            ("olivia", true),
            ("OLIVIA", true),
            ("o@new.example", true),
            ("olivia@riverside.example", false),
            ("nobody", false),
        ] {
            let user = tx.users().by_login_name(&name.parse().unwrap()).await.unwrap();
            assert_eq!(user.map(|user| user.id), found.then(|| olivia.id.clone()), "{name}");
        }
        let history = tx.login_names().of(&olivia.id).await.unwrap();
        assert_eq!(history.iter().filter(|name| name.retired_at.is_some()).count(), 1);
        let now = tx.users().by_id(&olivia.id).await.unwrap().unwrap();
        assert_eq!(now.email, Some("o@new.example".parse().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_name_belongs_to_one_person() {
    for database in databases().await {
        let storage = &database.storage;
        unit!(storage, |tx| user::create(tx, &context(0), person("a@x.example")).await).unwrap();
        let again = unit!(storage, |tx| user::create(tx, &context(0), person("A@X.example")).await);
        assert!(matches!(again, Err(Error::Taken(..))), "{again:?}");
        assert_eq!(actions(storage).await, ["user-creation"], "what was refused leaves nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handed_password_has_to_be_changed() {
    for database in databases().await {
        let storage = &database.storage;
        let password = NewPassword { hash: "$x$".into(), kind: PasswordKind::OneTime, by: "administrator" };
        let new = NewUser { password: Some(password.clone()), ..person("a@x.example") };
        let user = unit!(storage, |tx| user::create(tx, &context(0), new).await).unwrap();
        assert!(user.must_change_password(NOW));
        let own = NewPassword { kind: PasswordKind::Lasting, by: "person", ..password };
        let id = user.id.clone();
        unit!(storage, |tx| user::set_password(tx, &context(1), &id, &own).await).unwrap();
        for (changed_at, is_held) in [(user.password_changed_at, false), (Some(Timestamp(NOW.0 + 1)), true)] {
            let id = user.id.clone();
            let held = unit!(storage, |tx| Ok::<_, Error>(tx.users().hold_password(&id, changed_at).await?)).unwrap();
            assert_eq!(held, is_held, "whoever signs in with the former password comes too late");
        }
        let user = storage.read().await.unwrap().users().by_id(&user.id).await.unwrap().unwrap();
        assert!(!user.must_change_password(Timestamp(NOW.0 + 1000)));
        assert_eq!(user.password_changed_at, Some(Timestamp(NOW.0 + 1)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_bring_default_roles() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        for (email, kind, expected) in [
            ("a@x.example", "practitioner", vec!["practitioner"]),
            ("b@x.example", "administrative", vec!["front_desk"]),
            ("c@x.example", "hirer", vec![]),
        ] {
            let id = riverside.id.clone();
            let joined: Result<_> = unit!(storage, |tx| {
                let user = user::create(tx, &context(0), person(email)).await?;
                let new = NewMembership { kind: slug(kind), roles: FirstRoles::OfKind, ..joining(&user, &[]) };
                membership::join(tx, &context(0), &id, new).await
            });
            let joined = joined.unwrap();
            let access = storage.read().await.unwrap().access().of_member(&joined.id, NOW).await.unwrap();
            assert_eq!(access.roles, expected.into_iter().map(slug).collect::<Vec<_>>(), "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memberships_count_while_everything_they_rest_on_is_active() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        member(storage, &riverside, "owner@x.example", &["owner"]).await;
        let (olivia, here) = member(storage, &riverside, "olivia@x.example", &["owner"]).await;
        let (id, to) = (harbour.id.clone(), olivia.clone());
        let there = unit!(storage, |tx| membership::join(tx, &context(0), &id, joining(&to, &[])).await).unwrap();
        let active = async || {
            let mut tx = storage.read().await.unwrap();
            let found = tx.memberships().active_of_user(&olivia.id, Timestamp(NOW.0 + 10)).await.unwrap();
            found.into_iter().map(|(_, organization)| organization.slug.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(active().await, ["harbour", "riverside"]);

        let again = {
            let (id, to) = (harbour.id.clone(), olivia.clone());
            unit!(storage, |tx| membership::join(tx, &context(0), &id, joining(&to, &[])).await)
        };
        assert!(matches!(again, Err(Error::AlreadyMember)));

        let (org, id) = (harbour.id.clone(), there.id.clone());
        let until = Validity { from: None, until: Some(Timestamp(NOW.0 + 5)) };
        unit!(storage, |tx| membership::update(tx, &context(0), &org, &id, (None, Some(until))).await).unwrap();
        assert_eq!(active().await, ["riverside"]);

        let (org, id) = (riverside.id.clone(), here.id.clone());
        unit!(storage, |tx| membership::disable(tx, &context(0), &org, &id).await).unwrap();
        assert!(active().await.is_empty());

        let (org, id) = (riverside.id.clone(), here.id.clone());
        unit!(storage, |tx| membership::enable(tx, &context(0), &org, &id).await).unwrap();
        assert_eq!(active().await, ["riverside"]);
        let access = storage.read().await.unwrap().access().of_member(&here.id, NOW).await.unwrap();
        assert_eq!(access.roles, [slug("owner")], "enabling restores what was assigned");

        let org = riverside.id.clone();
        unit!(storage, |tx| organization::disable(tx, &context(0), &org).await).unwrap();
        assert!(active().await.is_empty());
        let access = storage.read().await.unwrap().access().of_member(&here.id, NOW).await.unwrap();
        assert_eq!(access, crate::directory::access::Access::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_the_last_membership_or_the_person() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let (olivia, here) = member(storage, &riverside, "olivia@x.example", &[]).await;
        let (id, to) = (harbour.id.clone(), olivia.clone());
        let there = unit!(storage, |tx| membership::join(tx, &context(0), &id, joining(&to, &[])).await).unwrap();
        let token = signed_in(storage, &olivia.id).await;
        let lives = async || {
            let session = storage.read().await.unwrap().sessions().by_token(token).await.unwrap();
            session.is_some_and(|session| session.ended_at.is_none())
        };
        let (org, id) = (harbour.id.clone(), there.id.clone());
        unit!(storage, |tx| membership::remove(tx, &context(0), &org, &id).await).unwrap();
        assert!(lives().await, "another membership is active");
        let (org, id) = (riverside.id.clone(), here.id.clone());
        unit!(storage, |tx| membership::disable(tx, &context(0), &org, &id).await).unwrap();
        assert!(!lives().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_organization_signs_out_whoever_belongs_nowhere_else() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let (priya, _) = member(storage, &riverside, "priya@x.example", &[]).await;
        let (olivia, _) = member(storage, &riverside, "olivia@x.example", &[]).await;
        let (max, _) = member(storage, &riverside, "max@x.example", &[]).await;
        for (person, ends_at) in [(&olivia, None), (&max, Some(Timestamp(NOW.0 + 5)))] {
            let validity = Validity { from: None, until: ends_at };
            let (id, new) = (harbour.id.clone(), NewMembership { validity, ..joining(person, &[]) });
            unit!(storage, |tx| membership::join(tx, &context(0), &id, new).await).unwrap();
        }
        let tokens = [
            signed_in(storage, &priya.id).await,
            signed_in(storage, &olivia.id).await,
            signed_in(storage, &max.id).await,
        ];
        let living = async || {
            let mut living = vec![];
            for token in tokens {
                let session = storage.read().await.unwrap().sessions().by_token(token).await.unwrap();
                living.push(session.is_some_and(|session| session.ended_at.is_none()));
            }
            living
        };
        for (switch, expected) in [("disable", [false, true, false]), ("enable", [false, true, false])] {
            let id = riverside.id.clone();
            let done: Result<_> = unit!(storage, |tx| match switch {
                "disable" => organization::disable(tx, &context(10), &id).await,
                _ => organization::enable(tx, &context(20), &id).await,
            });
            done.unwrap();
            assert_eq!(living().await, expected, "{switch}");
        }
        let recorded = actions(storage).await;
        assert_eq!(recorded.iter().filter(|action| *action == "sign-out").count(), 2, "{recorded:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_leaves_the_id_alone() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let (max, membership) = member(storage, &riverside, "max@x.example", &["manager"]).await;
        let (org, id) = (riverside.id.clone(), membership.id.clone());
        let edits = vec![Edit::set(Attribute::Phone, "12345678").unwrap(), Edit::set(Attribute::Title, "Dr").unwrap()];
        unit!(storage, |tx| {
            profile::edit_member(tx, &context(0), (&org, &id), Editor::Administrator, &edits).await
        })
        .unwrap();
        let token = signed_in(storage, &max.id).await;
        let members = async || storage.read().await?.tallied(Tally::Members, riverside.id.as_str()).await;
        assert_eq!(members().await.unwrap(), 1);
        let id = max.id.clone();
        unit!(storage, |tx| user::delete(tx, &context(9), &id).await.map(drop)).unwrap();
        assert_eq!(members().await.unwrap(), 0);

        let mut tx = storage.read().await.unwrap();
        let tombstone = tx.users().by_id(&max.id).await.unwrap().unwrap();
        assert!(!tombstone.is_active(Timestamp(9)));
        assert_eq!((tombstone.email, tombstone.phone, tombstone.name.as_str()), (None, None, "Erased person"));
        assert!(tx.login_names().of(&max.id).await.unwrap().is_empty());
        assert!(tx.memberships().by_id(&riverside.id, &membership.id).await.unwrap().is_none());
        assert!(tx.sessions().by_token(token).await.unwrap().is_none_or(|session| session.ended_at.is_some()));
        assert!(tx.assignments().of_member(&riverside.id, &membership.id).await.unwrap().is_empty());
        drop(tx);
        unit!(storage, |tx| user::create(tx, &context(10), person("max@x.example")).await).unwrap();
        assert!(matches!(
            {
                let id = max.id.clone();
                unit!(storage, |tx| user::enable(tx, &context(11), &id).await)
            },
            Err(Error::Unknown(..))
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_are_edited_by_whom_the_organization_says() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let (olivia, here) = member(storage, &riverside, "olivia@x.example", &[]).await;
        let edit = async |edits: Vec<Edit>, editor: Editor| {
            let (org, id) = (riverside.id.clone(), here.id.clone());
            unit!(storage, |tx| profile::edit_member(tx, &context(0), (&org, &id), editor, &edits).await)
        };
        let name = || vec![Edit::set(Attribute::Name, "Olivia Owen").unwrap()];
        edit(name(), Editor::Administrator).await.unwrap();
        edit(vec![Edit::set(Attribute::RegistrationNumber, "R-1").unwrap()], Editor::Administrator).await.unwrap();

        let id = riverside.id.clone();
        unit!(storage, |tx| {
            profile::set_rule(tx, &context(0), &id, Attribute::Phone, EditableBy::Administrator).await
        })
        .unwrap();
        let own = async |attribute: Attribute, value: &'static str| {
            let id = olivia.id.clone();
            let edits = [Edit::set(attribute, value).unwrap()];
            unit!(storage, |tx| profile::edit_own(tx, &context(0), &id, &edits).await)
        };
        own(Attribute::Locale, "da").await.unwrap();
        assert!(matches!(own(Attribute::Phone, "12345678").await, Err(Error::Profile(_))));
        assert!(matches!(own(Attribute::Profession, "GP").await, Err(Error::Profile(_))));

        let (id, to) = (harbour.id.clone(), olivia.clone());
        unit!(storage, |tx| membership::join(tx, &context(0), &id, joining(&to, &[])).await).unwrap();
        let shared = edit(name(), Editor::Administrator).await;
        assert!(matches!(shared, Err(Error::Tenancy(_))), "{shared:?}");
        edit(vec![Edit::set(Attribute::Title, "Dr").unwrap()], Editor::Administrator).await.unwrap();
        edit(name(), Editor::Server).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_organization_is_one_of_the_persons_own() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let (olivia, here) = member(storage, &riverside, "olivia@x.example", &[]).await;
        let choose = async |organization: &Organization| {
            let (user, id) = (olivia.id.clone(), organization.id.clone());
            unit!(storage, |tx| user::choose_default_organization(tx, &context(0), &user, Some(&id)).await)
        };
        assert!(matches!(choose(&harbour).await, Err(Error::Unknown(..))));
        choose(&riverside).await.unwrap();
        let (org, id) = (riverside.id.clone(), here.id.clone());
        unit!(storage, |tx| membership::remove(tx, &context(0), &org, &id).await).unwrap();
        let user = storage.read().await.unwrap().users().by_id(&olivia.id).await.unwrap().unwrap();
        assert_eq!(user.default_organization, None, "it ended with the membership");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_listed_in_pages_and_searched() {
    use crate::directory::{
        search::Wanted,
        store::{MemberFilter, MemberState},
    };
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        for email in ["a@x.example", "b@x.example", "c@y.example"] {
            member(storage, &riverside, email, &[]).await;
        }
        let list = async |filter: MemberFilter| {
            let mut tx = storage.read().await.unwrap();
            tx.memberships().list(&riverside.id, filter).await.unwrap()
        };
        let first = list(MemberFilter { limit: 2, ..Default::default() }).await;
        assert_eq!(first.len(), 2);
        let rest =
            list(MemberFilter { limit: 2, after: Some(first[1].membership.id.clone()), ..Default::default() }).await;
        assert_eq!(rest.len(), 1);
        let found = list(MemberFilter { limit: 9, wanted: Wanted::parse("@Y."), ..Default::default() }).await;
        assert_eq!(found.len(), 1);
        let (org, id) = (riverside.id.clone(), first[0].membership.id.clone());
        unit!(storage, |tx| membership::disable(tx, &context(0), &org, &id).await).unwrap();
        for (state, expected) in [(MemberState::Enabled, 2), (MemberState::Disabled, 1)] {
            assert_eq!(list(MemberFilter { limit: 9, state: Some(state), ..Default::default() }).await.len(), expected);
        }
    }
}
