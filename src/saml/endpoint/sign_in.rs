//! Signing in at an identity provider: `GET …/start` sends the browser there, `POST …/acs` takes the answer, and `GET …/arrived`
//! lets in whoever asked (profiles §4.1).
//!
//! The POST comes from another site and so without cookies: the answer is checked, kept, and fetched by the browser that asked.

use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use data_encoding::BASE64;
use url::Url;

use super::{Saml, sent};
use crate::{
    audit::{Actor, Event},
    authentication::{
        endpoint::{Person, arriving, given_way, visit_context, with_return},
        page::sign_in::OnTheWayPage,
    },
    federation::{self, Arrived, ExternalIdentity},
    saml::sp::{
        peer::Peer,
        request::Force,
        settings::Unsolicited,
        sign_in::{self, Answer, Outcome, Refused, Way},
    },
    secret::{ExposeSecret as _, TokenHash},
    storage,
    upstream::Upstream,
    web::{
        Error, LocalPath, Page, Refusal, ReturnTo, Turned, Visit,
        cookie::Cookie,
        form::{BodyFault, Query, read_body_within},
    },
};

/// Bytes of a form with an answer: the largest message in base64, escaped.
const LARGEST: usize = 512 * 1024;

/// `GET /saml/{upstream}/start`
pub(super) async fn start(
    State(saml): State<Saml>,
    Path(id): Path<String>,
    visit: Visit,
    person: Person,
) -> Result<Response, Error> {
    saml.count(&visit)?;
    let peer = live(&saml, &id).await?;
    let back = given_way(&visit).unwrap_or_else(|| to_account(&visit));
    // Whoever is signed in and is sent here is wanted anew.
    let force = if person.is_live { Force::Anew } else { Force::No };
    let browser = visit.browser();
    let way = Way { browser: TokenHash::of(browser.as_str()), back: back.seal(visit.site(), browser), force };
    Ok(sent(&visit, sign_in::begin(&saml.app, &peer, way).await?))
}

/// `POST /saml/{upstream}/acs`
pub(super) async fn consume(
    State(saml): State<Saml>,
    Path(id): Path<String>,
    visit: Visit,
    request: Request,
) -> Result<Response, Error> {
    saml.count(&visit)?;
    let peer = live(&saml, &id).await?;
    let body = read_body_within(request, LARGEST).await.map_err(|fault| match fault {
        BodyFault::TooLarge => Refusal::TooLarge,
        BodyFault::EndedEarly => Refusal::TooSlow,
    })?;
    let message =
        message(&body).ok_or_else(|| Refusal::BadRequest("SAMLResponse is missing or no base64".to_owned()))?;
    match sign_in::accept(&saml.app, &peer, message).await? {
        Outcome::Waits(ticket) => {
            let address = format!("/saml/{}/arrived?ticket={}", peer.upstream.id, ticket.expose_secret());
            Ok(Redirect::to(&address).into_response())
        }
        Outcome::Refused(refused) => {
            turn_away(&saml, &visit, &peer.upstream, &refused).await?;
            Err(Refusal::Upstream(Turned::Failed).into())
        }
    }
}

/// `GET /saml/{upstream}/arrived`
pub(super) async fn arrive(
    State(saml): State<Saml>,
    Path(id): Path<String>,
    visit: Visit,
    Query(query): Query,
) -> Result<Response, Error> {
    let peer = live(&saml, &id).await?;
    let browser = visit.known_browser().map(|browser| TokenHash::of(browser.as_str()));
    let ticket = query.value("ticket").unwrap_or_default();
    let (answered, answer) = match sign_in::taken(&saml.app, (&peer.upstream.id, ticket), browser).await? {
        Ok(taken) => taken,
        Err(refused) => {
            turn_away(&saml, &visit, &peer.upstream, &refused).await?;
            return Err(Refusal::Upstream(Turned::Failed).into());
        }
    };
    let (back, began) = match (&answered.way_back, &peer.settings.response.unsolicited) {
        (Some(sealed), _) => (visit.open_return(sealed).unwrap_or_else(|_| to_account(&visit)), None),
        (None, Some(at)) => (to_account(&visit), Some(entrance(&saml, at).await?)),
        (None, None) => return Err(Refusal::Upstream(Turned::Failed).into()),
    };
    let client = back.client().or_else(|| began.as_ref().map(|(client, _)| client.clone()));
    // Whatever was changed since it was asked is seen by its version.
    let upstream = Upstream { version: answered.version, ..peer.upstream };
    let identity = identity(upstream, answer);
    let arriving = arriving(&saml.app, &visit, client);
    match federation::arrive(&saml.policies, arriving, (identity, &peer.settings.rules)).await? {
        Arrived::SignedIn(token) => {
            let cookie = Cookie::Session.set(visit.site(), token.expose_secret());
            let next = match began {
                Some((_, start)) => start.to_string(),
                None => with_return("/login", &back.seal(visit.site(), visit.browser())),
            };
            // Whoever comes out of a form of the provider goes on by a page: browsers hold redirects to the rules of that form.
            Ok((cookie, Page(OnTheWayPage::new(&visit, next))).into_response())
        }
        Arrived::Full => Err(Refusal::Upstream(Turned::Failed).into()),
        Arrived::Turned(turned) => Err(Refusal::Upstream(turned).into()),
    }
}

/// The identity provider, while it is trusted.
async fn live(saml: &Saml, id: &str) -> Result<Peer, Error> {
    let peer = Peer::find(&saml.app, id).await?.filter(|peer| peer.upstream.paused_at.is_none());
    peer.ok_or_else(|| Refusal::NotFound.into())
}

fn to_account(visit: &Visit) -> ReturnTo {
    ReturnTo::new(LocalPath::parse("/account").expect("a path of this site"), visit.site())
}

/// The one `SAMLResponse` of a form.
fn message(body: &[u8]) -> Option<Vec<u8>> {
    let mut found = form_urlencoded::parse(body).filter(|(name, _)| name == "SAMLResponse").map(|(_, value)| value);
    let text: String = found.next().filter(|_| found.next().is_none())?.split_ascii_whitespace().collect();
    BASE64.decode(text.as_bytes()).ok()
}

/// Where people come out who did not ask: an app that there is, at one of its own addresses.
async fn entrance(saml: &Saml, at: &Unsolicited) -> Result<(String, Url), Error> {
    let client = saml.app.storage.read().await?.clients().by_id(&at.app).await?;
    let origin = at.start.origin();
    let is_its_own = |client: &crate::oauth::client::Client| {
        client.redirect_uris.iter().any(|uri| Url::parse(uri.as_str()).is_ok_and(|own| own.origin() == origin))
    };
    let client = client.filter(is_its_own).ok_or(Refusal::Upstream(Turned::Failed))?;
    Ok((client.id, at.start.clone()))
}

fn identity(upstream: Upstream, answer: Answer) -> ExternalIdentity {
    let Answer { subject, said, context, session } = answer;
    ExternalIdentity { upstream, subject, said, context, methods: vec![], session }
}

/// Writes down why an answer is not taken.
async fn turn_away(saml: &Saml, visit: &Visit, upstream: &Upstream, refused: &Refused) -> storage::Result<()> {
    let reason = refused.to_string().chars().take(500).collect();
    let event = Event::UpstreamRefusal { upstream: upstream.id.clone(), subject: String::new(), reason };
    let context = visit_context(&saml.app, visit, Actor::Anonymous);
    let at = upstream.organization.clone();
    saml.app.storage.append(move |additions| additions.record(&context, Some(&at), &event)).await.map(drop)
}
