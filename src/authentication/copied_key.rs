//! A passkey that counts back (Web Authentication §6.1.1): there may be a copy of it, and nobody knows which of the two is the
//! person's. Refused once, the copy would count on until it is ahead, so the passkey is closed for good, and whatever began
//! with either of them ends. Its person still has a second factor: they go on with another one or a recovery code.

use std::sync::Arc;

use super::{factor::passkey::Refused, recovery::factors_changed, remembered, store::KeptKey, with_passkey::Given};
use crate::{
    audit::{Context, Event},
    directory::user::User,
    id::{FactorId, SessionId},
    keys::Sealer,
    secret::TokenHash,
    session::EndReason,
    storage::{self, Tx},
    web::{FactorChange, Language, Site},
};

/// Why an answer of such a key is refused.
pub(super) const COPIED: Refused = Refused("copied-key");
/// Why one of a key that is closed is.
pub(super) const CLOSED: Refused = Refused("closed-key");

/// What it takes to close a key.
pub(super) struct Closing {
    /// Seals the letter.
    pub(super) sealer: Arc<Sealer>,
    /// The site whose letter tells of it.
    pub(super) site: Site,
    /// Whose key it is.
    pub(super) user: User,
    /// The session that stays: one that stands at the second factor.
    pub(super) but: Option<SessionId>,
}

impl Closing {
    /// Closes it; `false` where that was done before, or it is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn close(&self, tx: &mut Tx, context: &Context, factor: &FactorId) -> storage::Result<bool> {
        let user = &self.user;
        if !tx.factors().close_key(factor, context.now).await? {
            return Ok(false);
        }
        tx.sessions().end_all_of_user(context, &user.id, self.but.as_ref(), EndReason::FactorChange).await?;
        remembered::ask_again(tx, context, (&user.id, "factors")).await?;
        tx.record(context, None, &Event::FactorClosure { user: user.id.clone(), factor: factor.clone() });
        let language = user.locale.as_deref().and_then(Language::of_range).unwrap_or_default();
        if let Some(notice) = factors_changed((&self.site, language), user, FactorChange::PasskeyClosed, context.now) {
            tx.jobs().enqueue(context, &self.sealer, &notice).await?;
        }
        Ok(true)
    }

    /// An answer was right but for what the key counts: why it is refused. One that was given twice closes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn judge(
        &self,
        tx: &mut Tx,
        context: &Context,
        (kept, given, used): (&KeptKey, &Given, TokenHash),
    ) -> storage::Result<Refused> {
        tx.users().keep_still(&self.user.id).await?;
        if !tx.replays().first_use(used, given.until).await? {
            return Ok(Refused("replayed"));
        }
        Ok(if self.close(tx, context, &kept.factor).await? { COPIED } else { CLOSED })
    }
}
