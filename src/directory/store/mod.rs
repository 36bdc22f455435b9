//! Queries of the directory, one file per group of tables. Every organization-scoped one takes the organization.

mod access;
mod apps;
mod assignments;
mod domains;
mod email_changes;
mod emergency_accounts;
mod external_ids;
mod group_records;
mod group_rules;
mod groups;
mod invitations;
mod kept_members;
mod kinds;
mod levels;
mod locations;
mod login_names;
mod logos;
mod managers;
mod member_lists;
mod memberships;
mod names;
mod newcomers;
mod organizations;
mod people;
mod permissions;
mod records;
mod retention;
mod reviews;
mod roles;
mod rule_facts;
mod rules;
mod safety_links;
mod search_index;
mod shown_members;
mod sources;
mod standing;
mod stations;
#[cfg(test)]
mod tests;
mod users;

pub use access::AccessOf;
pub use apps::Apps;
pub use assignments::Assignments;
pub use domains::Domains;
pub use email_changes::EmailChanges;
pub use emergency_accounts::EmergencyAccounts;
pub use external_ids::ExternalIds;
pub(in crate::directory) use external_ids::Kind as ExternalKind;
pub use group_records::GroupRecords;
pub use group_rules::GroupRules;
pub use groups::{GroupRole, Groups, NamedMember};
pub use invitations::Invitations;
pub use kept_members::KeptMembers;
pub use kinds::Kinds;
pub use levels::{Levels, NamedLevel};
pub use locations::{Identifiers, Locations};
pub use login_names::LoginNames;
pub use managers::Managers;
pub use member_lists::{Member, MemberFilter, MemberState};
pub use memberships::Memberships;
pub use organizations::Organizations;
pub use people::{People, Person, PersonFilter};
pub use permissions::Permissions;
pub use records::MemberRecords;
pub use retention::{HoldFilter, Retention};
pub use reviews::Reviews;
pub use roles::{Held, Roles};
pub use rules::AttributeRules;
pub use safety_links::{Purpose, SafetyLink, SafetyLinks};
pub use search_index::SearchIndex;
pub use shown_members::ShownMembers;
pub use sources::OutsideSources;
pub use stations::Stations;
pub use users::Users;

use crate::{
    clock::Timestamp,
    directory::validity::Validity,
    storage::{Error, Result, Row},
    text::Slug,
};

/// A text column.
fn text(row: &Row, column: &str) -> Result<String> {
    row.try_get(column)
}

/// A text column that may be NULL.
fn maybe_text(row: &Row, column: &str) -> Result<Option<String>> {
    row.try_get(column)
}

/// An instant.
fn moment(row: &Row, column: &str) -> Result<Timestamp> {
    Ok(Timestamp(row.try_get(column)?))
}

/// An instant that may be NULL.
fn maybe_moment(row: &Row, column: &str) -> Result<Option<Timestamp>> {
    Ok(row.try_get::<Option<i64>>(column)?.map(Timestamp))
}

/// `valid_from` and `valid_until`.
fn validity(row: &Row) -> Result<Validity> {
    Ok(Validity { from: maybe_moment(row, "valid_from")?, until: maybe_moment(row, "valid_until")? })
}

/// A JSON list of slugs.
fn slugs(row: &Row, column: &'static str) -> Result<Vec<Slug>> {
    serde_json::from_str(&text(row, column)?).map_err(|_| Error::Corrupt(column))
}

/// The milliseconds of an instant that may be absent.
fn millis(at: Option<Timestamp>) -> Option<i64> {
    at.map(|at| at.0)
}
