//! A forgotten password: a link by mail, and a new password by that link.
//!
//! Whether there is such an account shows neither in the answer nor in its time: the work is done after the answer.

use super::{
    enrolling, home_realm, lockout,
    new_password::{self, Prepared},
    sent_factor,
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    clock::Timestamp,
    directory::{
        self,
        user::{self, User},
    },
    id::UserId,
    jobs::Job,
    policy::Policies,
    secret::{ExposeSecret, TokenHash},
    storage,
    text::UserName,
    web::{FactorChange, Language, Letter, Letterhead, Site},
};

/// Mails a link to whoever signs in with `name`, if anybody does, can be written to and may have a password; whether it is sent.
///
/// # Errors
/// When the database fails.
pub async fn send_link(
    policies: &Policies,
    site: &Site,
    language: Language,
    context: Context,
    name: &str,
) -> storage::Result<bool> {
    let Ok(name) = name.parse::<UserName>() else { return Ok(false) };
    let app = &policies.app;
    let user = app.storage.read().await?.users().by_login_name(&name).await?;
    let Some(user) = user.filter(|user| user.is_active(context.now)) else { return Ok(false) };
    // A password would let them in nowhere.
    if home_realm::required(policies, &user.id, None).await?.is_some() {
        return Ok(false);
    }
    let Some(email) = user.email.clone() else { return Ok(false) };
    let (token, hash) = app.random.token();
    let href = site.address_of(&format!("/password/{}", token.expose_secret()));
    let letter = Letterhead::new(language, site).addressed_to(user.name.as_str()).password_reset(&href);
    let sealer = app.sealer.clone();
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                tx.password_links().insert(&user.id, hash, context.now).await?;
                tx.jobs().enqueue(&context, &sealer, &mail(email.as_str(), letter)).await?;
                tx.record(&context, None, &Event::PasswordResetRequest { user: user.id });
                Ok(true)
            })
        })
        .await
}

/// The job that sends a letter.
#[must_use]
pub fn mail(to: &str, letter: Letter) -> Job {
    mail_by(to, letter, None)
}

/// The job that sends a letter that is worth nothing later.
#[must_use]
pub(super) fn mail_until(to: &str, letter: Letter, until: Timestamp) -> Job {
    mail_by(to, letter, Some(until))
}

fn mail_by(to: &str, letter: Letter, until: Option<Timestamp>) -> Job {
    Job::SendMail {
        to: to.to_owned(),
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
        mail: letter.kind.to_owned(),
        until,
    }
}

/// Word to the person that what they sign in with was changed or tried.
#[must_use]
pub fn factors_changed(
    (site, language): (&Site, Language),
    user: &User,
    what: FactorChange,
    at: Timestamp,
) -> Option<Job> {
    let letterhead = Letterhead::new(language, site).addressed_to(user.name.as_str());
    let letter = letterhead.factors_changed(what, at, &site.address_of("/account/security"));
    user.email.as_ref().map(|email| mail(email.as_str(), letter))
}

/// Whose link it is, while it is good and the person may sign in.
///
/// # Errors
/// When the database fails.
pub async fn owner(app: &App, token: TokenHash) -> storage::Result<Option<User>> {
    let (mut tx, now) = (app.storage.read().await?, app.clock.now());
    let Some(user) = tx.password_links().find(token, now).await? else { return Ok(None) };
    Ok(tx.users().by_id(&user).await?.filter(|user| user.is_active(now)))
}

/// Word to the person, where they can be written to.
#[derive(Default)]
pub struct Notices {
    /// That the password was changed.
    pub password: Option<Job>,
    /// That their factors were removed, in case they are.
    pub factors: Option<Job>,
}

/// Sets the new password, uses the link up and sends `notices` of it. All sessions end: whoever took them over is out. Where
/// nobody had proved the address before, the link does, and nothing is left of whoever had the account until now.
///
/// # Errors
/// [`directory::Error::Unknown`] when the link was used meanwhile; nothing has changed then.
pub async fn set_password(
    app: &App,
    context: Context,
    (token, browser): (TokenHash, Option<TokenHash>),
    prepared: Prepared,
    notices: Notices,
) -> directory::Result<UserId> {
    let (own, sealer) = (app.clone(), app.sealer.clone());
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                let user = tx.password_links().redeem(token, context.now).await?;
                let user = user.ok_or_else(|| directory::Noun::User.unknown("of this link"))?;
                let context = context.by(Actor::User(user.clone()));
                // Whoever reads the mailbox is the person: a lock against strangers ends.
                lockout::unlock(tx, &own, &context, &user).await?;
                tx.known_devices().forget(&user, browser, context.now).await?;
                let is_first = user::take_over(tx, &context, &user).await?;
                new_password::set(tx, &context, &user, prepared, None).await?;
                sent_factor::close(tx, &context, &user).await?;
                // Nobody had proved the address: whoever set factors up was not known to be its owner.
                let removed = if is_first { enrolling::reset(tx, &context, &user, "reset").await? } else { 0 };
                let told = [Some(notices.password), (removed > 0).then_some(notices.factors)];
                for notice in told.into_iter().flatten().flatten() {
                    tx.jobs().enqueue(&context, &sealer, &notice).await?;
                }
                Ok(user)
            })
        })
        .await
}
