//! `/account/name`: the name as colleagues and apps see it, where the person's organizations leave it to them.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use super::{context, frame, masthead, notice::Notice, refused};
use crate::{
    account::page::{Tab, form::FormPage},
    app::App,
    authentication::endpoint::SignedIn,
    directory::{
        self,
        profile::{self, Attribute, Edit, EditableBy},
    },
    id::UserId,
    storage::{self, Tx},
    web::{CsrfForm, Error, Page, Problem, Visit},
};

/// Whether every organization of the person leaves the name to them.
pub(super) async fn may_edit(tx: &mut Tx, user: &UserId) -> storage::Result<bool> {
    let rules = tx.attribute_rules().of_organizations_of(user).await?;
    Ok(rules.iter().all(|rules| matches!(rules.of(Attribute::Name), EditableBy::Person | EditableBy::Both)))
}

/// `GET /account/name`
pub(super) async fn show(State(app): State<App>, visit: Visit, person: SignedIn) -> Result<Response, Error> {
    if !may_edit(&mut app.storage.read().await?, &person.user.id).await? {
        return Ok(Redirect::to("/account").into_response());
    }
    let masthead = masthead(&app, &person, Tab::Overview).await?;
    Ok(Page(FormPage::name(frame(&visit, &person), masthead, person.user.name.as_str(), vec![])).into_response())
}

/// `POST /account/name`
pub(super) async fn save(
    State(app): State<App>,
    visit: Visit,
    person: SignedIn,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let (frame, masthead) = (frame(&visit, &person), masthead(&app, &person, Tab::Overview).await?);
    let t = &frame.t.account.profile;
    let typed = form.trimmed("name");
    let Ok(edit) = Edit::set(Attribute::Name, typed) else {
        let problem = Problem::of("name", (frame.t.form.fill_in)(t.name));
        return Ok(refused(FormPage::name(frame, masthead, typed, vec![problem])));
    };
    let context = context(&app, &visit, &person);
    let saved = app
        .storage
        .write(move |tx| {
            Box::pin(async move { profile::edit_own(tx, &context, &person.user.id, std::slice::from_ref(&edit)).await })
        })
        .await;
    match saved {
        Ok(()) => Ok(Notice::Saved.at("/account").into_response()),
        Err(directory::Error::Profile(_)) => {
            let problem = Problem::whole(t.managed);
            Ok(refused(FormPage::name(frame, masthead, typed, vec![problem])))
        }
        Err(error) => Err(error.into()),
    }
}
