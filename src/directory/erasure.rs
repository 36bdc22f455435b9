//! Erasing a person: what is left is a tombstone, so that the audit log goes on naming somebody by the id.
//!
//! Nobody is erased whose record an organization holds ([`retention`](super::retention)).

use super::{
    Result,
    organization::Organization,
    origin::Origin,
    owner, search,
    user::{disable, existing},
};
use crate::{
    audit::{Context, Event},
    id::UserId,
    session::EndReason,
    storage::Tx,
};

/// What became of an erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a person whose record is held is not erased"]
pub enum Erasure {
    /// Nothing is left but the id.
    Done,
    /// Nothing was erased: these organizations hold the record.
    Held(Vec<Organization>),
}

/// Erases the person for good, unless an organization holds the record: what is left is the id, so that the audit log stays
/// readable.
///
/// Ends every membership, session and token.
///
/// # Errors
/// For the last owner of an organization.
pub async fn delete(tx: &mut Tx, context: &Context, user: &UserId) -> Result<Erasure> {
    owner::spare_person(tx, context.now, user).await?;
    tx.users().keep_still(user).await?;
    existing(tx, user).await?;
    let holders = tx.retention().holders(user, context.now).await?;
    if !holders.is_empty() {
        tx.record(context, None, &Event::UserDeletionFailure { user: user.clone(), reason: "held" });
        return Ok(Erasure::Held(holders));
    }
    erase(tx, context, user).await?;
    Ok(Erasure::Done)
}

/// Leaves nothing but the id, whoever holds the record and whatever they own: the caller has looked.
pub(super) async fn erase(tx: &mut Tx, context: &Context, user: &UserId) -> Result<()> {
    tx.sessions().end_all_of_user(context, user, None, EndReason::Disabled).await?;
    tx.invitations().erase(user, context.now).await?;
    tx.login_names().erase(user).await?;
    tx.memberships().erase(user, context.now).await?;
    tx.kept_members().erase(user).await?;
    tx.retention().erase(user).await?;
    tx.users().erase(user, context.now).await?;
    search::index(tx, std::slice::from_ref(user)).await?;
    tx.record(context, None, &Event::UserDeletion { user: user.clone() });
    Ok(())
}

/// Erases the person, or where an organization holds the record, as soon as none does: until then nobody lets them in but by
/// [`enable`](super::user::enable), which takes it back.
///
/// # Errors
/// For the last owner of an organization.
pub async fn delete_once_released(tx: &mut Tx, context: &Context, user: &UserId) -> Result<Erasure> {
    owner::spare_person(tx, context.now, user).await?;
    tx.users().keep_still(user).await?;
    let holders = tx.retention().holders(user, context.now).await?;
    if holders.is_empty() {
        return delete(tx, context, user).await;
    }
    let was_in = existing(tx, user).await?.disabled_at.is_none();
    disable(tx, context, user).await?;
    let is_new = tx.retention().ask(user, (context.now, &Origin::of(context))).await?;
    if was_in || is_new {
        tx.record(context, None, &Event::ErasureRequest { user: user.clone() });
    }
    Ok(Erasure::Held(holders))
}
