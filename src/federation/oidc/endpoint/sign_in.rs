//! Signing in at a provider: `GET …/start` sends the browser there, and `GET …/callback` lets in whoever it brings back.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

use super::Federation;
use crate::{
    authentication::{
        endpoint::{Person, arriving, given_way, with_return},
        page::sign_in::OnTheWayPage,
    },
    federation::{
        self, Arrived,
        oidc::{
            Provider,
            asking::Wish,
            provider::{Answer, Fault},
        },
    },
    secret::ExposeSecret as _,
    web::{Error, LocalPath, Page, Parameters, Query, Refusal, ReturnTo, Turned, Visit, cookie::Cookie},
};

/// `GET /federation/{upstream}/start`
pub(super) async fn start(
    State(federation): State<Federation>,
    Path(id): Path<String>,
    visit: Visit,
    person: Person,
    Query(query): Query,
) -> Result<Response, Error> {
    let provider = federation.provider(&visit, &id).await?;
    let back = given_way(&visit).unwrap_or_else(|| to_account(&visit));
    let mut wish = wished(&back);
    if let Some(hint) = query.value("login_hint") {
        wish.login_hint = Some(hint.to_owned());
    }
    // Whoever is signed in and is sent here is wanted anew.
    if person.is_live && wish.prompt.is_empty() {
        wish.prompt = vec!["login".to_owned()];
    }
    match provider.begin(&federation.app, (visit.site(), visit.browser()), (back, wish)).await {
        Ok(address) => Ok(Redirect::to(address.as_str()).into_response()),
        Err(fault) => Err(refused(&federation, &visit, (&provider, fault)).await?),
    }
}

/// `GET /federation/{upstream}/callback`
pub(super) async fn finish(
    State(federation): State<Federation>,
    Path(id): Path<String>,
    visit: Visit,
    Query(query): Query,
) -> Result<Response, Error> {
    let provider = federation.provider(&visit, &id).await?;
    let (app, site) = (&federation.app, visit.site());
    let answer = Answer {
        state: query.value("state"),
        issuer: query.value("iss"),
        code: query.value("code"),
        error: query.value("error"),
    };
    let (identity, back) = match provider.finish(app, (site, visit.known_browser()), answer).await {
        Ok(found) => found,
        Err(fault) => return Err(refused(&federation, &visit, (&provider, fault)).await?),
    };
    let arriving = arriving(app, &visit, back.client());
    match federation::arrive(&federation.policies, arriving, (identity, &provider.settings.rules)).await? {
        Arrived::SignedIn(token) => {
            let cookie = Cookie::Session.set(site, token.expose_secret());
            let next = with_return("/login", &back.seal(site, visit.browser()));
            // Whoever comes out of a form of the provider goes on by a page: browsers hold redirects to the rules of that form.
            Ok((cookie, Page(OnTheWayPage::new(&visit, next))).into_response())
        }
        Arrived::Full => Err(Refusal::Upstream(Turned::Failed).into()),
        Arrived::Turned(turned) => Err(Refusal::Upstream(turned).into()),
    }
}

/// The page says nothing useful to whoever made it fail; the audit log says all.
async fn refused(
    federation: &Federation,
    visit: &Visit,
    (provider, fault): (&Provider, Fault),
) -> Result<Error, Error> {
    let reason = match fault {
        Fault::Storage(error) => return Err(error.into()),
        Fault::Trouble(trouble) => trouble.to_string(),
        Fault::Registry(error) => error.to_string(),
    };
    federation.turn_away(visit, &provider.upstream, reason).await?;
    Ok(Refusal::Upstream(Turned::Failed).into())
}

fn to_account(visit: &Visit) -> ReturnTo {
    ReturnTo::new(LocalPath::parse("/account").expect("a path of this site"), visit.site())
}

/// What the app asks for on whose behalf a browser is sent there (OpenID Connect Core §3.1.2.1).
fn wished(back: &ReturnTo) -> Wish {
    let asked = back.path.as_str().strip_prefix("/oauth2/authorize?").map(|query| Parameters::parse(query.as_bytes()));
    let Some(Ok(asked)) = asked else { return Wish::default() };
    let words = |name: &str| asked.value(name).into_iter().flat_map(str::split_whitespace).map(str::to_owned).collect();
    // What was asked for without pages is asked for with them now.
    let prompt: Vec<String> = words("prompt");
    Wish {
        prompt: prompt.into_iter().filter(|word| ["login", "select_account"].contains(&word.as_str())).collect(),
        max_age: asked.value("max_age").and_then(|text| text.parse().ok()),
        login_hint: asked.value("login_hint").map(str::to_owned),
        acr_values: words("acr_values"),
    }
}
