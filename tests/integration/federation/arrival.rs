//! People come whom an identity provider vouches for: who they are here, and where they are let in.

use lanyard::{
    audit::Actor,
    authentication::arriving::Arriving,
    federation::{self, Arrived, ExternalIdentity, Rules},
    policy::Policies,
    secret::{ExposeSecret as _, TokenHash},
    server,
    setting::Setting,
    upstream::{
        Kind, Upstream, UpstreamError,
        mapping::Reader,
        registry::{self, NewUpstream, State},
    },
    web::{Turned, cookie::Cookie},
};

use crate::{
    harness::{Browser, TestApp, portal::request, unit},
    oauth::clinic::claims,
};

/// Riverside trusts an identity provider.
struct Trusting {
    app: TestApp,
    upstream: Upstream,
}

impl Trusting {
    async fn each() -> Vec<Self> {
        let mut all = vec![];
        for app in TestApp::each().await {
            app.leaves_jobs();
            let upstream = create(&app, "riverside").await;
            all.push(Self { app, upstream });
        }
        all
    }

    fn identity(&self, subject: &str, said: &[(&str, &str)]) -> ExternalIdentity {
        ExternalIdentity {
            upstream: self.upstream.clone(),
            subject: subject.to_owned(),
            said: said.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect(),
            context: None,
            methods: vec![],
            session: None,
        }
    }

    async fn arrive(&self, identity: ExternalIdentity, rules: &str) -> (Arrived, Browser) {
        let mut browser = self.app.known_browser();
        let site = server::site(&self.app.app).await.unwrap();
        let arriving = Arriving {
            context: self.app.app.context(Actor::Anonymous),
            user_agent: "test".to_owned(),
            present: None,
            client: None,
            browser: Some(TokenHash::of(&"b".repeat(43))),
            site: site.clone(),
        };
        let policies = Policies::new(self.app.app.clone());
        let arrived = federation::arrive(&policies, arriving, (identity, &read(rules))).await.unwrap();
        if let Arrived::SignedIn(token) = &arrived {
            browser.put_cookie(&Cookie::Session.name(&site), token.expose_secret());
        }
        (arrived, browser)
    }

    /// Somebody who is let in.
    async fn comes(&self, identity: ExternalIdentity, rules: &str) -> Browser {
        let (arrived, browser) = self.arrive(identity, rules).await;
        assert!(matches!(arrived, Arrived::SignedIn(_)), "{arrived:?}");
        browser
    }

    /// Somebody who is not, and what they are told.
    async fn turned(&self, identity: ExternalIdentity, rules: &str) -> Turned {
        match self.arrive(identity, rules).await.0 {
            Arrived::Turned(turned) => turned,
            other => panic!("{other:?}"),
        }
    }
}

async fn create(app: &TestApp, of: &str) -> Upstream {
    let (context, of, sealer) = (app.app.context(Actor::Server), app.organization(of).await, app.app.sealer.clone());
    let done: registry::Result<_> = unit!(app, |tx| {
        let (name, secret) = ("hospital".parse().expect("a name"), "x".to_owned().into());
        let new =
            NewUpstream { name, kind: Kind::Oidc, settings: String::new(), domains: vec![], secret, precedence: 0 };
        let upstream = registry::create(tx, &context, &sealer, &of, new).await?;
        registry::switch(tx, &context, &upstream, State::Live).await?;
        let live = tx.upstreams().by_id(&upstream.id).await?.expect("it is there");
        Ok::<_, UpstreamError>(live)
    });
    done.unwrap()
}

fn read(toml: &str) -> Rules {
    use figment::providers::Format as _;
    #[derive(serde::Deserialize)]
    struct Raw {
        #[serde(default)]
        people: federation::rules::RawPeople,
        #[serde(default)]
        sign_in: federation::rules::RawSignIn,
        #[serde(default)]
        roles: Vec<String>,
    }
    let raw: Raw = figment::Figment::from(figment::providers::Toml::string(toml)).extract().unwrap();
    let mut reader = Reader::default();
    let preset: &[(&str, &[&str])] =
        &[("userName", &["{email|lower}", "{name}"]), ("emails", &["{email}"]), ("displayName", &["{name}"])];
    let rules = Rules::read(&mut reader, preset, (raw.people, raw.sign_in, raw.roles));
    reader.done(rules).unwrap()
}

const GWEN: &[(&str, &str)] = &[("email", "gwen@riverside.example"), ("name", "Gwen Li"), ("unit", "nurses")];

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_is_brought_and_stays_the_same_person() {
    const ROLES: &str = "roles = ['practitioner']\n[[people.rules]]\nattribute = 'unit'\nequals = 'nurses'\n\
                         roles = ['practitioner@main-street', 'supervisor', 'owner']";
    for trusting in &Trusting::each().await {
        let mut browser = trusting.comes(trusting.identity("s-1", GWEN), ROLES).await;
        let tokens = trusting.app.tokens(&mut browser, "scope=openid%20profile%20roles").await;
        let told = claims(&tokens["access_token"]);
        assert_eq!(
            told["assignments"],
            serde_json::json!([{"location": "main-street", "role": "practitioner"}]),
            "{told}"
        );
        let first = trusting.app.user("gwen@riverside.example").await;
        browser.open("/account").await.expect(200, "Gwen Li");

        // She marries, moves and is no nurse any more.
        let changed = [("email", "gwen.ho@riverside.example"), ("name", "Gwen Ho")];
        let mut browser = trusting.comes(trusting.identity("s-1", &changed), ROLES).await;
        browser.open("/account").await.expect(200, "Gwen Ho");
        let told = claims(&trusting.app.tokens(&mut browser, "scope=openid%20roles").await["access_token"]);
        assert_eq!((&told["sub"], &told["roles"]), (&serde_json::json!(first.id.as_str()), &serde_json::json!([])));
        // Her former address is somebody else's there.
        let other = trusting.identity("s-2", &[("email", "gwen@riverside.example"), ("name", "Another Gwen")]);
        assert!(!trusting.arrive(other, ROLES).await.1.open("/account").await.body.contains("Gwen Ho"));
        assert_eq!(trusting.app.recorded("upstream-link", "success").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proved_address_links_in_a_domain_of_the_organization_and_nowhere_else() {
    for trusting in &Trusting::each().await {
        // Max is a member already, and the domain is Riverside's.
        let max = trusting.app.user("max@riverside.example").await;
        let identity = trusting.identity("m", &[("email", "max@riverside.example"), ("name", "Max Lindqvist")]);
        let mut browser = trusting.comes(identity, "[sign_in]\nbrings = false").await;
        let told = claims(&trusting.app.tokens(&mut browser, "scope=openid").await["access_token"]);
        assert_eq!(told["sub"], max.id.as_str());

        // Noor is Harbour's: whoever says that it is her is not believed, and she gets a letter.
        let noor = trusting.identity("n", &[("email", "noor@harbour.example"), ("name", "Noor Haddad")]);
        for _ in 0..2 {
            assert_eq!(trusting.turned(noor.clone(), "").await, Turned::Invited);
        }
        assert!(!trusting.app.memberships("noor@harbour.example").await.contains(&"riverside".to_owned()));
        let mails = trusting.app.mails().await;
        let link = mails.iter().find(|mail| mail.to == "noor@harbour.example").expect("an invitation").path();
        let mut browser = trusting.app.signed_in("noor@harbour.example").await;
        let page = browser.open(&link).await;
        browser.submit(&page, &link, &[("answer", "accept")]).await;
        let mut browser = trusting.comes(noor, "").await;
        let told = claims(&trusting.app.tokens(&mut browser, "scope=openid").await["access_token"]);
        let known = trusting.app.user("noor@harbour.example").await;
        assert_eq!(told["sub"], known.id.as_str(), "she has signed in to both");

        // Nobody here has this address: they are a person of Riverside's alone, without a name to sign in by.
        let kim = trusting.identity("k", &[("email", "kim@elsewhere.example"), ("name", "Kim")]);
        trusting.comes(kim, "").await.open("/account").await.expect(200, "Kim");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_wanted_is_turned_away() {
    for trusting in &Trusting::each().await {
        let gwen = || trusting.identity("g", GWEN);
        assert_eq!(trusting.turned(gwen(), "[sign_in]\nbrings = false").await, Turned::Away);
        assert_eq!(trusting.turned(gwen(), "[people]\nrequired = ['title', 'emails']").await, Turned::Incomplete);
        assert_eq!(trusting.turned(trusting.identity("g", &[]), "").await, Turned::Incomplete);
        for subject in ["", &"x".repeat(513)] {
            assert_eq!(
                trusting.turned(trusting.identity(subject, GWEN), "").await,
                Turned::Failed,
                "{}",
                subject.len()
            );
        }
        let old = ExternalIdentity {
            upstream: Upstream { version: trusting.upstream.version - 1, ..trusting.upstream.clone() },
            ..gwen()
        };
        assert_eq!(trusting.turned(old, "").await, Turned::Failed, "it was described otherwise when it was asked");
        assert_eq!(trusting.app.recorded("upstream-sign-in", "failure").await, 6);
        let mut tx = trusting.app.read().await;
        assert!(tx.users().by_login_name(&"gwen@riverside.example".parse().unwrap()).await.unwrap().is_none());
        drop(tx);

        // People here put her out: the upstream does not let her in again.
        trusting.comes(gwen(), "").await;
        let (context, of) = (trusting.app.app.context(Actor::Server), trusting.app.organization("riverside").await);
        let user = trusting.app.user("gwen@riverside.example").await;
        let member = trusting.app.read().await.memberships().of(&of, &user.id).await.unwrap().unwrap().id;
        let done: lanyard::directory::Result<_> =
            unit!(trusting.app, |tx| lanyard::directory::membership::disable(tx, &context, &of, &member).await);
        done.unwrap();
        assert_eq!(trusting.turned(gwen(), "").await, Turned::Away);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_where_the_upstream_is_not_believed() {
    const TRUSTED: &str = "[sign_in]\ntrusted = { mfa = 'multi-factor' }";
    for trusting in &Trusting::each().await {
        let sure = || ExternalIdentity { methods: vec!["mfa".into(), "otp".into()], ..trusting.identity("g", GWEN) };
        let mut browser = trusting.comes(sure(), TRUSTED).await;
        let told = claims(&trusting.app.tokens(&mut browser, "scope=openid").await["access_token"]);
        assert_eq!(
            (&told["acr"], &told["amr"]),
            (&"urn:lanyard:acr:multi-factor".into(), &serde_json::json!(["mfa", "otp"]))
        );
        crate::account::second_factor::set_up(&trusting.app, &mut browser).await.1.expect(200, "Your recovery codes");

        trusting.comes(sure(), TRUSTED).await.open("/account").await.expect(200, "Gwen Li");
        let mut unsure = trusting.comes(sure(), "").await;
        assert!(unsure.open("/account").await.path.starts_with("/login/factor"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_word_of_one_organization_counts_in_no_other() {
    for trusting in &Trusting::each().await {
        let olivia = trusting.identity("o", &[("email", "olivia@riverside.example"), ("name", "Olivia Berg")]);
        let mut browser = trusting.comes(olivia, "").await;
        trusting.app.tokens(&mut browser, "scope=openid&organization=riverside").await;
        let silent = browser.get(&request("scope=openid&prompt=none&organization=harbour")).await;
        assert!(silent.location().is_some_and(|to| to.contains("error=login_required")), "{silent:?}");
        browser.open("/account").await.expect(403, "Sign in as yourself first");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_organization_does_not_own_makes_nobody_a_member_that_there_is() {
    for trusting in &Trusting::each().await {
        // Somebody joined Riverside by hand, with an address of their own.
        let link = trusting.app.invite("vera@elsewhere.example", "riverside", None).await;
        let mut browser = trusting.app.browser();
        let page = browser.open(&link).await;
        let fields = [
            ("answer", "accept"),
            ("name", "Vera"),
            ("new_password", "correct horse battery 9"),
            ("repeated_password", "correct horse battery 9"),
        ];
        browser.submit(&page, &link, &fields).await;
        assert_eq!(trusting.app.memberships("vera@elsewhere.example").await, ["riverside"]);
        let other = trusting.identity("v", &[("email", "vera@elsewhere.example"), ("name", "Not Vera")]);
        assert_eq!(trusting.turned(other, "").await, Turned::Taken);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_word_of_one_organization_sets_no_password_and_answers_no_invitation_of_another() {
    for trusting in &Trusting::each().await {
        let app = &trusting.app;
        let gwen = trusting.identity("g", GWEN);
        let mut browser = trusting.comes(gwen, "").await;
        let link = app.invite("gwen@riverside.example", "harbour", None).await;
        browser.open("/account/invitations").await.expect(403, "Sign in as yourself first");
        browser.open(&link).await.expect(403, "Sign in as yourself first");
        assert_eq!(app.memberships("gwen@riverside.example").await, ["riverside"]);

        // A rule about the age of passwords is about those that are kept here.
        crate::account::crowds::force(app, Setting::PasswordMaxAge, "1d").await;
        let olivia = trusting.identity("o", &[("email", "olivia@riverside.example"), ("name", "Olivia Berg")]);
        app.wait(std::time::Duration::from_hours(48));
        let mut browser = trusting.comes(olivia, "").await;
        let page = browser.open("/login/change-password").await;
        assert!(!page.path.starts_with("/login/change-password"), "{}", page.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_types_an_address_of_the_organization_is_sent_there() {
    for trusting in &Trusting::each().await {
        let (mut browser, start) = (trusting.app.browser(), format!("/federation/{}/start?", trusting.upstream.id));
        let page = browser.open("/login").await;
        let link = page.link("/login/organization");
        let page = browser.open(&link).await;
        for unknown in
            ["gwen@harbour.example", "gwen@nowhere.example", "gwen", "@riverside.example", "\u{1f469}@\u{1f469}"]
        {
            let fields = [("user_name", unknown)];
            browser.submit(&page, "/login/organization", &fields).await.expect(422, "don’t know which organization");
        }
        let fields = [("user_name", " Gwen@Riverside.example ")];
        // A form may lead to no other site: Chromium follows its redirects by the rule for forms.
        let on = browser.post_form(&page, "/login/organization", &fields).await;
        on.expect(200, "One moment").expect(200, "http-equiv=\"refresh\"").expect(200, &start);
        on.expect(200, "login_hint=Gwen%40Riverside.example");
        // On the way into Riverside it is offered at once.
        let page = browser.open(&request("scope=openid&organization=riverside")).await;
        page.expect(200, "Sign in with Riverside").expect(200, &start);
        assert!(!browser.open(&request("scope=openid&organization=harbour")).await.says(&start));
    }
}
