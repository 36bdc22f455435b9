//! The rows that access is computed from, with one query; identifiers are in it only when they are asked for.
//!
//! Every row is `(what, a, b, c, from_at, until_at)`; the walks (enclosing groups, inherited roles, places below) are
//! made by the database, so that a member costs what they hold and not what the organization has.

use super::{maybe_moment, maybe_text, text};
use crate::{
    clock::Timestamp,
    directory::{
        access::{Access, Detail, Held, Holdings},
        permission::{Effect, Permission},
        validity::Validity,
    },
    id::{GroupId, LocationId, MembershipId, OrganizationId, RoleId},
    storage::{Error, Result, Row, Tx, sql},
    text::Slug,
};

/// Queries of access.
pub struct AccessOf<'t>(&'t mut Tx, Detail);

impl Tx {
    /// What members and clients effectively hold.
    pub fn access(&mut self) -> AccessOf<'_> {
        self.access_with(Detail::default())
    }

    /// The same, in as much detail as is needed.
    pub fn access_with(&mut self, detail: Detail) -> AccessOf<'_> {
        AccessOf(self, detail)
    }
}

/// What follows once `holder` (organization), `assigned` (role, location or '', from, until) and `in_group` are named.
macro_rules! walk {
    ($named:literal, $also:literal) => {
        concat!(
            "WITH RECURSIVE ",
            $named,
            ", \
             enclosing (id) AS ( \
               SELECT id FROM in_group \
               UNION SELECT group_parents.parent_id FROM group_parents \
               JOIN enclosing ON enclosing.id = group_parents.group_id \
             ), \
             carried (group_id, role_id, location_id) AS ( \
               SELECT group_roles.group_id, group_roles.role_id, group_roles.location_id FROM group_roles \
               JOIN enclosing ON enclosing.id = group_roles.group_id \
             ), \
             place (id) AS ( \
               SELECT location_id FROM assigned UNION SELECT location_id FROM carried \
             ), \
             held_role (id) AS ( \
               SELECT role_id FROM assigned UNION SELECT role_id FROM carried \
               UNION SELECT role_parents.parent_id FROM role_parents JOIN held_role ON held_role.id = role_parents.role_id \
             ), \
             site (id) AS ( \
               SELECT locations.id FROM locations \
               JOIN holder ON holder.organization_id = locations.organization_id \
               JOIN place ON place.id = locations.id OR place.id = '' \
               WHERE locations.closed_at IS NULL \
               UNION SELECT locations.id FROM locations JOIN site ON site.id = locations.parent_id \
               WHERE locations.closed_at IS NULL \
             ) \
             SELECT 'assigned' AS what, role_id AS a, location_id AS b, CAST(NULL AS TEXT) AS c, valid_from, valid_until \
             FROM assigned \
             UNION ALL SELECT 'group', groups.id, groups.slug, NULL, NULL, NULL \
             FROM groups JOIN enclosing ON enclosing.id = groups.id WHERE groups.removed_at IS NULL \
             UNION ALL SELECT 'member_of', id, NULL, NULL, NULL, NULL FROM in_group \
             UNION ALL SELECT 'group_parent', group_parents.group_id, parent_id, NULL, NULL, NULL \
             FROM group_parents JOIN enclosing ON enclosing.id = group_parents.group_id \
             UNION ALL SELECT 'carried', group_id, role_id, location_id, NULL, NULL FROM carried \
             UNION ALL SELECT 'role', roles.id, roles.slug, roles.template, NULL, NULL \
             FROM roles JOIN held_role ON held_role.id = roles.id \
             UNION ALL SELECT 'role_parent', role_parents.role_id, parent_id, NULL, NULL, NULL \
             FROM role_parents JOIN held_role ON held_role.id = role_parents.role_id \
             UNION ALL SELECT 'role_permission', role_permissions.role_id, permission, NULL, NULL, NULL \
             FROM role_permissions JOIN held_role ON held_role.id = role_permissions.role_id \
             UNION ALL SELECT 'location', locations.id, locations.slug, locations.parent_id, NULL, NULL \
             FROM locations JOIN site ON site.id = locations.id ",
            $also
        )
    };
}

macro_rules! of_member {
    () => {
        walk!(
            "holder (organization_id) AS (SELECT organization_id FROM memberships WHERE id = $1), \
             assigned (role_id, location_id, valid_from, valid_until) AS ( \
               SELECT role_id, COALESCE(location_id, ''), valid_from, valid_until FROM assignments \
               WHERE membership_id = $1 AND ended_at IS NULL AND (valid_until IS NULL OR valid_until > $2) \
             ), \
             in_group (id) AS (SELECT group_id FROM group_members WHERE membership_id = $1)",
            "UNION ALL SELECT 'direct', permission, effect, NULL, NULL, NULL FROM membership_permissions WHERE membership_id = $1 \
             UNION ALL SELECT 'active', memberships.id, NULL, NULL, \
             CASE WHEN memberships.valid_from IS NULL OR users.account_from > memberships.valid_from \
               THEN users.account_from ELSE memberships.valid_from END, \
             CASE WHEN memberships.valid_until IS NULL OR users.account_until < memberships.valid_until \
               THEN users.account_until ELSE memberships.valid_until END \
             FROM memberships \
             JOIN users ON users.id = memberships.user_id \
             JOIN organizations ON organizations.id = memberships.organization_id AND organizations.disabled_at IS NULL \
             WHERE memberships.id = $1 AND memberships.removed_at IS NULL AND memberships.disabled_at IS NULL"
        )
    };
}

macro_rules! of_client {
    () => {
        walk!(
            "holder (organization_id) AS (SELECT id FROM organizations WHERE id = $2 AND disabled_at IS NULL), \
             assigned (role_id, location_id, valid_from, valid_until) AS ( \
               SELECT client_roles.role_id, client_roles.location_id, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) \
               FROM client_roles \
               JOIN roles ON roles.id = client_roles.role_id \
               WHERE client_roles.client_id = $1 AND roles.organization_id = $2 \
             ), \
             in_group (id) AS (SELECT group_id FROM group_members WHERE membership_id = '')",
            "UNION ALL SELECT 'active', '', NULL, NULL, NULL, NULL FROM holder"
        )
    };
}

// `CROSS JOIN` keeps the order on SQLite: from the few sites to their identifiers, never through those of everybody.
macro_rules! location_identifiers {
    () => {
        " UNION ALL SELECT 'location_identifier', location_id, kind, value, NULL, NULL \
         FROM site CROSS JOIN identifiers \
         WHERE identifiers.location_id = site.id AND identifiers.membership_id = ''"
    };
}

const OF_MEMBER: &str = of_member!();
const OF_MEMBER_IDENTIFIED: &str = concat!(
    of_member!(),
    " UNION ALL SELECT 'identifier', location_id, kind, value, NULL, NULL \
     FROM site CROSS JOIN identifiers \
     WHERE identifiers.location_id = site.id AND identifiers.membership_id = $1",
    location_identifiers!()
);
const OF_CLIENT: &str = of_client!();
const OF_CLIENT_IDENTIFIED: &str = concat!(of_client!(), location_identifiers!());

impl AccessOf<'_> {
    /// What a token of a member says at `now`; an inactive membership holds nothing.
    pub async fn of_member(&mut self, id: &MembershipId, now: Timestamp) -> Result<Access> {
        Ok(self.holdings(id, now).await?.access(now))
    }

    /// What a token of a service client says, in the organization that owns it.
    pub async fn of_client(&mut self, client: &str, organization: &OrganizationId, now: Timestamp) -> Result<Access> {
        let statement = if self.1.identifiers { OF_CLIENT_IDENTIFIED } else { OF_CLIENT };
        let rows = sql(statement)
            .bind(client.to_owned())
            .bind(organization.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        Ok(holdings(&rows)?.access(now))
    }

    /// Everything a member holds or will hold; what is over at `now` is left out.
    pub async fn holdings(&mut self, id: &MembershipId, now: Timestamp) -> Result<Holdings> {
        let statement = if self.1.identifiers { OF_MEMBER_IDENTIFIED } else { OF_MEMBER };
        let rows = sql(statement).bind(id.as_str().to_owned()).bind(now.0).fetch_all(self.0.connection()).await?;
        holdings(&rows)
    }

    /// The same of several members, in their order.
    pub async fn holdings_of(&mut self, ids: &[MembershipId], now: Timestamp) -> Result<Vec<Holdings>> {
        let mut all = vec![];
        for some in ids.chunks(AT_ONCE) {
            let begun = all.len();
            all.resize_with(begun + some.len(), Holdings::default);
            // Program text and numbers of places alone.
            let query = sql(of_members(some.len())).bind(now.0);
            let query = some.iter().fold(query, |query, id| query.bind(id.to_string()));
            for row in query.fetch_all(self.0.connection()).await? {
                let place = usize::try_from(row.try_get::<i64>("place")?).map_err(|_| Error::Corrupt("place"))?;
                read(all.get_mut(begun + place).ok_or(Error::Corrupt("place"))?, &row)?;
            }
        }
        Ok(all)
    }
}

/// Members of one query of [`AccessOf::holdings_of`].
const AT_ONCE: usize = 16;

/// What `members` members hold: `$1` is the instant, `$2` and so on are the members. Rows are those of [`OF_MEMBER`], with
/// the member's place.
fn of_members(members: usize) -> String {
    let one = |place: usize| {
        let walk = OF_MEMBER.replace("$2", "$now").replace("$1", &format!("${}", place + 2)).replace("$now", "$1");
        format!("SELECT CAST({place} AS BIGINT) AS place, held.* FROM ({walk}) AS held")
    };
    (0..members).map(one).collect::<Vec<_>>().join(" UNION ALL ")
}

fn holdings(rows: &[Row]) -> Result<Holdings> {
    let mut all = Holdings::default();
    for row in rows {
        read(&mut all, row)?;
    }
    Ok(all)
}

fn read(all: &mut Holdings, row: &Row) -> Result<()> {
    let (what, a) = (text(row, "what")?, text(row, "a")?);
    let (b, c) = (maybe_text(row, "b")?, maybe_text(row, "c")?);
    let validity = Validity { from: maybe_moment(row, "valid_from")?, until: maybe_moment(row, "valid_until")? };
    add(all, &what, (a, b.unwrap_or_default(), c), validity);
    Ok(())
}

fn add(all: &mut Holdings, what: &str, (a, b, c): (String, String, Option<String>), validity: Validity) {
    let place = |id: String| (!id.is_empty()).then(|| LocationId::from_stored(id));
    match what {
        "active" => {
            all.active = Some(validity);
            all.member = (!a.is_empty()).then(|| MembershipId::from_stored(a));
        }
        "assigned" => all.assignments.push(Held { role: RoleId::from_stored(a), location: place(b), validity }),
        "member_of" => all.member_of.push(GroupId::from_stored(a)),
        "group" => {
            all.groups.insert(GroupId::from_stored(a), Slug::from_stored(b));
        }
        "group_parent" => all.group_parents.push((GroupId::from_stored(a), GroupId::from_stored(b))),
        "carried" => {
            let held = Held { role: RoleId::from_stored(b), location: place(c.unwrap_or_default()), validity };
            all.group_roles.push((GroupId::from_stored(a), held));
        }
        "role" => {
            all.roles.insert(RoleId::from_stored(a), (Slug::from_stored(b), c));
        }
        "role_parent" => all.role_parents.push((RoleId::from_stored(a), RoleId::from_stored(b))),
        "role_permission" => all.role_permissions.push((RoleId::from_stored(a), Permission::from_stored(b))),
        "location" => {
            let id = LocationId::from_stored(a);
            if let Some(parent) = c {
                all.location_parents.push((id.clone(), LocationId::from_stored(parent)));
            }
            all.locations.insert(id, Slug::from_stored(b));
        }
        "identifier" | "location_identifier" => {
            let found = (LocationId::from_stored(a), Slug::from_stored(b), c.unwrap_or_default());
            if what == "identifier" { all.identifiers.push(found) } else { all.location_identifiers.push(found) }
        }
        _ => all.direct.push((Permission::from_stored(a), Effect::from_stored(&b))),
    }
}
