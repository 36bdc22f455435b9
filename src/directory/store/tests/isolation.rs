//! What another organization owns answers as if it did not exist.

use super::*;
use crate::{
    directory::{Error, Noun, group, identifier, permission, permission::Effect, role},
    storage::testing::databases,
};

#[derive(Clone)]
struct Things {
    of: OrganizationId,
    pier: Location,
    noor: Membership,
    mine: Membership,
    here: Location,
    role: role::Role,
    group: group::Group,
    foreign: crate::id::AssignmentId,
}

/// Everything of Harbour, tried in the name of Riverside.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a line for every operation")]
async fn another_organizations_objects_do_not_exist() {
    for database in databases().await {
        let storage = &database.storage;
        let (own, other) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let pier = site(storage, &other, "pier", None).await;
        let (_, noor) = member(storage, &other, "noor@x.example", &["owner"]).await;
        let (_, mine) = member(storage, &own, "mine@x.example", &["owner"]).await;
        let here = site(storage, &own, "main-street", None).await;
        let id = other.id.clone();
        let made: Result<_> = unit!(storage, |tx| {
            let role = role::create(tx, &context(0), &id, (&slug("clerk"), &"Clerk".parse().unwrap()), &[]).await?;
            let group = group::create(tx, &context(0), &id, &slug("gps"), &"GPs".parse().unwrap()).await?;
            Ok((role, group))
        });
        let (role, group) = made.unwrap();
        let held = storage.read().await.unwrap().assignments().of_member(&other.id, &noor.id).await.unwrap();
        let foreign = held[0].assignment.id.clone();

        let things =
            Things { of: own.id.clone(), pier, noor: noor.clone(), mine, here, role, group: group.clone(), foreign };
        macro_rules! unknown {
            ($noun:ident, |$tx:ident, $things:ident| $work:expr) => {{
                let $things = things.clone();
                let answer = unit!(storage, |$tx| $work.map(|_| ()));
                assert!(matches!(&answer, Err(Error::Unknown(Noun::$noun, _))), "{}: {answer:?}", stringify!($work));
            }};
        }
        unknown!(Location, |tx, t| location::rename(tx, &context(0), &t.of, &t.pier.id, &"X".parse().unwrap()).await);
        unknown!(Location, |tx, t| location::close(tx, &context(0), &t.of, &t.pier.id).await);
        unknown!(Location, |tx, t| location::reopen(tx, &context(0), &t.of, &t.pier.id).await);
        unknown!(Location, |tx, t| location::move_under(tx, &context(0), &t.of, &t.pier.id, None).await);
        unknown!(Location, |tx, t| location::move_under(tx, &context(0), &t.of, &t.here.id, Some(&t.pier.id)).await);
        unknown!(Membership, |tx, t| membership::disable(tx, &context(0), &t.of, &t.noor.id).await);
        unknown!(Membership, |tx, t| membership::enable(tx, &context(0), &t.of, &t.noor.id).await);
        unknown!(Membership, |tx, t| membership::remove(tx, &context(0), &t.of, &t.noor.id).await);
        unknown!(Membership, |tx, t| membership::update(tx, &context(0), &t.of, &t.noor.id, (None, None)).await);
        unknown!(Role, |tx, t| role::rename(tx, &context(0), &t.of, &t.role.id, &"X".parse().unwrap()).await);
        unknown!(Role, |tx, t| role::remove(tx, &context(0), &t.of, &t.role.id).await);
        unknown!(Role, |tx, t| role::change_permissions(tx, &context(0), &t.of, &t.role.id, (&[], &[])).await);
        unknown!(Role, |tx, t| {
            let billing = tx.roles().by_slug(&t.of, &slug("billing")).await?.unwrap();
            role::inherit(tx, &context(0), &t.of, &billing.id, &t.role.id).await
        });
        unknown!(Group, |tx, t| group::rename(tx, &context(0), &t.of, &t.group.id, &"X".parse().unwrap()).await);
        unknown!(Group, |tx, t| group::remove(tx, &context(0), &t.of, &t.group.id).await);
        unknown!(Group, |tx, t| group::add_member(tx, &context(0), &t.of, &t.group.id, &t.mine.id).await);
        unknown!(Group, |tx, t| group::nest(tx, &context(0), &t.of, &t.group.id, &t.group.id).await);
        unknown!(Group, |tx, t| group::give_role(tx, &context(0), &t.of, &t.group.id, (&t.role.id, None)).await);
        unknown!(Assignment, |tx, t| assignment::end(tx, &context(0), &t.of, &t.foreign).await);
        unknown!(Membership, |tx, t| assign(tx, &t.of, &t.noor, "billing", (None, Validity::ALWAYS)).await);
        unknown!(Location, |tx, t| assign(tx, &t.of, &t.mine, "billing", (Some(&t.pier), Validity::ALWAYS)).await);
        unknown!(Location, |tx, t| {
            identifier::set(tx, &context(0), &t.of, (&t.pier.id, None), (&slug("n"), Some("1"))).await
        });
        unknown!(Membership, |tx, t| {
            identifier::set(tx, &context(0), &t.of, (&t.here.id, Some(&t.noor.id)), (&slug("n"), Some("1"))).await
        });
        unknown!(Membership, |tx, t| {
            let entry = (&"lanyard:people:read".parse().unwrap(), Some(Effect::Grant));
            permission::set(tx, &context(0), &t.of, &t.noor.id, entry).await
        });

        let mut tx = storage.read().await.unwrap();
        assert!(tx.memberships().by_id(&own.id, &noor.id).await.unwrap().is_none());
        assert!(tx.assignments().of_member(&own.id, &noor.id).await.unwrap().is_empty());
        assert!(tx.permissions().of_member(&own.id, &noor.id).await.unwrap().is_empty());
        assert!(tx.locations().by_slug(&own.id, &slug("pier")).await.unwrap().is_none());
        assert!(tx.groups().members(&own.id, &group.id).await.unwrap().is_empty());
        assert_eq!(tx.locations().list(&own.id).await.unwrap().len(), 1);
        assert_eq!(tx.roles().list(&own.id).await.unwrap().len(), 8);
        assert_eq!(tx.roles().list(&other.id).await.unwrap().len(), 9);
    }
}
