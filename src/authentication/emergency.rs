//! Emergency accounts: registering their key by the link, what becomes of their one use, and who hears of it.

use serde_json::json;

use super::{
    factor::{
        Factor, Kind,
        passkey::{Asked, Refused},
    },
    recovery::mail,
    store::Recipient,
    with_passkey::{Given, used},
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    authentication::Authenticator,
    config::Recipients,
    directory::{self, emergency::Account, user::User},
    id::{FactorId, OrganizationId},
    jobs::{Job, Tidings},
    keys::SealedColumn,
    secret::TokenHash,
    session::{Lifetime, Liveness},
    storage::{self, Tx},
    text::Slug,
    web::{EmergencyNews, Language, Letter, Letterhead, Site, device::Device},
};

/// Owners who are written to in one unit of work.
pub const AT_A_TIME: usize = 50;

/// Nothing weaker signs one in.
pub const ASKED: Asked = Asked { verification: true, models: None };

/// Makes an account, of which the owners hear.
///
/// # Errors
/// As [`directory::emergency::create`].
pub async fn create(
    tx: &mut Tx,
    at: (&App, &Site),
    context: &Context,
    organization: &OrganizationId,
    (slug, link): (Slug, TokenHash),
) -> directory::Result<Account> {
    let account = directory::emergency::create(tx, context, organization, (slug, link)).await?;
    tell(tx, at, context, (&account, EmergencyNews::Made)).await?;
    Ok(account)
}

/// Gives an account another link; its key signs nobody in any more, and the owners hear of it.
///
/// # Errors
/// When there is no such account.
pub async fn rotate(
    tx: &mut Tx,
    at: (&App, &Site),
    context: &Context,
    organization: &OrganizationId,
    (slug, link): (&Slug, TokenHash),
) -> directory::Result<Account> {
    let account = directory::emergency::rotate(tx, context, organization, (slug, link)).await?;
    super::enrolling::reset(tx, context, &account.user, "administrator").await?;
    tell(tx, at, context, (&account, EmergencyNews::Rotated)).await?;
    Ok(account)
}

/// Removes an account, of which the owners hear.
///
/// # Errors
/// When there is no such account.
pub async fn remove(
    tx: &mut Tx,
    at: (&App, &Site),
    context: &Context,
    organization: &OrganizationId,
    slug: &Slug,
) -> directory::Result<Account> {
    let account = directory::emergency::remove(tx, context, organization, slug).await?;
    tell(tx, at, context, (&account, EmergencyNews::Removed)).await?;
    Ok(account)
}

/// Whose link it is, while it is good.
///
/// # Errors
/// When the database fails.
pub async fn account(app: &App, link: TokenHash) -> storage::Result<Option<(Account, User)>> {
    let (mut tx, now) = (app.storage.read().await?, app.clock.now());
    let Some(account) = tx.emergency_accounts().by_link(link, now).await? else { return Ok(None) };
    let user = tx.users().by_id(&account.user).await?.filter(|user| user.is_active(now));
    Ok(user.map(|user| (account, user)))
}

/// Registers the key. `false` where it is none that will do, or the link is not good any more.
///
/// # Errors
/// When the database fails.
pub async fn register(
    (app, site): (&App, &Site),
    with: &Authenticator,
    context: Context,
    (link, given): (TokenHash, Given),
) -> storage::Result<bool> {
    let Ok(key) = with.relying_party.registered(&given.state, &given.answer, &ASKED) else { return Ok(false) };
    let Some((account, _)) = self::account(app, link).await? else { return Ok(false) };
    let (own, site) = (app.clone(), site.clone());
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                tx.users().keep_still(&account.user).await?;
                let is_good = tx.emergency_accounts().by_link(link, context.now).await?.is_some();
                if !is_good || !tx.replays().first_use(used(&given.state), given.until).await? {
                    return Ok(false);
                }
                let context = context.by(Actor::User(account.user.clone()));
                let factor = Factor {
                    id: FactorId::fresh(context.now, &context.random),
                    user: account.user.clone(),
                    kind: Kind::Passkey,
                    name: account.slug.to_string(),
                    created_at: context.now,
                    last_used_at: None,
                    closed_at: None,
                };
                let kept = own.sealer.seal(SealedColumn::FACTOR, factor.id.as_str(), &key.kept());
                if !tx.factors().add_key(&factor, (key.id(), key.counter()), kept).await? {
                    return Ok(false);
                }
                tx.emergency_accounts().set_up(&account.user, context.now).await?;
                let (user, kind) = (account.user.clone(), Kind::Passkey.as_str());
                let event = Event::FactorEnrolment { user, factor: factor.id, kind };
                tx.record(&context, Some(&account.organization), &event);
                tell(tx, (&own, &site), &context, (&account, EmergencyNews::SetUp)).await?;
                Ok(true)
            })
        })
        .await
}

/// Somebody whose key was proved.
pub(super) struct Entering<'e> {
    /// Who.
    pub(super) user: &'e User,
    /// The browser's cookie.
    pub(super) browser: Option<TokenHash>,
    /// What the browser says it is.
    pub(super) user_agent: &'e str,
    /// The session that this browser has now.
    pub(super) present: Option<TokenHash>,
    /// How long a session lives.
    pub(super) lifetime: Lifetime,
}

/// Whether they come in: of emergency accounts one that was not used before, which is told to everybody who owns the
/// organization; in its own session it proves itself again.
pub(super) async fn enter(
    tx: &mut Tx,
    (app, site): (&App, &Site),
    context: &Context,
    entering: Entering<'_>,
) -> storage::Result<Result<(), Refused>> {
    let Entering { user, browser, user_agent, present, lifetime } = entering;
    let Some(account) = tx.emergency_accounts().of_user(&user.id).await? else { return Ok(Ok(())) };
    if let Some(browser) = browser
        && tx.stations().of_browser(browser).await?.is_some()
    {
        return Ok(Err(Refused("emergency-account-at-workstation")));
    }
    if let Some(present) = present
        && let Some(session) = tx.sessions().by_token(present).await?
        && session.ended_at.is_none()
        && session.user == user.id
        && Device::of(&session.user_agent) == Device::of(user_agent)
        && session.liveness(context.now, lifetime) == Liveness::Live
    {
        return Ok(Ok(()));
    }
    if !tx.emergency_accounts().spend(&user.id, context.now).await? {
        return Ok(Err(Refused("emergency-account-spent")));
    }
    let event = Event::EmergencyUse { user: user.id.clone(), slug: account.slug.to_string() };
    tx.record(context, Some(&account.organization), &event);
    tell(tx, (app, site), context, (&account, EmergencyNews::Used)).await?;
    Ok(Ok(()))
}

/// Mail to all owners and whoever else hears of signs of an attack, and word to the webhook.
async fn tell(
    tx: &mut Tx,
    (app, site): (&App, &Site),
    context: &Context,
    (account, news): (&Account, EmergencyNews),
) -> storage::Result<()> {
    let tidings = Tidings {
        organization: account.organization.clone(),
        account: account.slug.to_string(),
        news: news.name().to_owned(),
        address: context.address.clone().unwrap_or_default(),
        at: context.now,
        after: String::new(),
    };
    let others = match &app.config.alerts.mail {
        Recipients::These(addresses) => addresses.as_slice(),
        Recipients::Nobody | Recipients::Owners => &[],
    };
    let organization = organization(tx, &tidings).await?;
    for address in others {
        let letter = letter(site, &tidings, (&organization, None));
        tx.jobs().append_sealed(context, &app.sealer, &mail(address.as_str(), letter));
    }
    if app.config.alerts.webhook.is_some() {
        let body = json!({
            "type": news.name(),
            "timestamp": context.now.to_string(),
            "data": {
                "user": account.user.as_str(),
                "organizations": [account.organization.as_str()],
                "account": account.slug.as_str(),
                "address": context.address,
            },
        });
        tx.jobs().enqueue(context, &app.sealer, &Job::SendAlert { body: body.to_string() }).await?;
    }
    tell_owners(tx, (app, site), context, tidings).await
}

/// Mail to the next owners; a job of its own goes on with those behind them, however many there are.
///
/// # Errors
/// When the database fails.
pub async fn tell_owners(
    tx: &mut Tx,
    (app, site): (&App, &Site),
    context: &Context,
    tidings: Tidings,
) -> storage::Result<()> {
    let organization = organization(tx, &tidings).await?;
    let next = (tidings.after.as_str(), AT_A_TIME);
    let owners = tx.signals().owners_after(&tidings.organization, next, context.now).await?;
    for (_, owner) in &owners {
        let letter = letter(site, &tidings, (&organization, Some(owner)));
        tx.jobs().append_sealed(context, &app.sealer, &mail(&owner.email, letter));
    }
    if let Some((last, _)) = owners.last().filter(|_| owners.len() == AT_A_TIME) {
        let rest = Job::TellOwners(Tidings { after: last.as_str().to_owned(), ..tidings });
        tx.jobs().append_sealed(context, &app.sealer, &rest);
    }
    Ok(())
}

async fn organization(tx: &mut Tx, tidings: &Tidings) -> storage::Result<String> {
    let found = tx.organizations().by_id(&tidings.organization).await?;
    Ok(found.map(|one| one.name.to_string()).unwrap_or_default())
}

fn letter(site: &Site, tidings: &Tidings, (organization, owner): (&str, Option<&Recipient>)) -> Letter {
    let language = owner.and_then(|owner| Language::of_range(owner.locale.as_deref()?)).unwrap_or_default();
    let letterhead = Letterhead::new(language, site);
    let letterhead = match owner {
        Some(owner) => letterhead.addressed_to(&owner.name),
        None => letterhead,
    };
    // What this program has no word for is told as the worst that there is.
    let news = EmergencyNews::named(&tidings.news).unwrap_or(EmergencyNews::Used);
    let facts = (tidings.address.as_str(), tidings.at);
    letterhead.emergency(news, (&tidings.account, organization), facts, &site.address_of("/account"))
}
