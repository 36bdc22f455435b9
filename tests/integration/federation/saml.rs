//! Staff sign in at the SAML identity provider of their hospital, from one end to the other; and what others try on the way.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use axum::{
    body::Body,
    http::{Request, header},
};
use data_encoding::BASE64;
use lanyard::{
    audit::Actor,
    clock::Timestamp,
    random::Random,
    saml::{
        credential::Credential,
        deflate::inflate,
        signature::{self, blank, sign},
        xml::Xml,
    },
    upstream::{
        Kind, Upstream, UpstreamError,
        registry::{self, NewUpstream, State},
    },
};
use url::Url;

use crate::harness::{Answer, Browser, PASSWORD, TestApp, unit};

const IDP: &str = "https://idp.hospital.example/metadata";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

static KEY: LazyLock<Credential> = LazyLock::new(|| {
    let now = Timestamp::parse("2026-11-01").expect("a day");
    Credential::generate("idp.hospital.example", now, &Random::system()).expect("a key")
});

/// Riverside trusts a hospital.
struct Hospital {
    app: TestApp,
    upstream: Upstream,
}

/// What a browser carries there, read.
struct Asked {
    id: String,
    attributes: BTreeMap<String, String>,
}

impl Hospital {
    async fn each(more: &str) -> Vec<Self> {
        let mut all = vec![];
        for app in TestApp::each().await {
            app.leaves_jobs();
            let upstream = create(&app, more).await;
            all.push(Self { app, upstream });
        }
        all
    }

    fn path(&self, name: &str) -> String {
        format!("/saml/{}/{name}", self.upstream.id)
    }

    /// The browser leaves for the hospital, from a page of ours.
    async fn leaves(&self, browser: &mut Browser) -> Asked {
        let answer = browser.get(&self.path("start")).await;
        asked(answer.location().unwrap_or_else(|| panic!("{answer:?}")))
    }

    /// The answer to a request, about somebody.
    fn says(&self, request: Option<&str>, name: &str) -> String {
        let now = self.app.app.clock.now();
        let (end, at) = (now.plus(Duration::from_secs(300)), self.app.app.config.server.issuer.at(&self.path("acs")));
        let us = self.app.app.config.server.issuer.at(&self.path("metadata"));
        let to = request.map(|id| format!(" InResponseTo=\"{id}\"")).unwrap_or_default();
        let signature = blank("_r", &KEY);
        let number = data_encoding::HEXLOWER.encode(&Random::system().bytes::<8>());
        let text = format!(
            "<p:Response xmlns:p=\"{PROTOCOL}\" xmlns:a=\"{ASSERTION}\" ID=\"_r\" Version=\"2.0\" IssueInstant=\"{now}\" \
             Destination=\"{at}\"{to}><a:Issuer>{IDP}</a:Issuer>{signature}<p:Status><p:StatusCode \
             Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></p:Status><a:Assertion ID=\"_a{number}\" Version=\"2.0\" \
             IssueInstant=\"{now}\"><a:Issuer>{IDP}</a:Issuer><a:Subject><a:NameID \
             Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">{name}</a:NameID><a:SubjectConfirmation \
             Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><a:SubjectConfirmationData Recipient=\"{at}\" \
             NotOnOrAfter=\"{end}\"{to}/></a:SubjectConfirmation></a:Subject><a:Conditions NotBefore=\"{now}\" \
             NotOnOrAfter=\"{end}\"><a:AudienceRestriction><a:Audience>{us}</a:Audience></a:AudienceRestriction>\
             </a:Conditions><a:AuthnStatement AuthnInstant=\"{now}\" SessionIndex=\"_s{number}\"><a:AuthnContext>\
             <a:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</a:AuthnContextClassRef>\
             </a:AuthnContext></a:AuthnStatement><a:AttributeStatement><a:Attribute Name=\"uid\"><a:AttributeValue>{name}\
             </a:AttributeValue></a:Attribute><a:Attribute Name=\"mail\"><a:AttributeValue>{name}@riverside.example\
             </a:AttributeValue></a:Attribute><a:Attribute Name=\"displayName\"><a:AttributeValue>{name} of the hospital\
             </a:AttributeValue></a:Attribute></a:AttributeStatement></a:Assertion></p:Response>"
        );
        sign(&text, &KEY).expect("signed")
    }

    /// The hospital's page posts an answer: from another site, and so without cookies.
    async fn posts(&self, text: &str) -> Answer {
        let mut stranger = self.app.browser();
        stranger
            .post(&self.path("acs"), &[("SAMLResponse", &BASE64.encode(text.as_bytes())), ("RelayState", "x")])
            .await
    }

    /// Somebody comes in; where they come out.
    async fn comes(&self, browser: &mut Browser, name: &str) -> Answer {
        let asked = self.leaves(browser).await;
        let posted = self.posts(&self.says(Some(&asked.id), name)).await;
        let next = posted.location().unwrap_or_else(|| panic!("{posted:?}")).to_owned();
        browser.open(&next).await
    }

    async fn refusals(&self) -> usize {
        self.app.recorded("upstream-sign-in", "failure").await
    }
}

async fn create(app: &TestApp, more: &str) -> Upstream {
    let (context, sealer) = (app.app.context(Actor::Server), app.app.sealer.clone());
    let of = app.organization("riverside").await;
    let pem = KEY.certificate().pem();
    let settings = format!(
        "preset = 'generic'\n[identity_provider]\nentity_id = '{IDP}'\nsign_on_url = 'https://idp.hospital.example/sso?t=1'\n\
         certificates = '''\n{pem}'''\n{more}"
    );
    let done: registry::Result<_> = unit!(app, |tx| {
        let (name, secret) = ("hospital".parse().expect("a name"), String::new().into());
        let new = NewUpstream { name, kind: Kind::Saml, settings, domains: vec![], secret, precedence: 0 };
        let upstream = registry::create(tx, &context, &sealer, &of, new).await?;
        registry::switch(tx, &context, &upstream, State::Live).await?;
        Ok::<_, UpstreamError>(tx.upstreams().by_id(&upstream.id).await?.expect("it is there"))
    });
    done.unwrap()
}

fn asked(address: &str) -> Asked {
    let url = Url::parse(address).expect("an address");
    assert_eq!((url.host_str(), url.path()), (Some("idp.hospital.example"), "/sso"), "{address}");
    let pairs: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert!(pairs.contains_key("Signature") && pairs["t"] == "1", "{address}");
    let text = inflate(&BASE64.decode(pairs["SAMLRequest"].as_bytes()).expect("base64"), 10_000).expect("compressed");
    let xml = Xml::message(&text).expect("XML");
    let tree = xml.tree();
    let root = tree.root();
    assert!(root.is(PROTOCOL, "AuthnRequest"));
    let names = ["AssertionConsumerServiceURL", "Destination", "ForceAuthn"];
    let attributes = names.iter().filter_map(|name| Some(((*name).to_owned(), root.attribute(name)?.to_owned())));
    Asked { id: root.attribute("ID").expect("an ID").to_owned(), attributes: attributes.collect() }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_comes_in_and_goes_on_to_where_they_were_going() {
    for hospital in &Hospital::each("").await {
        let mut browser = hospital.app.browser();
        browser.open("/login").await;
        let page = hospital.comes(&mut browser, "gwen").await;
        page.expect(200, "gwen of the hospital");
        assert_eq!(page.path, "/account");
        // The same person the next time; and whoever is signed in is asked to sign in again.
        browser.open("/account").await.expect(200, "gwen of the hospital");
        let asked = hospital.leaves(&mut browser).await;
        assert_eq!(asked.attributes.get("ForceAuthn").map(String::as_str), Some("true"));
        assert_eq!(hospital.app.recorded("upstream-link", "success").await, 1);
        assert_eq!(hospital.refusals().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_taken_once_and_by_the_browser_that_asked() {
    for hospital in &Hospital::each("").await {
        let (mut browser, mut thief) = (hospital.app.browser(), hospital.app.browser());
        browser.open("/login").await;
        thief.open("/login").await;
        let asked = hospital.leaves(&mut browser).await;
        let said = hospital.says(Some(&asked.id), "gwen");
        let posted = hospital.posts(&said).await;
        assert_eq!(posted.status, 303);
        let next = posted.location().unwrap().to_owned();
        // Replayed: before and after it was fetched.
        hospital.posts(&said).await.expect(403, "Sign");
        // Fetched by another browser, it is nobody's any more.
        thief.open(&next).await.expect(403, "Sign");
        browser.open(&next).await.expect(403, "Sign");
        // The same answer to another request.
        let again = hospital.leaves(&mut browser).await;
        hospital.posts(&said).await.expect(403, "Sign");
        let said = hospital.says(Some(&again.id), "gwen");
        let next = hospital.posts(&said).await.location().unwrap().to_owned();
        browser.open(&next).await.expect(200, "gwen of the hospital");
        browser.open(&next).await.expect(403, "Sign");
        hospital.posts(&said).await.expect(403, "Sign");
        assert_eq!(hospital.refusals().await, 6);
        assert!(browser.open("/account").await.says("gwen of the hospital"), "what was refused changed nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_is_refused_written_down_and_changes_nothing() {
    for hospital in &Hospital::each("").await {
        let mut browser = hospital.app.browser();
        browser.open("/login").await;
        let asked = hospital.leaves(&mut browser).await;
        let good = hospital.says(Some(&asked.id), "gwen");
        let evil = Credential::generate("x", hospital.app.app.clock.now(), &Random::system()).expect("a key");
        let by_evil = sign(&good.replace(&blank_of(&good), &blank("_r", &evil)), &evil).expect("signed");
        let late = hospital.app.app.clock.now();
        for (case, text) in [
            ("another name", good.replace(">gwen<", ">max<")),
            ("a key of its own", by_evil),
            ("nothing asked", hospital.says(None, "gwen")),
            ("something else asked", hospital.says(Some("_other"), "gwen")),
            ("a document type", good.replace("<p:Response", "<!DOCTYPE a><p:Response")),
            ("a comment", good.replace(">gwen<", ">gw<!-- -->en<")),
            ("no XML", "hello".to_owned()),
        ] {
            let before = hospital.refusals().await;
            let page = hospital.posts(&text).await;
            assert_eq!(page.status, 403, "{case}: {}", page.body);
            for word in ["signature", "Assertion", "InResponseTo", "evil"] {
                assert!(!page.body.contains(word), "{case} tells {word}");
            }
            assert_eq!(hospital.refusals().await, before + 1, "{case}");
        }
        assert_eq!(hospital.app.app.clock.now(), late);
        // Without the one field, or with two of them, it is no answer at all.
        let mut stranger = hospital.app.browser();
        for fields in [&[][..], &[("SAMLResponse", "*")], &[("SAMLResponse", "AA=="), ("SAMLResponse", "AA==")]] {
            stranger.post(&hospital.path("acs"), fields).await.expect(400, "SAMLResponse");
        }
        stranger.post(&hospital.path("acs"), &[("SAMLResponse", &"A".repeat(600_000))]).await.expect(413, "");
        // The request still waits: nobody used it up.
        let next = hospital.posts(&good).await.location().unwrap().to_owned();
        browser.open(&next).await.expect(200, "gwen of the hospital");
        // Too late.
        let asked = hospital.leaves(&mut browser).await;
        let good = hospital.says(Some(&asked.id), "gwen");
        hospital.app.wait(Duration::from_secs(400));
        hospital.posts(&good).await.expect(403, "Sign");
    }
}

/// The signature of a message.
fn blank_of(text: &str) -> String {
    let (first, last) = (text.find("<ds:Signature ").unwrap(), text.find("</ds:Signature>").unwrap() + 15);
    text[first..last].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_come_unasked_only_into_the_one_app() {
    let app = "[idp_initiated]\napp = 'clinic-portal'\nstart = 'http://localhost:8081/start'";
    for hospital in &Hospital::each(app).await {
        let mut browser = hospital.app.browser();
        browser.open("/login").await;
        let posted = hospital.posts(&hospital.says(None, "gwen")).await;
        let next = posted.location().unwrap_or_else(|| panic!("{posted:?}")).to_owned();
        let out = browser.get(&next).await;
        assert_eq!(out.onward().as_deref(), Some("http://localhost:8081/start"), "{out:?}");
        browser.open("/account").await.expect(200, "gwen of the hospital");
        // What was asked by somebody is not taken for unasked.
        hospital.posts(&hospital.says(Some("_x"), "gwen")).await.expect(403, "Sign");
    }
    let elsewhere = "[idp_initiated]\napp = 'clinic-portal'\nstart = 'https://evil.example/start'";
    for hospital in &Hospital::each(elsewhere).await {
        let posted = hospital.posts(&hospital.says(None, "gwen")).await;
        let next = posted.location().unwrap().to_owned();
        hospital.app.browser().open(&next).await.expect(403, "Sign");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_to_sign_in_again_there_does() {
    for hospital in &Hospital::each("").await {
        let mut browser = hospital.app.browser();
        browser.open("/login").await;
        hospital.comes(&mut browser, "gwen").await.expect(200, "gwen");
        hospital.app.wait(Duration::from_secs(600));
        let before = hospital.app.app.clock.now().minus(Duration::from_secs(300));
        let asked = hospital.leaves(&mut browser).await;
        let said = hospital.says(Some(&asked.id), "gwen");
        let now = hospital.app.app.clock.now();
        let unsigned = said.replace(&blank_of(&said), &blank("_r", &KEY));
        let old = unsigned.replace(&format!("AuthnInstant=\"{now}\""), &format!("AuthnInstant=\"{before}\""));
        hospital.posts(&sign(&old, &KEY).expect("signed")).await.expect(403, "Sign");
        let next = hospital.posts(&said).await.location().unwrap().to_owned();
        browser.open(&next).await.expect(200, "gwen");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_metadata_are_signed_and_nobody_else_has_any() {
    for hospital in &Hospital::each("").await {
        let mut browser = hospital.app.browser();
        let answer = browser.get(&hospital.path("metadata")).await;
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/samlmetadata+xml");
        let keys = hospital.app.read().await.saml_keys().all().await.unwrap();
        let certificate = lanyard::saml::certificate::Certificate::of_der(&keys[0].certificate).unwrap();
        let trusted = lanyard::saml::certificate::Trusted::new(vec![certificate]).unwrap();
        let verified = signature::verify(&Xml::metadata(answer.body.as_bytes()).unwrap(), &trusted).expect("signed");
        let issuer = &hospital.app.app.config.server.issuer;
        assert_eq!(verified.tree().root().attribute("entityID"), Some(issuer.at(&hospital.path("metadata")).as_str()));
        for path in ["/saml/ups_x/metadata", "/saml/x/start", "/saml/%00/metadata", "/saml/x/arrived?ticket=x"] {
            assert_eq!(browser.get(path).await.status, 404, "{path}");
        }
        let cross = Request::post("/saml/x/acs").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        assert_eq!(browser.send("/saml/x/acs", cross, Body::from("SAMLResponse=AA==")).await.status, 404);
        // Whoever is paused sends nobody and takes nobody, but is set up.
        let (context, upstream) = (hospital.app.app.context(Actor::Server), hospital.upstream.clone());
        let done: registry::Result<bool> =
            unit!(hospital.app, |tx| registry::switch(tx, &context, &upstream, State::Paused).await);
        assert!(done.unwrap());
        assert_eq!(browser.get(&hospital.path("start")).await.status, 404);
        assert_eq!(browser.get(&hospital.path("metadata")).await.status, 200);
        assert!(browser.sign_in("olivia@riverside.example", PASSWORD).await.status.is_success());
    }
}
