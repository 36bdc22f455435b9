//! `/login/texts`: terms and privacy notice, asked again when their version changes.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{Person, page, page_with, visit_context, way_back, with_return};
use crate::{
    app::App,
    audit::Actor,
    authentication::{
        flow::Step,
        page::terms::{Document as Shown, TermsPage},
    },
    config::{Document, Terms},
    directory::user::User,
    storage,
    web::{CsrfForm, Error, Frame, Page, Problem, Refusal, ReturnTo, Visit},
};

/// `GET /login/texts`
pub(super) async fn show(State(app): State<App>, visit: Visit, person: Person) -> Result<Response, Error> {
    let back = way_back(&visit);
    let (Some((_, user)), Step::AcceptTexts, Some(terms)) = (&person.known, person.step, &app.config.terms) else {
        return Ok(on(&visit, &back));
    };
    Ok(page(&back, Page(view(&app, &visit, &back, user, terms).await?)))
}

/// `POST /login/texts`: accepts the version that was shown, and no other.
pub(super) async fn submit(
    State(app): State<App>,
    visit: Visit,
    person: Person,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let back = way_back(&visit);
    let (Some((_, user)), Step::AcceptTexts, Some(terms)) = (person.known, person.step, &app.config.terms) else {
        return Ok(on(&visit, &back));
    };
    let is_shown = ["terms", "privacy"].iter().all(|key| form.value(key) == Some(terms.version.as_str()));
    if form.value("accept") != Some("yes") || !is_shown {
        let problem = Problem::of("accept", visit.texts().authentication.terms.accept_first);
        let view = TermsPage { problems: vec![problem], ..view(&app, &visit, &back, &user, terms).await? };
        return Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &back, Page(view)));
    }
    let context = visit_context(&app, &visit, Actor::User(user.id.clone()));
    let version = terms.version.clone();
    app.storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move { tx.acceptances().accept_all(&context, &user.id, &version).await })
        })
        .await?;
    Ok(on(&visit, &back))
}

/// `GET /login/texts/{document}`: a text that is kept as a file.
pub(super) async fn document(State(app): State<App>, Path(document): Path<String>) -> Result<Response, Error> {
    let terms = app.config.terms.as_ref().ok_or(Refusal::NotFound)?;
    let text = match document.as_str() {
        "terms" => &terms.terms,
        "privacy" => &terms.privacy,
        _ => return Err(Refusal::NotFound.into()),
    };
    match text {
        Document::Page(address) => Ok(Redirect::to(address.as_str()).into_response()),
        Document::File(path) => {
            let text = tokio::fs::read_to_string(path).await?;
            Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
        }
    }
}

fn on(visit: &Visit, back: &ReturnTo) -> Response {
    Redirect::to(&with_return("/login", &back.seal(visit.site(), visit.browser()))).into_response()
}

async fn view(app: &App, visit: &Visit, back: &ReturnTo, user: &User, terms: &Terms) -> storage::Result<TermsPage> {
    let is_change = app.storage.read().await?.acceptances().is_any_there(&user.id).await?;
    let texts = &visit.texts().authentication.terms;
    let shown = |key: &str, title: &str| Shown {
        key: key.to_owned(),
        title: title.to_owned(),
        version: terms.version.clone(),
        href: format!("/login/texts/{key}"),
    };
    Ok(TermsPage {
        frame: Frame::new(visit),
        action: with_return("/login/texts", &back.seal(visit.site(), visit.browser())),
        is_change,
        documents: vec![shown("terms", texts.terms), shown("privacy", texts.privacy)],
        decline_href: "/".to_owned(),
        problems: vec![],
    })
}
