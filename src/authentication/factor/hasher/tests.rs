use std::{net::IpAddr, time::Instant};

use super::*;
use crate::config::{Config, Sources};

fn cost() -> Hashing {
    Config::load(&Sources::none()).expect("right").password.hashing
}

fn hasher() -> Hasher {
    Hasher::start(cost(), Random::seeded(1))
}

fn password(text: &str) -> Password {
    Password::parse(text).expect("short")
}

fn from(address: &str) -> Network {
    Network::from(address.parse::<IpAddr>().expect("an address"))
}

#[tokio::test]
async fn a_password_is_the_one_it_was_hashed_from() {
    let hasher = hasher();
    let home = from("192.0.2.1");
    let stored = hasher.hash(password("Lanyard-demo-2026!"), home).await.expect("room");
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    let cheaper = Hasher::start(Hashing { memory: 12_288, iterations: 3, ..cost() }, Random::seeded(2));
    let older = cheaper.hash(password("Lanyard-demo-2026!"), home).await.expect("room");
    for (typed, stored, expected) in [
        ("Lanyard-demo-2026!", Some(stored.as_str()), Comparison::Same),
        ("lanyard-demo-2026!", Some(stored.as_str()), Comparison::Different),
        ("Lanyard-demo-2026!", Some(older.as_str()), Comparison::SameButOutdated),
        ("Lanyard-demo-2026?", Some(older.as_str()), Comparison::Different),
        ("Lanyard-demo-2026!", Some("not a hash"), Comparison::Different),
        ("Lanyard-demo-2026!", None, Comparison::Different),
        ("", None, Comparison::Different),
    ] {
        assert_eq!(hasher.verify(password(typed), stored, home).await, Ok(expected), "{typed} {stored:?}");
    }
}

#[tokio::test]
async fn the_same_password_has_another_hash_each_time() {
    let hasher = hasher();
    let a = hasher.hash(password("same"), from("::1")).await.expect("room");
    let b = hasher.hash(password("same"), from("::1")).await.expect("room");
    assert_ne!(a, b);
}

#[tokio::test]
async fn a_flood_is_refused_a_moment_later_and_a_person_elsewhere_is_served() {
    let begun = Instant::now();
    let hasher = Hasher::start(Hashing { threads: 1, queue: 4, ..cost() }, Random::seeded(1));
    let flood: Vec<_> = (0..20)
        .map(|_| {
            let hasher = hasher.clone();
            tokio::spawn(async move { hasher.verify(password("guess"), None, from("192.0.2.66")).await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(hasher.verify(password("x"), None, from("192.0.2.1")).await, Ok(Comparison::Different));
    let mut refused = 0;
    for one in flood {
        refused += usize::from(one.await.expect("no panic") == Err(Busy));
    }
    assert!((14..20).contains(&refused), "{refused} of 20 refused");
    let took = begun.elapsed();
    assert!((PAUSE..PAUSE * 3).contains(&took), "all at once, but not before {PAUSE:?}: {took:?}");
}

#[tokio::test]
async fn whoever_goes_away_is_not_hashed_for() {
    let hasher = Hasher::start(Hashing { threads: 1, queue: 64, ..cost() }, Random::seeded(1));
    let begun = Instant::now();
    hasher.hash(password("one"), from("::1")).await.expect("room");
    let one = begun.elapsed();
    for _ in 0..60 {
        let asked = hasher.verify(password("gone"), None, from("192.0.2.9"));
        drop(tokio::time::timeout(Duration::ZERO, asked).await);
    }
    let begun = Instant::now();
    hasher.hash(password("two"), from("::1")).await.expect("room");
    assert!(begun.elapsed() < one * 20, "{:?} after {one:?}", begun.elapsed());
}

/// Resident memory of this process in MiB.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") / 256
}

/// Alone in its process, because it measures the process.
#[tokio::test]
#[ignore = "measures the memory of the process: run alone"]
async fn idle_memory_goes_back_to_the_system() {
    let hasher = Hasher::start_with(cost(), Random::seeded(1), Duration::from_millis(50));
    let before = resident();
    // What stays: pages of the program that it reads for the first time, and huge pages that the arena has only a part of.
    let idle = before + cost().memory as usize / 1024 / 2;
    for _ in 0..2 {
        for _ in 0..4 {
            hasher.hash(password("x"), from("::1")).await.expect("room");
        }
        // The allocator keeps what was freed for ten seconds.
        let begun = Instant::now();
        while resident() >= idle {
            assert!(begun.elapsed() < Duration::from_secs(30), "{} MiB, {before} before", resident());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// By how much that is quicker is for `benches/`, on a quiet machine.
#[test]
fn the_next_hash_is_made_in_the_memory_of_the_last() {
    let (stored, mut arena) = (Stored::fresh(&cost(), [1; 16]), Arena::default());
    let mut hashed_at = || {
        stored.compute(&password("x"), &mut arena).expect("hashed");
        arena.blocks(1).as_ptr()
    };
    let places = [hashed_at(), hashed_at(), hashed_at()];
    assert_eq!(places, [places[0]; 3]);
}
