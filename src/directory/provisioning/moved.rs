//! Somebody who has another address.

use super::{Known, Result, Speaker, domain, facts, is_of_this_organization_alone, pending, pending::Invited};
use crate::{directory::user, storage::Tx, text::UserName};

/// Who is pending is invited there, who is the organization's alone signs in with it, where
/// the organization owns its domain.
pub(super) async fn follow(tx: &mut Tx, speaker: Speaker<'_>, known: &Known) -> Result<Option<Invited>> {
    let (organization, membership) = (speaker.organization, &known.membership);
    let first = |known: &Known| facts::addresses(&known.seen()).into_iter().next();
    let after = tx.member_records().by_id(organization, &membership.id).await?;
    let Some(email) = after.as_ref().and_then(first).filter(|email| first(known).as_ref() != Some(email)) else {
        return Ok(None);
    };
    if known.is_pending {
        pending::withdraw_invitation(tx, speaker.context, organization, &membership.id).await?;
        return pending::invite(tx, speaker, membership, email).await;
    }
    let has_it = known.email.as_ref() == Some(&email);
    if has_it
        || tx.domains().owner(&domain(&email)).await?.as_ref() != Some(organization)
        || !is_of_this_organization_alone(tx, organization, &membership.user_id).await?
    {
        return Ok(None);
    }
    if tx.users().by_login_name(&UserName::from_stored(email.to_string())).await?.is_none() {
        user::change_email(tx, speaker.context, &membership.user_id, &email).await?;
    }
    Ok(None)
}
