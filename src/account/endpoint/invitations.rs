//! `/account/invitations`: offers of membership to the person's own proved address.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};

use super::{context, frame, language_of, masthead, notice::Notice, offer::offers};
use crate::{
    account::{
        joining::{self, Way, Welcome},
        page::{Tab, invitations::InvitationsPage},
    },
    app::App,
    authentication::endpoint::SignedIn,
    directory::{
        self,
        invitation::{self, Approach, Invitation},
    },
    id::InvitationId,
    web::{CsrfForm, Error, Page, Query, Refusal, Visit},
};

/// `GET /account/invitations`
pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    person: SignedIn,
    Query(query): Query,
) -> Result<Response, Error> {
    let frame = frame(&visit, &person);
    let masthead = masthead(&app, &person, Tab::Invitations).await?;
    let mut tx = app.storage.read().await?;
    let open = invitation::open_of(&mut tx, &person.user, app.clock.now()).await?;
    let invitations = offers(&mut tx, &open).await?;
    let notice = Notice::of(&query).and_then(|notice| notice.text(frame.t, None));
    Ok(Page(InvitationsPage { frame, masthead, notice, invitations }).into_response())
}

/// `POST /account/invitations/{id}`: one to somebody else answers as if it did not exist.
pub(super) async fn answer(
    State(app): State<App>,
    visit: Visit,
    person: SignedIn,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let id: InvitationId = id.parse().map_err(|_| Refusal::NotFound)?;
    let answered = match form.value("answer") {
        Some("accept") => accept(&app, &visit, person, Way::Account(id)).await,
        Some("reject") => reject(&app, &visit, person, id).await,
        _ => return Err(Refusal::BadRequest("an invitation is accepted or rejected".into()).into()),
    };
    answered.map_err(|error| unless_closed(error, Refusal::NotFound))
}

/// What cannot be answered (any more) is `refusal`, whatever the cause; the rest is our fault.
pub(super) fn unless_closed(error: directory::Error, refusal: Refusal) -> Error {
    use directory::Error::{AlreadyMember, Refused, Taken, Unknown};
    match error {
        Refused(_) | Unknown(..) | Taken(..) | AlreadyMember => refusal.into(),
        fault => fault.into(),
    }
}

/// Joins, and goes on to the account.
pub(super) async fn accept(app: &App, visit: &Visit, person: SignedIn, way: Way) -> directory::Result<Response> {
    let context = context(app, visit, &person);
    let welcome = Welcome::new(visit.site(), language_of(visit, &person.user), person.user.name.as_str());
    let organization = joining::accept(app, context, way, (person.user, welcome)).await?;
    Ok(Notice::joined(&organization.slug).into_response())
}

async fn reject(app: &App, visit: &Visit, person: SignedIn, id: InvitationId) -> directory::Result<Response> {
    let context = context(app, visit, &person);
    app.storage
        .write::<Invitation, directory::Error, _>(move |tx| {
            Box::pin(
                async move { invitation::reject(tx, &context, Approach::Account(&id), Some(&person.user.id)).await },
            )
        })
        .await?;
    Ok(Notice::Declined.at("/account/invitations").into_response())
}
