//! A mail server that stays silent, and what must go on meanwhile.

use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::*;
use crate::{
    audit::Actor,
    clock::Clock,
    config::{Config, Sources},
    directory::{
        self,
        access::RoleAt,
        membership::{self, FirstRoles, NewMembership},
        organization,
        origin::Origin,
        retention,
        store::HoldFilter,
        user::{self, NewUser},
        validity::Validity,
    },
    id::{OrganizationId, UserId},
    jobs::{Job, Tidings},
    random::Random,
    server::Stopper,
    storage::{
        Revision,
        testing::{self, Database},
    },
};

/// An application whose mail server takes connections and says nothing.
struct Silence {
    app: App,
    listener: TcpListener,
    database: Database,
    _folder: TempDir,
}

async fn silence() -> Silence {
    let (listener, database) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), testing::sqlite().await);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let sources = Sources::none()
        .with("database.url", &database.settings.url)
        .with("keys.folder", at("keys"))
        .with("audit.heads_file", at("heads"))
        .with("mail.smtp", format!("smtp+plain://127.0.0.1:{}", listener.local_addr().unwrap().port()))
        .with("mail.timeout", "20s");
    let app = App::attach(Config::load(&sources).unwrap(), Clock::System, Random::system()).await.unwrap();
    Silence { app, listener, database, _folder: folder }
}

impl Silence {
    async fn queue(&self) {
        let letter = Job::SendMail {
            to: "olivia@riverside.example".into(),
            subject: "A new password".into(),
            text: String::new(),
            html: String::new(),
            mail: "password-reset".into(),
            until: None,
        };
        let (context, sealer) = (self.app.context(Actor::Server), Arc::clone(&self.app.sealer));
        let queued: storage::Result<_> = self
            .app
            .storage
            .write(move |tx| Box::pin(async move { tx.jobs().enqueue(&context, &sealer, &letter).await }))
            .await;
        queued.unwrap();
    }

    fn mailer(&self) -> Mailer {
        Mailer::new(&self.app.config.mail, self.app.clock.clone(), self.app.random.clone()).unwrap()
    }

    /// A connection for a letter, which nobody answers; it comes long before one that came earlier is given up.
    async fn letter(&self) -> TcpStream {
        timeout(Duration::from_secs(10), self.listener.accept()).await.expect("a letter").unwrap().0
    }

    async fn jobs(&self) -> i64 {
        self.app.storage.read().await.unwrap().jobs().waiting().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_stays_silent_keeps_no_node_from_the_changes_of_others() {
    let silence = silence().await;
    silence.queue().await;
    let app = silence.app.clone();
    let (_stopper, stop) = Stopper::new();
    let working = tokio::spawn(Worker::new(app.clone(), silence.mailer()).await.unwrap().run(stop));
    let _connection = silence.letter().await;
    let (other, known) = (silence.database.second_node().await, app.storage.revision(Revision::Revocations));
    let revoked: storage::Result<()> = other
        .write(|tx| {
            tx.bump(Revision::Revocations);
            Box::pin(async { Ok(()) })
        })
        .await;
    revoked.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_ne!(app.storage.revision(Revision::Revocations), known, "tokens of a leaver still count here");
    working.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_hangs_delays_no_letter_that_comes_later() {
    let silence = silence().await;
    silence.queue().await;
    let (_stopper, stop) = Stopper::new();
    let working = tokio::spawn(Worker::new(silence.app.clone(), silence.mailer()).await.unwrap().run(stop));
    let _first = silence.letter().await;
    silence.queue().await;
    let _second = silence.letter().await;
    assert_eq!(silence.jobs().await, 2, "the first still hangs");
    working.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_its_time_and_a_node_its_places() {
    let silence = silence().await;
    for _ in 0..20 {
        silence.queue().await;
    }
    let mut running =
        jobs::Running::new(silence.app.clone(), Arc::new(silence.mailer())).each_within(Duration::from_secs(1));
    running.begin_due().await.unwrap();
    running.begin_due().await.unwrap();
    let due = async || {
        let now = silence.app.clock.now();
        silence.app.storage.read().await.unwrap().jobs().is_any_due(now).await.unwrap()
    };
    assert!(due().await, "sixteen at a time: four wait");
    running.finish().await;
    assert_eq!(silence.jobs().await, 20, "all are tried again");
    // Long before the leases would have run out.
    let (app, soon) = (silence.app.clone(), silence.app.clock.now().plus(Duration::from_secs(10)));
    let leased: storage::Result<_> = silence
        .app
        .storage
        .write(move |tx| Box::pin(async move { tx.jobs().lease((&app.node, &app.sealer), soon, (None, 100)).await }))
        .await;
    let mut attempts: Vec<i64> = leased.unwrap().iter().map(|job| job.attempts).collect();
    attempts.sort_unstable();
    assert_eq!(attempts, [[1; 4].as_slice(), &[2; 16]].concat());
}

/// Somebody of a clinic whose record is held for a moment, and who is to be erased then.
async fn held_until(app: &App, until: Timestamp) -> (OrganizationId, UserId) {
    let context = app.context(Actor::Server);
    let made: directory::Result<_> = app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let (slug, name) = ("riverside".parse().unwrap(), "Riverside".parse().unwrap());
                let of = organization::create(tx, &context, &slug, &name).await?.id;
                let new = NewUser {
                    name: "Max".parse().unwrap(),
                    email: None,
                    email_is_verified: false,
                    user_name: Some("max".parse().unwrap()),
                    password: None,
                    locale: None,
                };
                let user = user::create(tx, &context, new).await?.id;
                let new = NewMembership {
                    user: user.clone(),
                    kind: "administrative".parse().unwrap(),
                    roles: FirstRoles::Exactly(vec![]),
                    validity: Validity::ALWAYS,
                    origin: Origin::of(&context),
                };
                membership::join(tx, &context, &of, new).await?;
                retention::set(tx, &context, &of, (&user, &"inspection".parse().unwrap(), Some(until))).await?;
                drop(user::delete_once_released(tx, &context, &user).await?);
                Ok((of, user))
            })
        })
        .await;
    made.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_whose_time_is_over_ends_by_itself() {
    let silence = silence().await;
    let app = silence.app.clone();
    let until = app.clock.now().plus(Duration::from_secs(2));
    let (of, user) = held_until(&app, until).await;
    let is_erased = async || {
        let user = app.storage.read().await.unwrap().users().by_id(&user).await.unwrap().unwrap();
        user.deleted_at.is_some()
    };
    assert!(!is_erased().await);
    while app.clock.now() < until {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (_stopper, stop) = Stopper::new();
    let working = tokio::spawn(Worker::new(app.clone(), silence.mailer()).await.unwrap().run(stop));
    let erased = async {
        while !is_erased().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(20), erased).await.expect("erased");
    let wanted = HoldFilter { with_ended: true, limit: 10, ..HoldFilter::default() };
    let holds = app.storage.read().await.unwrap().retention().list(&of, wanted, until).await.unwrap();
    let (ended_at, by) = holds[0].ended.clone().expect("it has ended");
    assert!(ended_at >= until && by.as_str() == "server", "{by}");
    working.abort();
}

/// A clinic with one owner.
async fn owned(app: &App) -> OrganizationId {
    let context = app.context(Actor::Server);
    let made: directory::Result<_> = app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let (slug, name) = ("riverside".parse().unwrap(), "Riverside".parse().unwrap());
                let of = organization::create(tx, &context, &slug, &name).await?.id;
                let new = NewUser {
                    name: "Olivia".parse().unwrap(),
                    email: Some("olivia@riverside.example".parse().unwrap()),
                    email_is_verified: true,
                    user_name: None,
                    password: None,
                    locale: None,
                };
                let user = user::create(tx, &context, new).await?.id;
                let new = NewMembership {
                    user,
                    kind: "administrative".parse().unwrap(),
                    roles: FirstRoles::Exactly(vec![RoleAt { role: "owner".parse().unwrap(), location: None }]),
                    validity: Validity::ALWAYS,
                    origin: Origin::of(&context),
                };
                membership::join(tx, &context, &of, new).await?;
                Ok(of)
            })
        })
        .await;
    made.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_who_are_left_are_written_to_by_a_job() {
    let silence = silence().await;
    let app = silence.app.clone();
    let tidings = Tidings {
        organization: owned(&app).await,
        account: "safe".to_owned(),
        news: "emergency-account-used".to_owned(),
        address: "192.0.2.7".to_owned(),
        at: app.clock.now(),
        after: String::new(),
    };
    let (context, sealer) = (app.context(Actor::Server), Arc::clone(&app.sealer));
    let queued: storage::Result<_> = app
        .storage
        .write(move |tx| Box::pin(async move { tx.jobs().enqueue(&context, &sealer, &Job::TellOwners(tidings)).await }))
        .await;
    queued.unwrap();
    let mut running = jobs::Running::new(app.clone(), Arc::new(silence.mailer()));
    running.begin_due().await.unwrap();
    running.finish().await;
    let leased: storage::Result<_> = silence
        .app
        .storage
        .write(move |tx| {
            let now = app.clock.now();
            Box::pin(async move { tx.jobs().lease((&app.node, &app.sealer), now, (None, 100)).await })
        })
        .await;
    let waiting: Vec<_> = leased.unwrap().into_iter().map(|leased| leased.job.unwrap()).collect();
    let [Job::SendMail { to, mail, text, .. }] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert_eq!((to.as_str(), mail.as_str()), ("olivia@riverside.example", "emergency-use"));
    assert!(text.contains("safe") && text.contains("192.0.2.7"), "{text}");
}
