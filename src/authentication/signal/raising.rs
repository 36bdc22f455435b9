//! What becomes of a sign: an audit event, mail to owners or whoever is named, word to the webhook; once an hour for each
//! person and kind, so that nobody is flooded. All of it is written in the unit of work of the attempt; what is sent waits in
//! the queue of jobs.

use std::{net::IpAddr, time::Duration};

use serde_json::json;

use super::{Kind, QUIET, WINDOW, of_place, since};
use crate::{
    app::App,
    audit::{Context, Event},
    authentication::{
        assurance,
        recovery::mail,
        room::StepsUp,
        store::{Recipient, Stay},
    },
    config::Recipients,
    directory::user::User,
    id::OrganizationId,
    jobs::Job,
    limit::Network,
    secret::TokenHash,
    session::Session,
    storage::{self, Tx},
    web::{Language, Letterhead, Site, Suspicion},
};

/// The most alerts that wait for the webhook: what comes then is in the audit log alone.
const MOST_WAITING: i64 = 1_000;

/// Whoever fails from many networks, or to many accounts, causes no more letters to an organization than one in so long.
const BETWEEN_LETTERS: Duration = Duration::from_mins(5);

/// What is known of a sign.
struct Sign<'s> {
    kind: Kind,
    user: Option<&'s User>,
    session: Option<&'s Session>,
    /// The country of now and that of the last sign-in, empty where they are not known.
    countries: [String; 2],
    network: String,
    times: i64,
}

/// A sign-in that is complete.
pub struct SignIn<'s> {
    /// Whose.
    pub user: &'s User,
    /// Its session.
    pub session: &'s Session,
    /// Whether the person was never seen in the browser, and was in others.
    pub is_new_device: bool,
    /// Whether rules ask for more after it.
    pub steps_up: StepsUp,
}

/// Looks at a sign-in and says what is unexpected about it.
///
/// # Errors
/// When the database fails.
pub async fn of_sign_in(
    tx: &mut Tx,
    (app, site): (&App, &Site),
    context: &Context,
    sign_in: SignIn<'_>,
) -> storage::Result<()> {
    let SignIn { user, session, is_new_device, steps_up } = sign_in;
    let stay = stay(app, context);
    let before = if stay.is_some() { tx.signals().stays(&user.id).await? } else { vec![] };
    let mut found = stay.map(|stay| of_place(&before, &stay)).unwrap_or_default();
    let is_unexpected_place = !found.is_empty();
    if is_new_device {
        found.push(Kind::Device);
    }
    // Whoever has to prove more and did not has not shown that the person was there.
    let is_proved = assurance::meets(&session.acr, assurance::MULTI_FACTOR);
    if let Some(stay) = stay.filter(|_| is_proved || !steps_up.at_places || !is_unexpected_place) {
        tx.signals().stay(&user.id, stay).await?;
    }
    if found.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = found.iter().map(|kind| kind.name()).collect();
    tx.signals().mark(&session.id, &names.join(" ")).await?;
    let country = |stay: Option<&Stay>| stay.map(|stay| stay.country.to_string()).unwrap_or_default();
    for kind in found {
        let sign = Sign {
            kind,
            user: Some(user),
            session: Some(session),
            countries: [country(stay.as_ref()), country(before.first())],
            network: String::new(),
            times: 1,
        };
        raise(tx, (app, site), context, sign).await?;
    }
    Ok(())
}

/// The cookie of a session was used by two.
///
/// # Errors
/// When the database fails.
pub async fn of_theft(
    tx: &mut Tx,
    (app, site): (&App, &Site),
    context: &Context,
    (user, session): (&User, &Session),
) -> storage::Result<()> {
    let sign = Sign {
        kind: Kind::Theft,
        user: Some(user),
        session: Some(session),
        countries: <_>::default(),
        network: String::new(),
        times: 1,
    };
    raise(tx, (app, site), context, sign).await
}

/// Where somebody is; nowhere in a private network, and where nobody knows it.
fn stay(app: &App, context: &Context) -> Option<Stay> {
    let place = app.place_of(context.address.as_ref()?.parse().ok()?);
    let country = place.country.filter(|_| !place.is_private())?;
    Some(Stay { country, point: app.point_of(place.address), last_at: context.now })
}

/// Counts a failed sign-in to an account that was not made in a browser where its person is known; `failures` is how many
/// there were in a row.
///
/// # Errors
/// When the database fails.
pub async fn of_failure(
    tx: &mut Tx,
    (app, site): (&App, &Site),
    context: &Context,
    (user, account): (Option<&User>, TokenHash),
    failures: i64,
) -> storage::Result<()> {
    let network = context.address.as_ref().and_then(|address| address.parse::<IpAddr>().ok()).map(Network::from);
    let network = network.map(|network| network.to_string()).unwrap_or_default();
    let accounts = (account, user.map(|user| &user.id));
    let most = app.config.alerts.accounts;
    let tried = tx.signals().fail(&network, accounts, (context.now, WINDOW), most).await?;
    let sign = |kind, user, times| Sign {
        kind,
        user,
        session: None,
        countries: <_>::default(),
        network: network.clone(),
        times,
    };
    if user.is_some() && failures >= app.config.alerts.failures {
        raise(tx, (app, site), context, sign(Kind::Failures, user, failures)).await?;
    }
    if tried >= most {
        raise(tx, (app, site), context, sign(Kind::Spraying, None, tried)).await?;
    }
    Ok(())
}

async fn raise(tx: &mut Tx, (app, site): (&App, &Site), context: &Context, sign: Sign<'_>) -> storage::Result<()> {
    let whom = sign.user.map_or_else(|| sign.network.clone(), |user| user.id.to_string());
    let key = TokenHash::of(&format!("signal\0{}\0{whom}", sign.kind.name()));
    if !tx.throttles().is_first(key, QUIET, context.now).await? {
        return Ok(());
    }
    let [country, former_country] = sign.countries.clone();
    let event = Event::Signal {
        user: sign.user.map(|user| user.id.to_string()).unwrap_or_default(),
        signal: sign.kind.name(),
        session: sign.session.map(|session| session.id.to_string()).unwrap_or_default(),
        country,
        former_country,
        network: sign.network.clone(),
        times: u64::try_from(sign.times).unwrap_or_default(),
    };
    tx.record(context, None, &event);
    let organizations = match sign.user {
        Some(user) => {
            let members = tx.memberships().active_of_user(&user.id, context.now).await?;
            members.into_iter().map(|(_, organization)| organization.id).collect()
        }
        None => tx.signals().sprayed(&sign.network, since(context.now)).await?,
    };
    tell_webhook(tx, app, context, (&sign, &organizations)).await?;
    tell_people(tx, (app, site), context, (&sign, organizations)).await
}

async fn tell_webhook(
    tx: &mut Tx,
    app: &App,
    context: &Context,
    (sign, organizations): (&Sign<'_>, &[OrganizationId]),
) -> storage::Result<()> {
    if app.config.alerts.webhook.is_none() || tx.jobs().waiting_of("send-alert", MOST_WAITING).await? >= MOST_WAITING {
        return Ok(());
    }
    let body = json!({
        "type": sign.kind.name(),
        "timestamp": context.now.to_string(),
        "data": {
            "user": sign.user.map(|user| user.id.as_str()),
            "session": sign.session.map(|session| session.id.as_str()),
            "organizations": organizations.iter().map(OrganizationId::as_str).collect::<Vec<_>>(),
            "address": context.address,
            "country": some(&sign.countries[0]),
            "former_country": some(&sign.countries[1]),
            "times": sign.times,
        },
    });
    tx.jobs().enqueue(context, &app.sealer, &Job::SendAlert { body: body.to_string() }).await?;
    Ok(())
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

async fn tell_people(
    tx: &mut Tx,
    (app, site): (&App, &Site),
    context: &Context,
    (sign, organizations): (&Sign<'_>, Vec<OrganizationId>),
) -> storage::Result<()> {
    if sign.kind == Kind::Device && !app.config.alerts.devices {
        return Ok(());
    }
    let recipients = match &app.config.alerts.mail {
        Recipients::Nobody => return Ok(()),
        Recipients::These(addresses) => addresses.iter().map(|one| (one.as_str().to_owned(), None)).collect(),
        Recipients::Owners => {
            let told = quiet(tx, context, (sign.kind, organizations)).await?;
            let found = tx.signals().owners(&told, context.now).await?;
            found.into_iter().map(|owner| (owner.email.clone(), Some(owner))).collect::<Vec<_>>()
        }
    };
    for (address, owner) in recipients {
        let letter = letter(site, context, (sign, owner.as_ref()));
        tx.jobs().append_sealed(context, &app.sealer, &mail(&address, letter));
    }
    Ok(())
}

/// The organizations to whose owners a letter goes now.
async fn quiet(
    tx: &mut Tx,
    context: &Context,
    (kind, organizations): (Kind, Vec<OrganizationId>),
) -> storage::Result<Vec<OrganizationId>> {
    if !matches!(kind, Kind::Failures | Kind::Spraying) {
        return Ok(organizations);
    }
    let mut found = vec![];
    // A person is in few organizations, and so are those whom one network tries.
    for organization in organizations.into_iter().take(20) {
        let key = TokenHash::of(&format!("letters\0{}\0{organization}", kind.name()));
        if tx.throttles().is_first(key, BETWEEN_LETTERS, context.now).await? {
            found.push(organization);
        }
    }
    Ok(found)
}

fn letter(site: &Site, context: &Context, (sign, owner): (&Sign<'_>, Option<&Recipient>)) -> crate::web::Letter {
    let language = owner.and_then(|owner| Language::of_range(owner.locale.as_deref()?)).unwrap_or_default();
    let letterhead = Letterhead::new(language, site);
    let letterhead = match owner {
        Some(owner) => letterhead.addressed_to(&owner.name),
        None => letterhead,
    };
    let name = sign.user.map(|user| user.name.as_str()).unwrap_or_default();
    let [country, former] = [sign.countries[0].as_str(), sign.countries[1].as_str()];
    let suspicion = match sign.kind {
        Kind::Country => Suspicion::Country { name, country },
        Kind::Travel => Suspicion::Travel { name, country, former },
        Kind::Device => Suspicion::Device { name },
        Kind::Theft => Suspicion::Theft { name },
        Kind::Failures => Suspicion::Failures { name, times: sign.times },
        Kind::Spraying => Suspicion::Spraying { times: sign.times },
    };
    let address = context.address.as_deref().unwrap_or_default();
    letterhead.suspicion(&suspicion, (address, context.now), &site.address_of("/account"))
}
