//! Taking an account back. Whoever knows a password can set up the first second factor, or change the address, and so lock its
//! owner out: the letter that tells of it holds a link for the owner, good for 72 hours and for one use.
//!
//! The link goes to an address that was proved before, and what it undoes is whatever came since: factors go, the address is
//! that one again, the password signs nobody in any more, and all sessions and tokens end. Whoever took the account gets
//! such links too once they have another address: those are younger, and an older one makes them void, never the other way.

use std::time::Duration;

use super::{enrolling, recovery::mail};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    directory::{
        self,
        store::{Purpose, SafetyLink},
        user::{self, User},
    },
    keys::Sealer,
    secret::{ExposeSecret, SecretString, TokenHash},
    session::EndReason,
    storage::{self, Tx},
    text::UserName,
    web::{FactorChange, Language, Letterhead, Site},
};

/// How long a link is good, as its letter says.
pub const LIFE: Duration = Duration::from_hours(72);

/// Word to a person, in the unit of work that changes what they sign in with.
pub struct Word {
    /// The site that writes.
    pub site: Site,
    /// The person's language.
    pub language: Language,
    /// What has happened.
    pub what: FactorChange,
}

impl Word {
    /// Mails it; where the factor `is_first`, with a link to take the account back.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn send(
        self,
        tx: &mut Tx,
        (context, sealer): (&Context, &Sealer),
        (user, is_first): (&User, bool),
    ) -> storage::Result<()> {
        let Some(email) = &user.email else { return Ok(()) };
        let letterhead = Letterhead::new(self.language, &self.site).addressed_to(user.name.as_str());
        let link = if is_first { issue(tx, context, (&self.site, user)).await? } else { None };
        let letter = match link {
            Some(href) => letterhead.first_factor(self.what, context.now, &href),
            None => letterhead.factors_changed(self.what, context.now, &self.site.address_of("/account/security")),
        };
        tx.jobs().enqueue(context, sealer, &mail(email.as_str(), letter)).await?;
        Ok(())
    }
}

/// The address of a link for the person as they are now; none where nobody proved that mail reaches them.
///
/// # Errors
/// When the database fails.
pub async fn issue(tx: &mut Tx, context: &Context, (site, user): (&Site, &User)) -> storage::Result<Option<String>> {
    let (Some(email), Some(_)) = (&user.email, user.email_verified_at) else { return Ok(None) };
    let (token, hash) = context.random.token();
    let link = SafetyLink { user: user.id.clone(), email: email.clone(), created_at: context.now };
    tx.safety_links().insert(Purpose::TakeBack, hash, &link, LIFE).await?;
    Ok(Some(site.address_of(&format!("/take-back/{}", token.expose_secret()))))
}

/// Whose link it is, while it is good and the person may sign in.
///
/// # Errors
/// When the database fails.
pub async fn owner(app: &App, token: TokenHash) -> storage::Result<Option<User>> {
    let (mut tx, now) = (app.storage.read().await?, app.clock.now());
    let Some(link) = tx.safety_links().find(Purpose::TakeBack, token, now).await? else { return Ok(None) };
    Ok(tx.users().by_id(&link.user).await?.filter(|user| user.is_active(now)))
}

/// Takes the account back; the answer is the token of a link to a new password.
///
/// # Errors
/// [`directory::Error::Unknown`] when the link was used meanwhile; nothing has changed then.
pub async fn take_back(
    app: &App,
    context: Context,
    token: TokenHash,
    (site, language): (Site, Language),
) -> directory::Result<SecretString> {
    let sealer = app.sealer.clone();
    let (password, hash) = app.random.token();
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                let unknown = || directory::Noun::User.unknown("of this link");
                let link = tx.safety_links().redeem(Purpose::TakeBack, token, context.now).await?;
                let link = link.ok_or_else(unknown)?;
                let context = context.by(Actor::User(link.user.clone()));
                tx.users().keep_still(&link.user).await?;
                let user = tx
                    .users()
                    .by_id(&link.user)
                    .await?
                    .filter(|user| user.is_active(context.now))
                    .ok_or_else(unknown)?;
                undo(tx, &context, (&link, &user)).await?;
                tx.password_links().insert(&user.id, hash, context.now).await?;
                let letterhead = Letterhead::new(language, &site).addressed_to(user.name.as_str());
                let href = site.address_of("/password/forgotten");
                let letter = letterhead.factors_changed(FactorChange::TakenBack, context.now, &href);
                tx.jobs().enqueue(&context, &sealer, &mail(link.email.as_str(), letter)).await?;
                Ok(password)
            })
        })
        .await
}

/// Undoes what was changed since the link was mailed.
async fn undo(tx: &mut Tx, context: &Context, (link, user): (&SafetyLink, &User)) -> directory::Result<()> {
    // In this order everywhere: the person, sessions, factors.
    tx.sessions().end_all_of_user(context, &user.id, None, EndReason::FactorChange).await?;
    enrolling::remove_since(tx, context, &user.id, (link.created_at, "take-back")).await?;
    tx.safety_links().void(&user.id, link.created_at, context.now).await?;
    if user.email.as_ref() != Some(&link.email) {
        // Somebody else may sign in with it by now: then the person keeps the other one, and an administrator helps.
        let name = UserName::from_stored(link.email.to_string());
        if tx.users().by_login_name(&name).await?.is_none() {
            user::change_email(tx, context, &user.id, &link.email).await?;
        }
    }
    for recovery in tx.recoveries().end_all(&user.id, context.now).await? {
        tx.record(context, None, &Event::RecoveryEnd { user: user.id.clone(), recovery, by: "take-back" });
    }
    user::take_over(tx, context, &user.id).await?;
    tx.users().forget_password(&user.id, context.now).await?;
    tx.record(context, None, &Event::PasswordChange { user: user.id.clone(), by: "take-back".to_owned() });
    tx.known_devices().forget(&user.id, None, context.now).await?;
    tx.record(context, None, &Event::AccountTakeBack { user: user.id.clone() });
    Ok(())
}
