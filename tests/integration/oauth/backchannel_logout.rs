//! OpenID Connect Back-Channel Logout 1.0, with an app that really listens.

use std::time::Duration;

use axum::{body::Body, http::Response};
use lanyard::{
    audit::Context,
    directory::{
        app::{self, Adopt, Requires},
        membership, user,
    },
    id::UserId,
    keys::{Algorithm, Typ},
    oauth::{
        client::AuthenticationMethod,
        registrar,
        registration::Registration,
        store::{Late, Logout, State},
    },
    session::EndReason,
    storage::{Engine, Tx, sql},
};
use serde_json::{Value, json};

use super::clinic::{Clinic, Fault, ISSUER, REDIRECT, SECRET, claims};
use crate::harness::receiver::Receiver;

/// The longest life of a session.
const ABSOLUTE: Duration = Duration::from_hours(12);

/// An app of both practices that is told of logouts at `address`.
pub(crate) async fn listening(clinic: &Clinic, id: &str, address: &str) {
    let registration = Registration {
        is_first_party: true,
        authentication: AuthenticationMethod::SecretBasic,
        id_token_algorithm: Algorithm::Es256,
        redirect_uris: vec![REDIRECT.to_owned()],
        backchannel_logout_uri: Some(format!("{address}/{id}/logout")),
        ..Registration::new(id, id)
    };
    let context = clinic.context();
    let practices = [clinic.organization("riverside").await, clinic.organization("harbour").await];
    clinic
        .write(move |tx| {
            Box::pin(async move {
                let client = registrar::register(tx, &context, registration).await?;
                registrar::put_secret(tx, &context, &client.id, (&SECRET.into(), None)).await?;
                for practice in &practices {
                    app::activate(tx, &context, practice, &client.id, (&Adopt::All, &Requires::default())).await?;
                }
                Ok(())
            })
        })
        .await;
}

async fn told(clinic: &Clinic, client: &str) -> Vec<Logout> {
    clinic.app.storage.read().await.unwrap().logouts().of_client(client, 100).await.unwrap()
}

/// The claims of the logout token in a form, once its signature was checked.
fn logout_token(clinic: &Clinic, form: &str) -> Value {
    let fields: Vec<_> = url::form_urlencoded::parse(form.as_bytes()).collect();
    let [(name, token)] = &fields[..] else { panic!("{form}") };
    assert_eq!(name, "logout_token");
    clinic.app.keyring.verify(token, Typ::LogoutToken).unwrap();
    claims(&json!(token))
}

async fn sign_out(clinic: &Clinic, browser: &str, hint: &Value) {
    let hint = hint["id_token"].as_str().unwrap();
    let out = clinic.get(&format!("/oauth2/logout?id_token_hint={hint}"), &[("cookie", browser)]).await;
    assert!(out.header(axum::http::header::SET_COOKIE).contains("Max-Age=0"), "{}", out.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_tells_each_app_that_got_tokens_and_no_other() {
    let receiver = Receiver::start().await;
    for clinic in Clinic::each().await {
        let before = receiver.received().len();
        for id in ["calendar", "records", "unused"] {
            listening(&clinic, id, &receiver.address).await;
        }
        let (priya, olivia) = (clinic.browser("priya").await, clinic.browser("olivia").await);
        let calendar = clinic.tokens(&priya, "calendar", "").await;
        clinic.tokens(&priya, "records", "scope=openid%20offline_access").await;
        clinic.tokens(&priya, "portal", "").await;
        clinic.tokens(&olivia, "calendar", "organization=riverside").await;
        sign_out(&clinic, &priya, &calendar).await;
        let got = clinic.working(receiver.got(before + 2)).await.split_off(before);
        let mut paths: Vec<_> = got.iter().map(|one| one.path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["/calendar/logout", "/records/logout"]);
        let sid = claims(&calendar["id_token"])["sid"].clone();
        for one in &got {
            let (mut token, now) = (logout_token(&clinic, &one.body), clinic.app.clock.now().seconds());
            assert!(token.as_object_mut().unwrap().remove("jti").is_some_and(|jti| jti.as_str().unwrap().len() > 20));
            assert_eq!(
                token,
                json!({
                    "iss": ISSUER, "sub": clinic.user("priya").await.as_str(), "sid": sid,
                    "aud": one.path.split('/').nth(1), "iat": now, "exp": now + 120,
                    "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
                })
            );
        }
        let state = |logouts: Vec<Logout>| logouts.into_iter().map(|one| one.state).collect::<Vec<_>>();
        assert_eq!(state(told(&clinic, "calendar").await), [State::Delivered(clinic.app.clock.now())]);
        assert_eq!(state(told(&clinic, "unused").await), []);
        assert_eq!(clinic.recorded("logout-delivery").await, 2);
    }
}

type Done<'t> = std::pin::Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 't>>;
type Ending = for<'t> fn(&'t mut Tx, &'t Context, &'t UserId) -> Done<'t>;

/// Every way by which a session, or a person's part in a practice, ends.
const ENDINGS: &[(&str, Ending)] = &[
    ("a device is signed out from elsewhere", |tx, context, user| {
        Box::pin(async move {
            let session = tx.sessions().of_user(user).await?.remove(0);
            Ok(tx.sessions().end(context, &session, EndReason::Remote).await?)
        })
    }),
    ("all devices are", |tx, context, user| {
        Box::pin(
            async move { Ok(tx.sessions().end_all_of_user(context, user, None, EndReason::PasswordChange).await?) },
        )
    }),
    ("the person is disabled", |tx, context, user| {
        Box::pin(async move { Ok(user::disable(tx, context, user).await?) })
    }),
    ("the person is erased", |tx, context, user| {
        Box::pin(async move { Ok(user::delete(tx, context, user).await.map(drop)?) })
    }),
    ("the membership is disabled", |tx, context, user| {
        Box::pin(async move {
            let (mine, at) = tx.memberships().active_of_user(user, context.now).await?.remove(0);
            membership::disable(tx, context, &at.id, &mine.id).await?;
            Ok(())
        })
    }),
    ("the membership is removed", |tx, context, user| {
        Box::pin(async move {
            let (mine, at) = tx.memberships().active_of_user(user, context.now).await?.remove(0);
            membership::remove(tx, context, &at.id, &mine.id).await?;
            Ok(())
        })
    }),
    ("the practice is closed", |tx, context, user| {
        Box::pin(async move {
            let (_, at) = tx.memberships().active_of_user(user, context.now).await?.remove(0);
            Ok(tx.sessions().close_organization(context, &at.id, std::slice::from_ref(user)).await?)
        })
    }),
    ("its time is over", |tx, context, _| {
        Box::pin(async move {
            let later = Context { now: context.now.plus(Duration::from_hours(24)), ..context.clone() };
            assert!(!tx.sessions().end_expired(&later, ABSOLUTE, 10).await?);
            Ok(())
        })
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_a_session_tells_its_apps_once() {
    for (case, end) in ENDINGS {
        for clinic in Clinic::each().await {
            clinic.leaves_jobs();
            listening(&clinic, "calendar", "http://127.0.0.1:1").await;
            let browser = clinic.browser("priya").await;
            clinic.tokens(&browser, "calendar", "").await;
            clinic.tokens(&browser, "calendar", "").await;
            let (user, mut context, end) = (clinic.user("priya").await, clinic.context(), *end);
            for _ in 0..2 {
                let (user, context) = (user.clone(), context.clone());
                if case.contains("time is over") || told(&clinic, "calendar").await.is_empty() {
                    clinic.write(move |tx| Box::pin(async move { end(tx, &context, &user).await })).await;
                }
            }
            context.now = context.now.plus(Duration::from_hours(25));
            clinic
                .write(move |tx| Box::pin(async move { Ok(tx.sessions().end_expired(&context, ABSOLUTE, 10).await?) }))
                .await;
            assert_eq!(told(&clinic, "calendar").await.len(), 1, "{case}");
            let waiting = clinic.app.storage.read().await.unwrap().jobs().waiting().await.unwrap();
            assert_eq!(waiting, 1, "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_one_practice_tells_of_that_one() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        listening(&clinic, "calendar", "http://127.0.0.1:1").await;
        let browser = clinic.browser("olivia").await;
        clinic.tokens(&browser, "calendar", "organization=riverside").await;
        let there = clinic.tokens(&browser, "calendar", "organization=harbour").await;
        let (user, harbour, context) =
            (clinic.user("olivia").await, clinic.organization("harbour").await, clinic.context());
        clinic
            .write(move |tx| {
                Box::pin(async move {
                    let mine = tx.memberships().active(&user, &harbour, context.now).await?.unwrap();
                    membership::disable(tx, &context, &harbour, &mine.id).await?;
                    Ok(())
                })
            })
            .await;
        let told = told(&clinic, "calendar").await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].sid.as_str(), claims(&there["id_token"])["sid"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_away_is_told_later_and_one_that_refuses_is_let_be() {
    let elsewhere = Receiver::start().await;
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        let receiver = Receiver::start().await;
        listening(&clinic, "calendar", &receiver.address).await;
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "calendar", "").await;
        sign_out(&clinic, &browser, &tokens).await;
        // Redirects are not followed, and an answer without end is not read.
        let away = Response::builder().status(307).header("location", &elsewhere.address);
        receiver.will_answer(away.body(Body::empty()).unwrap());
        let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 65_536]));
        receiver.will_answer(Response::builder().status(500).body(Body::from_stream(endless)).unwrap());
        clinic
            .working(async {
                time_goes_on_until(&clinic, &receiver, 3).await;
                settled(&clinic).await;
            })
            .await;
        assert!(matches!(told(&clinic, "calendar").await[0].state, State::Delivered(_)));
        assert_eq!(elsewhere.received().len(), 0);

        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "calendar", "").await;
        sign_out(&clinic, &browser, &tokens).await;
        for _ in 0..10 {
            receiver.will_say(400);
        }
        clinic
            .working(async {
                time_goes_on_until(&clinic, &receiver, 7).await;
                settled(&clinic).await;
            })
            .await;
        let State::Failed(_, why) = &told(&clinic, "calendar").await[0].state else { panic!("not given up") };
        assert_eq!(why, "the app answered 400");
        assert_eq!((receiver.received().len(), clinic.recorded("logout-delivery").await), (7, 2));
    }
}

/// Time goes on until the app was called so often.
async fn time_goes_on_until(clinic: &Clinic, receiver: &Receiver, calls: usize) {
    while receiver.received().len() < calls {
        clinic.app.clock.advance(Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until no logout waits.
async fn settled(clinic: &Clinic) {
    while told(clinic, "calendar").await.iter().any(|one| matches!(one.state, State::Waiting(..))) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_not_told_within_five_minutes_is_a_matter_for_people_once() {
    let receiver = Receiver::start().await;
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        listening(&clinic, "calendar", "http://127.0.0.1:1").await;
        listening(&clinic, "records", &receiver.address).await;
        let (began, before) = (clinic.app.clock.now(), receiver.received().len());
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "calendar", "").await;
        clinic.tokens(&browser, "records", "").await;
        sign_out(&clinic, &browser, &tokens).await;
        let late = async || clinic.app.storage.read().await.unwrap().logouts().late(clinic.app.clock.now(), 10).await;
        clinic
            .working(async {
                receiver.got(before + 1).await;
                clinic.app.clock.advance(Duration::from_secs(299));
                tokio::time::sleep(Duration::from_millis(2500)).await;
                assert_eq!(clinic.recorded("logout-delay").await, 0, "there is time left");
                assert_eq!(late().await.unwrap(), []);
                clinic.app.clock.advance(Duration::from_secs(1));
                while clinic.recorded("logout-delay").await == 0 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                clinic.app.clock.advance(Duration::from_mins(10));
                tokio::time::sleep(Duration::from_millis(2500)).await;
            })
            .await;
        assert_eq!(clinic.recorded("logout-delay").await, 1, "said once, of the one that does not listen");
        let counted = clinic.app.metrics.render();
        assert!(counted.contains("lanyard_logouts_late_total 1\n"), "{counted}");
        assert_eq!(late().await.unwrap(), [Late { client_id: "calendar".into(), logouts: 1, since: began }]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_look_for_late_apps_reads_those_that_wait_alone() {
    for clinic in Clinic::each().await {
        let mut tx = clinic.app.storage.read().await.unwrap();
        let (explain, column) = match clinic.app.storage.engine() {
            Engine::Sqlite => ("EXPLAIN QUERY PLAN", 3),
            Engine::Postgres => {
                tx.run("SET enable_seqscan = off").await.unwrap();
                ("EXPLAIN", 0)
            }
        };
        let query = format!(
            "{explain} SELECT id FROM logouts WHERE delivered_at IS NULL AND failed_at IS NULL AND alerted_at IS NULL \
             AND created_at <= 7 LIMIT 1"
        );
        let rows = sql(query).fetch_all(tx.connection()).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.try_get(column).unwrap()).collect();
        assert!(plan.iter().any(|line| line.contains("logouts_waiting")), "{plan:?}");
    }
}
