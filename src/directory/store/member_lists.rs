//! Lists of members.

use super::{
    Memberships, maybe_moment, maybe_text,
    memberships::{columns, entrance, entrance_columns, membership},
    people::finding_members,
    text,
};
use crate::{
    clock::Timestamp,
    directory::{
        membership::{Entrance, Membership},
        search::Wanted,
    },
    id::{MembershipId, OrganizationId},
    storage::{
        Result, Row,
        filter::{Filter, Operator},
    },
    text::{EmailAddress, Name, Slug},
};

/// A member with what a list shows of the person.
#[derive(Debug, Clone)]
pub struct Member {
    /// The membership.
    pub membership: Membership,
    /// The person's name.
    pub name: Name,
    /// The person's address.
    pub email: Option<EmailAddress>,
    /// Since when the person cannot sign in anywhere.
    pub user_disabled_at: Option<Timestamp>,
    /// Whether and how they can sign in.
    pub entrance: Entrance,
    /// What their source calls them, folded, while they have not joined.
    pub pending_as: Option<String>,
}

/// Which members to list.
#[derive(Debug, Clone, Default)]
pub struct MemberFilter {
    /// Of one kind.
    pub kind: Option<Slug>,
    /// In one state.
    pub state: Option<MemberState>,
    /// Whom this finds.
    pub wanted: Option<Wanted>,
    /// After this one (keyset paging).
    pub after: Option<MembershipId>,
    /// At most so many.
    pub limit: u32,
}

/// States of members, for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberState {
    /// Neither the membership nor the person is disabled.
    Enabled,
    /// The membership or the person is disabled.
    Disabled,
    /// A source named the person, who has not joined.
    Pending,
}

impl Memberships<'_> {
    /// Members of an organization, in the order in which they joined.
    pub async fn list(&mut self, organization: &OrganizationId, wanted: MemberFilter) -> Result<Vec<Member>> {
        let filter = Filter::select(concat!(
            columns!(),
            ", users.name, users.email, users.disabled_at AS user_disabled_at, ",
            entrance_columns!(),
            ", CASE WHEN users.placeholder_since IS NULL THEN NULL ELSE \
               (SELECT user_name FROM member_records WHERE member_records.membership_id = memberships.id) \
             END AS pending_as \
             FROM memberships \
             JOIN users ON users.id = memberships.user_id"
        ))
        .and("memberships.organization_id", Operator::Equal, organization.as_str())
        .and_text("memberships.removed_at IS NULL")
        .and_if("memberships.kind", Operator::Equal, wanted.kind.map(String::from))
        .and_if("memberships.id", Operator::Above, wanted.after.map(String::from));
        let filter = match wanted.state {
            None => filter,
            Some(MemberState::Enabled) => {
                filter.and_text("memberships.disabled_at IS NULL AND users.disabled_at IS NULL")
            }
            Some(MemberState::Pending) => filter.and_text("users.placeholder_since IS NOT NULL"),
            Some(MemberState::Disabled) => {
                filter.and_text("(memberships.disabled_at IS NOT NULL OR users.disabled_at IS NOT NULL)")
            }
        };
        let filter = finding_members(filter, wanted.wanted).order("memberships.id", wanted.limit);
        filter.fetch(self.0.connection()).await?.iter().map(member).collect()
    }
}

fn member(row: &Row) -> Result<Member> {
    Ok(Member {
        membership: membership(row)?,
        name: Name::from_stored(text(row, "name")?),
        email: maybe_text(row, "email")?.map(EmailAddress::from_stored),
        user_disabled_at: maybe_moment(row, "user_disabled_at")?,
        entrance: entrance(row)?,
        pending_as: maybe_text(row, "pending_as")?,
    })
}
