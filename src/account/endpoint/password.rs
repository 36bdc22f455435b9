//! `/account/password`: another password; every other device is signed out, and a mail says so.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::{confirmed, context, frame, language_of, masthead, notice::Notice, refused};
use crate::{
    account::page::{Tab, form::FormPage},
    app::App,
    authentication::{
        Authenticator,
        endpoint::{SignedIn, SurelySignedIn, chosen_password, differing, problem_of},
        new_password::{self, Measure, Prepared},
        recovery::mail,
    },
    directory,
    policy::password::Asked,
    policy::{Policies, password},
    secret::ExposeSecret,
    web::{CsrfForm, Error, Letterhead, Page, Parameters, Problem, Visit},
};

/// `GET /account/password`
pub(super) async fn show(
    State(policies): State<Policies>,
    visit: Visit,
    SurelySignedIn(person): SurelySignedIn,
) -> Result<Response, Error> {
    let measure = Measure::of(&policies, &person.user).await?;
    Ok(Page(page(&policies.app, &visit, &person, measure.asked).await?).into_response())
}

/// `POST /account/password`
pub(super) async fn save(
    State(policies): State<Policies>,
    State(authenticator): State<Authenticator>,
    visit: Visit,
    SurelySignedIn(person): SurelySignedIn,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let (app, measure) = (&policies.app, Measure::of(&policies, &person.user).await?);
    let empty = page(app, &visit, &person, measure.asked).await?;
    if let Some(problem) = unfit(&visit, &form) {
        return Ok(refused(empty.with_problems(vec![problem])));
    }
    if let Some(unconfirmed) = confirmed(app, &authenticator, &visit, &person, &form).await? {
        return Ok(unconfirmed.answer(|problems| empty.with_problems(problems)));
    }
    match chosen_password(app, &authenticator, &visit, &form, &measure).await? {
        Ok(hash) => change(app, &visit, person, Prepared { hash, by: "person", keeps: measure.asked.history }).await?,
        Err(problem) => return Ok(refused(empty.with_problems(vec![problem]))),
    }
    Ok(Notice::Password.at("/account").into_response())
}

/// What is wrong with the form by itself.
fn unfit(visit: &Visit, form: &Parameters) -> Option<Problem> {
    let [current, new] = ["current_password", "new_password"].map(|key| form.secret(key));
    let same = new.expose_secret() == current.expose_secret();
    differing(visit, form).or_else(|| same.then(|| problem_of(visit, password::Problem::Same)))
}

/// Sets the password, ends the other sessions and writes to the person, in one unit.
async fn change(app: &App, visit: &Visit, person: SignedIn, prepared: Prepared) -> directory::Result<()> {
    let SignedIn { session, user, .. } = person.clone();
    let context = context(app, visit, &person);
    let site = visit.site();
    let letterhead = Letterhead::new(language_of(visit, &user), site).addressed_to(user.name.as_str());
    let letter = letterhead.password_changed(context.now, &site.address_of("/password/forgotten"));
    let sealer = app.sealer.clone();
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                new_password::set(tx, &context, &user.id, prepared, Some(&session.id)).await?;
                if let Some(email) = &user.email {
                    tx.jobs().enqueue(&context, &sealer, &mail(email.as_str(), letter)).await?;
                }
                Ok(())
            })
        })
        .await
}

async fn page(app: &App, visit: &Visit, person: &SignedIn, asked: Asked) -> Result<FormPage, Error> {
    let masthead = masthead(app, person, Tab::Overview).await?;
    let user_name = person.user.email.as_ref().map(ToString::to_string).unwrap_or_default();
    Ok(FormPage::password(frame(visit, person), masthead, &user_name, asked, vec![]))
}
