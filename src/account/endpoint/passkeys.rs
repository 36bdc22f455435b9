//! `/account/security/passkeys`: adding a passkey.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    context, frame,
    notice::Notice,
    security::{self, allowed, codes_page, word},
};
use crate::{
    account::page::security::PasskeyPage,
    app::App,
    authentication::{
        Authenticator,
        allowed::{Allowed, may_change_the_surest},
        endpoint::{Enroller, SignedIn, given, sealed_state},
        enrolling::{self, Confirmed, LONGEST_NAME, Registering},
        factor::{
            Kind,
            passkey::{Ceremony, NOT_VERIFIED},
        },
        with_passkey::keys_of,
    },
    policy::Policies,
    secret::ExposeSecret,
    web::{CsrfForm, Error, FactorChange, Problem, Refusal, Visit, cookie::Cookie},
};

/// Where the page is.
pub(super) const PATH: &str = "/account/security/passkeys";

/// What a ceremony is for: this session's person.
fn purpose_of(person: &SignedIn) -> String {
    format!("passkey of {}", person.session.id)
}

/// `GET /account/security/passkeys`
pub(super) async fn ask(
    (State(policies), State(with)): (State<Policies>, State<Authenticator>),
    visit: Visit,
    enroller: Enroller,
) -> Result<Response, Error> {
    let allowed = allowed(&policies, &enroller.person, Kind::Passkey).await?;
    if !may_change_the_surest(&policies, &enroller.person.session).await? {
        return Ok(Notice::KeyFirst.at(security::PATH).into_response());
    }
    let name = frame(&visit, &enroller.person).t.account.security.keys.default_name.to_owned();
    Ok(enroller.page(page((&policies.app, &with), (&visit, &allowed), &enroller, (name, vec![])).await?))
}

/// `POST /account/security/passkeys`: what the browser answered.
pub(super) async fn register(
    (State(policies), State(with)): (State<Policies>, State<Authenticator>),
    visit: Visit,
    enroller: Enroller,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let (app, person) = (&policies.app, &enroller.person);
    let allowed = allowed(&policies, person, Kind::Passkey).await?;
    if !may_change_the_surest(&policies, &person.session).await? {
        return Ok(Notice::KeyFirst.at(security::PATH).into_response());
    }
    let t = &frame(&visit, person).t.account.security;
    let name = Some(form.trimmed("name")).filter(|name| !name.is_empty()).unwrap_or(t.keys.default_name).to_owned();
    let refuse = async |problem| {
        let page = page((app, &with), (&visit, &allowed), &enroller, (name.clone(), vec![problem])).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, enroller.page(page)).into_response())
    };
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return refuse(Problem::of("name", t.set_up.too_long)).await;
    }
    let Some(given) = given(&visit, &purpose_of(person), &form) else {
        return refuse(Problem::whole(t.keys.wrong)).await;
    };
    let context = context(app, &visit, person);
    let word = word(&visit, person, FactorChange::PasskeyAdded);
    let typed = Registering { context, session: person.session.clone(), name: name.clone(), given, word };
    let (token, codes) = match enrolling::register(app, &with, &allowed.of_keys, typed).await? {
        Confirmed::Done { token, codes } => (token, codes),
        Confirmed::Unfit(NOT_VERIFIED) => return refuse(Problem::whole(t.keys.unverified)).await,
        Confirmed::Unfit(_) => return refuse(Problem::whole(t.keys.other_model)).await,
        Confirmed::Wrong => return refuse(Problem::whole(t.keys.wrong)).await,
        Confirmed::TooMany => return refuse(Problem::whole(t.too_many)).await,
        Confirmed::Gone => return Ok(Redirect::to(&enroller.again(&visit)).into_response()),
    };
    let cookie = Cookie::Session.set(visit.site(), token.expose_secret());
    let done = enroller.done(&visit, Some(Notice::PasskeyAdded));
    Ok(match codes {
        Some(codes) => (cookie, codes_page(app, &visit, &enroller, (&codes, done)).await?).into_response(),
        None => (cookie, Redirect::to(&done)).into_response(),
    })
}

async fn page(
    (app, with): (&App, &Authenticator),
    (visit, allowed): (&Visit, &Allowed),
    enroller: &Enroller,
    (name, problems): (String, Vec<Problem>),
) -> Result<PasskeyPage, Error> {
    let person = &enroller.person;
    let user = &person.user;
    let kept = app.storage.read().await?.factors().keys(&user.id).await?;
    let account = user.email.as_ref().map_or(user.name.as_str(), |email| email.as_str());
    let (names, known) = ((account, user.name.as_str()), keys_of(&app.sealer, &kept));
    let begun = with.relying_party.register(&user.id, names, &known, &allowed.of_keys);
    let Ceremony { options, state } = begun.ok_or(Refusal::NotFound)?;
    let state = sealed_state(visit, &purpose_of(person), state);
    Ok(PasskeyPage {
        frame: frame(visit, person),
        masthead: enroller.masthead(app).await?,
        action: enroller.href(visit, PATH),
        cancel_href: enroller.again(visit),
        options,
        state,
        name,
        problems,
    })
}
