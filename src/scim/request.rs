//! A request of a caller: who asks, when, and where answers point.

use std::sync::Arc;

use super::{BASE, caller::Caller, list::Scans};
use crate::{
    audit::Context,
    authentication::invitation,
    directory::provisioning::{Invited, Speaker},
    keys::sealing::Sealer,
    storage::{self, Tx},
    web::Site,
};

/// What an operation of SCIM needs besides the resource.
#[derive(Clone)]
pub struct Request {
    /// Who asks.
    pub caller: Caller,
    /// When, by whom and from where.
    pub context: Context,
    /// Where people go.
    pub site: Site,
    /// Seals letters until they are sent.
    pub sealer: Arc<Sealer>,
    /// Lists that no index answers.
    pub scans: Scans,
}

impl Request {
    /// The address of `/scim/v2`.
    #[must_use]
    pub fn base(&self) -> String {
        self.site.address_of(BASE)
    }

    /// The caller as a source of the directory.
    #[must_use]
    pub fn speaker(&self) -> Speaker<'_> {
        Speaker {
            context: &self.context,
            organization: &self.caller.organization,
            may_assign: &self.caller.roles,
            may_grant: &self.caller.permissions,
            may_verify: self.caller.may_verify,
        }
    }

    /// Leaves the letter to be sent to whoever was invited.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invite(&self, tx: &mut Tx, invited: Option<&Invited>) -> storage::Result<()> {
        let Some((invitation, token)) = invited else { return Ok(()) };
        let Some(of) = tx.organizations().by_id(&self.caller.organization).await? else { return Ok(()) };
        invitation::send(tx, &self.context, (&self.site, &self.sealer), &of, (invitation, token)).await
    }
}
