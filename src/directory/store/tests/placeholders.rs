//! The places that are kept for people whom a source named, and who takes them.

use serde_json::json;

use super::{
    provisioning::{add, change, desired, known, owning, source},
    *,
};
use crate::{
    directory::{
        Error,
        invitation::{self, Approach, Invitation, NewInvitation},
        provisioning::{self, Desired, Manner, Speaker},
        user::NewPassword,
    },
    id::MembershipId,
    secret::{ExposeSecret, SecretString, TokenHash},
    storage::testing::databases,
};

const X: &str = "x@elsewhere.example";

fn pushed(user_name: &str, address: &str, is_active: bool) -> Desired {
    let said = json!({"emails": [{"value": address, "primary": true}], "roles": [{"value": "billing"}]});
    Desired { is_active: Some(is_active), ..desired(user_name, said) }
}

async fn invite(storage: &Storage, of: &Organization, later: i64) -> Result<(Invitation, SecretString)> {
    let of = of.id.clone();
    unit!(storage, |tx| {
        let (email, kind) = (X.parse().unwrap(), slug("administrative"));
        let new = NewInvitation { email, kind, roles: None, invited_by: None };
        invitation::create(tx, &context(later), &of, new).await
    })
}

async fn accept(storage: &Storage, token: &SecretString, later: i64) -> Membership {
    let link = TokenHash::of(token.expose_secret());
    unit!(storage, |tx| {
        let password = NewPassword { hash: "x".into(), kind: user::PasswordKind::Lasting, by: "person" };
        let new = ("X".parse().unwrap(), password);
        invitation::accept_as_new(tx, &context(later), link, new, None).await.map(|(_, membership)| membership)
    })
    .unwrap()
}

async fn remove(storage: &Storage, of: &Organization, id: &MembershipId) {
    let (of, id) = (of.id.clone(), id.clone());
    unit!(storage, |tx| {
        let context = source("entra", 9);
        let speaker =
            Speaker { context: &context, organization: &of, may_assign: &[], may_grant: &[], may_verify: false };
        provisioning::remove(tx, speaker, &id).await
    })
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_invited_by_hand_takes_the_place_that_a_source_keeps() {
    let week = i64::try_from(invitation::LIFETIME.as_millis()).unwrap();
    for database in databases().await {
        let storage = &database.storage;
        for (name, is_revoked, later) in [("expired", false, week + 2), ("revoked", true, 5)] {
            let clinic = owning(storage, name).await;
            let added = add(storage, &clinic, "entra", pushed("x", X, true)).await.unwrap();
            let (id, first) = (added.known.membership.id, added.invited.unwrap().0);
            if is_revoked {
                let (of, first) = (clinic.id.clone(), first.id.clone());
                unit!(storage, |tx| invitation::revoke(tx, &context(3), &of, &first).await).unwrap();
            }
            let (by_hand, token) = invite(storage, &clinic, later).await.unwrap();
            assert_eq!(by_hand.membership_id.as_ref(), Some(&id), "{name}");
            let membership = if name == "expired" {
                accept(storage, &token, later + 1).await
            } else {
                let user = storage.read().await.unwrap().users().by_login_name(&X.parse().unwrap()).await.unwrap();
                let (user, link) = (user.unwrap().id, TokenHash::of(token.expose_secret()));
                unit!(storage, |tx| invitation::accept(tx, &context(later + 1), Approach::Link(link), &user).await)
                    .unwrap()
            };
            assert_eq!(membership.id, id, "{name}: no second membership");
            assert!(change(storage, &clinic, "entra", (&id, pushed("x", X, false), Manner::Change)).await.unwrap());
            let mut tx = storage.read().await.unwrap();
            let active =
                tx.memberships().active(&membership.user_id, &clinic.id, Timestamp(NOW.0 + later + 2)).await.unwrap();
            assert!(active.is_none(), "{name}: whoever left is out");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_by_hand_ends_with_the_place_that_waits_for_its_answer() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = owning(storage, "riverside").await;
        let added = add(storage, &clinic, "entra", pushed("x", X, true)).await.unwrap();
        let (of, first) = (clinic.id.clone(), added.invited.unwrap().0.id);
        unit!(storage, |tx| invitation::revoke(tx, &context(3), &of, &first).await).unwrap();
        let (_, token) = invite(storage, &clinic, 5).await.unwrap();
        remove(storage, &clinic, &added.known.membership.id).await;
        let mut tx = storage.read().await.unwrap();
        let link = Approach::Link(TokenHash::of(token.expose_secret()));
        assert!(invitation::find(&mut tx, link, Timestamp(NOW.0 + 10)).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_keeps_one_place_for_an_address() {
    for database in databases().await {
        let storage = &database.storage;
        let (clinic, other) = (owning(storage, "riverside").await, owning(storage, "harbour").await);
        let added = add(storage, &clinic, "hr", pushed("u1", X, true)).await.unwrap();
        let again = async || add(storage, &clinic, "entra", pushed("u2", X, true)).await;
        let refused = again().await;
        assert!(matches!(refused, Err(Error::AlreadyMember)), "pending {refused:?}");
        let known_elsewhere = add(storage, &other, "entra", pushed("u2", X, true)).await;
        assert!(known_elsewhere.unwrap().invited.is_some(), "another organization learns nothing");
        let third = add(storage, &clinic, "entra", pushed("u3", "y@elsewhere.example", true)).await.unwrap();
        let third = third.known.membership.id;
        let moved = change(storage, &clinic, "entra", (&third, pushed("u3", X, true), Manner::Change)).await;
        assert!(matches!(moved, Err(Error::AlreadyMember)), "{moved:?}");

        // With an account of another address.
        let (max, _) = member(storage, &other, "max@harbour.example", &[]).await;
        let (link, user) = (TokenHash::of(added.invited.unwrap().1.expose_secret()), max.id.clone());
        unit!(storage, |tx| invitation::accept(tx, &context(5), Approach::Link(link), &user).await).unwrap();
        let refused = again().await;
        assert!(matches!(refused, Err(Error::AlreadyMember)), "joined {refused:?}");
        remove(storage, &clinic, &added.known.membership.id).await;
        again().await.expect("whoever left is nobody's twin");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_made_a_member_by_hand_takes_the_place_kept_for_the_address_they_proved() {
    for database in databases().await {
        let storage = &database.storage;
        for (name, is_proved) in [("riverside", true), ("harbour", false)] {
            let clinic = owning(storage, name).await;
            let address = format!("{name}@elsewhere.example");
            let added = add(storage, &clinic, "entra", pushed("x", &address, true)).await.unwrap();
            let (id, invited) = (added.known.membership.id, added.invited.unwrap().0);
            let of = clinic.id.clone();
            let until = Timestamp(NOW.0 + 1000);
            let joined = unit!(storage, |tx| {
                let new = NewUser { email_is_verified: is_proved, ..person(&address) };
                let user = user::create(tx, &context(3), new).await?;
                let validity = Validity { until: Some(until), ..Validity::ALWAYS };
                let new = NewMembership { validity, ..joining(&user, &[slug("practitioner")]) };
                membership::join(tx, &context(3), &of, new).await
            })
            .unwrap();
            assert_eq!(joined.id == id, is_proved, "{name}");
            assert_eq!(joined.validity.until, Some(until), "{name}: what was said by hand holds");
            assert_eq!(known(storage, &clinic, &id).await.unwrap().is_pending, !is_proved, "{name}");
            let mut tx = storage.read().await.unwrap();
            let invitation = tx.invitations().by_id(&invited.id).await.unwrap().unwrap();
            assert_eq!(invitation.revoked_at.is_some(), is_proved, "{name}: nobody else can take the place");
            let access = tx.access().of_member(&joined.id, Timestamp(NOW.0 + 9)).await.unwrap();
            let expected =
                if is_proved { vec![slug("billing"), slug("practitioner")] } else { vec![slug("practitioner")] };
            assert_eq!(access.roles, expected, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_address_nobody_proved_is_invited_and_not_attached() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = owning(storage, "riverside").await;
        for (address, is_verified) in [("ceo@riverside.example", false), ("max@riverside.example", true)] {
            let account = unit!(storage, |tx| {
                let new = NewUser { email_is_verified: is_verified, ..person(address) };
                user::create(tx, &context(0), new).await
            })
            .unwrap();
            let added = add(storage, &clinic, "entra", pushed(address, address, true)).await.unwrap();
            assert_eq!(added.known.membership.user_id == account.id, is_verified, "{address}");
            let mut tx = storage.read().await.unwrap();
            let joined = tx.memberships().of(&clinic.id, &account.id).await.unwrap();
            assert_eq!(joined.is_some(), is_verified, "{address}");
            assert_eq!(added.invited.is_some(), !is_verified, "{address}: the letter reaches whoever has the mailbox");
            let Some((invitation, _)) = added.invited else { continue };
            let offer =
                invitation::find(&mut tx, Approach::Account(&invitation.id), Timestamp(NOW.0 + 5)).await.unwrap();
            assert!(offer.unwrap().account.is_none(), "whoever made up the address cannot accept without the letter");
            drop(tx);
            assert!(known(storage, &clinic, &added.known.membership.id).await.unwrap().is_pending);
            let again = add(storage, &clinic, "okta", pushed("other", address, true)).await;
            assert!(matches!(again, Err(Error::AlreadyMember)), "{again:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_repeats_itself_writes_once_and_the_letter_leads_to_the_newest_place() {
    let pause = i64::try_from(invitation::BETWEEN_LETTERS.as_millis()).unwrap();
    for database in databases().await {
        let storage = &database.storage;
        for (name, is_late) in [("soon", false), ("late", true)] {
            let clinic = owning(storage, name).await;
            let address = if is_late { "late@elsewhere.example" } else { "soon@elsewhere.example" };
            let add_at = async |later: i64| {
                let (of, new) = (clinic.id.clone(), pushed("x", address, true));
                unit!(storage, |tx| {
                    let context = source("entra", later);
                    let speaker = Speaker {
                        context: &context,
                        organization: &of,
                        may_assign: &[],
                        may_grant: &[],
                        may_verify: false,
                    };
                    provisioning::add(tx, speaker, &new).await
                })
                .unwrap()
            };
            let first = add_at(1).await;
            let (id, token) = (first.known.membership.id, first.invited.unwrap().1);
            remove(storage, &clinic, &id).await;
            let second = add_at(pause).await;
            assert!(second.invited.is_none(), "{name}");
            let mut newest = second.known.membership.id;
            if is_late {
                remove(storage, &clinic, &newest).await;
                let third = add_at(pause + 1).await;
                assert!(third.invited.is_some(), "the pause begins with the letter, not with what came after");
                newest = third.known.membership.id;
                let old = TokenHash::of(token.expose_secret());
                let mut tx = storage.read().await.unwrap();
                let found = invitation::find(&mut tx, Approach::Link(old), Timestamp(NOW.0 + pause + 2)).await.unwrap();
                assert!(found.is_none(), "another letter has another link");
            }
            let token = if is_late { None } else { Some(token) };
            if let Some(token) = token {
                assert_eq!(accept(storage, &token, pause + 2).await.id, newest);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_answered_leads_to_no_later_place() {
    for database in databases().await {
        let storage = &database.storage;
        for (name, is_accepted) in [("accepted", true), ("rejected", false)] {
            let clinic = owning(storage, name).await;
            let address = format!("{name}@elsewhere.example");
            let first = add(storage, &clinic, "entra", pushed("x", &address, true)).await.unwrap();
            let token = first.invited.expect("a letter").1;
            let link = TokenHash::of(token.expose_secret());
            if is_accepted {
                accept(storage, &token, 2).await;
            } else {
                unit!(storage, |tx| invitation::reject(tx, &context(2), Approach::Link(link), None).await).unwrap();
            }
            remove(storage, &clinic, &first.known.membership.id).await;
            let second = add(storage, &clinic, "entra", pushed("x", &address, true)).await.unwrap();
            assert!(second.invited.is_some(), "{name}: however soon, because the first letter is used up");
            let mut tx = storage.read().await.unwrap();
            let found = invitation::find(&mut tx, Approach::Link(link), Timestamp(NOW.0 + 20)).await.unwrap();
            assert!(found.is_none(), "{name}");
        }
    }
}
