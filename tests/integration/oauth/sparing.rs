//! Rules that would stop every owner: held against where owners come from, whether they are signed in or were last.

use std::time::Duration;

use lanyard::{
    audit::Context,
    authentication::assurance::{Assurance, Method},
    policy::{
        self,
        changing::{self, Care, Outcome},
    },
    session::{Authenticated, EndReason, Lifetime},
    setting::{Setting, SubjectKind},
};

use super::clinic::Clinic;

const LIFETIME: Lifetime =
    Lifetime { idle: Duration::from_hours(2), absolute: Duration::from_hours(12), at_station: Duration::from_hours(2) };

impl Clinic {
    /// Somebody signs in from an address, so many hours ago, and signs out again where it says so.
    async fn comes(&self, name: &str, (address, hours): (&str, u64), goes: Option<EndReason>) {
        let now = self.app.clock.now().minus(Duration::from_hours(hours));
        let context = Context { now, address: Some(address.to_owned()), ..self.context() };
        let (user, (_, hash)) = (self.user(name).await, self.app.random.token());
        let proof = Assurance::of(&[Method::Password]).into();
        let who = Authenticated { user, proof, user_agent: "test".into(), browser: None };
        self.write(move |tx| {
            Box::pin(async move {
                let session = tx.sessions().begin(&context, hash, who, LIFETIME).await?;
                if let Some(reason) = goes {
                    tx.sessions().end(&context, &session, reason).await?;
                }
                Ok(())
            })
        })
        .await;
    }

    /// What becomes of a rule for the whole organization.
    async fn try_rule(&self, (setting, value): (Setting, &str), care: Care) -> Result<Outcome, policy::Error> {
        let (app, context, at) = (self.app.clone(), self.context(), self.organization("riverside").await);
        let value = setting.kind().parse(value).unwrap();
        self.app
            .storage
            .write::<_, policy::Error, _>(move |tx| {
                Box::pin(async move {
                    let whom = ((SubjectKind::Organization, ""), "riverside");
                    changing::set(tx, (&app, &context), &at, whom, (setting, &value, care)).await
                })
            })
            .await
    }

    async fn networks(&self, value: &str) -> Result<Outcome, policy::Error> {
        self.try_rule((Setting::NetworkAllowed, value), Care::SpareOwners).await
    }
}

fn stops(result: &Result<Outcome, policy::Error>) -> bool {
    matches!(result, Err(policy::Error::StopsOwners(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_is_not_signed_in_is_known_by_where_they_were_last() {
    const SIGNED_OUT: Option<EndReason> = Some(EndReason::SignOut);
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        assert!(clinic.networks("10.0.0.0/8").await.unwrap().is_unchecked, "no owner has signed in");
        // Priya is no owner, and 31 days are too long ago.
        clinic.comes("priya", ("192.0.2.9", 1), None).await;
        clinic.comes("olivia", ("192.0.2.8", 31 * 24), SIGNED_OUT).await;
        assert!(clinic.networks("10.1.0.0/16").await.unwrap().is_unchecked);

        clinic.comes("olivia", ("192.0.2.7", 29 * 24), SIGNED_OUT).await;
        let before = clinic.recorded("policy-set").await;
        let refused = clinic.networks("10.0.0.0/8").await;
        assert!(stops(&refused), "{refused:?}");
        let hint = refused.unwrap_err().to_string();
        assert!(hint.contains("or signed in last") && hint.contains("--force"), "{hint}");
        assert_eq!(clinic.recorded("policy-set").await, before, "nothing was changed");
        let taken = clinic.networks("10.0.0.0/8, 192.0.2.7").await.unwrap();
        assert_eq!((taken.former.as_deref(), taken.is_unchecked), (Some("10.1.0.0/16"), false));
        let forced = clinic.try_rule((Setting::NetworkAllowed, "10.0.0.0/8"), Care::Forced).await.unwrap();
        assert!(!forced.is_unchecked, "whoever means it is told nothing");

        // A session that ended by itself says as much, and one that runs says where they are now.
        clinic.comes("olivia", ("198.51.100.7", 24), None).await;
        assert!(!stops(&clinic.networks("198.51.100.7").await), "of a day ago, long over");
        clinic.comes("olivia", ("203.0.113.7", 0), None).await;
        assert!(stops(&clinic.networks("198.51.100.7, 192.0.2.7").await), "where they were counts no more");
        assert!(!stops(&clinic.networks("203.0.113.0/24").await));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_owners_it_is_enough_that_one_is_known_to_come_in() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        clinic.joins_as("nobody", "riverside", "owner").await;
        clinic.comes("olivia", ("192.0.2.7", 2), Some(EndReason::SignOut)).await;
        assert!(stops(&clinic.networks("10.0.0.0/8").await), "nothing is known of the other");
        clinic.comes("nobody", ("10.1.2.3", 3), Some(EndReason::SignOut)).await;
        assert!(!stops(&clinic.networks("10.0.0.0/8").await), "the other comes in");
    }
}
