//! `/account/security/email` and `/account/security/phone`: setting up codes that are sent, by typing one.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    context, frame, language_of,
    notice::Notice,
    security::{allowed, codes_page, word},
};
use crate::{
    account::page::sent_codes::SentCodesPage,
    app::App,
    authentication::{
        endpoint::{Enroller, WHILE, after},
        enrolling::Confirmed,
        factor::Kind,
        second_factor::digits_of,
        sending::{self, Asking, Sent},
        sent_factor::{self, Confirming},
        store::{Place, Purpose},
    },
    directory::user::User,
    policy::Policies,
    secret::ExposeSecret,
    text::phone::PhoneNumber,
    web::{CsrfForm, Error, FactorChange, Parameters, Problem, Visit, cookie::Cookie},
};

/// Where codes by mail are set up.
pub(super) const MAIL: &str = "/account/security/email";
/// Where codes by text message are.
pub(super) const PHONE: &str = "/account/security/phone";

/// Where codes of a kind are set up.
pub(super) const fn path(kind: Kind) -> &'static str {
    match kind {
        Kind::Sms => PHONE,
        Kind::Totp | Kind::Passkey | Kind::Email => MAIL,
    }
}

/// Whether there is, or may be typed, where codes of a kind go.
pub(super) fn has_address(user: &User, kind: Kind) -> bool {
    kind == Kind::Sms || user.email.is_some() && user.email_verified_at.is_some()
}

/// Who sets codes of which kind up.
struct SettingUp<'s> {
    policies: &'s Policies,
    visit: &'s Visit,
    enroller: &'s Enroller,
    kind: Kind,
    /// What was typed as the number of a telephone.
    number: String,
}

/// `GET /account/security/email`
pub(super) async fn show_mail(
    State(policies): State<Policies>,
    visit: Visit,
    enroller: Enroller,
) -> Result<Response, Error> {
    SettingUp::of(&policies, &visit, (&enroller, Kind::Email)).await?.show().await
}

/// `POST /account/security/email`: a code is sent, or was typed.
pub(super) async fn submit_mail(
    State(policies): State<Policies>,
    visit: Visit,
    enroller: Enroller,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    SettingUp::of(&policies, &visit, (&enroller, Kind::Email)).await?.submit(&form).await
}

/// `GET /account/security/phone`
pub(super) async fn show_phone(
    State(policies): State<Policies>,
    visit: Visit,
    enroller: Enroller,
) -> Result<Response, Error> {
    SettingUp::of(&policies, &visit, (&enroller, Kind::Sms)).await?.show().await
}

/// `POST /account/security/phone`: a code is sent, or was typed.
pub(super) async fn submit_phone(
    State(policies): State<Policies>,
    visit: Visit,
    enroller: Enroller,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    SettingUp::of(&policies, &visit, (&enroller, Kind::Sms)).await?.submit(&form).await
}

impl<'s> SettingUp<'s> {
    async fn of(
        policies: &'s Policies,
        visit: &'s Visit,
        (enroller, kind): (&'s Enroller, Kind),
    ) -> Result<Self, Error> {
        allowed(policies, &enroller.person, kind).await?;
        Ok(Self { policies, visit, enroller, kind, number: String::new() })
    }

    async fn show(&self) -> Result<Response, Error> {
        Ok(self.enroller.page(self.page(vec![]).await?))
    }

    async fn submit(mut self, form: &Parameters) -> Result<Response, Error> {
        if form.value("send").is_some() {
            form.trimmed("number").clone_into(&mut self.number);
            return self.send().await;
        }
        let (app, visit, enroller) = (&self.policies.app, self.visit, self.enroller);
        let person = &enroller.person;
        let wrong = Problem::of("code", frame(visit, person).t.authentication.sent.wrong);
        let Some(digits) = digits_of(form.secret("code").expose_secret()) else { return self.refused(wrong).await };
        let (change, notice) = match self.kind {
            Kind::Sms => (FactorChange::TextAdded, Notice::TextAdded),
            _ => (FactorChange::MailAdded, Notice::MailAdded),
        };
        let typed = Confirming {
            context: context(app, visit, person),
            session: person.session.clone(),
            kind: self.kind,
            digits,
            word: word(visit, person, change),
        };
        let (token, codes) = match sent_factor::confirm(self.policies, typed).await? {
            Confirmed::Done { token, codes } => (token, codes),
            Confirmed::Wrong | Confirmed::Unfit(_) => return self.refused(wrong).await,
            Confirmed::TooMany => {
                return self.refused(Problem::whole(frame(visit, person).t.account.security.too_many)).await;
            }
            Confirmed::Gone => return Ok(Redirect::to(&enroller.again(visit)).into_response()),
        };
        let cookie = Cookie::Session.set(visit.site(), token.expose_secret());
        let done = enroller.done(visit, Some(notice));
        Ok(match codes {
            Some(codes) => (cookie, codes_page(app, visit, enroller, (&codes, done)).await?).into_response(),
            None => (cookie, Redirect::to(&done)).into_response(),
        })
    }

    async fn send(&self) -> Result<Response, Error> {
        let (visit, person) = (self.visit, &self.enroller.person);
        let t = &frame(visit, person).t.authentication.sent;
        let number = match self.kind {
            Kind::Sms => match self.number.parse::<PhoneNumber>() {
                Ok(number) => Some(number),
                Err(_) => return self.refused(Problem::of("number", t.phone.wrong)).await,
            },
            _ => None,
        };
        let language = language_of(visit, &person.user);
        let asking = Asking {
            context: context(&self.policies.app, visit, person),
            session: person.session.clone(),
            kind: self.kind,
            purpose: Purpose::SetUp,
            number,
            site: visit.site().clone(),
            language,
        };
        let (time, problem) = match sending::send(self.policies, asking).await? {
            Sent::Yes | Sent::Nowhere => {
                return Ok(Redirect::to(&self.enroller.href(visit, path(self.kind))).into_response());
            }
            Sent::Unreachable => return self.refused(Problem::of("number", t.phone.unreachable)).await,
            Sent::Wait(time) => (time, Problem::whole((t.wait)(&language.wait(time)))),
            Sent::Exhausted => (WHILE, Problem::whole(t.phone.exhausted)),
        };
        let page = self.page(vec![problem]).await?;
        Ok(after(time, (StatusCode::TOO_MANY_REQUESTS, self.enroller.page(page)).into_response()))
    }

    async fn refused(&self, problem: Problem) -> Result<Response, Error> {
        let page = self.page(vec![problem]).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, self.enroller.page(page)).into_response())
    }

    async fn page(&self, problems: Vec<Problem>) -> Result<SentCodesPage, Error> {
        let (app, person): (&App, _) = (&self.policies.app, &self.enroller.person);
        let (user, session, kind) = (&person.user, &person.session, self.kind);
        let mut tx = app.storage.read().await?;
        let may_send = sent_factor::may_set_up(&mut tx, user, (session, kind)).await?;
        let place = Place { user: &user.id, session: &session.id, kind, purpose: Purpose::SetUp };
        let sent_to = sending::waiting(&mut tx, &app.sealer, place, app.clock.now()).await?;
        drop(tx);
        let own = user.email.as_ref().filter(|_| kind != Kind::Sms).map(ToString::to_string);
        Ok(SentCodesPage {
            frame: frame(self.visit, person),
            masthead: self.enroller.masthead(app).await?,
            kind,
            action: self.enroller.href(self.visit, path(kind)),
            cancel_href: self.enroller.again(self.visit),
            is_waiting: may_send && sent_to.is_some(),
            to: sent_to.or(own),
            may_send,
            number: self.number.clone(),
            problems,
        })
    }
}
