//! Dates of accounts and memberships: nothing outlives them.

use std::time::Duration;

use lanyard::{
    clock::Timestamp,
    directory::{self, expiry, membership, user, validity::Validity},
};

use super::clinic::{Clinic, request};

const RIVERSIDE: &str = "organization=riverside";

fn minutes(number: u64) -> Duration {
    Duration::from_mins(number)
}

impl Clinic {
    async fn limit(&self, name: &str, validity: Validity) -> directory::Result<()> {
        let (user, context) = (self.user(name).await, self.context());
        let work = self
            .app
            .storage
            .write(move |tx| Box::pin(async move { expiry::limit_account(tx, &context, &user, validity).await }));
        work.await
    }

    async fn until(&self, action: &str, number: usize) {
        let done = async {
            while self.recorded(action).await < number {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        self.working(done).await;
    }

    fn in_minutes(&self, number: u64) -> Timestamp {
        self.app.clock.now().plus(minutes(number))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_ends_on_its_day_and_a_later_one_lets_its_person_in_again() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        let until = Validity::new(None, Some(clinic.in_minutes(3))).unwrap();
        clinic.limit("priya", until).await.unwrap();
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "portal", "").await;
        let offline = clinic.tokens(&browser, "portal", "scope=openid+offline_access").await;
        assert_eq!(tokens["expires_in"], 180, "not beyond the end of the account");
        clinic.app.clock.advance(minutes(3));
        // The date holds by itself, whoever looks after it.
        assert!(!clinic.is_active(&tokens["access_token"]).await);
        for tokens in [&tokens, &offline] {
            assert_eq!(clinic.refresh("portal", tokens).await.json()["error"], "invalid_grant");
        }
        assert!(clinic.authorize(&browser, &request("portal", "")).await.location().starts_with("/login/password"));
        assert_eq!(clinic.recorded("user-expiry").await, 0);
        clinic.until("user-expiry", 1).await;
        assert_eq!(clinic.recorded("user-disabling").await, 1);
        let (user, context) = (clinic.user("priya").await, clinic.context());
        let enabling =
            clinic.app.storage.write(move |tx| Box::pin(async move { user::enable(tx, &context, &user).await }));
        assert!(enabling.await.unwrap_err().to_string().contains("come to its end"));

        let later = Validity::new(None, Some(clinic.in_minutes(60))).unwrap();
        clinic.limit("priya", later).await.unwrap();
        assert!(clinic.authorize(&browser, &request("portal", "")).await.parameter("code").is_none(), "no session");
        assert_eq!(clinic.refresh("portal", &offline).await.json()["error"], "invalid_grant");
        let tokens = clinic.tokens(&clinic.browser("priya").await, "portal", "").await;
        assert!(clinic.is_active(&tokens["access_token"]).await);
        clinic.working(tokio::time::sleep(Duration::from_secs(1))).await;
        assert_eq!(clinic.recorded("user-expiry").await, 1, "once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_begins_on_its_day() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "portal", "").await;
        let from = Validity::new(Some(clinic.in_minutes(10)), None).unwrap();
        clinic.limit("priya", from).await.unwrap();
        assert!(!clinic.is_active(&tokens["access_token"]).await);
        let browser = clinic.browser("priya").await;
        assert!(clinic.authorize(&browser, &request("portal", "")).await.location().starts_with("/login/password"));
        clinic.app.clock.advance(minutes(10));
        let tokens = clinic.tokens(&clinic.browser("priya").await, "portal", "").await;
        assert!(clinic.is_active(&tokens["access_token"]).await);
        assert_eq!(clinic.refresh("portal", &tokens).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_gets_no_date() {
    for clinic in Clinic::each().await {
        for validity in [
            Validity::new(None, Some(clinic.in_minutes(90))).unwrap(),
            Validity::new(Some(clinic.in_minutes(90)), None).unwrap(),
            Validity::new(None, Some(Timestamp(1))).unwrap(),
        ] {
            let refused = clinic.limit("olivia", validity).await.unwrap_err();
            assert!(matches!(refused, directory::Error::LastOwner), "{refused}");
        }
        assert_eq!(clinic.recorded("user-validity").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_ends_with_a_membership_in_its_organization_alone() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        let (olivia, harbour) = (clinic.user("olivia").await, clinic.organization("harbour").await);
        let (context, until) = (clinic.context(), clinic.in_minutes(3));
        let end = move |at: Timestamp| Validity::new(None, Some(at)).unwrap();
        clinic
            .write(move |tx| {
                Box::pin(async move {
                    let member = tx.memberships().of(&harbour, &olivia).await?.expect("a member");
                    membership::update(tx, &context, &harbour, &member.id, (None, Some(end(until)))).await?;
                    Ok(())
                })
            })
            .await;
        let browser = clinic.browser("olivia").await;
        let there = clinic.tokens(&browser, "portal", "organization=harbour").await;
        let here = clinic.tokens(&browser, "portal", RIVERSIDE).await;
        assert_eq!(there["expires_in"], 180);
        clinic.app.clock.advance(minutes(3));
        clinic.until("membership-expiry", 1).await;
        clinic.working(tokio::time::sleep(Duration::from_secs(1))).await;
        assert_eq!(clinic.recorded("membership-expiry").await, 1, "once");
        assert_eq!(clinic.refresh("portal", &there).await.json()["error"], "invalid_grant");
        assert_eq!(clinic.refresh("portal", &here).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_day_lets_nobody_in_whom_an_administrator_has_disabled() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        for by_date_first in [true, false] {
            let (user, context) = (clinic.user("priya").await, clinic.context());
            let past = Validity::new(None, Some(Timestamp(clinic.app.clock.now().0 - 1))).unwrap();
            if by_date_first {
                clinic.limit("priya", past).await.unwrap();
            }
            let id = user.clone();
            let disabling =
                clinic.app.storage.write(move |tx| Box::pin(async move { user::disable(tx, &context, &id).await }));
            disabling.await.unwrap();
            if !by_date_first {
                clinic.limit("priya", past).await.unwrap();
            }
            clinic.limit("priya", Validity::ALWAYS).await.unwrap();
            let person = clinic.app.storage.read().await.unwrap().users().by_id(&user).await.unwrap().unwrap();
            assert!(person.disabled_at.is_some(), "{by_date_first}");
            let context = clinic.context();
            let enabling =
                clinic.app.storage.write(move |tx| Box::pin(async move { user::enable(tx, &context, &user).await }));
            enabling.await.unwrap();
        }
    }
}
