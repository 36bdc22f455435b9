//! The registration of a member: the number under which a register has them, who keeps the register, until when it holds,
//! and whether somebody compared all that with the register.
//!
//! What was compared is what counts: with another number, another register or a later end the registration is unverified
//! again, whoever wrote that. Whether it holds is never stored, but follows from the present instant.

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{MembershipId, OrganizationId},
    storage::Tx,
    text::Slug,
};

use super::{
    Error, Result,
    membership::{self, Membership},
    origin::Origin,
    profile::{Attribute, Edit},
    provisioning::people,
};

/// Who compared a registration with the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Origin,
}

/// What a registration is worth at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It was compared with the register, and holds.
    Verified,
    /// Nobody compared it.
    Unverified,
    /// It is over, whether anybody compared it or not.
    Expired,
}

impl Status {
    /// As claims and commands say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unverified => "unverified",
            Self::Expired => "expired",
        }
    }
}

/// A registration as apps are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The number.
    pub number: String,
    /// Who keeps the register.
    pub body: Option<String>,
    /// What it is worth.
    pub status: Status,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was compared with the register.
    pub verified_at: Option<Timestamp>,
}

/// What an organization knows of a member's profession.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Practitioner {
    /// The kind of membership.
    pub kind: Slug,
    /// Profession.
    pub profession: Option<String>,
    /// Specialty.
    pub specialty: Option<String>,
    /// The registration, where there is a number.
    pub registration: Option<Registration>,
}

impl Practitioner {
    /// Of this member, at `now`.
    #[must_use]
    pub fn of(member: &Membership, now: Timestamp) -> Self {
        Self {
            kind: member.kind.clone(),
            profession: member.profession.clone(),
            specialty: member.specialty.clone(),
            registration: of(member, now),
        }
    }

    /// When this is told otherwise, if nothing is changed: nothing says `verified` beyond it.
    #[must_use]
    pub fn changes_at(&self) -> Option<Timestamp> {
        let registration = self.registration.as_ref().filter(|one| one.status != Status::Expired);
        registration.and_then(|one| one.expires_at)
    }
}

/// The registration of a member at `now`.
#[must_use]
pub fn of(member: &Membership, now: Timestamp) -> Option<Registration> {
    let is_over = member.registration_expires_at.is_some_and(|end| end <= now);
    let status = match &member.verification {
        _ if is_over => Status::Expired,
        Some(_) => Status::Verified,
        None => Status::Unverified,
    };
    Some(Registration {
        number: member.registration_number.clone()?,
        body: member.registration_body.clone(),
        status,
        expires_at: member.registration_expires_at,
        verified_at: member.verification.as_ref().map(|verification| verification.at),
    })
}

/// Changes a registration: what nobody compared is unverified.
pub(super) fn change(member: &mut Membership, change: impl FnOnce(&mut Membership)) {
    let facts = |member: &Membership| (member.registration_number.clone(), member.registration_body.clone());
    let (before, end) = (facts(member), member.registration_expires_at);
    change(member);
    let is_later = match (end, member.registration_expires_at) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(end), Some(later)) => later > end,
    };
    if is_later || before != facts(member) {
        member.verification = None;
    }
}

/// Says that a registration was compared with the register, by its number: whoever compared another one is told so.
///
/// # Errors
/// For an unknown member, and for another number than theirs.
pub async fn verify(
    tx: &mut Tx,
    context: &Context,
    (organization, id): (&OrganizationId, &MembershipId),
    (number, end): (&str, Option<Timestamp>),
) -> Result<Membership> {
    let mut member = membership::existing(tx, organization, id).await?;
    same(&member, number)?;
    if let Some(end) = end {
        let edit = Edit::set(Attribute::RegistrationExpires, &end.to_string())?;
        people::edit_member(tx, &member, std::slice::from_ref(&edit)).await?;
        member.registration_expires_at = Some(end);
    }
    member.verification = Some(Verification { at: context.now, by: Origin::of(context) });
    tx.memberships().save(&member).await?;
    record(tx, context, &member);
    Ok(member)
}

/// Checks that this is the member's number: whoever looked at another one looks again.
///
/// # Errors
/// When it is not.
pub fn same(member: &Membership, number: &str) -> Result<()> {
    match &member.registration_number {
        None => Err(Error::Refused("the member has no registration number; set it first")),
        Some(known) if known != number => Err(Error::OtherNumber { known: known.clone(), typed: number.to_owned() }),
        Some(_) => Ok(()),
    }
}

/// Takes that back; says whether there was anything to take back.
///
/// # Errors
/// For an unknown member.
pub async fn unverify(
    tx: &mut Tx,
    context: &Context,
    (organization, id): (&OrganizationId, &MembershipId),
) -> Result<bool> {
    let mut member = membership::existing(tx, organization, id).await?;
    if member.verification.take().is_none() {
        return Ok(false);
    }
    tx.memberships().save(&member).await?;
    record(tx, context, &member);
    Ok(true)
}

/// Writes down what became of it.
pub(super) fn record(tx: &mut Tx, context: &Context, member: &Membership) {
    let state = if member.verification.is_some() { Status::Verified } else { Status::Unverified };
    let event = Event::RegistrationVerification {
        user: member.user_id.clone(),
        membership: member.id.clone(),
        state: state.name().to_owned(),
    };
    tx.record(context, Some(&member.organization_id), &event);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{directory::validity::Validity, id::UserId};

    fn member() -> Membership {
        let by = Origin::from_stored("scim:scn_1".to_owned());
        Membership {
            id: MembershipId::from_stored("mem_1".to_owned()),
            organization_id: OrganizationId::from_stored("org_1".to_owned()),
            user_id: UserId::from_stored("usr_1".to_owned()),
            kind: Slug::from_stored("practitioner".to_owned()),
            profession: None,
            registration_number: Some("R-1".to_owned()),
            registration_body: Some("Board".to_owned()),
            registration_expires_at: Some(Timestamp(100)),
            verification: Some(Verification { at: Timestamp(1), by: by.clone() }),
            specialty: None,
            title: None,
            origin: by,
            validity: Validity::ALWAYS,
            created_at: Timestamp(0),
            disabled_at: None,
            removed_at: None,
            tokens_void_before: None,
        }
    }

    #[test]
    fn a_registration_is_worth_what_was_compared_until_it_ends() {
        type Edit = fn(&mut Membership);
        let nothing: Edit = |_| {};
        for (case, edit, now, expected) in [
            ("compared", nothing, 99, Some(Status::Verified)),
            ("over", nothing, 100, Some(Status::Expired)),
            ("the same number", |one| one.registration_number = Some("R-1".to_owned()), 99, Some(Status::Verified)),
            ("another number", |one| one.registration_number = Some("R-2".to_owned()), 99, Some(Status::Unverified)),
            ("another register", |one| one.registration_body = None, 99, Some(Status::Unverified)),
            ("an earlier end", |one| one.registration_expires_at = Some(Timestamp(50)), 49, Some(Status::Verified)),
            (
                "an earlier end, over",
                |one| one.registration_expires_at = Some(Timestamp(50)),
                50,
                Some(Status::Expired),
            ),
            ("a later end", |one| one.registration_expires_at = Some(Timestamp(200)), 99, Some(Status::Unverified)),
            ("no end", |one| one.registration_expires_at = None, 99, Some(Status::Unverified)),
            ("no number", |one| one.registration_number = None, 99, None),
            ("a title", |one| one.title = Some("Dr".to_owned()), 99, Some(Status::Verified)),
        ] {
            let mut member = member();
            change(&mut member, edit);
            assert_eq!(of(&member, Timestamp(now)).map(|one| one.status), expected, "{case}");
        }
        let mut first = Membership { registration_expires_at: None, ..member() };
        change(&mut first, |one| one.registration_expires_at = Some(Timestamp(300)));
        assert_eq!(of(&first, Timestamp(1)).unwrap().status, Status::Verified, "an end where there was none");
        assert_eq!(Practitioner::of(&member(), Timestamp(5)).changes_at(), Some(Timestamp(100)));
        assert_eq!(Practitioner::of(&member(), Timestamp(100)).changes_at(), None);
    }
}
