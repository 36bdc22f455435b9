//! The whole application in a test: a database of its own, the people of the demo, a clock that stands still, seeded
//! randomness, browsers that keep cookies, and the letters that would have been sent.
//!
//! When it is dropped, no job may be left (a test looks at the letters it caused) and the audit log has to be whole.

pub(crate) mod client_key;
mod browser;
mod family;
pub(crate) mod leftovers;
pub(crate) mod portal;
pub(crate) mod receiver;
pub(crate) mod slapd;

use std::{cell::Cell, time::Duration};

use axum::{Router, body::Body, extract::Request};
use lanyard::{
    app::App,
    audit::{Actor, store::Query},
    authentication::{
        assurance::{Assurance, Method},
        factor::hasher::Hasher,
    },
    clock::{Clock, Timestamp},
    config::{Config, Purpose, Sources},
    demo::seed,
    directory::{
        self,
        invitation::{self, NewInvitation},
    },
    id::{OrganizationId, UserId},
    jobs::{Job, Lane},
    random::Random,
    secret::ExposeSecret,
    server::{self, Stopper},
    session::{Authenticated, Lifetime},
    storage::{
        self, Tx,
        testing::{self, Database},
    },
    web::{Site, Visit, cookie::Cookie, csrf},
};
use tempfile::TempDir;

pub(crate) use browser::{Answer, Browser};
pub(crate) use family::family;
pub(crate) use lanyard::demo::clinic::PASSWORD;
pub(crate) use leftovers::seal;

/// When every test begins: 22 November 2026, 08:00 UTC.
pub(crate) const START: Timestamp = Timestamp(1_795_334_400_000);

/// A running application, with nothing listening.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) router: Router,
    site: Site,
    may_leave_jobs: Cell<bool>,
    _database: Database,
    _folder: TempDir,
    _stopper: Stopper,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        leftovers::check(&self.app, self.may_leave_jobs.get());
    }
}

/// A letter that was to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) kind: String,
    pub(crate) text: String,
}

impl Mail {
    /// The path behind the one link of the letter.
    pub(crate) fn path(&self) -> String {
        let start = self.text.find("http://localhost:8080/").expect("a letter with a link");
        let link = self.text[start..].split_whitespace().next().expect("an address");
        link["http://localhost:8080".len()..].to_owned()
    }
}

/// Runs a unit of work on the database of a [`TestApp`] and answers what it answered.
macro_rules! unit {
    ($app:expr, |$tx:ident| $work:expr) => {
        $app.app.storage.write(move |$tx| Box::pin(async move { $work })).await
    };
}
pub(crate) use unit;

impl TestApp {
    /// The demo's organizations, people and apps on each database, with the default configuration.
    pub(crate) async fn each() -> Vec<Self> {
        Self::each_with(|sources| sources).await
    }

    /// The same, configured by `configure`.
    pub(crate) async fn each_with(configure: impl Fn(Sources) -> Sources) -> Vec<Self> {
        let mut apps = vec![];
        for database in testing::databases().await {
            apps.push(Self::on(database, &configure).await);
        }
        apps
    }

    async fn on(database: Database, configure: impl Fn(Sources) -> Sources) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let sources = Sources::none()
            .for_purpose(Purpose::Demo)
            .with("database.url", &database.settings.url)
            .with("keys.folder", path("keys"))
            .with("audit.heads_file", path("heads"))
            .with("mail.folder", path("mail"))
            .with("mail.new_device", "off")
            .with("alerts.mail", "off");
        let config = Config::load(&configure(sources)).expect("a configuration");
        let app = App::attach(config, Clock::fixed(START), Random::seeded(7)).await.expect("opened");
        app.start_keys().await.expect("keys");
        let hasher = Hasher::start(app.config.password.hashing, app.random.clone());
        seed::fill(&app, &hasher, 8081).await.expect("filled");
        seal(&app).await;
        let (stopper, stop) = Stopper::new();
        let site = server::site(&app).await.expect("a site");
        let router = server::assemble(&app, &site, stop);
        let may_leave_jobs = Cell::new(false);
        Self { app, router, site, may_leave_jobs, _database: database, _folder: folder, _stopper: stopper }
    }

    /// Says that this test is not about the letters that it causes.
    pub(crate) fn leaves_jobs(&self) {
        self.may_leave_jobs.set(true);
    }

    /// Another node over the same database; it stops with the [`Stopper`].
    pub(crate) async fn other_node(&self) -> (Router, Stopper) {
        let (stopper, stop) = Stopper::new();
        let site = server::site(&self.app).await.expect("a site");
        (server::assemble(&self.app, &site, stop), stopper)
    }

    /// A browser without cookies.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A browser in which `email` has signed in.
    pub(crate) async fn signed_in(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        let account = browser.sign_in(email, PASSWORD).await;
        assert_eq!(account.path, "/account", "{}", account.body);
        browser
    }

    /// A browser with the cookies of a session that was just begun, without a form and without a password.
    pub(crate) async fn with_session(&self, user: &UserId) -> Browser {
        let (user, context) = (user.clone(), self.app.context(Actor::Server));
        let (token, hash) = self.app.random.token();
        let settings = &self.app.config.session;
        let lifetime = Lifetime { idle: settings.idle, absolute: settings.absolute, at_station: settings.idle };
        let who = Authenticated {
            user,
            proof: Assurance::of(&[Method::Password]).into(),
            user_agent: "test".into(),
            browser: None,
            via: None,
        };
        let begun: storage::Result<_> = unit!(self, |tx| tx.sessions().begin(&context, hash, who, lifetime).await);
        begun.expect("a session");
        let mut browser = self.known_browser();
        browser.put_cookie(&Cookie::Session.name(&self.site), token.expose_secret());
        browser
    }

    /// A browser that has seen a form before; all of these are the same one to the server.
    pub(crate) fn known_browser(&self) -> Browser {
        let mut browser = self.browser();
        browser.put_cookie(&Cookie::Browser.name(&self.site), &"b".repeat(43));
        browser
    }

    /// A form token as a page would give it to `browser` for a form that posts to `action`.
    pub(crate) fn token(&self, browser: &Browser, action: &str) -> String {
        let value = browser.cookie("lanyard-browser").expect("a browser that has seen a form");
        let cookie = format!("lanyard-browser-8080={value}");
        let request = Request::get("/").header("cookie", cookie).body(Body::empty()).expect("a request");
        csrf::token(&self.site, Visit::begin(&self.site, &request).browser(), action)
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, time: Duration) {
        self.app.clock.advance(time);
    }

    /// The letters that wait to be sent, oldest first; they are taken out of the queue.
    pub(crate) async fn mails(&self) -> Vec<Mail> {
        let (app, node, now) = (self.app.clone(), self.app.node.clone(), self.app.clock.now());
        let jobs = unit!(self, |tx| {
            let leased = tx.jobs().lease((&node, &app.sealer), now, (Some(Lane::Mail), 100)).await?;
            for job in &leased {
                tx.jobs().complete(&job.id, &node).await?;
            }
            Ok::<_, lanyard::storage::Error>(leased)
        });
        let mail = |job| match job {
            Some(Job::SendMail { to, text, mail, .. }) => Mail { to, kind: mail, text },
            other => panic!("no letter: {other:?}"),
        };
        jobs.expect("leased").into_iter().map(|leased| mail(leased.job)).collect()
    }

    /// The only letter that waits to be sent.
    pub(crate) async fn mail(&self) -> Mail {
        let mut mails = self.mails().await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        mails.remove(0)
    }

    /// A transaction that reads.
    pub(crate) async fn read(&self) -> Tx {
        self.app.storage.read().await.expect("a connection")
    }

    /// The person who signs in with `email`.
    pub(crate) async fn user(&self, email: &str) -> directory::user::User {
        let name = email.parse().expect("a login name");
        self.read().await.users().by_login_name(&name).await.expect("read").expect("a person")
    }

    /// The organization of this slug.
    pub(crate) async fn organization(&self, slug: &str) -> OrganizationId {
        self.read().await.organizations().by_reference(slug).await.expect("read").expect("an organization").id
    }

    /// Invites `email` to be a practitioner; the path of the link.
    pub(crate) async fn invite(&self, email: &str, organization: &str, invited_by: Option<UserId>) -> String {
        let (context, organization) = (self.app.context(Actor::Server), self.organization(organization).await);
        let new = NewInvitation {
            email: email.parse().expect("an address"),
            kind: "practitioner".parse().expect("a kind"),
            roles: None,
            invited_by,
        };
        let made: directory::Result<_> = unit!(self, |tx| invitation::create(tx, &context, &organization, new).await);
        format!("/invitation/{}", made.expect("invited").1.expose_secret())
    }

    /// The slugs of the organizations that a person belongs to.
    pub(crate) async fn memberships(&self, email: &str) -> Vec<String> {
        let user = self.user(email).await;
        let now = self.app.clock.now();
        let mine = self.read().await.memberships().active_of_user(&user.id, now).await.expect("read");
        mine.into_iter().map(|(_, organization)| organization.slug.to_string()).collect()
    }

    /// How often `action` was recorded with this outcome.
    pub(crate) async fn recorded(&self, action: &str, outcome: &str) -> usize {
        let query = Query { limit: 1000, ..Query::default() };
        let events = self.read().await.audit().list(query).await.expect("read");
        events.into_iter().filter(|event| event.action == action && event.outcome == outcome).count()
    }
}
