//! A sign-in at an identity provider, from one end to the other: what is asked is kept ([`begin`]); what is answered is believed
//! once ([`accept`]), and waits for the browser that asked ([`taken`]).
//!
//! Answers come by POST from another site, and so without cookies: who brings one is looked at when the browser comes back by
//! itself.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    assertion::Assertion,
    peer::{self, Freshness, Peer, chosen},
    request::{self, Asking, Force},
    response::{Expected, Refusal, consume},
    settings::Settings,
};
use crate::{
    app::App,
    id::UpstreamId,
    saml::{
        metadata::IdentityProvider,
        our_keys::{KeyFault, OurKeys},
        sending::Outgoing,
        signature::{self, SigningFault},
        store::{Answered, Pending, Waiting},
        xml::{self, Xml},
    },
    secret::{SecretString, TokenHash},
    storage::{self, Tx},
};

/// How long somebody may take to sign in there.
const PATIENCE: Duration = Duration::from_secs(3600);

/// How long an answer waits for the browser, which brings it at once.
const WAIT: Duration = Duration::from_secs(120);

/// Why a sign-in does not go on; for the log.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The identity provider.
    #[error(transparent)]
    Peer(#[from] peer::Fault),
    /// Our key.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// Nothing can be signed.
    #[error(transparent)]
    Signing(#[from] SigningFault),
    /// A thread of ours ended.
    #[error("the answer could not be looked at")]
    Thread,
}

/// Whose sign-in it is, and where it goes on.
#[derive(Debug, Clone)]
pub struct Way {
    /// The browser.
    pub browser: TokenHash,
    /// Where it goes then: sealed.
    pub back: String,
    /// Whether somebody who is signed in there has to sign in again.
    pub force: Force,
}

/// Asks; gives what the browser carries there.
///
/// # Errors
/// [`Fault`].
pub async fn begin(app: &App, peer: &Peer, way: Way) -> Result<Outgoing, Fault> {
    let (described, now) = (peer.described(app, Freshness::Usual).await?, app.clock.now());
    let wanted = peer.settings.request.binding;
    let no_endpoint = || peer::Fault::Metadata("there is no address to sign in at".to_owned());
    let endpoint = chosen(&described.sign_on, wanted).ok_or_else(no_endpoint)?;
    let asking = Asking {
        entity_id: &peer.addresses.entity_id,
        consumer: &peer.addresses.consumer,
        destination: endpoint.location.as_str(),
        force: way.force,
    };
    let message = request::written(&asking, &peer.settings.request, now, &app.random);
    let to = (&endpoint.location, endpoint.binding);
    let outgoing = if peer.settings.request.sign || described.wants_signed_requests {
        let keys = OurKeys::obtain(app).await?;
        message.sent(to, None, Some(keys.signing().map_err(KeyFault::from)?))?
    } else {
        message.sent(to, None, None)?
    };
    let pending = Pending {
        hash: TokenHash::of(&message.id),
        upstream: peer.upstream.id.clone(),
        version: peer.upstream.version,
        browser: Some(way.browser),
        way_back: Some(way.back),
        fresh_after: (way.force == Force::Anew).then_some(now),
        expires_at: now.plus(PATIENCE),
    };
    app.storage.write(move |tx| Box::pin(async move { tx.saml_requests().insert(&pending, None, now).await })).await?;
    Ok(outgoing)
}

/// What is kept of an answer until the browser comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The name of the person that never changes.
    pub subject: String,
    /// All that is said of them.
    pub said: BTreeMap<String, Vec<String>>,
    /// How they signed in there.
    pub context: Option<String>,
    /// Their session there, with the name by which they are signed out of it.
    pub session: Option<String>,
}

/// Why an answer is not taken: for the audit log.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is not read.
    #[error(transparent)]
    Xml(#[from] xml::Fault),
    /// It is not believed.
    #[error(transparent)]
    Response(#[from] Refusal),
    /// Somebody was to sign in again.
    #[error("somebody was to sign in there again, and did not")]
    Old,
    /// It was sent before.
    #[error("its assertion was sent before")]
    Replayed,
    /// There is no such ticket, or there was.
    #[error("nobody waits for it: it was fetched before, or too late")]
    Fetched,
    /// By another browser.
    #[error("another browser brings it than the one that asked")]
    Browser,
    /// It names nobody who could be found again.
    #[error("it names nobody who could be found again: {0}")]
    Subject(&'static str),
}

/// What became of an answer.
#[derive(Debug)]
pub enum Outcome {
    /// It waits; the browser fetches it by this ticket.
    Waits(SecretString),
    /// It is not taken.
    Refused(Refused),
}

/// Looks at an answer, as it came.
///
/// # Errors
/// [`Fault`], when it could not be looked at.
pub async fn accept(app: &App, peer: &Peer, message: Vec<u8>) -> Result<Outcome, Fault> {
    let xml = match Xml::message(&message) {
        Ok(xml) => xml,
        Err(fault) => return Ok(Outcome::Refused(fault.into())),
    };
    let now = app.clock.now();
    // What it says it answers is believed later, once that is known to have been asked.
    let named = xml.tree().root().attribute("InResponseTo").map(str::to_owned);
    let waiting = match &named {
        Some(id) => app.storage.read().await?.saml_requests().waits(&peer.upstream.id, TokenHash::of(id), now).await?,
        None => peer.settings.response.unsolicited.as_ref().map(|_| Waiting { fresh_after: None }),
    };
    let Some(waiting) = waiting else { return Ok(Outcome::Refused(Refusal::InResponseTo.into())) };
    let assertion = match believed(app, peer, (&xml, named.as_deref())).await? {
        Ok(assertion) => assertion,
        Err(refusal) => return Ok(Outcome::Refused(refusal.into())),
    };
    let signed_in = assertion.authn.instant.plus(peer.settings.response.clock_skew);
    if waiting.fresh_after.is_some_and(|asked| signed_in < asked) {
        return Ok(Outcome::Refused(Refused::Old));
    }
    let answer = match answer_of(&assertion, &peer.settings) {
        Ok(answer) => answer,
        Err(why) => return Ok(Outcome::Refused(Refused::Subject(why))),
    };
    kept(app, peer, (named, assertion, answer)).await
}

/// Once more with new metadata, where a signature does not hold with those that are known: certificates change.
async fn believed(
    app: &App,
    peer: &Peer,
    (xml, request): (&Xml, Option<&str>),
) -> Result<Result<Assertion, Refusal>, Fault> {
    let first = peer.described(app, Freshness::Usual).await?;
    let looked_at = checked(app, peer, (first.clone(), xml.clone(), request.map(str::to_owned))).await?;
    if looked_at != Err(Refusal::Signature(signature::Fault::Invalid)) {
        return Ok(looked_at);
    }
    let second = peer.described(app, Freshness::Changed).await?;
    if second == first {
        return Ok(looked_at);
    }
    checked(app, peer, (second, xml.clone(), request.map(str::to_owned))).await
}

/// On a thread of its own: it takes a millisecond or two.
async fn checked(
    app: &App,
    peer: &Peer,
    (from, xml, request): (IdentityProvider, Xml, Option<String>),
) -> Result<Result<Assertion, Refusal>, Fault> {
    let (keys, now, peer) = (OurKeys::obtain(app).await?, app.clock.now(), peer.clone());
    let work = move || {
        let wanted = &peer.settings.request;
        let expected = Expected {
            from: &from,
            entity_id: &peer.addresses.entity_id,
            consumer: &peer.addresses.consumer,
            request: request.as_deref(),
            contexts: if wanted.comparison == "exact" { &wanted.authn_context } else { &[] },
            encrypted: peer.settings.response.encrypted,
            credentials: &keys.all(),
            now,
            skew: peer.settings.response.clock_skew,
        };
        consume(&xml, &expected)
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Thread)
}

/// Takes an assertion once, and keeps what it says for the browser.
async fn kept(
    app: &App,
    peer: &Peer,
    (named, assertion, answer): (Option<String>, Assertion, Answer),
) -> Result<Outcome, Fault> {
    let (secret, ticket) = app.random.token();
    let (upstream, version, now) = (peer.upstream.id.clone(), peer.upstream.version, app.clock.now());
    let once = TokenHash::of(&format!("saml {} {}", upstream.as_str(), assertion.id));
    let text = serde_json::to_string(&answer).map_err(|_| Fault::Thread)?;
    let work = async move |tx: &mut Tx| -> storage::Result<Result<(), Refused>> {
        if !tx.replays().first_use(once, assertion.ends).await? {
            return Ok(Err(Refused::Replayed));
        }
        let until = now.plus(WAIT);
        let Some(id) = named else {
            let pending = Pending {
                hash: ticket,
                upstream,
                version,
                browser: None,
                way_back: None,
                fresh_after: None,
                expires_at: until,
            };
            tx.saml_requests().insert(&pending, Some((ticket, &text)), now).await?;
            return Ok(Ok(()));
        };
        let answered =
            tx.saml_requests().answer((&upstream, TokenHash::of(&id)), (ticket, &text), (now, until)).await?;
        Ok(if answered { Ok(()) } else { Err(Refusal::InResponseTo.into()) })
    };
    match app.storage.write(move |tx| Box::pin(async move { work(tx).await })).await? {
        Ok(()) => Ok(Outcome::Waits(secret)),
        Err(refused) => Ok(Outcome::Refused(refused)),
    }
}

/// The answer of an identity provider that a ticket leads to, once, and for the browser alone that asked.
///
/// # Errors
/// When the database fails.
pub async fn taken(
    app: &App,
    (upstream, ticket): (&UpstreamId, &str),
    browser: Option<TokenHash>,
) -> storage::Result<Result<(Answered, Answer), Refused>> {
    let (ticket, now) = (TokenHash::of(ticket), app.clock.now());
    let found = app
        .storage
        .write::<_, storage::Error, _>(move |tx| Box::pin(async move { tx.saml_requests().take(ticket, now).await }))
        .await?;
    let Some(answered) = found.filter(|answered| answered.upstream == *upstream) else {
        return Ok(Err(Refused::Fetched));
    };
    let is_theirs = match (answered.browser, browser) {
        (None, _) => true,
        (Some(asked), Some(here)) => asked.matches(here),
        (Some(_), None) => false,
    };
    let answer = serde_json::from_str(&answered.answer).map_err(|_| storage::Error::Corrupt("saml_requests.answer"))?;
    Ok(if is_theirs { Ok((answered, answer)) } else { Err(Refused::Browser) })
}

fn answer_of(assertion: &Assertion, settings: &Settings) -> Result<Answer, &'static str> {
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for attribute in &assertion.attributes {
        said.entry(attribute.name.clone()).or_default().extend(attribute.values.iter().cloned());
    }
    // What people call an attribute counts where no other has that for its name.
    let names: Vec<String> = said.keys().cloned().collect();
    for attribute in &assertion.attributes {
        let friendly = attribute.friendly_name.iter().filter(|name| !names.contains(name));
        for name in friendly {
            said.entry(name.clone()).or_default().extend(attribute.values.iter().cloned());
        }
    }
    said.insert("NameID".to_owned(), vec![assertion.name_id.value.clone()]);
    let subject = match &settings.response.subject {
        Some(name) => match said.get(name).map(Vec::as_slice) {
            Some([one]) => one.clone(),
            Some(_) => return Err("the attribute that names people has several values"),
            None => return Err("the attribute that names people is missing"),
        },
        None if assertion.name_id.is_transient() => return Err("its NameID is transient"),
        None => assertion.name_id.subject(),
    };
    let authn = &assertion.authn;
    Ok(Answer { subject, said, context: authn.context.clone(), session: authn.session_index.clone() })
}
