//! Links that are mailed to a person: to set a new password, to prove a new address. Each is good for one use.
//!
//! Whoever asks for a link learns nothing: whether an account exists is told by mail alone.

use std::time::Duration;

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::UserId,
    secret::{SecretString, TokenHash},
    session::EndReason,
    storage::Tx,
    text::EmailAddress,
};

use super::{
    Error, Result,
    user::{self, NewPassword},
};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To set a new password.
    Password,
    /// To prove that mail to a new address arrives.
    Email,
}

impl Purpose {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Email => "email",
        }
    }

    /// How long the link is good for, as its letter says.
    #[must_use]
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::Password | Self::Email => Duration::from_secs(60 * 60),
        }
    }

    pub(super) fn from_stored(text: &str) -> Self {
        if text == Self::Password.as_str() { Self::Password } else { Self::Email }
    }
}

/// A link that was mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailedLink {
    /// To whom.
    pub user: UserId,
    /// What for.
    pub purpose: Purpose,
    /// The address to be proved.
    pub email: Option<EmailAddress>,
    /// When it is good no more.
    pub expires_at: Timestamp,
}

const VOID: Error = Error::Refused("this link was used, replaced or is too old; ask for a new one");

/// Makes a link by which the person sets a new password; earlier ones are void.
///
/// # Errors
/// When there is no such person.
pub async fn for_password(tx: &mut Tx, context: &Context, user: &UserId) -> Result<SecretString> {
    let token = make(tx, context, (user, Purpose::Password), None).await?;
    tx.record(context, None, &Event::PasswordResetRequest { user: user.clone() });
    Ok(token)
}

/// Makes a link, to be mailed to `email`, by which the person moves their login there; earlier ones are void.
///
/// # Errors
/// When there is no such person.
pub async fn for_email(tx: &mut Tx, context: &Context, user: &UserId, email: &EmailAddress) -> Result<SecretString> {
    make(tx, context, (user, Purpose::Email), Some(email)).await
}

async fn make(
    tx: &mut Tx,
    context: &Context,
    (user, purpose): (&UserId, Purpose),
    email: Option<&EmailAddress>,
) -> Result<SecretString> {
    user::existing(tx, user).await?;
    let (token, hash) = context.random.token();
    let expires_at = context.now.plus(purpose.lifetime());
    let link = MailedLink { user: user.clone(), purpose, email: email.cloned(), expires_at };
    tx.mailed_links().void(user, Some(purpose), context.now).await?;
    tx.mailed_links().insert(&link, hash, context.now).await?;
    Ok(token)
}

/// The link, while it is good; it stays good.
///
/// # Errors
/// When the database fails.
pub async fn look_at(tx: &mut Tx, purpose: Purpose, token: TokenHash, now: Timestamp) -> Result<Option<MailedLink>> {
    Ok(tx.mailed_links().good(token, purpose, now).await?)
}

/// Uses a link up and sets the password: mail arrived, so the address is proved. Every session ends.
///
/// # Errors
/// When the link is not good, or the person cannot sign in at all.
pub async fn redeem_password(
    tx: &mut Tx,
    context: &Context,
    token: TokenHash,
    password: &NewPassword,
) -> Result<UserId> {
    let link = tx.mailed_links().redeem(token, Purpose::Password, context.now).await?.ok_or(VOID)?;
    let person = user::existing(tx, &link.user).await?;
    if !person.is_active() {
        return Err(VOID);
    }
    tx.mailed_links().void(&link.user, None, context.now).await?;
    let context = &context.by(crate::audit::Actor::User(link.user.clone()));
    user::set_password(tx, context, &link.user, password).await?;
    tx.sessions().end_all_of_user(context, &link.user, None, EndReason::PasswordChange).await?;
    if person.email_verified_at.is_none()
        && let Some(email) = &person.email
    {
        tx.users().set_email(&link.user, email, context.now).await?;
    }
    Ok(link.user)
}

/// Uses a link up and moves the person's login to the proved address; links to the former address are void.
///
/// # Errors
/// When the link is not good, and when somebody else signs in with the address.
pub async fn redeem_email(tx: &mut Tx, context: &Context, token: TokenHash) -> Result<UserId> {
    let link = tx.mailed_links().redeem(token, Purpose::Email, context.now).await?.ok_or(VOID)?;
    let email = link.email.ok_or(VOID)?;
    let context = &context.by(crate::audit::Actor::User(link.user.clone()));
    tx.mailed_links().void(&link.user, None, context.now).await?;
    user::change_email(tx, context, &link.user, &email).await?;
    Ok(link.user)
}
