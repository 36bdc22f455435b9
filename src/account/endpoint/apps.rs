//! `/account/apps`: apps that the person has allowed to use the account, each with its withdrawal.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
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
    authentication::endpoint::SignedIn,
    clock::Timestamp,
    oauth::store::Allowed,
    storage,
    web::{CsrfForm, Error, Frame, Page, Refusal, Visit},
};

/// `GET /account/apps`
pub(super) async fn show(State(app): State<App>, visit: Visit, person: SignedIn) -> Result<Response, Error> {
    Ok(Page(page(&app, &visit, &person).await?).into_response())
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
    let allowed = app.storage.read().await?.consents().of_user(&person.user.id).await?;
    let known = allowed.into_iter().find(|allowed| allowed.client == client).ok_or(Refusal::NotFound)?;
    let (context, user) = (context(&app, &visit, &person), person.user.id.clone());
    let withdrawn = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                if !tx.consents().remove(&user, &client).await? {
                    return Ok(false);
                }
                tx.families().revoke_of_client(&user, &client, context.now).await?;
                tx.record(&context, None, &Event::ConsentWithdrawal { user, client });
                Ok(true)
            })
        })
        .await?;
    if !withdrawn {
        return Err(Refusal::NotFound.into());
    }
    let mut page = page(&app, &visit, &person).await?;
    page.notice = Some((page.frame.t.account.consents.withdrawn)(&known.name));
    Ok(Page(page).into_response())
}

async fn page(app: &App, visit: &Visit, person: &SignedIn) -> Result<AppsPage, Error> {
    let frame = frame(visit, person);
    let masthead = masthead(app, person, Tab::Apps).await?;
    let mut tx = app.storage.read().await?;
    let allowed = tx.consents().of_user(&person.user.id).await?;
    let organizations: Vec<_> = allowed.iter().map(|one| one.organization.clone()).collect();
    let names = tx.names().of(&organizations, &[]).await?;
    let apps = rows(&allowed, &names, &frame, app.clock.now());
    Ok(AppsPage { frame, masthead, notice: None, apps })
}

/// One row for each app, wherever it was allowed.
fn rows(allowed: &[Allowed], names: &Names, frame: &Frame, now: Timestamp) -> Vec<AppRow> {
    let mut by_client: BTreeMap<(&str, &str), Vec<&Allowed>> = BTreeMap::new();
    for one in allowed {
        by_client.entry((&one.name, &one.client)).or_default().push(one);
    }
    let row = |((name, client), consents): ((&str, &str), Vec<&Allowed>)| {
        let brands = consents.iter().filter_map(|one| names.brand(&one.organization));
        let mut scopes: Vec<&str> = consents.iter().flat_map(|one| one.consent.scopes.iter()).collect();
        scopes.sort_unstable();
        scopes.dedup();
        let t = &frame.t.authentication.consent.scopes;
        let newest = consents.iter().map(|one| one.consent.granted_at).max();
        AppRow {
            id: client.to_owned(),
            name: name.to_owned(),
            organization: brands.map(|brand| brand.name).collect::<Vec<_>>().join(", "),
            scopes: scopes.into_iter().map(|scope| t.describe(scope)).collect(),
            age: newest.map(|at| now.since(at)).unwrap_or_default(),
        }
    };
    by_client.into_iter().map(row).collect()
}
