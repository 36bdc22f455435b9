//! Codes on both databases: which one waits, how often it is tried, and what is counted.

use super::*;
use crate::storage::{Storage, testing::databases};

const HOUR: Duration = Duration::from_hours(1);

fn id(name: &str) -> SentCodeId {
    SentCodeId::from_stored(format!("snt_{name}"))
}

/// Does something in a unit of work of its own.
macro_rules! unit {
    ($storage:expr, |$tx:ident| $work:expr) => {
        $storage.write::<_, crate::storage::Error, _>(move |$tx| Box::pin(async move { $work })).await.unwrap()
    };
}

/// Sends a code by this way for this in the session, at so many milliseconds.
async fn send(storage: &Storage, name: &'static str, (way, what): (Kind, Purpose), (session, at): (&'static str, i64)) {
    unit!(storage, |tx| {
        let (user, session) = (UserId::from_stored("usr_a".into()), SessionId::from_stored(session.into()));
        let place = Place { user: &user, session: &session, kind: way, purpose: what };
        let code = Waiting { id: id(name), sealed: name.as_bytes().to_vec() };
        tx.sent_codes().add((&code, Some(TokenHash::of("number"))), place, Timestamp(at)).await
    });
}

/// What waits there, of what was sent after `since`.
async fn waiting(storage: &Storage, (way, what): (Kind, Purpose), session: &str, times: (i64, i64)) -> Option<String> {
    let (user, session) = (UserId::from_stored("usr_a".into()), SessionId::from_stored(session.to_owned()));
    let place = Place { user: &user, session: &session, kind: way, purpose: what };
    let times = (Timestamp(times.0), Timestamp(times.1));
    let found = storage.read().await.unwrap().sent_codes().waiting(place, times).await.unwrap();
    found.map(|code| String::from_utf8(code.sealed).unwrap())
}

const SIGN_IN: (Kind, Purpose) = (Kind::Sms, Purpose::SignIn);
const SET_UP: (Kind, Purpose) = (Kind::Sms, Purpose::SetUp);
const MAIL: (Kind, Purpose) = (Kind::Email, Purpose::SignIn);

#[tokio::test(flavor = "multi_thread")]
async fn a_code_waits_in_its_own_place_until_another_is_sent_there() {
    for database in databases().await {
        let storage = &database.storage;
        send(storage, "first", SIGN_IN, ("ses_1", 1_000)).await;
        send(storage, "other", SIGN_IN, ("ses_2", 1_000)).await;
        send(storage, "mail", MAIL, ("ses_1", 1_000)).await;
        send(storage, "second", SIGN_IN, ("ses_1", 2_000)).await;
        let ahead = 3_000 - i64::try_from(AHEAD.as_millis()).unwrap();
        for (case, place, session, times, expected) in [
            ("the later one", SIGN_IN, "ses_1", (0, 3_000), Some("second")),
            ("of another session", SIGN_IN, "ses_2", (0, 3_000), Some("other")),
            ("by another way", MAIL, "ses_1", (0, 3_000), Some("mail")),
            ("for something else", SET_UP, "ses_1", (0, 3_000), None),
            ("nowhere", SIGN_IN, "ses_3", (0, 3_000), None),
            ("too old", SIGN_IN, "ses_1", (2_000, 3_000), None),
            ("of a clock ahead", SIGN_IN, "ses_1", (0, ahead - 1_001), None),
            ("of one ahead a little", SIGN_IN, "ses_1", (0, ahead), Some("second")),
        ] {
            assert_eq!(waiting(storage, place, session, times).await.as_deref(), expected, "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_tried_five_times_and_taken_once_by_however_many_at_once() {
    for database in databases().await {
        let storage = &database.storage;
        send(storage, "tried", SIGN_IN, ("ses_1", 1_000)).await;
        send(storage, "taken", SIGN_IN, ("ses_2", 1_000)).await;
        let at_once = async |work: fn(Storage) -> tokio::task::JoinHandle<bool>| {
            let all: Vec<_> = (0..9).map(|_| work(storage.clone())).collect();
            let mut yes = 0;
            for one in all {
                yes += i64::from(one.await.unwrap());
            }
            yes
        };
        let tries = at_once(|storage| {
            tokio::spawn(async move { unit!(storage, |tx| tx.sent_codes().count_try(&id("tried")).await) })
        });
        assert_eq!(tries.await, TRIES);
        assert_eq!(waiting(storage, SIGN_IN, "ses_1", (0, 2_000)).await, None, "tried too often");
        let takes = at_once(|storage| {
            tokio::spawn(async move { unit!(storage, |tx| tx.sent_codes().take(&id("taken"), Timestamp(2_000)).await) })
        });
        assert_eq!(takes.await, 1);
        assert_eq!(waiting(storage, SIGN_IN, "ses_2", (0, 2_000)).await, None, "used");
        assert!(!unit!(storage, |tx| tx.sent_codes().count_try(&id("taken")).await), "no try is left");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_counted_by_person_by_number_and_altogether() {
    for database in databases().await {
        let storage = &database.storage;
        let now = Timestamp(10_000_000);
        let within = i64::try_from(HOUR.as_millis()).unwrap();
        send(storage, "old", SET_UP, ("ses_1", now.0 - within)).await;
        send(storage, "a", SET_UP, ("ses_1", now.0 - within + 1)).await;
        send(storage, "b", SIGN_IN, ("ses_1", now.0 - 2)).await;
        send(storage, "c", MAIL, ("ses_1", now.0 - 1)).await;
        send(storage, "ahead", SET_UP, ("ses_2", now.plus(AHEAD).0 + 1)).await;
        let user = UserId::from_stored("usr_a".into());
        let mut tx = storage.read().await.unwrap();
        let ago = |times: Vec<Timestamp>| times.into_iter().map(|at| now.0 - at.0).collect::<Vec<_>>();
        assert_eq!(ago(tx.sent_codes().sent(&user, (HOUR, 9), now).await.unwrap()), [1, 2, within - 1]);
        assert_eq!(ago(tx.sent_codes().sent(&user, (HOUR, 2), now).await.unwrap()), [1, 2], "the latest");
        let nobody = UserId::from_stored("usr_b".into());
        assert_eq!(tx.sent_codes().sent(&nobody, (HOUR, 9), now).await.unwrap(), []);
        let number = TokenHash::of("number");
        assert_eq!(ago(tx.sent_codes().named(number, (HOUR, 9), now).await.unwrap()), [within - 1], "set up alone");
        assert_eq!(tx.sent_codes().named(TokenHash::of("other"), (HOUR, 9), now).await.unwrap(), []);
        for (what, most, expected) in [
            ((Kind::Sms, None), 9, 2),
            ((Kind::Sms, None), 1, 1),
            ((Kind::Sms, Some(Purpose::SetUp)), 9, 1),
            ((Kind::Email, None), 9, 1),
            ((Kind::Email, Some(Purpose::SetUp)), 9, 0),
        ] {
            let count = tx.sent_codes().count(what, (now.minus(HOUR), now), most).await.unwrap();
            assert_eq!(count, expected, "{what:?} {most}");
        }
    }
}
