//! Lists of persons, by id, and whom a search finds.

use super::{maybe_moment, maybe_text, moment, text};
use crate::{
    clock::Timestamp,
    directory::search::Wanted,
    id::{OrganizationId, UserId},
    storage::{
        Result, Row, Tx, Value,
        filter::{Filter, Operator},
    },
    text::{EmailAddress, Name, UserName},
};

/// Lists of persons.
pub struct People<'t>(&'t mut Tx);

impl Tx {
    /// Lists of persons.
    pub fn people(&mut self) -> People<'_> {
        People(self)
    }
}

/// A person, as a list shows them.
#[derive(Debug, Clone)]
pub struct Person {
    /// The id.
    pub id: UserId,
    /// The name.
    pub name: Name,
    /// The address.
    pub email: Option<EmailAddress>,
    /// The user name.
    pub user_name: Option<UserName>,
    /// When they were created.
    pub created_at: Timestamp,
    /// Since when they cannot sign in anywhere.
    pub disabled_at: Option<Timestamp>,
}

/// Which persons to list; erased ones never are.
#[derive(Debug, Clone, Default)]
pub struct PersonFilter {
    /// Members of one organization.
    pub organization: Option<OrganizationId>,
    /// Whom this finds.
    pub wanted: Option<Wanted>,
    /// After this one (keyset paging).
    pub after: Option<UserId>,
    /// At most so many.
    pub limit: u32,
}

macro_rules! select {
    ($more:literal, $from:literal) => {
        concat!(
            "SELECT users.id, users.name, users.email, users.created_at, users.disabled_at, \
             COALESCE( \
               (SELECT MIN(login_names.name) FROM login_names \
                WHERE login_names.user_id = users.id AND kind = 'username' AND retired_at IS NULL)",
            $more,
            ", NULL) AS user_name FROM ",
            $from
        )
    };
}

/// Members by their organization, with what its sources call those who have not joined.
const MEMBERS: &str = select!(
    ", CASE WHEN users.placeholder_since IS NULL THEN NULL ELSE \
       (SELECT user_name FROM member_records WHERE member_records.membership_id = memberships.id) END",
    "memberships JOIN users ON users.id = memberships.user_id"
);

/// Whoever has not joined is found by the user name and the addresses that sources of the organization said of them, too.
const PENDING: &str = "users.placeholder_since IS NOT NULL AND ( \
       EXISTS (SELECT 1 FROM member_records WHERE member_records.membership_id = memberships.id \
         AND REPLACE(member_records.user_name, {}, '') <> member_records.user_name) \
       OR EXISTS (SELECT 1 FROM member_addresses WHERE member_addresses.membership_id = memberships.id \
         AND REPLACE(member_addresses.email, {}, '') <> member_addresses.email))";

impl People<'_> {
    /// Persons by id, which is the order in which they were created.
    pub async fn list(&mut self, filter: PersonFilter) -> Result<Vec<Person>> {
        let filter = self.prepared(filter).await?;
        filter.fetch(self.0.connection()).await?.iter().map(person).collect()
    }

    /// The query. It walks one index in the order of the list: that of the organization's members, else that of the rarest
    /// trigram, else that of all persons.
    pub(super) async fn prepared(&mut self, filter: PersonFilter) -> Result<Filter> {
        let PersonFilter { organization, wanted, after, limit } = filter;
        let after = after.map(String::from);
        if let Some(organization) = organization {
            let members = Filter::select(MEMBERS)
                .and("memberships.organization_id", Operator::Equal, organization.as_str())
                .and_text("memberships.removed_at IS NULL")
                .and_if("memberships.user_id", Operator::Above, after);
            return Ok(finding_members(members, wanted).order("memberships.user_id", limit));
        }
        let Some(wanted) = wanted else {
            let all = Filter::select(select!("", "users")).and_text("users.deleted_at IS NULL");
            return Ok(all.and_if("users.id", Operator::Above, after).order("users.id", limit));
        };
        let trigrams = self.0.search_index().rarest_first(&wanted.trigrams).await?;
        let (rarest, trigrams) = (trigrams[0], trigrams[1..].to_vec());
        let some = Filter::select(select!("", "search_trigrams AS rarest JOIN users ON users.id = rarest.user_id"))
            .and("rarest.trigram", Operator::Equal, rarest)
            .and_if("rarest.user_id", Operator::Above, after);
        Ok(finding(some, Wanted { trigrams, ..wanted }).order("rarest.user_id", limit))
    }
}

/// Adds that the person in `users` is found.
fn finding(filter: Filter, wanted: Wanted) -> Filter {
    conditions(wanted).into_iter().fold(filter, |filter, (condition, value)| filter.and_holding(condition, value))
}

/// Adds that the member in `memberships` and `users` is found.
pub(super) fn finding_members(filter: Filter, wanted: Option<Wanted>) -> Filter {
    let Some(wanted) = wanted else { return filter };
    match wanted.part.clone() {
        None => finding(filter, wanted),
        Some(part) => filter.and_any(vec![conditions(wanted), vec![(PENDING, part.into())]]),
    }
}

/// What has to hold of the person in `users`.
fn conditions(Wanted { trigrams, part }: Wanted) -> Vec<(&'static str, Value)> {
    const TRIGRAM: &str = "EXISTS (SELECT 1 FROM search_trigrams WHERE search_trigrams.trigram = {} \
         AND search_trigrams.user_id = users.id)";
    const PART: &str = "EXISTS (SELECT 1 FROM search_texts WHERE search_texts.user_id = users.id \
         AND REPLACE(search_texts.text, {}, '') <> search_texts.text)";
    let trigrams = trigrams.into_iter().map(|trigram| (TRIGRAM, trigram.into()));
    trigrams.chain(part.map(|part| (PART, part.into()))).collect()
}

fn person(row: &Row) -> Result<Person> {
    Ok(Person {
        id: UserId::from_stored(text(row, "id")?),
        name: Name::from_stored(text(row, "name")?),
        email: maybe_text(row, "email")?.map(EmailAddress::from_stored),
        user_name: maybe_text(row, "user_name")?.map(UserName::from_stored),
        created_at: moment(row, "created_at")?,
        disabled_at: maybe_moment(row, "disabled_at")?,
    })
}
