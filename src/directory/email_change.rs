//! Moving a person's login to another e-mail address, which they prove by a link that is mailed there.
//!
//! Whoever asks learns nothing about the new address: whether somebody signs in with it shows only to who reads its mail.

use std::time::Duration;

use crate::{
    audit::{Actor, Context},
    clock::Timestamp,
    id::UserId,
    secret::{SecretString, TokenHash},
    storage::Tx,
    text::EmailAddress,
};

use super::{Error, Result, user};

/// How long the link is good for, as its letter says.
pub const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// A change that waits for the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailChange {
    /// Whose.
    pub user: UserId,
    /// The new address.
    pub email: EmailAddress,
    /// When the link is good no more.
    pub expires_at: Timestamp,
}

/// Makes the link to be mailed to the new address; an earlier one is void.
///
/// # Errors
/// When there is no such person.
pub async fn request(tx: &mut Tx, context: &Context, user: &UserId, email: &EmailAddress) -> Result<SecretString> {
    user::existing(tx, user).await?;
    let (token, hash) = context.random.token();
    let change = EmailChange { user: user.clone(), email: email.clone(), expires_at: context.now.plus(LIFETIME) };
    tx.email_changes().void(user, context.now).await?;
    tx.email_changes().insert(&change, hash, context.now).await?;
    Ok(token)
}

/// What a link would change, while it is good.
///
/// # Errors
/// When the database fails.
pub async fn find(tx: &mut Tx, token: TokenHash, now: Timestamp) -> Result<Option<EmailChange>> {
    Ok(tx.email_changes().find(token, now).await?)
}

/// Uses the link up and moves the login; every other link to the person, mailed to the former address, is void.
///
/// # Errors
/// When the link is not good, and when somebody else signs in with the address.
pub async fn confirm(tx: &mut Tx, context: &Context, token: TokenHash) -> Result<UserId> {
    let void = Error::Refused("this link was used, replaced or is too old; ask for a new one");
    let change = tx.email_changes().redeem(token, context.now).await?.ok_or(void)?;
    let context = &context.by(Actor::User(change.user.clone()));
    user::change_email(tx, context, &change.user, &change.email).await?;
    Ok(change.user)
}
