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

#[tokio::test(flavor = "multi_thread")]
async fn whoever_else_signs_in_meanwhile_is_asked_themselves() {
    for clinic in Clinic::each().await {
        clinic.joins("priya", "harbour").await;
        let (olivia, priya) = (clinic.browser("olivia").await, clinic.browser("priya").await);
        let choice = clinic.authorize(&olivia, &request("portal", "")).await;
        let sent = submit(&clinic, &priya, &choice, "organization=riverside").await;
        let asked = clinic.get(sent.location(), &[("cookie", &priya)]).await;
        assert!(asked.body.contains("action=\"/oauth2/organization"), "{} {}", asked.location(), asked.body);

        let consent = clinic.authorize(&olivia, &request("guest", "organization=riverside")).await;
        for decision in ["decision=allow", "decision=deny"] {
            let sent = submit(&clinic, &priya, &consent, decision).await;
            let asked = clinic.get(sent.location(), &[("cookie", &priya)]).await;
            assert!(asked.body.contains("action=\"/oauth2/consent"), "{} {}", asked.location(), asked.body);
            assert_eq!(clinic.recorded("consent").await, 0);
        }
        // Whoever saw it is taken at their word.
        let allowed = submit(&clinic, &olivia, &consent, "decision=allow").await;
        let done = clinic.get(allowed.location(), &[("cookie", &olivia)]).await;
        assert!(done.parameter("code").is_some(), "{} {}", done.location(), done.body);
        assert_eq!(clinic.recorded("consent").await, 1);
    }
}
