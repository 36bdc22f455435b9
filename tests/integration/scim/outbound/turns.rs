//! Who comes first: a leaver before everything else, and no app waits for another.

use std::time::{Duration, Instant};

use lanyard::scim::outbound::{
    run::{self, Kind},
    target::{Settings, State, Wanted},
};
use tokio::{net::TcpListener, sync::watch};

use super::{
    Outbound, active,
    peer::{Turn, answer},
};

const SLOW: Duration = Duration::from_millis(400);

impl Outbound {
    async fn hire_all(&self, count: usize) {
        for number in 0..count {
            self.hire(&format!("p{number}")).await;
        }
    }

    /// How long it takes until Sam is out.
    async fn sam_leaves(&self) -> Duration {
        self.disable("sam").await;
        let begun = Instant::now();
        while self.peer.user("sam").await["active"] != false {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        begun.elapsed()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_is_out_within_seconds_while_a_slow_app_is_filled() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        out.run(&target, Kind::Reconcile).await;
        out.hire_all(150).await;
        out.peer.will("*", "", 100_000, || Turn::Wait(SLOW));
        out.switch(&target, State::Live).await;
        let (took, present) = out
            .clinic
            .working(async {
                while out.peer.users().await.len() < 10 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                let took = out.sam_leaves().await;
                let present = out.peer.users().await.len();
                out.peer.behaves();
                (took, present)
            })
            .await;
        assert!(took < Duration::from_secs(6), "{took:?}");
        assert!(present < 110, "most of them were still to come: {present}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_is_out_within_seconds_while_a_slow_app_is_read() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        out.hire_all(60).await;
        out.run(&target, Kind::Reconcile).await;
        out.wait(Duration::from_hours(25));
        out.peer.will("GET", "/Users?count", 1_000, || Turn::Answer(answer(501, &[], "")));
        out.peer.will("*", "/Users/", 1_000, || Turn::Wait(SLOW));
        out.switch(&target, State::Live).await;
        out.peer.asked();
        let (took, read) = out
            .clinic
            .working(async {
                while out.peer.paths("GET", "/Users/").len() < 3 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                let took = out.sam_leaves().await;
                let read = out.peer.paths("GET", "/Users/").len();
                out.peer.behaves();
                (took, read)
            })
            .await;
        assert!(took < Duration::from_secs(6), "{took:?}");
        assert!(read < 40, "most of them were still to be read: {read}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_is_out_within_seconds_though_many_apps_are_silent() {
    for out in Outbound::each().await {
        let (release, held) = watch::channel(false);
        for number in 0..20 {
            let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/scim", silent.local_addr().unwrap()).parse().unwrap();
            let wanted = Wanted { url, ..out.wanted(Settings::default()) };
            let dead = out.create(&format!("dead{number}"), wanted).await.unwrap();
            out.switch(&dead, State::Live).await;
            let held = held.clone();
            tokio::spawn(async move {
                while let Ok((stream, _)) = silent.accept().await {
                    let mut held = held.clone();
                    tokio::spawn(async move {
                        let _ = held.wait_for(|is_released| *is_released).await;
                        drop(stream);
                    });
                }
            });
        }
        let target = out.target(Settings::default()).await;
        out.switch(&target, State::Live).await;
        let took = out.clinic.working(async {
            let begun = Instant::now();
            while out.peer.people().await != active(&["olivia", "priya", "sam"]) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let took = (begun.elapsed(), out.sam_leaves().await);
            release.send(true).unwrap();
            took
        });
        let (filled, left) = took.await;
        // The first filling waits for its turn behind twenty that nobody answers; who leaves afterwards waits, at most, for
        // those few whose five seconds of silence had begun.
        assert!(filled < Duration::from_secs(18) && left < Duration::from_secs(10), "{filled:?} {left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_gives_its_turn_away_goes_on_where_it_stood() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        out.hire_all(250).await;
        out.run(&target, Kind::Reconcile).await;
        let before = out.present(&target).await.progress.reconciled_at;
        out.wait(Duration::from_hours(25));
        out.switch(&target, State::Live).await;
        crate::harness::leftovers::seal(&out.clinic.app).await;
        out.peer.asked();
        let listed = || out.peer.paths("GET", "/Users?count=100").len();
        let (mut turns, mut left) = (0, false);
        while turns == 0 || out.present(&target).await.progress.due_at <= out.clinic.app.clock.now() {
            turns += 1;
            assert!(turns < 20, "it comes to no end");
            let seen = listed();
            run::work(&out.clinic.app, &target.id, &|| listed() > seen).await.unwrap();
            let progress = out.present(&target).await.progress;
            if turns < 3 {
                assert!(progress.crawl.is_some() && progress.survey.is_some(), "{turns}: {progress:?}");
                assert_eq!(listed(), turns, "one page in a turn");
            }
            if turns == 2 {
                left = true;
                out.disable("sam").await;
                crate::harness::leftovers::seal(&out.clinic.app).await;
            }
            if turns == 3 {
                assert_eq!(out.peer.user("sam").await["active"], false, "before the next page");
            }
        }
        let mut pages = out.peer.paths("GET", "/Users?count=100");
        assert_eq!(pages.len(), 3, "{pages:?}");
        pages.sort();
        pages.dedup();
        assert_eq!(pages.len(), 3, "none twice");
        let progress = out.present(&target).await.progress;
        assert!(left && progress.crawl.is_none() && progress.survey.is_none(), "{progress:?}");
        assert!(progress.reconciled_at > before);
    }
}
