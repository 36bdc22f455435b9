//! Rules that are tried: what nobody keeps is taken back.

use std::time::Duration;

use lanyard::{
    policy::{changing::Care, trial},
    setting::{Setting, SubjectKind},
    storage::sql,
};

use super::{clinic::Clinic, places::authorize_from, policies::RIVERSIDE};

/// Riverside tries another network.
async fn tries(clinic: &Clinic, network: &'static str) {
    let (app, context, at) = (clinic.app.clone(), clinic.context(), clinic.organization("riverside").await);
    clinic
        .write(move |tx| {
            Box::pin(async move {
                let setting = Setting::NetworkAllowed;
                let value = setting.kind().parse(network).unwrap();
                let change = (setting, Some(&value), Care::Forced);
                let whom = ((SubjectKind::Organization, ""), "riverside");
                trial::begin(tx, (&app, &context), &at, whom, change).await?;
                Ok(())
            })
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_shuts_people_out_is_taken_back_by_one_of_the_nodes() {
    for clinic in Clinic::each().await {
        let priya = clinic.browser("priya").await;
        let status = async || authorize_from(&clinic, "198.51.100.7", (&priya, RIVERSIDE)).await.status.as_u16();
        clinic.rule("network.allowed", "198.51.100.0/24").await;
        tries(&clinic, "10.0.0.0/8").await;
        assert_eq!(status().await, 403);
        clinic.app.clock.advance(Duration::from_mins(9));
        assert_eq!(trial::roll_back(&clinic.app).await.unwrap(), 0, "not yet");
        clinic.app.clock.advance(Duration::from_mins(1));
        let (one, other) = tokio::join!(trial::roll_back(&clinic.app), trial::roll_back(&clinic.app));
        assert_eq!(one.unwrap() + other.unwrap(), 1);
        assert_eq!((status().await, clinic.recorded("policy-rollback").await), (303, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_before_and_cannot_be_read_lets_nobody_in_whom_the_trial_stops() {
    for clinic in Clinic::each().await {
        let priya = clinic.browser("priya").await;
        let status = async || authorize_from(&clinic, "198.51.100.7", (&priya, RIVERSIDE)).await.status.as_u16();
        clinic.rule("network.allowed", "198.51.100.0/24").await;
        tries(&clinic, "10.0.0.0/8").await;
        clinic
            .write(|tx| {
                Box::pin(async move {
                    let spoilt = sql("UPDATE policy_trials SET former = 'somewhere'").execute(tx.connection()).await?;
                    assert_eq!(spoilt, 1);
                    Ok(())
                })
            })
            .await;
        clinic.app.clock.advance(trial::LENGTH);
        assert_eq!(trial::roll_back(&clinic.app).await.unwrap(), 0);
        assert_eq!((status().await, clinic.recorded("policy-rollback").await), (403, 0), "it stays as it was tried");
        assert_eq!(clinic.recorded("policy-keep").await, 1, "which is written down");
        clinic.app.clock.advance(trial::LENGTH);
        assert_eq!(trial::roll_back(&clinic.app).await.unwrap(), 0, "and is looked at once");
        assert_eq!(status().await, 403);
    }
}
