//! `/account/recoveries`: members who have lost every factor. Whoever looks after all members of an organization asks for one,
//! and a different one of them agrees, both from where and when its rules let them in.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    context, frame, masthead,
    notice::{Notice, ORGANIZATION},
};
use crate::{
    account::page::{
        Tab,
        recoveries::{Chosen, Other, RecoveriesPage, Row},
    },
    app::App,
    authentication::{
        admitted::Admitted,
        endpoint::{FreshlySignedIn, SignedIn},
        lost_factors::{
            Asker, Desk, Fault, Open, Party,
            asking::{self, Asked},
            may_agree,
        },
    },
    directory::{organization::Organization, user::User},
    id::{OrganizationId, RecoveryId},
    policy::{Barrier, Policies},
    storage,
    text::{Reason, UserName},
    web::{
        CsrfForm, Error, Frame, Page, Parameters, Problem, Query, Refusal, Visit, language::strings::recovery::Faults,
    },
};

pub(super) const PATH: &str = "/account/recoveries";

/// What was typed, and what is wrong with it.
#[derive(Default)]
struct Typed {
    email: String,
    reason: String,
    problems: Vec<Problem>,
}

/// `GET /account/recoveries`, with `?organization=` for one of several.
pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    FreshlySignedIn(person): FreshlySignedIn,
    Query(query): Query,
) -> Result<Response, Error> {
    let wanted = query.value(ORGANIZATION);
    let mut page = page(&app, (&visit, &person), wanted, Typed::default()).await?;
    page.notice = Notice::of(&query).and_then(|notice| notice.text(page.frame.t, None));
    Ok(Page(page).into_response())
}

/// `POST /account/recoveries`: asks for a member.
pub(super) async fn ask(
    State(policies): State<Policies>,
    visit: Visit,
    FreshlySignedIn(person): FreshlySignedIn,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let app = &policies.app;
    let of = own(app, (&visit, &person), &form).await?;
    let (email, typed) = (form.trimmed("email").to_owned(), form.trimmed("reason").to_owned());
    let faults = &frame(&visit, &person).t.recovery.faults;
    let again = |problem| Typed { email: email.clone(), reason: typed.clone(), problems: vec![problem] };
    let Ok(reason) = typed.parse::<Reason>() else {
        let typed = again(Problem::of("reason", faults.reason));
        return refused(app, (&visit, &person), &of, typed).await;
    };
    let Ok(by) = admitted(&policies, (&visit, &person), &of).await? else {
        return refused(app, (&visit, &person), &of, again(Problem::whole(faults.stopped))).await;
    };
    let user = member_named(app, &of, &email).await?;
    let Some(user) = user else {
        return refused(app, (&visit, &person), &of, again(Problem::of("email", faults.unknown))).await;
    };
    let (context, desk) = (context(app, &visit, &person), desk(app, &visit));
    let asked = Asked { by: Asker::Administrator(by), user: user.id, reason };
    let done = app
        .storage
        .write::<_, Fault, _>(move |tx| Box::pin(async move { asking::ask(tx, &context, &desk, asked).await }))
        .await;
    match done {
        Ok(_) => Ok(on(Notice::RecoveryAsked, &of)),
        Err(fault) => {
            let typed = again(Problem::of("email", text(fault, faults)?));
            refused(app, (&visit, &person), &of, typed).await
        }
    }
}

/// `POST /account/recoveries/{id}`: agrees, or ends it. What waits elsewhere answers as if it did not exist.
pub(super) async fn answer(
    State(policies): State<Policies>,
    visit: Visit,
    FreshlySignedIn(person): FreshlySignedIn,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let id: RecoveryId = id.parse().map_err(|_| Refusal::NotFound)?;
    let agrees = match form.value("answer") {
        Some("agree") => true,
        Some("end") => false,
        _ => return Err(Refusal::BadRequest("say `agree` or `end`".into()).into()),
    };
    let app = &policies.app;
    let of = own(app, (&visit, &person), &form).await?;
    let faults = &frame(&visit, &person).t.recovery.faults;
    let again = |problem| Typed { problems: vec![Problem::whole(problem)], ..Typed::default() };
    let admitted = if agrees { Some(admitted(&policies, (&visit, &person), &of).await?) } else { None };
    if let Some(Err(_)) = admitted {
        return refused(app, (&visit, &person), &of, again(faults.stopped)).await;
    }
    let (context, desk) = (context(app, &visit, &person), desk(app, &visit));
    let (by, organization) = (person.user.id.clone(), of.id.clone());
    let done = app
        .storage
        .write::<_, Fault, _>(move |tx| {
            Box::pin(async move {
                match admitted {
                    Some(Ok(by)) => asking::agree(tx, &context, &desk, (&id, &by)).await,
                    _ => asking::end(tx, &context, &desk, (&organization, &id), &Party::Administrator(by)).await,
                }
            })
        })
        .await;
    match done {
        Ok(()) => Ok(on(if agrees { Notice::RecoveryAgreed } else { Notice::RecoveryEnded }, &of)),
        Err(Fault::Unknown) => Err(Refusal::NotFound.into()),
        Err(fault) => refused(app, (&visit, &person), &of, again(text(fault, faults)?)).await,
    }
}

/// Whether the rules of the organization let the person in there, from where they are and now.
async fn admitted(
    policies: &Policies,
    (visit, person): (&Visit, &SignedIn),
    of: &Organization,
) -> storage::Result<Result<Admitted, Barrier>> {
    let context = context(&policies.app, visit, person);
    Admitted::of(policies, &context, (&person.session, &of.id)).await
}

/// The member of this name; whoever is none answers at once, whether they have an account or not.
async fn member_named(app: &App, of: &Organization, name: &str) -> storage::Result<Option<User>> {
    let Ok(name) = name.parse::<UserName>() else { return Ok(None) };
    let mut tx = app.storage.read().await?;
    let Some(user) = tx.users().by_login_name(&name).await? else { return Ok(None) };
    let member = tx.memberships().active(&user.id, &of.id, app.clock.now()).await?;
    Ok(member.map(|_| user))
}

/// The organization that a form names, where the person looks after all members.
async fn own(app: &App, (visit, person): (&Visit, &SignedIn), form: &Parameters) -> Result<Organization, Error> {
    let slug = form.value(ORGANIZATION).unwrap_or_default();
    let all = organizations(app, (visit, person)).await?;
    Ok(all.into_iter().find(|one| one.slug.as_str() == slug).ok_or(Refusal::NotFound)?)
}

async fn organizations(app: &App, (visit, person): (&Visit, &SignedIn)) -> Result<Vec<Organization>, Error> {
    let context = context(app, visit, person);
    Ok(asking::organizations(&mut app.storage.read().await?, &context, &person.user.id).await?)
}

/// Our own fault; or what the person can do about it.
fn fault_of(fault: Fault) -> Result<Error, Fault> {
    match fault {
        Fault::Storage(error) => Ok(storage::Error::into(error)),
        other => Err(other),
    }
}

fn text(fault: Fault, t: &'static Faults) -> Result<&'static str, Error> {
    match fault_of(fault) {
        Ok(error) => Err(error),
        Err(Fault::Denied(_)) => Ok(t.denied),
        Err(Fault::NoAddress) => Ok(t.no_address),
        Err(Fault::NoFactor) => Ok(t.no_factor),
        Err(Fault::MailedPassword) => Ok(t.mailed_password),
        Err(Fault::Elsewhere) => Ok(t.elsewhere),
        Err(Fault::Asked) => Ok(t.asked),
        Err(Fault::TooOften) => Ok(t.too_often),
        Err(Fault::OwnRequest) => Ok(t.own_request),
        Err(Fault::OwnFactors) => Ok(t.own_factors),
        Err(Fault::Lapsed) => Ok(t.lapsed),
        Err(Fault::Unknown | Fault::Storage(_)) => Ok(t.unknown),
    }
}

fn on(notice: Notice, of: &Organization) -> Response {
    Redirect::to(&format!("{}&{ORGANIZATION}={}", notice.address(PATH), of.slug)).into_response()
}

fn desk(app: &App, visit: &Visit) -> Desk {
    Desk { site: visit.site().clone(), sealer: app.sealer.clone() }
}

async fn refused(app: &App, who: (&Visit, &SignedIn), of: &Organization, typed: Typed) -> Result<Response, Error> {
    let page = page(app, who, Some(of.slug.as_str()), typed).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

async fn page(
    app: &App,
    (visit, person): (&Visit, &SignedIn),
    wanted: Option<&str>,
    typed: Typed,
) -> Result<RecoveriesPage, Error> {
    let frame = frame(visit, person);
    let all = organizations(app, (visit, person)).await?;
    let is_wanted = |one: &&Organization| wanted.is_some_and(|slug| one.slug.as_str() == slug);
    let chosen = all.iter().find(is_wanted).or(all.first()).cloned();
    let rest = all.iter().filter(|one| chosen.as_ref().is_none_or(|chosen| chosen.id != one.id));
    let other =
        |one: &Organization| Other { href: format!("{PATH}?{ORGANIZATION}={}", one.slug), name: one.name.to_string() };
    let others = rest.map(other).collect();
    let chosen = match chosen {
        Some(one) => {
            let waiting = rows(app, (&frame, person), &one.id).await?;
            Some(Chosen { slug: one.slug.to_string(), name: one.name.to_string(), waiting })
        }
        None => None,
    };
    let masthead = masthead(app, person, Tab::Security).await?;
    let Typed { email, reason, problems } = typed;
    Ok(RecoveriesPage { frame, masthead, notice: None, chosen, others, email, reason, problems })
}

async fn rows(app: &App, (frame, person): (&Frame, &SignedIn), of: &OrganizationId) -> Result<Vec<Row>, Error> {
    let open = app.storage.read().await?.recoveries().of_organization(of, app.clock.now()).await?;
    let t = &frame.t.recovery;
    let row = |Open { recovery, person: name, requester }: Open| {
        let is_own = recovery.requested_by.as_ref() == Some(&person.user.id);
        let until = frame.language().date_and_time(recovery.expires_at);
        let until = if recovery.approved_at.is_some() { (t.link_sent)(&until) } else { (t.until)(&until) };
        Row {
            id: recovery.id.to_string(),
            person: name,
            reason: recovery.reason.to_string(),
            details: vec![(t.asked_by)(requester.as_deref().unwrap_or(t.host)), until],
            can_agree: may_agree(&recovery, &person.user.id).is_ok(),
            end: if is_own { t.take_back } else { t.refuse },
        }
    };
    Ok(open.into_iter().map(row).collect())
}
