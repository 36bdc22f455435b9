//! By the work of a node: within seconds, one runner at a time, and no app delays another.

use std::time::{Duration, Instant};

use lanyard::{
    app::App,
    random::Random,
    scim::outbound::{
        run::{self, Kind, Watch},
        target::{Settings, State, TargetError, Wanted},
    },
};

use super::{
    Outbound, active, order,
    peer::{Turn, answer},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_is_out_of_an_app_within_seconds_though_another_app_stays_silent() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/scim", silent.local_addr().unwrap()).parse().unwrap();
        let dead = out.create("dead", Wanted { url, ..out.wanted(Settings::default()) }).await.unwrap();
        for one in [&dead, &target] {
            out.switch(one, State::Live).await;
        }
        let took = out.clinic.working(async {
            while out.peer.people().await != active(&["olivia", "priya", "sam"]) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            out.disable("sam").await;
            let begun = Instant::now();
            while out.peer.user("sam").await["active"] != false {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            begun.elapsed()
        });
        // The silent one is given up by whoever closes it.
        let took = tokio::select! {
            took = took => took,
            () = async { loop { let _ = silent.accept().await; tokio::time::sleep(Duration::from_millis(5)).await } } => unreachable!(),
        };
        assert!(took < Duration::from_secs(8), "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_runner_at_a_time_works_on_an_app() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        let other =
            App::open(out.clinic.app.config.clone(), out.clinic.app.clock.clone(), Random::system()).await.unwrap();
        out.peer.will("GET", "/ServiceProviderConfig", 1, || Turn::Hang);
        let watch = Watch { halt: &|| false, tell: &|_| {} };
        let first = run::run(&out.clinic.app, &target.id, order(Kind::Sync), watch);
        let second = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            run::run(&other, &target.id, order(Kind::Sync), watch).await
        };
        let refused = tokio::select! {
            _ = first => panic!("the app is silent"),
            refused = second => refused,
        };
        assert!(matches!(refused, Err(TargetError::Busy(_))), "{refused:?}");
        // Whoever died keeps it for a while, and no longer.
        out.wait(Duration::from_mins(2));
        let report = run::run(&other, &target.id, order(Kind::Sync), watch).await.unwrap();
        assert_eq!(report.created, 2);
        other.storage.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_app_gets_nothing_and_catches_up() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        out.switch(&target, State::Live).await;
        out.work(&target).await;
        out.switch(&target, State::Paused).await;
        out.peer.changes();
        out.disable("sam").await;
        out.hire("ann").await;
        out.work(&target).await;
        assert_eq!(out.peer.changes(), [""; 0]);
        assert_eq!(
            out.clinic.app.storage.read().await.unwrap().targets().due(out.clinic.app.clock.now(), 9).await.unwrap(),
            []
        );
        out.wait(Duration::from_secs(1));
        out.switch(&target, State::Live).await;
        out.work(&target).await;
        let mut expected = active(&["ann", "olivia", "priya"]);
        expected.push(("sam@clinic.example".to_owned(), false));
        assert_eq!(out.peer.people().await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_is_pushed_in_rounds_and_read_in_pages() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        for number in 0..120 {
            out.hire(&format!("p{number}")).await;
        }
        // The app pauses in the middle, as apps do.
        let seen = std::sync::atomic::AtomicU64::new(0);
        let tell = |report: &run::Report| seen.store(report.created, std::sync::atomic::Ordering::Relaxed);
        let halt = || seen.load(std::sync::atomic::Ordering::Relaxed) >= 40;
        crate::harness::leftovers::seal(&out.clinic.app).await;
        let first =
            run::run(&out.clinic.app, &target.id, order(Kind::Sync), Watch { halt: &halt, tell: &tell }).await.unwrap();
        assert!((40..=100).contains(&first.created), "{first:?}");
        out.peer.will("POST", "/Users", 1, || Turn::Answer(answer(429, &[("retry-after", "1")], "")));
        let report = out.run(&target, Kind::Sync).await;
        assert!(report.problem.is_some(), "{report:?}");
        out.wait(Duration::from_secs(30));
        out.run(&target, Kind::Sync).await;
        assert_eq!(out.peer.people().await.len(), 123);
        out.wait(Duration::from_secs(1));
        let report = out.run(&target, Kind::Reconcile).await;
        assert_eq!((report.drift, report.created, report.changed, report.unknown), (0, 0, 0, 0), "{report:?}");
    }
}
