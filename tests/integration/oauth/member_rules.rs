//! Rules for one member alone, as apps and tokens meet them, and what becomes of them when the member leaves.

use std::time::Duration;

use futures_util::future::join_all;
use lanyard::{
    directory::{self, membership, user},
    id::{MembershipId, OrganizationId},
    policy::{
        self,
        changing::{self, Care},
        trial,
    },
    setting::{Setting, SubjectKind},
    storage::sql,
};

use super::{
    clinic::{Clinic, request},
    policies::pair,
};

const ONE: SubjectKind = SubjectKind::Member;

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_for_one_member_is_about_nobody_else() {
    for clinic in Clinic::each().await {
        let (olivia, priya) = (clinic.browser("olivia").await, clinic.browser("priya").await);
        clinic.rule("token.lifetime", "4m").await;
        clinic.rule_for((ONE, "priya"), ("token.lifetime", "2m")).await;
        clinic.rule_for((ONE, "olivia"), ("token.lifetime", "5m")).await;
        let at_riverside = clinic.tokens(&olivia, "portal", "organization=riverside").await;
        assert_eq!(clinic.tokens(&priya, "portal", "").await["expires_in"], 120);
        assert_eq!(at_riverside["expires_in"], 240, "the strictest wins");
        let at_harbour = clinic.tokens(&olivia, "portal", "organization=harbour").await;
        assert_eq!(at_harbour["expires_in"], 300, "another organization");

        // A session of the browser is of no organization: what rules for its person say counts, and no other person's.
        clinic.rule_for((ONE, "priya"), ("session.idle", "10m")).await;
        clinic.app.clock.advance(Duration::from_mins(11));
        assert!(clinic.authorize(&priya, &request("portal", "")).await.location().starts_with("/login"));
        let other = clinic.authorize(&olivia, &request("portal", "organization=riverside")).await;
        assert!(other.parameter("code").is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_by_a_password_ends_where_one_member_is_asked_for_more() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        let (sam, priya) = (clinic.browser("sam").await, clinic.browser("priya").await);
        let (others, tokens) = (clinic.tokens(&sam, "portal", "").await, clinic.tokens(&priya, "portal", "").await);
        clinic.rule_for((ONE, "priya"), ("factor.required", "multi-factor")).await;
        assert!(!clinic.is_active(&tokens["access_token"]).await, "at once");
        clinic
            .working(async {
                while clinic.recorded("policy-sign-out").await == 0 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            })
            .await;
        let at = clinic.organization("riverside").await;
        let member = clinic.app.storage.read().await.unwrap().memberships().of(&at, &clinic.user("priya").await).await;
        let subject = format!("member {}", member.unwrap().unwrap().id);
        assert_eq!(clinic.told("policy-sign-out").await, [pair("factor.required", &subject)]);
        assert!(clinic.is_active(&others["access_token"]).await);
        let asked = clinic.authorize(&priya, &request("portal", "")).await;
        assert!(asked.location().starts_with("/account/enrolment"), "{}", asked.location());
    }
}

/// How many rules and trials there are.
async fn left_over(clinic: &Clinic) -> (i64, i64) {
    let mut tx = clinic.app.storage.read().await.unwrap();
    let mut counts = vec![];
    for table in ["SELECT COUNT(*) AS n FROM policy_rules", "SELECT COUNT(*) AS n FROM policy_trials"] {
        counts.push(sql(table).fetch_one(tx.connection()).await.unwrap().try_get("n").unwrap());
    }
    (counts[0], counts[1])
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_go_with_the_member_they_are_for_and_do_not_come_back() {
    for is_erased in [false, true] {
        for clinic in Clinic::each().await {
            clinic.leaves_jobs();
            clinic.joins("priya", "harbour").await;
            clinic.rule_for((ONE, "priya"), ("session.idle", "20m")).await;
            clinic.rule_for((ONE, "olivia"), ("session.idle", "30m")).await;
            let (app, context, at) = (clinic.app.clone(), clinic.context(), clinic.organization("riverside").await);
            let id = clinic.user("priya").await;
            clinic
                .write(move |tx| {
                    Box::pin(async move {
                        let member = tx.memberships().of(&at, &id).await?.unwrap().id;
                        let whom = ((SubjectKind::Member, member.as_str()), member.as_str());
                        let value = Setting::TokenLifetime.kind().parse("2m")?;
                        let tried = (Setting::TokenLifetime, Some(&value), Care::SpareOwners);
                        trial::begin(tx, (&app, &context), &at, whom, tried).await?;
                        if is_erased {
                            let _ = user::delete(tx, &context, &id).await?;
                        } else {
                            membership::remove(tx, &context, &at, &member).await?;
                        }
                        // Nothing is set for whoever is no member any more.
                        let again = changing::set(
                            tx,
                            (&app, &context),
                            &at,
                            whom,
                            (Setting::TokenLifetime, &value, Care::SpareOwners),
                        );
                        assert!(matches!(again.await, Err(policy::Error::Directory(_))));
                        Ok(())
                    })
                })
                .await;
            assert_eq!(left_over(&clinic).await, (1, 0), "Olivia's is left");
            clinic.app.clock.advance(trial::LENGTH);
            assert_eq!(trial::roll_back(&clinic.app).await.unwrap(), 0);
            if !is_erased {
                clinic.joins("priya", "riverside").await;
            }
            assert_eq!(left_over(&clinic).await, (1, 0));
        }
    }
}

/// Of the pairs of many organizations each keeps its member, however they are split into lists.
#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_somebody_of_many_organizations_are_read_together() {
    for clinic in Clinic::each().await {
        clinic.rule("session.idle", "1h").await;
        clinic.rule_for((ONE, "priya"), ("session.idle", "20m")).await;
        clinic.rule_for((ONE, "olivia"), ("session.idle", "30m")).await;
        let at = clinic.organization("riverside").await;
        let user = clinic.user("priya").await;
        let mut tx = clinic.app.storage.read().await.unwrap();
        let priya = tx.memberships().of(&at, &user).await.unwrap().unwrap().id;
        let random = &clinic.app.random;
        let others: Vec<_> = (0..70)
            .map(|_| {
                (
                    MembershipId::fresh(clinic.app.clock.now(), random),
                    OrganizationId::fresh(clinic.app.clock.now(), random),
                )
            })
            .collect();
        for place in [0, 31, 32, 33, 63, 64, 70] {
            let mut pairs: Vec<_> = others.iter().map(|(member, organization)| (member, organization)).collect();
            pairs.insert(place, (&priya, &at));
            let found = tx.policy_rules().about(&pairs).await.unwrap();
            let values: Vec<String> = found.iter().map(|stored| stored.rule.value.to_string()).collect();
            assert_eq!(values, ["20m", "1h"], "{place}: hers, and that of all");
        }
    }
}

/// Whoever sets a rule for a member who leaves or is erased in the same moment leaves none behind, whoever comes first.
#[tokio::test(flavor = "multi_thread")]
async fn no_rule_is_left_of_whoever_leaves_meanwhile() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        let at = clinic.organization("harbour").await;
        for (name, is_erased) in [("priya", false), ("sam", false), ("priya", false), ("sam", true), ("priya", true)] {
            let (member, id) = (clinic.joins(name, "harbour").await, clinic.user(name).await);
            let settings =
                [Setting::SessionIdle, Setting::TokenRefresh, Setting::SessionAbsolute, Setting::SessionFresh];
            let sets = settings.map(|setting| {
                let (app, context, at, member) = (clinic.app.clone(), clinic.context(), at.clone(), member.clone());
                clinic.app.storage.write::<_, policy::Error, _>(move |tx| {
                    Box::pin(async move {
                        let whom = ((SubjectKind::Member, member.as_str()), member.as_str());
                        let value = setting.kind().parse("1h").expect("a length of time");
                        changing::set(tx, (&app, &context), &at, whom, (setting, &value, Care::SpareOwners)).await
                    })
                })
            });
            let (context, of) = (clinic.context(), at.clone());
            let leaving = clinic.app.storage.write::<_, directory::Error, _>(move |tx| {
                Box::pin(async move {
                    if is_erased {
                        user::delete(tx, &context, &id).await.map(drop)
                    } else {
                        membership::remove(tx, &context, &of, &member).await.map(drop)
                    }
                })
            });
            let (set, left) = tokio::join!(join_all(sets), leaving);
            left.unwrap();
            for one in set {
                assert!(matches!(one, Ok(_) | Err(policy::Error::Directory(_))), "{one:?}");
            }
            assert_eq!(left_over(&clinic).await, (0, 0), "{name}");
        }
    }
}
