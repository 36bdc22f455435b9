//! Clients whose id is the address of a document: whoever asks in the name of one has that read first, and the client made
//! or renewed by it. What is wrong with it is told to developers, and never by a redirect.

use std::sync::Arc;

use super::register::record;
use crate::{
    audit::{Actor, Context},
    config::DocumentHost,
    limit::{Network, Verdict},
    oauth::{
        Provider,
        client_id_url::ClientIdUrl,
        dynamic::{
            Problem,
            document::{self, Reading},
        },
        error::{Code, Error, Refusal, TooMany},
    },
    outbound::documents::Document,
    web::Visit,
};

/// Sees that a client whose id is the address of a document is what that says now; every other client is let be.
///
/// # Errors
/// `invalid_client`, too much from one network, or a fault.
pub(super) async fn meet(provider: &Provider, (visit, context): (&Visit, &Context), client: &str) -> Result<(), Error> {
    if !ClientIdUrl::is_meant(client) {
        return Ok(());
    }
    let (hosts, known) = (&provider.app.config.registration.document_hosts, provider.reading(client).await?);
    // Nobody reads documents here, or an administrator registered the address like any other id.
    if known.is_none() && (hosts.is_empty() || provider.client(client).await?.is_some()) {
        return Ok(());
    }
    let network = Network::from(visit.address());
    if known.is_none()
        && let Verdict::Wait(time) = provider.registering.attempt(network.octets())
    {
        return Err(TooMany(time).into());
    }
    let followed = match allowed(hosts, client) {
        Ok((id, host)) => follow(provider, context, (&id, host), known).await,
        Err(problem) => Err(problem),
    };
    let Err(problem) = followed else { return Ok(()) };
    let refusal = Refusal { code: Code::InvalidClient, ..problem.refusal()? };
    record(provider, visit, context, &refusal).await?;
    Err(refusal.into())
}

/// The id, if its host is one whose documents are taken.
fn allowed<'h>(hosts: &'h [DocumentHost], client: &str) -> Result<(ClientIdUrl, &'h DocumentHost), Problem> {
    let id = ClientIdUrl::parse(client).map_err(|why| Problem::metadata(format!("client_id is no id here: {why}")))?;
    let host = hosts.iter().find(|host| host.authority == id.authority());
    let host = host.ok_or_else(|| Problem::metadata("no documents are taken from the host of client_id".to_owned()))?;
    Ok((id, host))
}

/// Does what the document says. A client that is known goes on for a while without it.
async fn follow(
    provider: &Provider,
    context: &Context,
    (id, host): (&ClientIdUrl, &DocumentHost),
    known: Option<Reading>,
) -> Result<(), Problem> {
    // Strangers can ask for any: they take no more than a few of the places that keys and logouts need.
    let busy = |_| Problem::metadata("too many documents are being read; try again".to_owned());
    let _place = if known.is_none() { Some(provider.fetching.try_acquire().map_err(busy)?) } else { None };
    let followed = read_and_take(provider, context, (id, host), known).await;
    match (followed, known) {
        (Err(problem), Some(known)) if !matches!(problem, Problem::Storage(_)) && known.is_good_for(context.now) => {
            let client = id.url();
            tracing::warn!(client.id = %client, cause = %problem, "A client goes on without its document.");
            Ok(())
        }
        (followed, _) => followed,
    }
}

/// One that is of no use is sought anew, at most once a minute, however long it asked to be kept (§5.2).
async fn read_and_take(
    provider: &Provider,
    context: &Context,
    (id, host): (&ClientIdUrl, &DocumentHost),
    known: Option<Reading>,
) -> Result<(), Problem> {
    let unreadable = |cause| {
        tracing::info!(client.id = %id.url(), %cause, "The document of a client cannot be read.");
        Problem::metadata("the document at client_id cannot be read".to_owned())
    };
    let outbound = &provider.app.outbound;
    let document = outbound.document(id.url()).await.map_err(unreadable)?;
    match take(provider, context, (id, host), (&document, known)).await {
        Err(problem) if !matches!(problem, Problem::Storage(_)) => {
            let newer = outbound.newer_document(id.url()).await.map_err(unreadable)?;
            if Arc::ptr_eq(&newer, &document) {
                return Err(problem);
            }
            take(provider, context, (id, host), (&newer, known)).await
        }
        taken => taken,
    }
}

/// Writes down what is new in a document.
async fn take(
    provider: &Provider,
    context: &Context,
    (id, host): (&ClientIdUrl, &DocumentHost),
    (document, known): (&Document, Option<Reading>),
) -> Result<(), Problem> {
    let reading = Reading::of(document, host);
    if known.is_some_and(|known| reading.is_no_news_after(known)) {
        return Ok(());
    }
    let (id, policy, storage) = (id.clone(), document::policy(id, host), &provider.app.storage);
    if known.is_some_and(|known| known.digest == reading.digest) {
        let noted = storage
            .write(move |tx| Box::pin(async move { tx.client_documents().put(id.url().as_str(), reading).await }));
        return Ok(noted.await?);
    }
    let asked = document::read(&provider.app, (&id, &policy), document).await?;
    if known.is_some() {
        let context = context.by(Actor::Client(id.url().to_string()));
        let renewing = storage.write(move |tx| {
            Box::pin(async move { document::renew(tx, &context, (&id, &policy), (asked, reading)).await })
        });
        return renewing.await;
    }
    let (context, at) = (context.clone(), provider.app.config.registration.document_organizations.clone());
    let provisioning = storage.write(move |tx| {
        Box::pin(async move { document::provision(tx, &context, (&id, &policy), (asked, reading), &at).await })
    });
    provisioning.await
}
