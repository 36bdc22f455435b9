//! A table of every station, and a simulation of apps that keep the JWKS for as long as they may.

use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn policy() -> Policy {
    Policy {
        algorithms: vec![Algorithm::EdDsa],
        rotation: Duration::from_hours(90 * 24),
        publication: Duration::from_hours(24),
        token_life: Duration::from_mins(15),
    }
}

fn id(name: &str) -> KeyId {
    KeyId::from_text(name)
}

fn key(name: &str, published_at: i64, state: State) -> Key {
    Key { id: id(name), algorithm: Algorithm::EdDsa, published_at: Timestamp(published_at), state }
}

fn next(name: &str, published_at: i64) -> Key {
    key(name, published_at, State::Next)
}

fn current(name: &str, since: i64) -> Key {
    key(name, since - DAY, State::Current { since: Timestamp(since) })
}

fn retiring(name: &str, since: i64) -> Key {
    key(name, 0, State::Retiring { since: Timestamp(since) })
}

fn create(start: Start) -> Change {
    Change::Create(Algorithm::EdDsa, start)
}

fn activate(name: &str, replaced: Option<&str>) -> Change {
    Change::Activate { id: id(name), replaced: replaced.map(id) }
}

#[test]
fn each_step_is_due_at_its_time_and_not_before() {
    let gone = || key("gone", 0, State::Gone);
    let kept = HOUR + 60_000; // the JWKS of apps and skew; tokens live for less
    for (case, now, keys, expected) in [
        ("the very first key signs at once", 0, vec![], vec![create(Start::Now)]),
        ("a key that is gone signs nothing", 5, vec![gone()], vec![create(Start::Now)]),
        ("a young key needs nothing", 5, vec![current("a", 0)], vec![]),
        ("a day before the end, not yet", 89 * DAY - 1, vec![current("a", 0)], vec![]),
        ("a day before the end, the next one", 89 * DAY, vec![current("a", 0)], vec![create(Start::AfterPublication)]),
        ("a next key is enough", 89 * DAY, vec![current("a", 0), next("b", 89 * DAY)], vec![]),
        ("published too short", 90 * DAY - 1, vec![current("a", 0), next("b", 89 * DAY)], vec![]),
        (
            "published for long enough",
            90 * DAY,
            vec![current("a", 0), next("b", 89 * DAY)],
            vec![activate("b", Some("a"))],
        ),
        (
            "by command, whatever its age",
            2 * DAY,
            vec![current("a", 0), next("b", DAY)],
            vec![activate("b", Some("a"))],
        ),
        ("nothing signs: the next one does", 5, vec![next("b", 4)], vec![activate("b", None)]),
        ("its tokens may live", kept - 1, vec![retiring("a", 0), current("b", 0)], vec![]),
        ("its tokens have ended", kept, vec![retiring("a", 0), current("b", 0)], vec![Change::Remove(id("a"))]),
        (
            "after a long stop",
            400 * DAY,
            vec![current("a", 0), retiring("z", 0)],
            vec![create(Start::AfterPublication), Change::Remove(id("z"))],
        ),
        ("a clock that went back", -DAY, vec![current("a", 0), next("b", 0), retiring("z", 0)], vec![]),
    ] {
        assert_eq!(plan(Timestamp(now), &keys, &policy()), expected, "{case}");
    }
}

#[test]
fn an_algorithm_that_is_not_offered_any_more_is_withdrawn() {
    let none = Policy { algorithms: vec![Algorithm::Es256], ..policy() };
    let keys = [current("a", 0), next("b", 0), retiring("c", 0)];
    assert_eq!(
        plan(Timestamp(1), &keys, &none),
        [Change::Create(Algorithm::Es256, Start::Now), Change::Retire(id("a")), Change::Remove(id("b"))]
    );
}

#[test]
fn a_rotation_by_command_makes_a_successor_where_there_is_none() {
    let offered = Policy { algorithms: vec![Algorithm::EdDsa, Algorithm::Es256], ..policy() };
    let es256 = Key { algorithm: Algorithm::Es256, ..current("e", 0) };
    let create = |algorithm| Change::Create(algorithm, Start::AfterPublication);
    for (keys, only, expected) in [
        (vec![current("a", 0), es256.clone()], None, vec![create(Algorithm::EdDsa), create(Algorithm::Es256)]),
        (vec![current("a", 0), next("b", 0), es256.clone()], None, vec![create(Algorithm::Es256)]),
        (vec![current("a", 0), es256.clone()], Some(Algorithm::EdDsa), vec![create(Algorithm::EdDsa)]),
        (vec![current("a", 0), next("b", 0), es256.clone()], Some(Algorithm::EdDsa), vec![]),
        (vec![current("a", 0), es256.clone()], Some(Algorithm::Rs256), vec![]),
        (vec![es256], None, vec![Change::Create(Algorithm::EdDsa, Start::Now), create(Algorithm::Es256)]),
    ] {
        assert_eq!(rotate(Timestamp(1), &keys, &offered, only), expected);
    }
}

#[test]
fn a_revoked_key_is_replaced_at_once() {
    let revoke = |name: &str, keys: &[Key]| revoke(Timestamp(5), keys, &policy(), &id(name));
    let revoked = |name: &str| Change::Revoke(id(name));
    let all = [current("a", 0), next("b", 4), retiring("c", 0), key("d", 0, State::Gone)];
    assert_eq!(revoke("a", &all), Ok(vec![revoked("a"), activate("b", None)]));
    assert_eq!(revoke("a", &all[..1]), Ok(vec![revoked("a"), create(Start::Now)]));
    assert_eq!(revoke("b", &all), Ok(vec![revoked("b")]));
    assert_eq!(revoke("c", &all), Ok(vec![revoked("c")]));
    assert_eq!(revoke("d", &all), Err(NotPublished(id("d"))));
    assert_eq!(revoke("e", &all), Err(NotPublished(id("e"))));
}

#[test]
fn apps_keep_the_jwks_for_less_than_the_publication() {
    for (publication, max_age) in [(24 * 3600, 3600), (7200, 3600), (60, 30), (5, 2), (4, 2), (3, 1)] {
        let policy = Policy { publication: Duration::from_secs(publication), ..policy() };
        assert_eq!(policy.jwks_max_age().as_secs(), max_age);
        assert!(policy.jwks_max_age() * 2 <= policy.publication);
        assert!(
            policy.jwks_max_age() + Keys::LEARNING <= policy.publication,
            "a node that learns late shows it in time"
        );
    }
}

/// Does what a plan says, as the store does.
fn apply(changes: Vec<Change>, now: Timestamp, keys: &mut Vec<Key>) {
    let set = |keys: &mut Vec<Key>, id: &KeyId, state| {
        keys.iter_mut().find(|key| key.id == *id).expect("a key of the plan").state = state;
    };
    for change in changes {
        match change {
            Change::Create(algorithm, start) => {
                let state = if start == Start::Now { State::Current { since: now } } else { State::Next };
                keys.push(Key { id: id(&format!("key {}", keys.len())), algorithm, published_at: now, state });
            }
            Change::Activate { id, replaced } => {
                set(keys, &id, State::Current { since: now });
                if let Some(replaced) = replaced {
                    set(keys, &replaced, State::Retiring { since: now });
                }
            }
            Change::Retire(id) => set(keys, &id, State::Retiring { since: now }),
            Change::Remove(id) | Change::Revoke(id) => set(keys, &id, State::Gone),
        }
    }
}

/// What the server showed from one moment on.
struct Shown {
    from: Timestamp,
    signs: KeyId,
    published: Vec<KeyId>,
}

fn shown(from: Timestamp, keys: &[Key]) -> Shown {
    let signs = keys.iter().find(|key| matches!(key.state, State::Current { .. })).expect("a key signs").id.clone();
    let published = keys.iter().filter(|key| key.state != State::Gone).map(|key| key.id.clone()).collect();
    Shown { from, signs, published }
}

proptest! {
    /// Whenever the server looks after its keys and whenever somebody asks for a rotation: a token signed at any moment, by
    /// a node that learns of changes as late as nodes do, validates until its end for an app that keeps the JWKS as it may.
    #[test]
    fn no_rotation_fails_a_validation(
        publication in prop_oneof![3_i64..10, 10_i64..100_000],
        rotation in 1_i64..400_000,
        steps in prop::collection::vec((1_i64..50_000, any::<bool>()), 1..60),
    ) {
        let millis = |millis: i64| Duration::from_millis(millis.unsigned_abs() * 1000);
        let policy = Policy { rotation: millis(publication + rotation), publication: millis(publication), ..policy() };
        let (mut now, mut keys, mut history) = (Timestamp(0), Vec::new(), Vec::new());
        for (seconds, by_command) in steps {
            let changes = plan(now, &keys, &policy);
            apply(changes, now, &mut keys);
            prop_assert_eq!(plan(now, &keys, &policy), vec![], "a plan that was carried out leaves nothing to do");
            if by_command {
                let changes = rotate(now, &keys, &policy, None);
                apply(changes, now, &mut keys);
            }
            history.push(shown(now, &keys));
            now = now.plus(millis(seconds));
        }

        let late = Keys::LEARNING;
        for (index, moment) in history.iter().enumerate() {
            let signs_until = history.get(index + 1).map_or(now, |following| following.from).plus(late);
            let oldest_copy = moment.from.minus(policy.jwks_max_age()).minus(late);
            let newest_copy = signs_until.plus(policy.token_life);
            let mut until = now;
            for copy in history.iter().rev() {
                let overlaps = copy.from <= newest_copy && until > oldest_copy;
                prop_assert!(!overlaps || copy.published.contains(&moment.signs), "{} at {:?}", moment.signs, copy.from);
                until = copy.from;
            }
        }
    }
}
