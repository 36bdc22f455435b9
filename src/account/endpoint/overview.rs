//! `/account`: who the person is, where they belong, and their level in each.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    context, frame, masthead, name,
    notice::{Notice, ORGANIZATION},
};
use crate::{
    account::{
        names::Names,
        page::{
            Level, Tab,
            overview::{Membership as Shown, OverviewPage, Profile},
        },
    },
    app::App,
    authentication::endpoint::{SignedIn, brand_of},
    clock::Timestamp,
    directory::{
        self,
        access::Holdings,
        login_name,
        membership::Membership,
        organization::Organization,
        user::{self, User},
    },
    storage,
    web::{CsrfForm, Error, Frame, Page, Query, Refusal, Visit},
};

/// Where the person belongs, with what they hold there.
struct Belonging {
    membership: Membership,
    organization: Organization,
    holdings: Holdings,
}

/// `GET /account`
pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    person: SignedIn,
    Query(query): Query,
) -> Result<Response, Error> {
    let mut page = page(&app, &visit, &person).await?;
    // Only organizations that the person belongs to are named, whatever the address says.
    let about = page.memberships.iter().find(|one| match query.value(ORGANIZATION) {
        Some(slug) => one.slug == slug,
        None => one.is_default,
    });
    let about = about.map(|membership| membership.brand.name.as_str());
    page.notice = Notice::of(&query).and_then(|notice| notice.text(page.frame.t, about));
    Ok(Page(page).into_response())
}

/// The page as it is now.
pub(super) async fn page(app: &App, visit: &Visit, person: &SignedIn) -> Result<OverviewPage, Error> {
    let frame = frame(visit, person);
    let now = app.clock.now();
    let masthead = masthead(app, person, Tab::Overview).await?;
    let (belongings, names) = belongings(app, &person.user, now).await?;
    let mut memberships: Vec<Shown> =
        belongings.iter().map(|belonging| shown(belonging, &names, &person.user, (&frame, now))).collect();
    memberships.sort_by_key(|membership| !membership.is_default);
    let profile = profile(app, person, (&frame, now)).await?;
    Ok(OverviewPage { frame, masthead, notice: None, profile, memberships })
}

/// `POST /account/default-organization`
pub(super) async fn choose_default(
    State(app): State<App>,
    visit: Visit,
    person: SignedIn,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let context = context(&app, &visit, &person);
    let slug = form.trimmed("organization").to_owned();
    let chosen = app
        .storage
        .write::<_, directory::Error, _>(move |tx| {
            Box::pin(async move {
                let mine = tx.memberships().active_of_user(&person.user.id, context.now).await?;
                let wanted = mine.into_iter().find(|(_, organization)| organization.slug.as_str() == slug);
                let (_, wanted) = wanted.ok_or_else(|| directory::Noun::Organization.unknown(&slug))?;
                user::choose_default_organization(tx, &context, &person.user.id, Some(&wanted.id)).await
            })
        })
        .await;
    match chosen {
        Ok(()) => Ok(Notice::Default.at("/account").into_response()),
        Err(directory::Error::Unknown(..)) => Err(Refusal::NotFound.into()),
        Err(error) => Err(error.into()),
    }
}

async fn belongings(app: &App, user: &User, now: Timestamp) -> storage::Result<(Vec<Belonging>, Names)> {
    let mut tx = app.storage.read().await?;
    let active = tx.memberships().active_of_user(&user.id, now).await?;
    let organizations: Vec<_> = active.iter().map(|(_, organization)| organization.id.clone()).collect();
    let names = tx.names().of(&organizations, &[]).await?;
    let members: Vec<_> = active.iter().map(|(membership, _)| membership.id.clone()).collect();
    let held = tx.access().holdings_of(&members, now).await?;
    let belonging = |((membership, organization), holdings)| Belonging { membership, organization, holdings };
    Ok((active.into_iter().zip(held).map(belonging).collect(), names))
}

fn shown(belonging: &Belonging, names: &Names, user: &User, (frame, now): (&Frame, Timestamp)) -> Shown {
    let Belonging { membership, organization, holdings } = belonging;
    let levels = holdings.levels(now).into_iter().map(|(at, until)| {
        let (role, location) = names.role_at(&organization.id, &at);
        let until = until.map(|until| (frame.t.form.until)(&frame.language().date(until)));
        Level { role, location, until }
    });
    let kind = names.kind(&organization.id, &membership.kind).map(|kind| kind.name.to_string());
    let detail = [kind, membership.profession.clone(), membership.specialty.clone()];
    Shown {
        slug: organization.slug.to_string(),
        brand: brand_of(organization),
        detail: detail.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        is_default: user.default_organization.as_ref() == Some(&organization.id),
        levels: levels.collect(),
        groups: holdings.access(now).groups.iter().map(|slug| names.group(&organization.id, slug)).collect(),
    }
}

async fn profile(app: &App, person: &SignedIn, (frame, now): (&Frame, Timestamp)) -> storage::Result<Profile> {
    let user = &person.user;
    let mut tx = app.storage.read().await?;
    let login_names = tx.login_names().of(&user.id).await?;
    let user_name =
        login_names.into_iter().find(|one| one.kind == login_name::Kind::UserName && one.retired_at.is_none());
    Ok(Profile {
        name: user.name.to_string(),
        name_note: name::keeper(&mut tx, &user.id).await?.map(|keeper| keeper.note(frame)),
        user_name: user_name.map(|one| one.name.to_string()),
        email: user.email.as_ref().map(ToString::to_string),
        email_is_verified: user.email_verified_at.is_some(),
        password_age: user.password_changed_at.map(|at| now.since(at)),
        password_until: person.password_ends_at.map(|at| frame.language().date(at)),
    })
}
