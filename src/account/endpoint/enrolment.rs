//! `/account/enrolment`: a second step is asked for, now or from some day on; the person chooses which to set up.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use super::{frame, masthead, notice::Notice, passkeys, security, sent_codes};
use crate::{
    account::page::{
        Masthead, Tab,
        enrolment::{EnrolmentPage, SentChoice},
    },
    app::App,
    authentication::{
        Authenticator,
        allowed::Allowed,
        assurance,
        endpoint::{Enroller, address_of, with_return},
        factor::Kind,
        flow::Step,
    },
    policy::Policies,
    web::{Error, Page, Query, RedirectsTo, Visit},
};

/// Where the page is.
pub(super) const PATH: &str = "/account/enrolment";
/// How sure an app wants the sign-in to be that the person comes from.
const ACR: &str = "acr_values";

/// `GET /account/enrolment`
pub(super) async fn show(
    (State(policies), State(with)): (State<Policies>, State<Authenticator>),
    visit: Visit,
    enroller: Enroller,
    Query(query): Query,
) -> Result<Response, Error> {
    let frame = frame(&visit, &enroller.person);
    let by_app = query.value(ACR).and_then(|acr| assurance::ALL.into_iter().find(|known| *known == acr));
    let (wanted, later) = match (enroller.wanted.or(by_app), enroller.to_come) {
        (Some(acr), _) => (acr, None),
        (None, Some((acr, from))) => (acr, Some(frame.language().date(from))),
        // Nothing is asked for any more.
        (None, None) => return Ok(Redirect::to(&enroller.done(&visit, None)).into_response()),
    };
    let allowed = Allowed::of_person(&policies, &enroller.person.user.id).await?;
    let has_keys = with.relying_party.has_keys() && allowed.holds(Kind::Passkey);
    let has_apps = wanted != assurance::PHISHING_RESISTANT && allowed.holds(Kind::Totp);
    let may_send = |kind: &Kind| {
        let is_enough = wanted != assurance::PHISHING_RESISTANT;
        is_enough && allowed.holds(*kind) && sent_codes::has_address(&enroller.person.user, *kind)
    };
    let sent = Kind::SENT.into_iter().filter(may_send);
    let sent = sent.map(|kind| SentChoice { kind, href: enroller.href(&visit, sent_codes::path(kind)) }).collect();
    let other_person = enroller.way.as_ref().map(|way| address_of(Step::SignIn, &visit, way));
    Ok(enroller.page(EnrolmentPage {
        keys_href: has_keys.then(|| enroller.href(&visit, passkeys::PATH)),
        apps_action: has_apps.then(|| enroller.href(&visit, security::APPS)),
        sent,
        later_href: later.as_ref().map(|_| enroller.later()),
        other_person_href: other_person.unwrap_or_else(|| Step::SignIn.path().unwrap_or_default().to_owned()),
        later,
        frame,
    }))
}

impl Enroller {
    /// An address on the same way.
    pub(super) fn href(&self, visit: &Visit, path: &str) -> String {
        let sealed = self.way.as_ref().map(|way| way.seal(visit.site(), visit.browser()));
        sealed.map_or_else(|| path.to_owned(), |sealed| with_return(path, &sealed))
    }

    /// Where the person goes on once a factor is set up; whoever is on no way is told of it.
    pub(super) fn done(&self, visit: &Visit, notice: Option<Notice>) -> String {
        match (&self.way, notice) {
            (Some(_), _) => self.href(visit, "/login"),
            (None, Some(notice)) => notice.address(security::PATH),
            (None, None) => security::PATH.to_owned(),
        }
    }

    fn later(&self) -> String {
        self.way.as_ref().map_or_else(|| "/account".to_owned(), |way| way.path.to_string())
    }

    /// Where another factor is chosen.
    pub(super) fn again(&self, visit: &Visit) -> String {
        if self.way.is_some() { self.href(visit, PATH) } else { security::PATH.to_owned() }
    }

    /// The head of a page; on the way elsewhere it leads nowhere else.
    pub(super) async fn masthead(&self, app: &App) -> Result<Masthead, Error> {
        let masthead = masthead(app, &self.person, Tab::Security).await?;
        Ok(Masthead { is_on_the_way: self.way.is_some(), ..masthead })
    }

    /// A page whose form may end at the app that the person is on the way to.
    pub(super) fn page<T>(&self, page: T) -> Response
    where
        Page<T>: IntoResponse,
    {
        (RedirectsTo(self.way.as_ref().and_then(|way| way.app.clone())), Page(page)).into_response()
    }
}
