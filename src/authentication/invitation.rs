//! The letter of an invitation: a link by which the invited person accepts or rejects.

use super::recovery::mail;
use crate::{
    audit::Context,
    directory::{invitation::Invitation, organization::Organization},
    keys::sealing::Sealer,
    secret::{ExposeSecret, SecretString},
    storage::{self, Tx},
    text::UserName,
    web::{Invited, Language, Letterhead, Site},
};

/// Leaves the letter to be sent; who has an account is asked to sign in, in the language that they chose.
///
/// # Errors
/// When the database fails.
pub async fn send(
    tx: &mut Tx,
    context: &Context,
    (site, sealer): (&Site, &Sealer),
    of: &Organization,
    (invitation, token): (&Invitation, &SecretString),
) -> storage::Result<()> {
    let account = tx.users().by_login_name(&UserName::from_stored(invitation.email.to_string())).await?;
    let href = site.address_of(&format!("/invitation/{}", token.expose_secret()));
    let language = account.as_ref().and_then(|user| user.locale.as_deref()).and_then(Language::of_range);
    let letter = Letterhead::new(language.unwrap_or_default(), site).invitation(Invited {
        organization: of.name.as_str(),
        invited_by: None,
        has_account: account.is_some(),
        href: &href,
        expires_at: invitation.expires_at,
    });
    tx.jobs().enqueue(context, sealer, &mail(invitation.email.as_str(), letter)).await?;
    Ok(())
}
