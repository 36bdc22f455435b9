//! What no test may leave behind unless it says so: jobs that nobody looked at, and an audit log that is not whole.
//!
//! The test is over when this runs, and its own runtime with it: a thread opens the database once more.

use aws_lc_rs::hmac;
use lanyard::{
    app::App,
    audit::{heads::HeadsFile, verify::verify},
    clock::Clock,
    jobs::Job,
    keys::shared_key::SharedKey,
    random::Random,
    secret::ExposeSecret,
    storage::{Error, sql},
};

/// Later than the lease of any job ends.
const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// Seals the audit log, as the server does every second.
pub(crate) async fn seal(app: &App) {
    let (key, heads) = (heads_key(app).await, HeadsFile::at(app.config.audit.heads_file.clone()));
    loop {
        let (key, now) = (key.clone(), app.clock.now());
        let sealed = app
            .storage
            .write::<_, Error, _>(move |tx| Box::pin(async move { tx.audit().seal(&key, now).await }))
            .await
            .expect("sealed");
        if sealed.is_empty() {
            return;
        }
        heads.append(&sealed).expect("written");
    }
}

/// What every harness does when it is dropped, unless its test has failed already.
pub(crate) fn check(app: &App, may_leave_jobs: bool) {
    if !std::thread::panicking() {
        let found = find(app, may_leave_jobs);
        assert!(found.is_empty(), "left behind: {found:#?}");
    }
}

/// What is wrong with the database that `app` has left.
fn find(app: &App, may_leave_jobs: bool) -> Vec<String> {
    let (config, clock) = (app.config.clone(), app.clock.clone());
    let looking = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let app = App::attach(config, Clock::fixed(clock.now()), Random::seeded(8)).await.expect("opens again");
            let mut found = whole(&app).await;
            if !may_leave_jobs {
                found.extend(jobs(&app).await);
            }
            app.storage.close().await;
            found
        })
    });
    looking.join().unwrap_or_else(|_| vec!["the database cannot be looked at".to_owned()])
}

async fn whole(app: &App) -> Vec<String> {
    seal(app).await;
    let (key, heads) = (heads_key(app).await, HeadsFile::at(app.config.audit.heads_file.clone()));
    let report = verify(&app.storage, &key, &heads).await.expect("verified");
    assert!(report.events > 0, "whoever made the people left events");
    report
        .findings
        .iter()
        .map(|finding| format!("audit log: {} {}: {}", finding.chain, finding.seal, finding.what))
        .collect()
}

/// Jobs that wait, run or were given up.
async fn jobs(app: &App) -> Vec<String> {
    let failed = app.storage.read().await.expect("a connection").jobs().failed(100).await.expect("read");
    let (sealer, node, later) = (app.sealer.clone(), app.node.clone(), app.clock.now().plus(DAY));
    let left = app
        .storage
        .write::<_, Error, _>(move |tx| {
            Box::pin(async move { tx.jobs().lease((&node, &sealer), later, (None, 100)).await })
        })
        .await
        .expect("leased");
    let told = |job: &Option<Job>| match job {
        Some(Job::SendMail { to, mail, .. }) => format!("a letter that nobody looked at: {mail} to {to}"),
        Some(Job::BackchannelLogout) => "an app that nobody told of a logout".to_owned(),
        Some(Job::SendTextMessage { to, .. }) => format!("a text message that nobody looked at: to {to}"),
        Some(Job::SendAlert { .. }) => "a webhook that nobody told of a sign of an attack".to_owned(),
        Some(Job::TellOwners(tidings)) => format!("owners who did not hear of {}", tidings.account),
        Some(Job::PingClient { .. }) => "a client that nobody told of a decision".to_owned(),
        None => "a job that cannot be read".to_owned(),
    };
    let failed = failed.iter().map(|failed| format!("a {} that was given up: {}", failed.kind, failed.last_error));
    failed.chain(left.iter().map(|leased| told(&leased.job))).collect()
}

async fn heads_key(app: &App) -> hmac::Key {
    let key = app.shared_key(SharedKey::AuditHeads).await.expect("a key");
    hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret())
}

fn letter() -> Job {
    let text = |text: &str| text.to_owned();
    Job::SendMail {
        to: text("a@x.dk"),
        subject: text("s"),
        text: text("t"),
        html: text("h"),
        mail: text("welcome"),
        until: None,
    }
}

#[tokio::test]
async fn what_is_left_behind_is_found() {
    use lanyard::{audit::Actor, jobs::retry::Next};

    for test in super::TestApp::each().await {
        test.leaves_jobs();
        let app = &test.app;
        assert_eq!(find(app, false), Vec::<String>::new());

        let (context, sealer, node) = (app.context(Actor::Server), app.sealer.clone(), app.node.clone());
        let leased = app.storage.write::<_, Error, _>(move |tx| {
            Box::pin(async move {
                tx.jobs().enqueue(&context, &sealer, &letter()).await?;
                Ok(tx.jobs().lease((&node, &sealer), context.now, (None, 1)).await?.remove(0))
            })
        });
        let leased = leased.await.expect("leased");
        assert_eq!(find(app, false), ["a letter that nobody looked at: welcome to a@x.dk"], "though a node has it");
        // Whoever looked has the job now, until its lease is over.
        let (sealer, node, now) = (app.sealer.clone(), leased.by, app.clock.now().plus(2 * DAY));
        let failed = app.storage.write::<_, Error, _>(move |tx| {
            Box::pin(async move {
                let leased = tx.jobs().lease((&node, &sealer), now, (None, 1)).await?.remove(0);
                tx.jobs().fail(&leased, Next::GiveUp, now, "no answer").await
            })
        });
        failed.await.expect("failed");
        assert_eq!(find(app, false), ["a send-mail that was given up: no answer"]);
        assert_eq!(find(app, true), Vec::<String>::new());

        for (change, is_found) in [("outcome = 'failure'", true), ("outcome = 'success'", false)] {
            let change = format!("UPDATE audit_events SET {change} WHERE action = 'user-creation'");
            let changed = app.storage.write::<_, Error, _>(move |tx| {
                Box::pin(async move {
                    sql(change).execute(tx.connection()).await?;
                    Ok(())
                })
            });
            changed.await.expect("changed");
            let found = find(app, true);
            assert_eq!(found.iter().any(|one| one.contains("an event was changed")), is_found, "{found:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "a letter that nobody looked at: welcome to a@x.dk")]
async fn what_a_clinic_leaves_behind_is_found() {
    let clinic = crate::oauth::clinic::Clinic::each().await.swap_remove(0);
    let (context, sealer) = (clinic.context(), clinic.app.sealer.clone());
    clinic.write(move |tx| Box::pin(async move { Ok(tx.jobs().enqueue(&context, &sealer, &letter()).await?) })).await;
}
