//! People sign in with the password that their directory has.

use std::time::Duration;

use lanyard::{
    audit::Actor,
    config::Sources,
    demo::clinic::PASSWORD,
    federation::sync::{self, Order, Watch},
    policy::changing::Care,
    server,
    setting::Setting,
    upstream::{
        Kind, Upstream, UpstreamError,
        registry::{self, NewUpstream, State},
        run::Extent,
    },
};

use super::directory::settings;
use crate::harness::{
    Answer, Browser, TestApp,
    portal::request,
    slapd::{SECRET, SUFFIX, Slapd, person},
    unit,
};
use crate::{
    account::{
        crowds,
        second_factor::{code_of, set_up},
    },
    oauth::clinic::claims,
};

/// The demo's clinics; Riverside has a directory.
struct Joined {
    app: TestApp,
    slapd: Slapd,
    upstream: Upstream,
}

/// Changes are told by RFC 4533.
const SYNC: &str = "overlay syncprov\nsyncprov-checkpoint 100 1\nsyncprov-sessionlog 1000";

const WRONG: &str = "don’t match";

impl Joined {
    /// With gwen, who is new, olivia, whom two clinics know, and nurses: nina without an address, theo with one that is no clinic's,
    /// tess with one that another clinic knows.
    async fn each() -> Vec<Self> {
        let mut all = vec![];
        let near = |sources: Sources| sources.with("outgoing.allowed_networks", "127.0.0.0/8");
        for app in TestApp::each_with(near).await {
            app.leaves_jobs();
            let nurse = |uid: &str, mail: &str| {
                let of =
                    format!("dn: uid={uid},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\n");
                format!("{of}sn: {uid}\nuserPassword: pw-{uid}\n{mail}\n")
            };
            let entries = [
                person("gwen", "Gwen", "Li", ""),
                person("olivia", "Olivia", "Berg", ""),
                nurse("nina", ""),
                nurse("theo", "mail: theo@elsewhere.example\n"),
                nurse("tess", "mail: tess@harbour.example\n"),
            ]
            .concat();
            let slapd = Slapd::start(&entries, SYNC);
            let upstream = create(&app, "riverside", settings(&slapd, "")).await;
            let joined = Self { app, slapd, upstream };
            joined.read().await;
            all.push(joined);
        }
        all
    }

    async fn read(&self) {
        let site = server::site(&self.app.app).await.unwrap();
        let order = Order { extent: Extent::Whole, is_confirmed: true, by: Actor::Host("root".into()) };
        let watch = Watch { halt: &|| false, tell: &|_| {} };
        let report = sync::run(&self.app.app, &site, &self.upstream.id, order, watch).await.unwrap();
        assert_eq!(report.problem, None);
    }

    async fn switch(&self, state: State) {
        let (context, id) = (self.app.app.context(Actor::Server), self.upstream.id.clone());
        let done: registry::Result<_> = unit!(self.app, |tx| {
            let present = tx.upstreams().by_id(&id).await?.expect("it is there");
            registry::switch(tx, &context, &present, state).await
        });
        assert!(done.unwrap());
    }

    /// How often signing in failed for this reason.
    async fn failures(&self, reason: &str) -> usize {
        let query = lanyard::audit::store::Query { limit: 1000, ..lanyard::audit::store::Query::default() };
        let events = self.app.read().await.audit().list(query).await.unwrap();
        events.iter().filter(|event| event.detail.contains(reason)).count()
    }
}

async fn create(app: &TestApp, of: &str, settings: String) -> Upstream {
    let (context, of, sealer) = (app.app.context(Actor::Server), app.organization(of).await, app.app.sealer.clone());
    let done: registry::Result<_> = unit!(app, |tx| {
        let name = "staff".parse().expect("a name");
        let new = NewUpstream {
            name,
            kind: Kind::Ldap,
            settings,
            domains: vec![],
            secret: SECRET.to_owned().into(),
            precedence: 0,
        };
        let upstream = registry::create(tx, &context, &sealer, &of, new).await?;
        registry::switch(tx, &context, &upstream, State::Live).await?;
        Ok::<_, UpstreamError>(upstream)
    });
    done.unwrap()
}

/// Signs in on the way to the portal; the page, or the app, that this ends at.
async fn on_the_way(browser: &mut Browser, more: &str, name: &str, password: &str) -> Answer {
    let page = browser.open(&request(more)).await;
    browser.submit(&page, "/login/password", &[("user_name", name), ("password", password)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_that_of_the_directory() {
    for Joined { app, slapd, .. } in &Joined::each().await {
        let mut browser = app.browser();
        for (name, password) in [
            ("gwen@riverside.example", "pw-olivia"),
            ("gwen@riverside.example", ""),
            ("gwen@riverside.example", " "),
            ("gwen@riverside.example", PASSWORD),
            ("*", "pw-gwen"),
            ("gwen)(uid=*", "pw-gwen"),
            ("uid=gwen,ou=people,dc=clinic,dc=example", "pw-gwen"),
            // Which clinic is meant is not known.
            ("gwen", "pw-gwen"),
        ] {
            browser.sign_in(name, password).await.expect(422, WRONG);
        }
        let binds = |log: &str| log.matches("BIND dn=\"uid=").count();
        assert_eq!(binds(&slapd.log()), 3, "an empty one is asked nobody, and so is who is unknown");
        app.wait(Duration::from_hours(1));
        let account = browser.sign_in("gwen@riverside.example", "pw-gwen").await;
        account.expect(200, "Gwen Li");
        let tokens = app.tokens(&mut browser, "scope=openid%20offline_access&organization=riverside").await;
        assert_eq!(app.userinfo(&tokens).await.status, 200);
        let claims = claims(&tokens["access_token"]);
        assert_eq!(claims["amr"][0], "pwd");

        // Where the app names the clinic, its own names are enough.
        let mut other = app.browser();
        let done = on_the_way(&mut other, "scope=openid&organization=riverside", " GWEN ", "pw-gwen").await;
        assert!(done.location().is_some_and(|to| to.contains("code=")), "{}", done.body);
        let mut elsewhere = app.browser();
        on_the_way(&mut elsewhere, "scope=openid&organization=harbour", "gwen", "pw-gwen").await.expect(422, WRONG);
        // Nobody else's password goes there.
        let before = binds(&slapd.log());
        app.browser().sign_in("max@riverside.example", "guess").await.expect(422, WRONG);
        app.signed_in("max@riverside.example").await;
        app.browser().sign_in("noor@harbour.example", "guess").await.expect(422, WRONG);
        assert_eq!(binds(&slapd.log()), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_counts_in_the_organization_of_the_directory_alone() {
    for Joined { app, .. } in &Joined::each().await {
        let mut browser = app.browser();
        let done =
            on_the_way(&mut browser, "scope=openid&organization=riverside", "olivia@riverside.example", "pw-olivia");
        assert!(done.await.location().is_some_and(|to| to.contains("code=")));
        // Harbour asks no directory of Riverside.
        let mut other = app.browser();
        let done = on_the_way(&mut other, "scope=openid&organization=harbour", "olivia@riverside.example", "pw-olivia");
        done.await.expect(422, WRONG);

        let tokens = app.tokens(&mut browser, "scope=openid").await;
        let claims = claims(&tokens["access_token"]);
        assert_eq!(claims["org_id"], app.organization("riverside").await.as_str(), "{claims}");
        for other in ["harbour", "nowhere"] {
            let silent = browser.get(&request(&format!("scope=openid&prompt=none&organization={other}"))).await;
            assert!(silent.location().is_some_and(|to| to.contains("error=login_required")), "{other}: {silent:?}");
            let page = browser.open(&request(&format!("scope=openid&organization={other}"))).await;
            page.expect(200, "Please sign in again");
        }
        for path in ["/account", "/account/security", "/account/sessions", "/account/invitations", "/account/requests"]
        {
            browser.open(path).await.expect(403, "Sign in as yourself first");
        }
        let exchange = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", tokens["access_token"].as_str().unwrap()),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("organization", "harbour"),
            ("client_id", lanyard::demo::clinic::PORTAL),
        ];
        let answer = app.browser().post("/oauth2/token", &exchange).await;
        assert!(answer.status != 200, "{}", answer.body);

        // With her own password it is another session, which counts everywhere.
        let page = browser.open(&request("scope=openid&organization=harbour")).await;
        let fields = [("user_name", "olivia@riverside.example"), ("password", PASSWORD)];
        let done = browser.submit(&page, "/login/password", &fields).await;
        assert!(done.location().is_some_and(|to| to.contains("code=")), "{}", done.body);
        browser.open("/account").await.expect(200, "Olivia Berg");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_there_and_who_took_a_name_are_not_let_in() {
    for joined in &Joined::each().await {
        let Joined { app, slapd, .. } = joined;
        app.browser().sign_in("gwen@riverside.example", "pw-gwen").await.expect(200, "Gwen Li");
        // Somebody else has her name by now, and nothing of it was read yet.
        slapd.change(&format!("dn: uid=gwen,ou=people,{SUFFIX}\nchangetype: delete\n"));
        slapd.change(&person("gwen", "Gwen", "Other", ""));
        app.browser().sign_in("gwen@riverside.example", "pw-gwen").await.expect(422, WRONG);

        joined.switch(State::Paused).await;
        let mut paused = app.browser();
        let answer =
            on_the_way(&mut paused, "scope=openid&organization=riverside", "olivia@riverside.example", "pw-olivia")
                .await;
        answer.expect(422, WRONG);
        joined.switch(State::Live).await;
        // Her place is taken until it was read that the former one is gone.
        for _ in 0..2 {
            app.wait(Duration::from_hours(1));
            joined.read().await;
        }
        app.browser().sign_in("gwen@riverside.example", "pw-gwen").await.expect(200, "Gwen Other");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_does_not_answer_is_told_of_where_the_person_is_known() {
    for mut joined in Joined::each().await {
        let mut known = joined.app.browser();
        known.sign_in("gwen@riverside.example", "pw-gwen").await.expect(200, "Gwen Li");
        let tokens = joined.app.tokens(&mut known, "scope=openid%20offline_access").await;
        joined.slapd.stop();
        let app = &joined.app;
        app.browser().sign_in("gwen@riverside.example", "pw-gwen").await.expect(422, WRONG);
        let mut same = known.copy();
        same.forget("lanyard-session");
        same.sign_in("gwen@riverside.example", "pw-gwen").await.expect(503, "can’t reach your clinic’s directory");
        assert_eq!(joined.failures("directory-silent").await, 2);
        assert_eq!(app.refresh(&tokens).await.status, 200, "what runs goes on");
        app.signed_in("max@riverside.example").await;

        joined.slapd.run();
        joined.app.wait(Duration::from_secs(6));
        same.sign_in("gwen@riverside.example", "pw-gwen").await.expect(200, "Gwen Li");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_counted_here_before_they_reach_the_directory() {
    for Joined { app, slapd, .. } in &Joined::each().await {
        let binds = || slapd.log().matches("BIND dn=\"uid=gwen").count();
        let mut waits = 0;
        for guess in 0..20 {
            let answer = app.browser().sign_in("gwen@riverside.example", &format!("guess-{guess}")).await;
            waits += u32::from(answer.status == 429);
        }
        assert!(waits > 5 && binds() < 15, "{waits} waits, {} binds", binds());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_second_factor_proves_it_after_the_directory() {
    for Joined { app, .. } in &Joined::each().await {
        let mut browser = app.browser();
        browser.sign_in("gwen@riverside.example", "pw-gwen").await.expect(200, "Gwen Li");
        let (secret, _) = set_up(app, &mut browser).await;
        app.wait(Duration::from_mins(5));
        let mut browser = app.browser();
        let page = browser.sign_in("gwen@riverside.example", "pw-gwen").await;
        assert_eq!(page.path.split('?').next(), Some("/login/factor"), "{}", page.body);
        let done = browser.submit(&page, "/login/factor", &[("code", &code_of(&secret, app.app.clock.now()))]).await;
        done.expect(200, "Gwen Li");
        let tokens = app.tokens(&mut browser, "scope=openid").await;
        let claims = claims(&tokens["access_token"]);
        assert_eq!(claims["acr"], "urn:lanyard:acr:multi-factor");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_address_of_the_clinic_joins_by_signing_in() {
    const HERE: &str = "scope=openid&organization=riverside";
    for Joined { app, .. } in &Joined::each().await {
        for name in ["nina", "theo"] {
            let mut browser = app.browser();
            on_the_way(&mut browser, HERE, name, "wrong").await.expect(422, WRONG);
            let done = on_the_way(&mut app.browser(), HERE, name, &format!("pw-{name}")).await;
            assert!(done.location().is_some_and(|to| to.contains("code=")), "{name}: {}", done.body);
        }
        // She has an account: she accepts the invitation, and nobody speaks for her before.
        on_the_way(&mut app.browser(), HERE, "tess", "pw-tess").await.expect(422, WRONG);
        assert!(!app.memberships("tess@harbour.example").await.contains(&"riverside".to_owned()));
        // The address that theo has there opens nothing by itself.
        app.browser().sign_in("theo@elsewhere.example", "pw-theo").await.expect(422, WRONG);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_upstream_is_required_what_is_kept_here_lets_nobody_in() {
    const RULE: (Setting, &str) = (Setting::UpstreamRequired, "yes");
    for joined in &Joined::each().await {
        let app = &joined.app;
        // Its only owner would come in no more.
        joined.switch(State::Paused).await;
        let refused = crowds::tried(app, RULE, Care::SpareOwners).await;
        assert!(matches!(refused, Err(lanyard::policy::Error::StopsOwners(_))), "{refused:?}");
        joined.switch(State::Live).await;
        let mut before = app.signed_in("max@riverside.example").await;
        let tokens = app.tokens(&mut before, "scope=openid%20offline_access").await;
        crowds::tried(app, RULE, Care::SpareOwners).await.unwrap();
        app.wait(Duration::from_hours(1));
        // Max is in no directory: he belongs to Riverside alone.
        app.browser().sign_in("max@riverside.example", PASSWORD).await.expect(422, "through its own account alone");
        app.browser().sign_in("max@riverside.example", "wrong").await.expect(422, WRONG);
        let mut lost = app.browser();
        let page = lost.open("/password/forgotten").await;
        lost.submit(&page, "/password/forgotten", &[("user_name", "max@riverside.example")]).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(app.mails().await.iter().all(|mail| mail.kind != "password-reset"));
        // What he had opens nothing of Riverside any more.
        let silent = before.get(&request("scope=openid&prompt=none")).await;
        assert!(silent.location().is_some_and(|to| to.contains("error=login_required")), "{silent:?}");
        drop(tokens);
        // Olivia signs in as herself for Harbour, and by the directory for Riverside.
        let mut olivia = app.signed_in("olivia@riverside.example").await;
        let done = olivia.get(&request("scope=openid&organization=harbour")).await;
        assert!(done.location().is_some_and(|to| to.contains("code=")), "{}", done.body);
        let page = olivia.open(&request("scope=openid&organization=riverside")).await;
        let fields = [("user_name", "olivia@riverside.example"), ("password", PASSWORD)];
        // What opens Harbour is not even compared here.
        olivia.submit(&page, "/login/password", &fields).await.expect(422, WRONG);
        let mut again = app.browser();
        let done =
            on_the_way(&mut again, "scope=openid&organization=riverside", "olivia@riverside.example", "pw-olivia")
                .await;
        assert!(done.location().is_some_and(|to| to.contains("code=")), "{}", done.body);
    }
}
