//! What sources say of registrations, who may say that one was compared with the register, and what apps are told.

use std::time::Duration;

use lanyard::{
    directory::{
        profile::{self, Attribute, Edit, Editor},
        registration,
    },
    id::MembershipId,
    scim::connection::Rights,
};
use serde_json::{Value, json};

use super::push::{Push, USER, patch};
use crate::oauth::clinic::{Clinic, claims};

const OWN: &str = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner";

#[expect(clippy::needless_pass_by_value, reason = "callers write JSON in place")]
fn say(name: &str, value: Value) -> Value {
    patch(json!([{"op": "replace", "path": format!("{OWN}:{name}"), "value": value}]))
}

fn state(resource: &Value) -> &Value {
    &resource[OWN]["registrationVerification"]["state"]
}

/// A whole resource with this number, said to be verified.
fn whole(name: &str, number: &str) -> Value {
    let registration = json!({
        "registrationNumber": number, "registrationBody": "Board", "registrationVerification": {"state": "verified"},
        "registrationExpires": "2099-06-30T00:00:00Z", "profession": "Physiotherapist",
    });
    json!({"schemas": [USER, OWN], "userName": name, (OWN): registration})
}

/// A source that may verify; its token.
async fn verifier(push: &Push) -> String {
    push.door.connect("hr", Rights { may_verify: true, precedence: 5, ..Rights::default() }).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_is_verified_by_those_who_may() {
    for push in Push::each().await {
        let hr = verifier(&push).await;
        let of_hr = async |method: &str, path: &str, body: &Value| push.ask_as(&hr, method, path, (body, &[])).await;
        let made = push.told("POST", "/Users", &whole("jo", "R-1"), 201).await;
        assert_eq!(made[OWN]["registrationVerification"], json!({"state": "unverified"}), "{made}");
        let path = format!("/Users/{}", made["id"].as_str().unwrap());

        // Who may not say so is told where it names it, and not believed where it tells all it knows.
        let forged = say("registrationVerification", json!({"state": "verified"}));
        assert_eq!(push.refused("PATCH", &path, &forged).await, (400, Some("mutability".into())));
        let verified = say("registrationVerification.state", json!("verified"));
        assert_eq!(push.refused("PATCH", &path, &verified).await, (400, Some("mutability".into())));
        let detail = push.ask("PATCH", &path, &verified).await.json()["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.contains("entra may not say") && detail.contains("scim-token change entra --may-verify"),
            "{detail}"
        );
        assert_eq!(state(&push.told("PUT", &path, &whole("jo", "R-1"), 200).await), "unverified");

        let done = of_hr("PATCH", &path, &verified).await;
        let at = push.door.clinic.app.clock.now().to_string();
        assert_eq!(done.json()[OWN]["registrationVerification"], json!({"state": "verified", "verifiedAt": at}));
        assert_eq!(push.door.clinic.recorded("registration-verification").await, 1);
        let seen = push.told("GET", &path, &Value::Null, 200).await;
        assert_eq!(push.told("PUT", &path, &seen, 200).await, seen, "what is read is written back");
        for wrong in [json!("rejected"), json!("")] {
            let answer = of_hr("PATCH", &path, &say("registrationVerification.state", wrong)).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["scimType"]), (400, &json!("invalidValue")));
        }

        // Who may verify does so at once, and takes it back.
        let made = of_hr("POST", "/Users", &whole("ann", "R-3")).await;
        assert_eq!((made.status.as_u16(), state(&made.json())), (201, &json!("verified")), "{}", made.body);
        let of_ann = format!("/Users/{}", made.json()["id"].as_str().unwrap());
        let put = of_hr("PUT", &of_ann, &whole("ann", "R-4")).await;
        assert_eq!(
            state(&put.json()),
            "unverified",
            "the word that was read with a number is not one of another number"
        );
        let put = of_hr("PUT", &of_ann, &whole("ann", "R-4")).await;
        assert_eq!(state(&put.json()), "verified", "in a request of its own it is");
        let verified = format!("/Users?filter={OWN}:registrationVerification.state%20eq%20%22verified%22");
        assert_eq!(push.told("GET", &verified, &Value::Null, 200).await["totalResults"], 2);
        let back = of_hr("PATCH", &of_ann, &say("registrationVerification.state", json!("unverified"))).await;
        assert_eq!(state(&back.json()), "unverified");
        assert_eq!(push.told("GET", &verified, &Value::Null, 200).await["totalResults"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_registration_is_unverified() {
    for push in Push::each().await {
        let hr = verifier(&push).await;
        let made = push.told("POST", "/Users", &whole("jo", "R-1"), 201).await;
        let path = format!("/Users/{}", made["id"].as_str().unwrap());
        let verify = async || {
            let verified = say("registrationVerification.state", json!("verified"));
            push.ask_as(&hr, "PATCH", &path, (&verified, &[])).await
        };
        for (name, value, expected) in [
            ("profession", json!("Doctor"), "verified"),
            ("registrationExpires", json!("2098-06-30T00:00:00Z"), "verified"),
            ("registrationExpires", json!("2099-06-30T00:00:00Z"), "unverified"),
            ("registrationBody", json!("Agency"), "unverified"),
            ("registrationNumber", json!("R-2"), "unverified"),
            ("registrationNumber", json!("R-2".repeat(50)), "gone"),
        ] {
            let before = verify().await;
            assert_eq!(state(&before.json()), "verified", "{name}: {}", before.body);
            let changed = push.told("PATCH", &path, &say(name, value), 200).await;
            assert_eq!(state(&changed).as_str().unwrap_or("gone"), expected, "{name}");
        }
        assert_eq!(verify().await.status, 400, "a number that fits no profile cannot be compared");
        push.told("PATCH", &path, &say("registrationNumber", json!("R-5")), 200).await;
        assert_eq!(verify().await.status, 200);
        let gone = patch(json!([{"op": "remove", "path": format!("{OWN}:registrationNumber")}]));
        let without = push.told("PATCH", &path, &gone, 200).await;
        assert_eq!(without[OWN].get("registrationVerification"), None, "nothing to compare");
        assert_eq!(verify().await.status, 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_another_source_keeps_is_verified_by_its_name_alone() {
    for push in Push::each().await {
        let (_, register) = push.door.connect("register", Rights { may_verify: true, ..Rights::default() }).await;
        let made = push.told("POST", "/Users", &whole("jo", "R-1"), 201).await;
        let path = format!("/Users/{}", made["id"].as_str().unwrap());
        for (compared, expected) in [("R-2", "unverified"), ("R-1", "verified")] {
            let told = push.ask_as(&register, "PUT", &path, (&whole("jo", compared), &[])).await;
            assert_eq!(told.status, 200, "{compared}: {}", told.body);
            let seen = push.told("GET", &path, &Value::Null, 200).await;
            assert_eq!(seen[OWN]["registrationNumber"], "R-1", "the first source keeps it");
            assert_eq!(state(&seen), expected, "{compared} was compared with the register");
        }
        assert_eq!(push.door.clinic.recorded("registration-verification").await, 1);
    }
}

/// By a source that may not verify, and by one that may.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_with_one_number_is_no_word_of_another_one() {
    for push in Push::each().await {
        let hr = verifier(&push).await;
        for (name, token) in [("jo", push.token()), ("ann", hr.clone())] {
            let made = push.told("POST", "/Users", &whole(name, "R-1"), 201).await;
            let path = format!("/Users/{}", made["id"].as_str().unwrap());
            let verified = say("registrationVerification.state", json!("verified"));
            let mut read = push.ask_as(&hr, "PATCH", &path, (&verified, &[])).await.json();
            assert_eq!(state(&read), "verified");
            read[OWN]["registrationNumber"] = json!("R-2");
            let written = push.ask_as(&token, "PUT", &path, (&read, &[])).await;
            assert_eq!(
                (written.status.as_u16(), state(&written.json())),
                (200, &json!("unverified")),
                "{}",
                written.body
            );
        }
    }
}

/// Writes down what Riverside knows of Priya, as an administrator does.
async fn edit(clinic: &Clinic, edits: Vec<Edit>, verifies: Option<&'static str>) {
    let (context, at, user) = (clinic.context(), clinic.organization("riverside").await, clinic.user("priya").await);
    clinic
        .write(move |tx| {
            Box::pin(async move {
                let member: MembershipId = tx.memberships().active(&user, &at, context.now).await?.unwrap().id;
                if !edits.is_empty() {
                    profile::edit_member(tx, &context, (&at, &member), Editor::Administrator, &edits).await?;
                }
                if let Some(number) = verifies {
                    registration::verify(tx, &context, (&at, &member), (number, None)).await?;
                }
                Ok(())
            })
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_are_told_what_a_registration_is_worth_now() {
    for clinic in Clinic::each().await {
        let set = |attribute, value: &str| Edit::set(attribute, value).unwrap();
        let browser = clinic.browser("priya").await;
        let now = clinic.app.clock.now();
        let end = now.plus(Duration::from_secs(120));
        let registered = vec![
            set(Attribute::Profession, "Physiotherapist"),
            set(Attribute::Specialty, "Knee"),
            set(Attribute::RegistrationNumber, "PHY-1"),
            set(Attribute::RegistrationBody, "Board"),
            set(Attribute::RegistrationExpires, &end.to_string()),
        ];
        edit(&clinic, registered, None).await;
        let told = async |client: &str, scope: &str| {
            let tokens = clinic.tokens(&browser, client, &format!("scope=openid+{scope}")).await;
            let access = clinic.introspect("api", &tokens["access_token"]).await;
            let told =
                [claims(&tokens["id_token"]), clinic.userinfo(&tokens["access_token"]).await.json(), access.clone()];
            let [one, other, last] = told.each_ref().map(|said| said["registration"].clone());
            assert!(one == other && other == last, "{told:?}");
            access
        };
        let unasked = told("portal", "roles").await;
        for name in ["registration", "profession", "specialty", "membership_kind"] {
            assert_eq!(unasked.get(name), None, "{name}");
        }
        let seconds = end.seconds();
        for client in ["portal", "opaque"] {
            let said = told(client, "practitioner").await;
            assert_eq!(said["profession"], "Physiotherapist");
            assert_eq!((&said["specialty"], &said["membership_kind"]), (&json!("Knee"), &json!("practitioner")));
            let expected = json!({"number": "PHY-1", "body": "Board", "status": "unverified", "expires_at": seconds});
            assert_eq!(said["registration"], expected);
        }
        edit(&clinic, vec![], Some("PHY-1")).await;
        let said = told("portal", "practitioner").await;
        assert_eq!(said["registration"]["status"], "verified");
        assert_eq!(said["registration"]["verified_at"], now.seconds());
        assert_eq!(said["exp"], seconds, "no token says so beyond the end");
        let by_name = form_urlencoded::Serializer::new(String::new())
            .append_pair("claims", r#"{"userinfo":{"registration":null}}"#)
            .append_pair("scope", "openid roles")
            .finish();
        let tokens = clinic.tokens(&browser, "portal", &by_name).await;
        let said = clinic.userinfo(&tokens["access_token"]).await.json();
        assert_eq!((&said["registration"]["number"], said.get("profession")), (&json!("PHY-1"), None), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_registration_is_told_as_such_whoever_verified_it() {
    for clinic in Clinic::each().await {
        let set = |attribute, value: &str| Edit::set(attribute, value).unwrap();
        let end = clinic.app.clock.now().plus(Duration::from_secs(120));
        let registered =
            vec![set(Attribute::RegistrationNumber, "PHY-1"), set(Attribute::RegistrationExpires, &end.to_string())];
        edit(&clinic, registered, Some("PHY-1")).await;
        clinic.app.clock.advance(Duration::from_secs(119));
        let browser = clinic.browser("priya").await;
        let told = async || {
            let tokens = clinic.tokens(&browser, "portal", "scope=openid+practitioner").await;
            claims(&tokens["access_token"])
        };
        assert_eq!(told().await["registration"]["status"], "verified");
        clinic.app.clock.advance(Duration::from_secs(1));
        let said = told().await;
        assert_eq!(said["registration"]["status"], "expired");
        assert!(said["exp"].as_i64() > said["iat"].as_i64(), "and is no end of the token any more");
        let other =
            vec![set(Attribute::RegistrationNumber, "PHY-2"), Edit::clear(Attribute::RegistrationExpires).unwrap()];
        edit(&clinic, other, None).await;
        assert_eq!(told().await["registration"], json!({"number": "PHY-2", "status": "unverified"}));
    }
}
