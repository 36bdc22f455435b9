//! The one way in for outside sources (SCIM, LDAP, sign-in through an upstream): they say what they know of a member, and
//! here that becomes a person, a membership, roles, an invitation, or nothing.
//!
//! A source speaks for one organization. It brings people whose address lies in a domain that the organization proved to
//! own; whoever has another address is invited and stays [`pending`] until they accept, whether or not they have an
//! account: the source learns nothing of it. What sources write is kept beside the person (a *record*, with the source of
//! each attribute) and reaches the person's own profile only while no other organization knows them. Attributes have the
//! names of RFC 7643. Not here: protocols.

mod attributes;
mod called;
mod facts;
mod fresh;
pub(super) mod groups;
pub(super) mod keepers;
mod known;
pub(super) mod manager;
mod mapping;
mod moved;
mod naming;
mod ownership;
pub(super) mod pending;
pub(super) mod shown;
mod standing;
pub(super) mod people;
mod ranking;
mod verification;
mod waiting;
mod writing;

pub use fresh::{Newcomer, add_together, newcomers};
pub use groups::{
    DesiredGroup, Holding, KnownGroup, Part, Parts, add_group, change_group, change_parts, given_parts, hold_group,
    parts_there, remove_group,
};
pub use known::{Attributes, Known, Record, Sources};
pub use manager::set_managers;
pub use ownership::{Manner, Owned};
pub use pending::{Invited, Joined, join_by_source};
pub use people::{Kept, kept_of, kept_of_person};
pub use ranking::{PRECEDENCES, Ranking, Source, set_own_precedence};
pub use shown::{AttributeText, Shown};
pub use standing::{InTheWay, hold, in_the_way, remove, remove_shut_out, shut_out};
pub use waiting::{look_again, look_again_at, map_again};

use self::writing::write;
use super::{
    Error, Noun, Result,
    membership::{self, FirstRoles, Membership, NewMembership},
    origin::Origin,
    permission::Permission,
    rule,
    tenancy::{self, Aspect},
    user,
    validity::Validity,
};
use crate::{
    audit::Context,
    id::{MembershipId, OrganizationId, UserId},
    storage::Tx,
    text::{DomainName, EmailAddress, Slug, UserName},
};

/// The name of the schema that holds what only clinics know of a member.
pub const PRACTITIONER: &str = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner";

/// The name of the schema of a person in an enterprise (RFC 7643 §4.3).
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The kind of membership of whom no source says more.
const KIND: &str = "administrative";

/// Who speaks, for whom.
#[derive(Debug, Clone, Copy)]
pub struct Speaker<'a> {
    /// Whose source it is; its actor is the source.
    pub context: &'a Context,
    /// The organization that it speaks for.
    pub organization: &'a OrganizationId,
    /// The roles that it may assign.
    pub may_assign: &'a [Slug],
    /// The permissions that it may grant.
    pub may_grant: &'a [Permission],
    /// Whether it may say that a registration was compared with the register.
    pub may_verify: bool,
}

impl Speaker<'_> {
    fn source(&self) -> Origin {
        Origin::of(self.context)
    }
}

/// What a source says of a member.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    /// What it calls them.
    pub user_name: String,
    /// Its own id of them.
    pub external_id: Option<String>,
    /// Whether they may act in the organization; where nobody says, that stays as it is.
    pub is_active: Option<bool>,
    /// Everything else, by the names of RFC 7643.
    pub attributes: Attributes,
}

/// A member who was brought.
#[derive(Debug)]
pub struct Added {
    /// The member.
    pub known: Known,
    /// Whether nobody knew them before.
    pub is_new: bool,
    /// Whether they may be in groups.
    pub has_places: bool,
    /// The invitation to be sent, where the person has to accept.
    pub invited: Option<Invited>,
}

/// Brings a member.
///
/// # Errors
/// When the organization calls another member by this name, or has one with this address, and when a rule would put them into a
/// group whose roles the source may not assign.
pub async fn add(tx: &mut Tx, speaker: Speaker<'_>, desired: &Desired) -> Result<Added> {
    tx.act_by(speaker.mandate());
    let mut added = bring(tx, speaker, desired).await?;
    added.has_places |= rule::settle(tx).await?;
    Ok(added)
}

async fn bring(tx: &mut Tx, speaker: Speaker<'_>, desired: &Desired) -> Result<Added> {
    let organization = speaker.organization;
    let folded = desired.user_name.to_lowercase();
    if tx.member_records().is_named(organization, &folded).await? {
        return Err(taken(desired));
    }
    let attributes = with_user_name(desired);
    let email = facts::addresses(&attributes).into_iter().next();
    let id = match somebody(tx, speaker, email.as_ref()).await? {
        Somebody::Member(id) => id,
        Somebody::Account(user) => attach(tx, speaker, user, &attributes).await?.id,
        Somebody::New { is_vouched_for } => {
            let vouched = email.as_ref().filter(|_| is_vouched_for);
            let known = fresh::add(tx, speaker, (desired, attributes), vouched).await?;
            let invited = match email.filter(|_| !is_vouched_for) {
                Some(email) => pending::invite(tx, speaker, &known.membership, email).await?,
                None => None,
            };
            return Ok(Added { known, is_new: true, has_places: false, invited });
        }
    };
    let known = tx
        .member_records_of(&speaker.source())
        .by_id(organization, &id)
        .await?
        .ok_or_else(|| Noun::Membership.unknown(&id))?;
    write(tx, speaker, &known, (desired, Manner::Whole)).await?;
    let known = tx
        .member_records_of(&speaker.source())
        .by_id(organization, &id)
        .await?
        .ok_or_else(|| Noun::Membership.unknown(&id))?;
    Ok(Added { known, is_new: false, has_places: true, invited: None })
}

/// Changes a member, who is held; says whether anything was to change.
///
/// # Errors
/// For an unknown member, a name that is taken, an attribute that another source keeps (with [`Manner::Change`]), and when a
/// rule would put them into a group whose roles the source may not assign.
pub async fn change(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    id: &MembershipId,
    (desired, manner): (&Desired, Manner),
) -> Result<(bool, Option<Invited>)> {
    tx.act_by(speaker.mandate());
    let known = tx.member_records_of(&speaker.source()).by_id(speaker.organization, id).await?;
    let known = known.ok_or_else(|| Noun::Membership.unknown(id))?;
    let folded = desired.user_name.to_lowercase();
    if known.user_name().to_lowercase() != folded && tx.member_records().is_named(speaker.organization, &folded).await?
    {
        return Err(taken(desired));
    }
    let has_changed = write(tx, speaker, &known, (desired, manner)).await?;
    let invited = if has_changed { moved::follow(tx, speaker, &known).await? } else { None };
    rule::settle(tx).await?;
    Ok((has_changed, invited))
}

fn taken(desired: &Desired) -> Error {
    Error::Taken(Noun::UserName, desired.user_name.clone())
}

fn with_user_name(desired: &Desired) -> Attributes {
    let mut attributes = desired.attributes.clone();
    attributes.insert("userName".into(), desired.user_name.clone().into());
    manager::simplify(&mut attributes);
    attributes
}

/// Whom a source may mean by somebody whom it has not named before.
enum Somebody {
    /// Known to the organization already, by hand.
    Member(MembershipId),
    /// Has an account, with a proved address in a domain of the organization.
    Account(UserId),
    /// Nobody yet, or nobody of whom the source may learn.
    New {
        /// Whether the address lies in a domain of the organization.
        is_vouched_for: bool,
    },
}

/// Looks for them: attached at once in a domain of the organization, pending elsewhere, and once per address.
async fn somebody(tx: &mut Tx, speaker: Speaker<'_>, email: Option<&EmailAddress>) -> Result<Somebody> {
    let Some(email) = email else { return Ok(Somebody::New { is_vouched_for: false }) };
    let account = tx.users().by_login_name(&UserName::from_stored(email.to_string())).await?;
    if let Some(account) = &account
        && let Some(member) = tx.member_records().of(speaker.organization, &account.id).await?
    {
        let is_of_source = member.record.is_some();
        return if is_of_source { Err(Error::AlreadyMember) } else { Ok(Somebody::Member(member.membership.id)) };
    }
    if pending::is_at(tx, speaker.organization, email, None).await? {
        return Err(Error::AlreadyMember);
    }
    let is_vouched_for = tx.domains().owner(&domain(email)).await?.as_ref() == Some(speaker.organization);
    // Whoever made an account may have made up its address: it has to be proved, or the invitation has to reach them.
    let has_proved =
        |account: &user::User| account.email.as_ref() == Some(email) && account.email_verified_at.is_some();
    Ok(match account {
        Some(account) if is_vouched_for && has_proved(&account) => Somebody::Account(account.id),
        Some(_) => Somebody::New { is_vouched_for: false },
        None => Somebody::New { is_vouched_for },
    })
}

fn domain(email: &EmailAddress) -> DomainName {
    DomainName::from_stored(email.domain().to_owned())
}

/// Makes a person a member, without roles: those follow.
async fn attach(tx: &mut Tx, speaker: Speaker<'_>, user: UserId, attributes: &Attributes) -> Result<Membership> {
    membership::join(tx, speaker.context, speaker.organization, membership_of(speaker, user, attributes)?).await
}

fn membership_of(speaker: Speaker<'_>, user: UserId, attributes: &Attributes) -> Result<NewMembership> {
    let kind = facts::kind(attributes).unwrap_or(KIND);
    Ok(NewMembership {
        user,
        kind: kind.parse().map_err(|_| Noun::MembershipKind.unknown(kind))?,
        roles: FirstRoles::Exactly(vec![]),
        validity: Validity::ALWAYS,
        origin: speaker.source(),
    })
}

async fn is_of_this_organization_alone(tx: &mut Tx, organization: &OrganizationId, user: &UserId) -> Result<bool> {
    let organizations = tx.memberships().organizations_ever(user).await?;
    let scope = tenancy::Scope::Organization(organization.clone());
    Ok(tenancy::may_change(&scope, Aspect::Profile, &organizations).is_ok())
}
