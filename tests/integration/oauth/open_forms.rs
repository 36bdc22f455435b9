//! Forms that were open while something changed: the request is decided anew, and nothing is done by them.

use super::{
    authorization::submit,
    clinic::{Clinic, request},
};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_asked_for_a_step_meanwhile_takes_it_and_is_asked_again() {
    for clinic in Clinic::each().await {
        let olivia = clinic.browser("olivia").await;
        let choice = clinic.authorize(&olivia, &request("portal", "")).await;
        let priya = clinic.browser("priya").await;
        let consent = clinic.authorize(&priya, &request("guest", "")).await;
        clinic.rule("factor.required", "multi-factor").await;
        for (browser, page, fields) in [
            (&olivia, &choice, "organization=riverside"),
            (&priya, &consent, "decision=allow"),
            (&priya, &consent, "decision=deny"),
        ] {
            let sent = submit(&clinic, browser, page, fields).await;
            assert!(sent.location().starts_with("/oauth2/authorize?"), "{fields}: {}", sent.location());
            let next = clinic.get(sent.location(), &[("cookie", browser)]).await;
            assert!(next.location().starts_with("/account/enrolment"), "{fields}: {}", next.location());
        }
        assert_eq!(clinic.recorded("consent").await, 0);
    }
}
