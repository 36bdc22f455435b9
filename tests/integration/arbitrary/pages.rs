//! Every page and form that people use: signing in, passwords, the account, invitations, signing out, consent, languages.
//! Nobody, members, and people who have steps of the sign-in left to do ask, with and without the token of the form.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use axum::{
    body::Body,
    http::{Request, header},
};
use lanyard::{
    audit::Actor,
    authentication::{
        enrolling::{self, Proposal},
        take_back,
    },
    directory::{
        email_change,
        store::{Purpose, SafetyLink},
        user::{self, NewPassword, PasswordKind},
    },
    id::UserId,
    secret::ExposeSecret,
};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use tokio::runtime::Runtime;

use super::watch::Watch;
use crate::harness::{Answer, Browser, PASSWORD, TestApp, unit};

/// What each page and form may answer.
pub(super) const ANSWERS: [(&str, &[u16]); 72] = [
    ("/", &[303, 405]),
    ("/login", &[303, 405]),
    ("/login/password", &[200, 303, 400, 403, 405, 413, 415, 422, 429]),
    ("/login/organization", &[200, 303, 400, 403, 405, 413, 415, 422]),
    ("/login/factor", &[200, 303, 400, 403, 405, 413, 415, 422, 429]),
    ("/login/passkey", &[200, 303, 400, 403, 405, 413, 415, 422, 429]),
    ("/login/passkey/options", &[200, 400, 404, 405]),
    ("/login/change-password", &[200, 303, 400, 403, 405, 413, 415, 422]),
    ("/login/texts", &[200, 303, 400, 403, 405, 413, 415, 422]),
    ("/login/texts/{document}", &[303, 400, 404, 405]),
    ("/brand/{logo}", &[200, 304, 400, 404, 405]),
    ("/password/forgotten", &[200, 303, 400, 403, 405, 413, 415, 429]),
    ("/take-back/{token}", &[200, 303, 400, 403, 404, 405, 410, 413, 415]),
    ("/emergency/{token}", &[200, 400, 403, 404, 405, 410, 413, 415, 422]),
    ("/recovery/{token}", &[200, 303, 400, 403, 404, 405, 410, 413, 415]),
    ("/recovery/stop/{token}", &[200, 400, 403, 404, 405, 410, 413, 415]),
    ("/password/{token}", &[200, 303, 400, 403, 404, 405, 410, 413, 415, 422]),
    ("/account", &[200, 303, 400, 405]),
    ("/account/default-organization", &[303, 400, 403, 404, 405, 413, 415]),
    ("/account/name", &[200, 303, 400, 403, 405, 413, 415, 422]),
    ("/account/password", &[200, 303, 400, 403, 405, 413, 415, 422, 429]),
    ("/account/email", &[200, 303, 400, 403, 405, 413, 415, 422, 429]),
    ("/email/{token}", &[200, 303, 400, 403, 404, 405, 410, 413, 415]),
    ("/account/language", &[200, 303, 400, 403, 405, 413, 415]),
    ("/login/away", &[200, 405]),
    ("/station/{token}", &[200, 303, 400, 403, 404, 405, 410, 413, 415]),
    ("/account/enrolment", &[200, 303, 400, 405]),
    ("/account/security", &[200, 303, 400, 405]),
    ("/account/security/apps", &[303, 400, 403, 405, 413, 415, 422]),
    ("/account/security/devices", &[303, 400, 403, 405, 413, 415]),
    ("/account/security/codes", &[200, 303, 400, 403, 405, 413, 415]),
    ("/account/security/passkeys", &[200, 303, 400, 403, 405, 413, 415, 422]),
    ("/account/security/email", &[200, 303, 400, 403, 405, 413, 415, 422, 429]),
    ("/account/security/phone", &[200, 303, 400, 403, 405, 413, 415, 422, 429]),
    ("/account/security/{id}", &[200, 303, 400, 403, 405, 413, 415, 422]),
    ("/account/security/{id}/remove", &[200, 303, 400, 403, 404, 405, 413, 415]),
    ("/account/recoveries", &[200, 303, 400, 403, 404, 405, 413, 415, 422]),
    ("/account/recoveries/{id}", &[303, 400, 403, 404, 405, 413, 415, 422]),
    ("/account/sessions", &[200, 303, 400, 405]),
    ("/account/sessions/{id}/end", &[200, 303, 400, 403, 404, 405, 413, 415]),
    ("/account/sessions/end-others", &[303, 400, 403, 405, 413, 415]),
    ("/account/sessions/end-all", &[200, 303, 400, 403, 405, 413, 415]),
    ("/account/apps", &[200, 303, 400, 405]),
    ("/account/apps/{client}/withdraw", &[303, 400, 403, 404, 405, 413, 415]),
    ("/account/invitations", &[200, 303, 400, 405]),
    ("/account/invitations/{id}", &[303, 400, 403, 404, 405, 413, 415]),
    ("/invitation/{token}", &[200, 303, 400, 403, 404, 405, 410, 413, 415, 422]),
    ("/account/sign-out", &[200, 303, 400, 403, 405, 413, 415]),
    ("/language/{tag}", &[303, 400, 404, 405]),
    ("/static/{hash}/{name}", &[200, 304, 400, 404, 405]),
    ("/static/accent/{hash}/{name}", &[200, 304, 400, 404, 405]),
    ("/oauth2/authorize", &[200, 303, 400, 403, 405, 413, 415]),
    ("/oauth2/organization", &[303, 400, 403, 405, 413, 415]),
    ("/oauth2/consent", &[303, 400, 403, 405, 413, 415]),
    ("/oauth2/logout", &[200, 303, 400, 405, 413, 415]),
    ("/oauth2/logout/confirm", &[200, 303, 400, 403, 405, 413, 415]),
    ("/oauth2/register/{client_id}", &[400, 401, 405]),
    ("/account/requests", &[200, 303, 400, 405]),
    ("/account/requests/{id}", &[303, 400, 403, 404, 405, 413, 415]),
    ("/device", &[200, 303, 400, 403, 405, 413, 415, 422, 429]),
    ("/device/qr", &[200, 400, 404, 405]),
    ("/device/organization", &[303, 400, 403, 405, 413, 415]),
    ("/device/decision", &[303, 400, 403, 405, 413, 415, 422, 429]),
    ("/federation/{upstream}/start", &[400, 404, 405, 429]),
    ("/federation/{upstream}/callback", &[400, 404, 405, 429]),
    ("/federation/{upstream}/backchannel-logout", &[400, 404, 405, 413, 415, 429]),
    ("/federation/{upstream}/frontchannel-logout", &[400, 404, 405, 429]),
    ("/saml/{upstream}/metadata", &[200, 400, 404, 405]),
    ("/saml/{upstream}/start", &[303, 400, 404, 405, 429]),
    ("/saml/{upstream}/acs", &[303, 400, 403, 404, 405, 413, 429]),
    ("/saml/{upstream}/arrived", &[303, 400, 403, 404, 405]),
    ("/nowhere/{at}", &[400, 404]),
];

/// What a page must never repeat as it was sent.
const MARKUP: &str = "\"><b>markup</b>";

const NAMES: &[&str] = &[
    "user_name",
    "password",
    "current_password",
    "new_password",
    "repeated_password",
    "name",
    "email",
    "language",
    "organization",
    "answer",
    "reason",
    "accept",
    "terms",
    "privacy",
    "decision",
    "to",
    "return",
    "login_hint",
    "changed",
    "done",
    "withdrawn",
    "client_id",
    "post_logout_redirect_uri",
    "id_token_hint",
    "state",
    "stored",
    "user_code",
    "csrf",
    "unknown",
];

const VALUES: &[&str] = &[
    PASSWORD,
    "four unrelated words",
    "short",
    "olivia@riverside.example",
    "noor@harbour.example",
    "new@x.example",
    "Olivia",
    "da",
    "riverside",
    "BCDF-GHJK",
    "harbour",
    "nowhere",
    "accept",
    "reject",
    "agree",
    "end",
    "yes",
    "1",
    "allow",
    "/account",
    "//evil.example",
    "https://evil.example",
    "clinic-portal",
    "clinic-calendar",
    "joined",
    "%00",
    "%ff",
    "%",
    "%0d%0aset-cookie:x=y",
    MARKUP,
    "æøå 🦀",
    "\u{202e}x",
    "",
];

/// What stands in a path where an id or a token is expected.
const SEGMENTS: &[&str] = &["%00", "x%00y", "%ff", "..", "a%2Fb", "%20", "en", "terms", "privacy", "forgotten", "x"];

/// Who asks.
const VISITORS: [Option<&str>; 5] = [
    None,
    Some("olivia@riverside.example"),
    Some("priya@riverside.example"),
    Some("sam@riverside.example"),   // has a one-time password
    Some("frank@riverside.example"), // has yet to accept the texts
];

#[derive(Debug, Clone)]
struct Arbitrary {
    endpoint: usize,
    visitor: usize,
    method: &'static str,
    /// For `{…}` of the path: one that exists, or this.
    segment: Option<String>,
    known: prop::sample::Index,
    query: Vec<String>,
    fields: Vec<String>,
    noise: Option<(prop::sample::Index, u8)>,
    has_token: bool,
    has_return: bool,
    headers: Vec<(&'static str, &'static str)>,
}

fn parameters() -> impl Strategy<Value = Vec<String>> {
    let values = prop_oneof![
        4 => prop::sample::select(VALUES).prop_map(str::to_owned),
        1 => "\\PC{0,40}",
        1 => "[ -~]{0,2000}",
    ];
    let pair = (prop::sample::select(NAMES), values, prop::bool::weighted(0.9)).prop_map(|(name, value, encode)| {
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        format!("{name}={}", if encode && !value.starts_with('%') { encoded } else { value })
    });
    prop::collection::vec(pair, 0..6)
}

fn arbitrary() -> impl Strategy<Value = Arbitrary> {
    let segments =
        prop_oneof![prop::sample::select(SEGMENTS).prop_map(str::to_owned), "[a-zA-Z0-9_%.-]{1,60}", "[a-z]{3000}",];
    let methods = prop::sample::select(vec!["GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "OPTIONS", "DELETE"]);
    let headers = prop::sample::select(vec![
        ("content-type", "application/json"),
        ("content-type", "multipart/form-data; boundary=x"),
        ("accept", "application/json"),
        ("accept-language", "da;q=nan, xx, *;q=2"),
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
        ("cookie", "lanyard-session-8080=x; lanyard-language-8080=xx"),
        ("if-none-match", "*"),
        ("content-length", "99999999"),
        ("x-forwarded-for", "not an address"),
    ]);
    let place = (
        0..ANSWERS.len(),
        0..VISITORS.len(),
        methods,
        prop::option::weighted(0.5, segments),
        any::<prop::sample::Index>(),
    );
    let noise = prop::option::weighted(0.1, (any::<prop::sample::Index>(), any::<u8>()));
    let flags = (prop::bool::weighted(0.8), prop::bool::weighted(0.5));
    (place, parameters(), parameters(), noise, flags, prop::collection::vec(headers, 0..2)).prop_map(
        |((endpoint, visitor, method, segment, known), query, fields, noise, (has_token, has_return), headers)| {
            Arbitrary {
                endpoint,
                visitor,
                method,
                segment,
                known,
                query,
                fields,
                noise,
                has_token,
                has_return,
                headers,
            }
        },
    )
}

/// What exists on the server for a request to name.
struct Known {
    /// Visitors by the address that they began with: some requests change it.
    people: BTreeMap<&'static str, UserId>,
    segments: Vec<(&'static str, String)>,
    returns: Vec<String>,
}

#[test]
fn people_get_documented_answers_alone() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let with_terms = |sources: lanyard::config::Sources| {
        let sources = sources.with("terms.version", "1").with("throttle.address_attempts", "10000");
        sources
            .with("terms.terms", "https://clinic.example/terms")
            .with("terms.privacy", "https://clinic.example/privacy")
    };
    for app in runtime.block_on(TestApp::each_with(with_terms)) {
        app.leaves_jobs();
        let known = runtime.block_on(furnish(&app));
        let watch = Watch::begin();
        for given in places() {
            let answer = super::in_time(&runtime, ask(&app, &known, &given)).unwrap().expect("a request");
            check(&answer, &given).and_then(|()| watch.check()).unwrap_or_else(|error| panic!("{given:?}: {error}"));
        }
        let statuses = RefCell::new(BTreeSet::new());
        proptest!(super::settings(), |(given in arbitrary())| {
            let Some(answer) = super::in_time(&runtime, ask(&app, &known, &given))? else { return Ok(()) };
            statuses.borrow_mut().insert((given.endpoint, answer.status.as_u16()));
            check(&answer, &given)?;
            watch.check()?;
        });
        drain(&runtime);
        watch.check().unwrap();
        let statuses = statuses.into_inner();
        assert!(statuses.len() > 80, "the requests get somewhere: {statuses:?}");
    }
}

/// Every place in a path that takes a name, with each odd one, asked for and posted to by a member.
fn places() -> impl Iterator<Item = Arbitrary> {
    let named = ANSWERS.iter().enumerate().filter(|(_, (path, _))| path.contains('{')).map(|(endpoint, _)| endpoint);
    named
        .flat_map(|endpoint| {
            SEGMENTS.iter().flat_map(move |segment| ["GET", "POST"].map(|method| (endpoint, *segment, method)))
        })
        .map(|(endpoint, segment, method)| Arbitrary {
            endpoint,
            visitor: 1,
            method,
            segment: Some(segment.to_owned()),
            known: any::<prop::sample::Index>().new_tree(&mut TestRunner::deterministic()).expect("an index").current(),
            query: vec![],
            fields: vec!["answer=accept".to_owned()],
            noise: None,
            has_token: true,
            has_return: false,
            headers: vec![],
        })
}

/// Lets work end that goes on after its answer.
fn drain(runtime: &Runtime) {
    runtime.block_on(async { tokio::time::sleep(std::time::Duration::from_millis(50)).await });
}

/// Sends the request, each time from a session that has just begun.
async fn ask(app: &TestApp, known: &Known, given: &Arbitrary) -> Option<Answer> {
    let mut browser: Browser = match VISITORS[given.visitor] {
        Some(email) => app.with_session(&known.people[email]).await,
        None => app.known_browser(),
    };
    let template = ANSWERS[given.endpoint].0;
    let existing: Vec<_> = known.segments.iter().filter(|(of, _)| *of == template).collect();
    let segment = match &given.segment {
        Some(segment) => segment.clone(),
        None if existing.is_empty() => "lanyard.css".to_owned(),
        None => given.known.get(&existing).1.clone(),
    };
    let path: Vec<&str> = template.split('/').map(|part| if part.starts_with('{') { &segment } else { part }).collect();
    let path = path.join("/");
    let mut query = given.query.clone();
    if given.has_return {
        query.push(format!("return={}", given.known.get(&known.returns)));
    }
    let mut fields = given.fields.clone();
    if given.has_token {
        fields.push(format!("csrf={}", app.token(&browser, &path)));
    }
    let mut body = fields.join("&").into_bytes();
    if let (Some((at, byte)), false) = (given.noise, body.is_empty()) {
        let at = at.index(body.len());
        body[at] = byte;
    }
    let query: String = query.join("&").chars().filter(char::is_ascii_graphic).collect();
    let query = query.replace(['"', '<', '>', '#', '\\', '^', '`', '{', '|', '}'], "");
    let uri = format!("{path}?{query}");
    let mut request = Request::builder().method(given.method).uri(&uri);
    for (name, value) in &given.headers {
        request = request.header(*name, *value);
    }
    if !given.headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    // What is no HTTP request never reaches a page.
    request.uri_ref()?;
    let answer = browser.send(&uri, request, Body::from(body)).await;
    // Work that goes on after the answer.
    tokio::task::yield_now().await;
    Some(answer)
}

fn check(answer: &Answer, given: &Arbitrary) -> Result<(), TestCaseError> {
    let (path, documented) = ANSWERS[given.endpoint];
    // A body that is announced as too large is refused before anybody looks at the path.
    let is_too_large = answer.status == 413 && given.headers.iter().any(|(name, _)| *name == "content-length");
    // An escape that is broken, or means a NUL or no text, leads nowhere, whoever would look at the rest.
    let has_escape = given.segment.as_deref().is_some_and(|segment| segment.contains('%'));
    let is_nowhere = answer.status == 404 && has_escape;
    let is_documented = is_too_large || is_nowhere || documented.contains(&answer.status.as_u16());
    prop_assert!(is_documented, "{} {}: {}", path, answer.status, answer.body);
    prop_assert!(!answer.body.contains("<b>markup"), "{}: {}", path, answer.body);
    let location = answer.location().unwrap_or_default();
    let ours = location.is_empty() || (location.starts_with('/') && !location.starts_with("//"));
    let of_terms = path.starts_with("/login/texts/") && location.starts_with("https://clinic.example/");
    let of_app = path.starts_with("/oauth2/") && location.starts_with("http://localhost:8081/spa");
    prop_assert!(ours || of_terms || of_app, "{}: {}", path, location);
    let is_page =
        answer.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        let policy =
            answer.headers.get(header::CONTENT_SECURITY_POLICY).map(|value| value.to_str().unwrap_or_default());
        prop_assert!(policy.is_some_and(|policy| !policy.contains("unsafe")), "{}: {:?}", path, policy);
    }
    Ok(())
}

/// Invitations, mailed links, forms on the way of an authorization, and people who are not through with signing in.
async fn furnish(app: &TestApp) -> Known {
    let context = app.app.context(Actor::Server);
    let (olivia, priya, sam) = (
        app.user("olivia@riverside.example").await.id,
        app.user("priya@riverside.example").await.id,
        app.user("sam@riverside.example").await.id,
    );
    let mut segments = vec![("/account/apps/{client}/withdraw", "clinic-portal".to_owned())];
    for email in ["noor@harbour.example", "ada@riverside.example", "eve@riverside.example", "max@riverside.example"] {
        let at = if email.ends_with("harbour.example") { "riverside" } else { "harbour" };
        let link = app.invite(email, at, None).await;
        segments.push(("/invitation/{token}", link["/invitation/".len()..].to_owned()));
    }
    app.invite("priya@riverside.example", "harbour", None).await;
    let harbour = app.organization("harbour").await;
    for invitation in app.read().await.invitations().list(&harbour, None, 10).await.unwrap() {
        segments.push(("/account/invitations/{id}", invitation.id.to_string()));
    }
    let (reset, reset_hash) = app.app.random.token();
    segments.push(("/password/{token}", reset.expose_secret().to_owned()));
    let (back, back_hash) = app.app.random.token();
    segments.push(("/take-back/{token}", back.expose_secret().to_owned()));
    let address = "olivia@riverside.example".parse().expect("one");
    let link = SafetyLink { user: olivia.clone(), email: address, created_at: context.now };
    let one_time = NewPassword { hash: "$none".to_owned(), kind: PasswordKind::OneTime, by: "administrator" };
    let of = olivia.clone();
    let confirm = unit!(app, |tx| {
        for who in [&olivia, &priya, &sam] {
            tx.acceptances().accept_all(&context, who, "1").await?;
        }
        user::set_password(tx, &context, &sam, &one_time).await?;
        tx.password_links().insert(&priya, reset_hash, context.now).await?;
        tx.safety_links().insert(Purpose::TakeBack, back_hash, &link, take_back::LIFE).await?;
        email_change::request(tx, &context, &olivia, &"olivia.berg@riverside.example".parse().expect("one")).await
    });
    segments.push(("/email/{token}", confirm.unwrap().expose_secret().to_owned()));
    let mut people = BTreeMap::new();
    for email in VISITORS.iter().flatten() {
        people.insert(*email, app.user(email).await.id);
    }
    let mut browser = app.with_session(&of).await;
    let session = app.read().await.sessions().of_user(&of).await.unwrap().remove(0);
    segments.push(("/account/sessions/{id}/end", session.id.to_string()));
    let Proposal::Made(factor) = enrolling::propose(&app.app, app.app.context(Actor::Server), &of).await.unwrap()
    else {
        panic!("nobody has one yet")
    };
    for path in ["/account/security/{id}", "/account/security/{id}/remove"] {
        segments.push((path, factor.to_string()));
    }
    Known { people, segments, returns: returns(&mut browser).await }
}

/// Ways back that pages have given to the one browser: from the account, from choosing an organization, from consent.
async fn returns(browser: &mut Browser) -> Vec<String> {
    let request = "/oauth2/authorize?response_type=code&client_id=clinic-portal&scope=openid&state=s\
         &redirect_uri=http%3A%2F%2Flocalhost%3A8081%2Fspa\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let mut returns = vec!["x".to_owned()];
    for (page, form) in [
        (request.to_owned(), "/oauth2/organization"),
        (format!("{request}&prompt=consent&organization=harbour"), "/oauth2/consent"),
    ] {
        let answer = browser.get(&page).await;
        assert_eq!(answer.status, 200, "{page}: {:?} {}", answer.location(), answer.body);
        let (action, _) = answer.form(form);
        returns.push(action.split_once("return=").expect("a way back").1.to_owned());
    }
    returns
}
