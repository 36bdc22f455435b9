//! `GET` and `POST /oauth2/authorize` (OpenID Connect Core 1.0 §3.1.2.1).
//!
//! A POST comes from another site and so without cookies: once client and redirect URI are verified it is kept, and the
//! browser is sent to fetch it by GET. Of a pushed request (RFC 9126 §4) client and reference alone are looked at.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    client_document, context,
    kept::{self, fetch, keep},
    pushed::{self, Reference},
};
use crate::{
    authentication::{
        endpoint::{Person, address_of, send_to_enrolment},
        flow::Step,
    },
    oauth::{
        Provider,
        authorization::{
            Destination, Need, Progress,
            flow::{Asked, Outcome, decide},
            progress,
            request::{AuthorizationRequest, PARAMETERS},
        },
        error::{Challenge, Code, Error, Refusal, TooMany, refuse},
        grant::machine,
        metadata::path,
        page,
        profile::Profile,
        request_object::{self, SIGNED, Source},
        signed_answer,
    },
    secret::{ExposeSecret, TokenHash},
    web::{self, LocalPath, ParameterError, Parameters, PlainForm, RedirectOrigin, ReturnTo, Shown, Visit},
};

/// An address longer than this is kept instead of being carried around.
const LONGEST_ADDRESS: usize = 2000;

pub(in crate::oauth) async fn by_get(
    State(provider): State<Provider>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, web::Error> {
    answer(&provider, &visit, &query.unwrap_or_default()).await
}

pub(in crate::oauth) async fn by_post(
    State(provider): State<Provider>,
    visit: Visit,
    PlainForm(body): PlainForm,
) -> Result<Response, web::Error> {
    let sent = Parameters::parse_repeatable(&body, PARAMETERS).map_err(malformed)?;
    if let Some(reference) = Reference::of(&sent).map_err(|refusal| app_error(&refusal))? {
        return Ok(Redirect::to(&format!("{}?{}", path::AUTHORIZE, reference.carried().encode())).into_response());
    }
    let sent = sent.without(SIGNED);
    meet(&provider, &visit, &sent).await?;
    let sent = match request_object::find(&provider, &sent, provider.app.clock.now()).await.map_err(fault)? {
        Source::Parameters => sent,
        Source::Object(parameters) => parameters,
        Source::Refused(refusal) => {
            let to = destination(&provider, &sent).await.map_err(|_| app_error(&refusal))?;
            return reply(&provider, &visit, &to, to.refusal(provider.issuer(), &refusal)).await;
        }
    };
    destination(&provider, &sent).await?;
    let stored = keep(&provider, &visit, &sent).await?;
    Ok(Redirect::to(&format!("{}?{}={stored}", path::AUTHORIZE, kept::PARAMETER)).into_response())
}

/// A request as it arrived: what the app sent, how the browser carries it, and what was done for it.
pub(in crate::oauth) struct Arrived {
    /// What the app sent.
    pub(in crate::oauth) parameters: Parameters,
    carried: Parameters,
    pushed: Option<TokenHash>,
    /// Why its request object does not count.
    refusal: Option<Refusal>,
    /// What was done so far.
    pub(in crate::oauth) progress: Progress,
}

/// Reads the query of an authorization request.
pub(in crate::oauth) async fn resume(provider: &Provider, visit: &Visit, query: &str) -> Result<Arrived, web::Error> {
    let sent = Parameters::parse_repeatable(query.as_bytes(), PARAMETERS).map_err(malformed)?;
    let (progress, now) = (sent.value(progress::PARAMETER).map(str::to_owned), provider.app.clock.now());
    let opened = progress.and_then(|sealed| visit.open_return(&sealed).ok());
    let progress_of = |request: &Parameters| {
        let done = opened.as_ref().and_then(|opened| Progress::of_return(opened, request));
        done.unwrap_or_else(|| Progress::begun(now))
    };
    let sent = sent.without(progress::PARAMETER).without(SIGNED);
    meet(provider, visit, &sent).await?;
    if let Some(reference) = Reference::of(&sent).map_err(|refusal| app_error(&refusal))? {
        let carried = reference.carried();
        let progress = progress_of(&carried);
        let parameters = reference.fetch(provider, progress.started_at).await?;
        return Ok(Arrived { parameters, carried, pushed: Some(reference.hash()), refusal: None, progress });
    }
    let (parameters, refusal) = match sent.value(kept::PARAMETER) {
        Some(stored) => {
            let kept = fetch(provider, stored).await?;
            (Parameters::parse_repeatable(kept.as_bytes(), PARAMETERS).map_err(malformed)?, None)
        }
        None => match request_object::find(provider, &sent, now).await.map_err(fault)? {
            Source::Parameters => (sent.clone(), None),
            Source::Object(parameters) => (parameters, None),
            Source::Refused(refusal) => (sent.clone(), Some(refusal)),
        },
    };
    let progress = progress_of(&parameters);
    Ok(Arrived { parameters, carried: sent, pushed: None, refusal, progress })
}

impl Arrived {
    /// The address at which the request goes on in this browser; a long request is kept and only named there.
    pub(in crate::oauth) async fn address(&self, provider: &Provider, visit: &Visit) -> Result<LocalPath, web::Error> {
        let request = if self.pushed.is_some() { &self.carried } else { &self.parameters };
        let progress = self.progress.to_return(request).seal(visit.site(), visit.browser());
        // An object is opened once; what it said is kept.
        let is_opened = self.pushed.is_none() && self.is_signed() && self.carried.value(kept::PARAMETER).is_none();
        let carried = if is_opened || self.carried.encode().len() > LONGEST_ADDRESS {
            Parameters::from([(kept::PARAMETER, keep(provider, visit, &self.parameters).await?.as_str())])
        } else {
            self.carried.clone()
        };
        // What is kept or was pushed is not looked into for the language of pages.
        let carried = match self.parameters.value("ui_locales") {
            Some(languages) => carried.with("ui_locales", languages),
            None => carried,
        };
        let query = carried.with(progress::PARAMETER, &progress).encode();
        Ok(LocalPath::parse(&format!("{}?{query}", path::AUTHORIZE))?)
    }

    /// The same, as a return path for the pages on the way to `to`.
    async fn way_back(&self, provider: &Provider, visit: &Visit, to: &Destination) -> Result<ReturnTo, web::Error> {
        let origin = RedirectOrigin::of(&to.redirect.url());
        let shown = Shown {
            app: Some(to.client.client.name.clone()),
            client: Some(to.client.client.id.clone()),
            organization: self.parameters.value("organization").map(str::to_owned),
        };
        Ok(ReturnTo {
            path: self.address(provider, visit).await?,
            started_at: self.progress.started_at,
            app: origin,
            shown,
            seen: None,
        })
    }

    /// The verified address of the answer.
    pub(in crate::oauth) async fn destination(&self, provider: &Provider) -> Result<Destination, web::Error> {
        let to = destination(provider, &self.parameters).await;
        match &self.refusal {
            Some(refusal) => to.map_err(|_| app_error(refusal)),
            None => to,
        }
    }

    fn is_signed(&self) -> bool {
        self.parameters.value(SIGNED).is_some()
    }

    /// The whole request.
    pub(in crate::oauth) fn request(
        &self,
        provider: &Provider,
        to: &Destination,
    ) -> Result<AuthorizationRequest, Refusal> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        self.check_way(provider, to)?;
        machine::authorize(&self.parameters, &to.client.client.id, to.redirect.as_str())?;
        AuthorizationRequest::parse(to, &self.parameters)
    }

    /// RFC 9126 §5, RFC 9101 §10.5: where requests have to be pushed or signed, no other counts.
    fn check_way(&self, provider: &Provider, to: &Destination) -> Result<(), Refusal> {
        let by_client = to.client.client.metadata.require_pushed_authorization_requests;
        let must_be_pushed = by_client || provider.app.config.oauth.requires_pushed_requests;
        if must_be_pushed && self.pushed.is_none() {
            return Err(refuse(Code::InvalidRequest, "the request has to be pushed first"));
        }
        if to.client.client.metadata.require_signed_request_object && !self.is_signed() {
            return Err(refuse(Code::InvalidRequest, "the request has to be a signed request object"));
        }
        if Profile::of(&to.client.client) == Some(Profile::MessageSigning) && !to.mode.is_signed() {
            return Err(refuse(Code::InvalidRequest, "the profile of the client wants response_mode=jwt"));
        }
        Ok(())
    }
}

/// Sees to a client whose id is the address of a document, before anything is asked of it.
async fn meet(provider: &Provider, visit: &Visit, sent: &Parameters) -> Result<(), web::Error> {
    let mut ids = sent.values("client_id");
    let (Some(id), None) = (ids.next(), ids.next()) else { return Ok(()) };
    client_document::meet(provider, (visit, &context(provider, visit)), id).await.map_err(fault)
}

async fn destination(provider: &Provider, parameters: &Parameters) -> Result<Destination, web::Error> {
    let only = |name: &'static str| {
        let mut values = parameters.values(name);
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            (None, _) => Err(app_error(&ParameterError::Missing(name).into())),
            _ => Err(app_error(&ParameterError::Repeated(name.to_owned()).into())),
        }
    };
    let (client_id, _) = (only("client_id")?, only("redirect_uri")?);
    let client = provider.client(client_id).await?.filter(|client| client.client.disabled_at.is_none());
    let client: Arc<_> = client.ok_or_else(|| app_error(&refuse(Code::InvalidRequest, "the client is not known")))?;
    Destination::verify(client, parameters).map_err(|refusal| app_error(&refusal))
}

async fn answer(provider: &Provider, visit: &Visit, query: &str) -> Result<Response, web::Error> {
    let arrived = resume(provider, visit, query).await?;
    let to = arrived.destination(provider).await?;
    let request = match arrived.request(provider, &to) {
        Ok(request) => request,
        Err(refusal) => return reply(provider, visit, &to, to.refusal(provider.issuer(), &refusal)).await,
    };
    let asked = Asked { to, request, progress: arrived.progress.clone(), pushed: arrived.pushed };
    let context = context(provider, visit);
    let to = &asked.to;
    let person = Person::of(&provider.policies, visit).await?;
    let step = person.step;
    match decide(provider, &context, &asked, person.signed_in()).await? {
        Outcome::Code(code) => Ok(reply(provider, visit, to, to.code(provider.issuer(), code.expose_secret())).await?),
        Outcome::Refuse(refusal) => Ok(reply(provider, visit, to, to.refusal(provider.issuer(), &refusal)).await?),
        Outcome::Answered => Err(app_error(&pushed::GONE)),
        Outcome::Deny(denial, standpoint) => Ok(page::denied::show(provider, visit, (to, denial, *standpoint)).await?),
        Outcome::Interact(need, standpoint) => {
            let back = arrived.way_back(provider, visit, to).await?;
            match need {
                // Whoever has to choose an account says so by signing in with it.
                Need::SignIn if standpoint.organization.is_some() => {
                    let organization = standpoint.organization.map(|of| of.id.to_string());
                    let shown = Shown { organization, ..back.shown.clone() };
                    Ok(sign_in(visit, &asked, (step, &back.showing(shown))))
                }
                Need::SignIn | Need::SelectAccount | Need::StepUp(_) | Need::Enrol(_) => {
                    Ok(sign_in(visit, &asked, (step, &back)))
                }
                Need::SetUp(acr) => Ok(send_to_enrolment(visit, acr, &back)),
                Need::ChooseOrganization => {
                    Ok(page::organization::show(provider, visit, &asked, (*standpoint, &back)).await?)
                }
                Need::Consent => Ok(page::consent::show(visit, &asked, (*standpoint, &back))),
            }
        }
    }
}

/// Sends the answer to the app by the way that it asked for.
async fn reply(
    provider: &Provider,
    visit: &Visit,
    to: &Destination,
    answer: Vec<(&'static str, String)>,
) -> Result<Response, web::Error> {
    let answer = signed_answer::authorization(provider, to, answer).await.map_err(fault)?;
    if to.mode.is_form() {
        Ok(page::form_post::show(visit, &to.redirect, answer))
    } else {
        Ok(Redirect::to(&to.redirect.with(&answer)).into_response())
    }
}

/// What cannot be sent to the app is shown to the person.
pub(in crate::oauth) fn fault(error: Error) -> web::Error {
    match error {
        Error::Refused(refusal) => app_error(&refusal),
        Error::StepUp(_) => app_error(&Challenge::REFUSAL),
        Error::Storage(fault) => fault.into(),
        Error::TooMany(TooMany(time)) => web::Refusal::TooManyAttempts(time).into(),
        Error::NoKey(_) => app_error(&refuse(Code::TemporarilyUnavailable, "no signing key yet")),
    }
}

/// To the step that the sign-in is at; a new sign-in begins with the first.
fn sign_in(visit: &Visit, asked: &Asked, (step, back): (Step, &ReturnTo)) -> Response {
    let step = if step == Step::Done { Step::SignIn } else { step };
    let mut address = address_of(step, visit, back);
    if let Some(hint) = &asked.request.login_hint {
        address = format!("{address}&{}", Parameters::from([("login_hint", hint.as_str())]).encode());
    }
    Redirect::to(&address).into_response()
}

fn malformed(error: ParameterError) -> web::Error {
    app_error(&error.into())
}

/// An error that may not be sent anywhere: shown to the person, with a hint for the app's developers.
pub(super) fn app_error(refusal: &Refusal) -> web::Error {
    web::Refusal::App(refusal.code.name(), refusal.hint.clone()).into()
}
