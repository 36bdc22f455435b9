//! `/account/language`: the language of pages and mails, kept with the person and in this browser.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::{context, frame, masthead, notice::Notice};
use crate::{
    account::page::{Tab, language::LanguagePage},
    app::App,
    authentication::endpoint::SignedIn,
    directory::{
        self,
        profile::{self, Attribute, Edit},
    },
    web::{CsrfForm, Error, Language, Page, Refusal, Visit, cookie::Cookie},
};

/// `GET /account/language`
pub(super) async fn show(State(app): State<App>, visit: Visit, person: SignedIn) -> Result<Response, Error> {
    let masthead = masthead(&app, &person, Tab::Overview).await?;
    Ok(Page(LanguagePage { frame: frame(&visit, &person), masthead }).into_response())
}

/// `POST /account/language`
pub(super) async fn save(
    State(app): State<App>,
    visit: Visit,
    person: SignedIn,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let typed = form.trimmed("language");
    let chosen: Language = typed.parse().map_err(|_| Refusal::BadRequest("this language is not spoken here".into()))?;
    let context = context(&app, &visit, &person);
    let edit = Edit::set(Attribute::Locale, chosen.tag())?;
    let saved = app
        .storage
        .write(move |tx| {
            Box::pin(async move { profile::edit_own(tx, &context, &person.user.id, std::slice::from_ref(&edit)).await })
        })
        .await;
    match saved {
        // An organization or its directory may keep the attribute to itself; this browser is the person's own.
        Ok(()) | Err(directory::Error::Profile(_) | directory::Error::Owned(_)) => {
            let cookie = Cookie::Language.set(visit.site(), chosen.tag());
            Ok((cookie, Notice::Saved.at("/account")).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
