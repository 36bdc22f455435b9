//! `/account/email` and `/email/{token}`: another address, once a link that was mailed to it has been confirmed.
//!
//! Whether somebody else signs in with the wanted address shows nowhere: the answer is the same, only no letter is sent.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

use super::{confirmed, context, frame, language_of, masthead, notice::Notice, overview, refused};
use crate::{
    account::page::{Tab, email::ConfirmEmailPage, form::FormPage},
    app::App,
    audit::{Actor, Context},
    authentication::{
        Authenticator,
        endpoint::{SignedIn, SurelySignedIn, visit_context},
        recovery::mail,
        take_back,
    },
    directory::{self, email_change, user::User},
    limit::{Network, Verdict},
    secret::{ExposeSecret, TokenHash},
    text::{EmailAddress, UserName},
    web::{CsrfForm, Error, Frame, Letterhead, Page, Problem, Refusal, Visit},
};

/// `GET /account/email`: nothing to change for somebody who signs in with a user name alone.
pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    SurelySignedIn(person): SurelySignedIn,
) -> Result<Response, Error> {
    match &person.user.email {
        Some(present) => Ok(Page(page(&app, &visit, &person, present, "").await?).into_response()),
        None => Ok(Redirect::to("/account").into_response()),
    }
}

/// `POST /account/email`: mails a link to the new address.
pub(super) async fn send(
    State(app): State<App>,
    State(authenticator): State<Authenticator>,
    visit: Visit,
    SurelySignedIn(person): SurelySignedIn,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let Some(present) = person.user.email.clone() else { return Ok(Redirect::to("/account").into_response()) };
    let typed = form.trimmed("email");
    let page = page(&app, &visit, &person, &present, typed).await?;
    let t = frame(&visit, &person).t;
    let wanted = match typed.parse::<EmailAddress>() {
        Ok(wanted) if wanted != present => wanted,
        Ok(_) => return Ok(refused(page.with_problems(vec![Problem::of("email", t.account.email.taken)]))),
        Err(_) => return Ok(refused(page.with_problems(vec![Problem::of("email", t.form.email_malformed)]))),
    };
    if let Some(unconfirmed) = confirmed(&app, &authenticator, &visit, &person, &form).await? {
        return Ok(unconfirmed.answer(|problems| page.with_problems(problems)));
    }
    let network = Network::from(visit.address());
    if let Verdict::Wait(time) = authenticator.limit.attempt(&format!("email {}", person.user.id), network) {
        return Err(Refusal::TooManyAttempts(time).into());
    }
    send_link(&app, &visit, &person, wanted.clone()).await?;
    let mut account = overview::page(&app, &visit, &person).await?;
    account.frame = account.frame.found_at("/account");
    account.notice = Some((t.account.email.sent)(wanted.as_str()));
    Ok(Page(account).into_response())
}

/// `GET /email/{token}`
pub(super) async fn ask(State(app): State<App>, visit: Visit, Path(token): Path<String>) -> Result<Response, Error> {
    let mut tx = app.storage.read().await?;
    let link = email_change::find(&mut tx, TokenHash::of(&token), app.clock.now()).await?;
    let email = link.ok_or(Refusal::LinkInvalid)?.email;
    let action = format!("/email/{token}");
    Ok(Page(ConfirmEmailPage { frame: Frame::new(&visit), action, email: email.to_string() }).into_response())
}

/// `POST /email/{token}`: the login moves to the new address, and the former one is told.
pub(super) async fn confirm(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    let context = visit_context(&app, &visit, Actor::Anonymous);
    let (link, now) = (TokenHash::of(&token), context.now);
    let mut tx = app.storage.read().await?;
    let found = email_change::find(&mut tx, link, now).await?.ok_or(Refusal::LinkInvalid)?;
    let user = tx.users().by_id(&found.user).await?.filter(|user| user.is_active(now)).ok_or(Refusal::LinkInvalid)?;
    drop(tx);
    match move_login(&app, &visit, context, (link, user)).await {
        Ok(()) => Ok(Notice::Email.at("/account").into_response()),
        // Used meanwhile, or somebody else signs in with the address by now.
        Err(directory::Error::Refused(_) | directory::Error::Taken(..)) => Err(Refusal::LinkInvalid.into()),
        Err(error) => Err(error.into()),
    }
}

async fn send_link(app: &App, visit: &Visit, person: &SignedIn, wanted: EmailAddress) -> directory::Result<()> {
    let context = context(app, visit, person);
    let (user, site, sealer) = (person.user.clone(), visit.site().clone(), app.sealer.clone());
    let letterhead = Letterhead::new(language_of(visit, &user), &site).addressed_to(user.name.as_str());
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                if tx.users().by_login_name(&UserName::from_stored(wanted.to_string())).await?.is_some() {
                    return Ok(());
                }
                let token = email_change::request(tx, &context, &user.id, &wanted).await?;
                let href = site.address_of(&format!("/email/{}", token.expose_secret()));
                let letter = letterhead.email_verification(wanted.as_str(), &href);
                tx.jobs().enqueue(&context, &sealer, &mail(wanted.as_str(), letter)).await?;
                Ok(())
            })
        })
        .await
}

async fn move_login(
    app: &App,
    visit: &Visit,
    context: Context,
    (link, before): (TokenHash, User),
) -> directory::Result<()> {
    let site = visit.site();
    let letterhead = Letterhead::new(language_of(visit, &before), site).addressed_to(before.name.as_str());
    let (sealer, site) = (app.sealer.clone(), site.clone());
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                let user = email_change::confirm(tx, &context, link).await?;
                // The link proved the new address as a code would.
                if let Some(moved) = tx.users().by_id(&user).await?.and_then(|user| user.email) {
                    tx.factors().move_mail(&user, moved.as_str(), context.now).await?;
                }
                if let Some(former) = &before.email {
                    let letter = match take_back::issue(tx, &context, (&site, &before)).await? {
                        Some(href) => letterhead.email_moved(context.now, &href),
                        None => letterhead.email_changed(context.now, &site.address_of("/account")),
                    };
                    tx.jobs().enqueue(&context, &sealer, &mail(former.as_str(), letter)).await?;
                }
                Ok(())
            })
        })
        .await
}

async fn page(
    app: &App,
    visit: &Visit,
    person: &SignedIn,
    present: &EmailAddress,
    typed: &str,
) -> Result<FormPage, Error> {
    let masthead = masthead(app, person, Tab::Overview).await?;
    Ok(FormPage::email(frame(visit, person), masthead, present.as_str(), typed, vec![]))
}
