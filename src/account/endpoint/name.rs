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
        provisioning,
    },
    id::UserId,
    storage::{self, Tx},
    web::{CsrfForm, Error, Frame, Page, Problem, Visit},
};

/// Who keeps the name from the person; none where it is theirs to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keeper {
    /// Their clinic, by its rule.
    Clinic,
    /// A system that pushes it, by its name.
    Source(String),
}

impl Keeper {
    /// Says where to change it.
    pub(super) fn note(&self, frame: &Frame) -> String {
        match self {
            Self::Clinic => frame.t.account.profile.managed.to_owned(),
            Self::Source(name) => (frame.t.account.profile.kept)(name),
        }
    }
}

/// Who keeps the name.
pub(super) async fn keeper(tx: &mut Tx, user: &UserId) -> storage::Result<Option<Keeper>> {
    let rules = tx.attribute_rules().of_organizations_of(user).await?;
    if !rules.iter().all(|rules| matches!(rules.of(Attribute::Name), EditableBy::Person | EditableBy::Both)) {
        return Ok(Some(Keeper::Clinic));
    }
    let kept = provisioning::kept_of_person(tx, user).await?;
    let name = kept.into_iter().find(|kept| kept.attribute == Attribute::Name);
    Ok(name.map(|kept| Keeper::Source(kept.source.name)))
}

/// `GET /account/name`
pub(super) async fn show(State(app): State<App>, visit: Visit, person: SignedIn) -> Result<Response, Error> {
    if keeper(&mut app.storage.read().await?, &person.user.id).await?.is_some() {
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
        Err(directory::Error::Owned(owned)) => {
            let problem = Problem::whole((t.kept)(&owned.keeper));
            Ok(refused(FormPage::name(frame, masthead, typed, vec![problem])))
        }
        Err(error) => Err(error.into()),
    }
}
