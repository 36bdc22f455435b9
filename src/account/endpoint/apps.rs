//! `/account/apps`: apps that the person has allowed to use the account, each with its withdrawal.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

use super::{context, frame, masthead};
use crate::{
    account::{
        names::Names,
        page::{
            Tab,
            apps::{AppRow, AppsPage},
        },
    },
    app::App,
    audit::Event,
    authentication::{endpoint::SignedIn, page::consent::Detail},
    clock::Timestamp,
    oauth::{
        authorization_details::{Readable, readable, types},
        scope::Scopes,
        store::Allowed,
    },
    storage,
    web::{CsrfForm, Error, Frame, Page, Parameters, Query, Refusal, Visit},
};

/// The name of the parameter with the app that was withdrawn just before.
const WITHDRAWN: &str = "withdrawn";

/// `GET /account/apps`
pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    person: SignedIn,
    Query(query): Query,
) -> Result<Response, Error> {
    let frame = frame(&visit, &person);
    let masthead = masthead(&app, &person, Tab::Apps).await?;
    let mut tx = app.storage.read().await?;
    let allowed = tx.consents().of_user(&person.user.id).await?;
    let notice = match query.value(WITHDRAWN).filter(|id| allowed.iter().all(|one| one.client != *id)) {
        // Told only of an app that there is and that may do nothing now, whatever the address says.
        Some(id) => tx.clients().by_id(id).await?.map(|client| (frame.t.account.consents.withdrawn)(&client.name)),
        None => None,
    };
    let organizations: Vec<_> = allowed.iter().map(|one| one.organization.clone()).collect();
    let names = tx.names().of(&organizations, &[]).await?;
    let apps = rows(&allowed, &names, &frame, app.clock.now());
    Ok(Page(AppsPage { frame, masthead, notice, apps }).into_response())
}

/// `POST /account/apps/{client}/withdraw`: the app's tokens end with what it was allowed, everywhere; an app that was
/// allowed nothing answers as if it did not exist.
pub(super) async fn withdraw(
    State(app): State<App>,
    visit: Visit,
    person: SignedIn,
    Path(client): Path<String>,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    let (context, user, id) = (context(&app, &visit, &person), person.user.id, client.clone());
    let withdrawn = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                if !tx.consents().remove(&user, &id).await? {
                    return Ok(false);
                }
                tx.families().revoke_of_client(&user, &id, context.now).await?;
                tx.record(&context, None, &Event::ConsentWithdrawal { user, client: id });
                Ok(true)
            })
        })
        .await?;
    if !withdrawn {
        return Err(Refusal::NotFound.into());
    }
    let told = Parameters::from([(WITHDRAWN, client.as_str())]).encode();
    Ok(Redirect::to(&format!("/account/apps?{told}")).into_response())
}

/// What an app asked for in detail, as the page said it that asked for consent.
fn details(consents: &[&Allowed]) -> Vec<Detail> {
    let mut details: Vec<Readable> = vec![];
    for one in consents {
        let told = readable(&one.consent.authorization_details, types(&one.metadata));
        let new: Vec<_> = told.into_iter().filter(|one| !details.contains(one)).collect();
        details.extend(new);
    }
    details.into_iter().map(|one| Detail { title: one.title, lines: one.lines }).collect()
}

/// One row for each app, wherever it was allowed.
fn rows(allowed: &[Allowed], names: &Names, frame: &Frame, now: Timestamp) -> Vec<AppRow> {
    let mut by_client: BTreeMap<(&str, &str), Vec<&Allowed>> = BTreeMap::new();
    for one in allowed {
        by_client.entry((&one.name, &one.client)).or_default().push(one);
    }
    let row = |((name, client), consents): ((&str, &str), Vec<&Allowed>)| {
        let brands = consents.iter().filter_map(|one| names.brand(&one.organization));
        let scopes: Scopes = consents.iter().flat_map(|one| one.consent.scopes.iter()).map(str::to_owned).collect();
        let t = &frame.t.authentication.consent.scopes;
        let newest = consents.iter().map(|one| one.consent.granted_at).max();
        AppRow {
            id: client.to_owned(),
            name: name.to_owned(),
            organization: brands.map(|brand| brand.name).collect::<Vec<_>>().join(", "),
            scopes: scopes.for_people().map(|scope| t.describe(scope)).collect(),
            details: details(&consents),
            age: newest.map(|at| now.since(at)).unwrap_or_default(),
        }
    };
    by_client.into_iter().map(row).collect()
}
