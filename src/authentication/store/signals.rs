//! What signals rest on: where people have signed in, and which accounts sign-ins from a network failed to.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    clock::Timestamp,
    geography::{Country, Point},
    id::{OrganizationId, SessionId, UserId},
    secret::TokenHash,
    storage::{Result, Row, Tx, batch::padded, sql},
};

/// Queries about signs of an attack.
pub struct Signals<'t>(&'t mut Tx);

impl Tx {
    /// What signals rest on.
    pub fn signals(&mut self) -> Signals<'_> {
        Signals(self)
    }
}

/// Where and when a person last signed in in a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// The country.
    pub country: Country,
    /// Where in it.
    pub point: Option<Point>,
    /// When last.
    pub last_at: Timestamp,
}

/// Somebody who can be written to.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their language.
    pub locale: Option<String>,
}

/// The most countries of one person that are looked at, those of the last times.
const MOST_COUNTRIES: i64 = 50;
/// The most people whose organizations are sought after a spraying.
const MOST_SPRAYED: i64 = 200;
/// The most owners of one organization that get one letter, those who have been there longest. All letters are written in the unit
/// of work of a request, which an attacker may cause: what has to reach every owner is sent by a job of its own
/// ([`owners_after`](Signals::owners_after)).
const MOST_OWNERS: i64 = 20;

/// The owners at `$1` who can be written to; of which organizations, whoever asks says.
const OWNERS: &str = "SELECT DISTINCT u.id, u.email, u.name, u.locale FROM roles r \
     JOIN assignments a ON a.role_id = r.id AND a.ended_at IS NULL AND a.location_id IS NULL \
     AND (a.valid_from IS NULL OR a.valid_from <= $1) AND (a.valid_until IS NULL OR a.valid_until > $1) \
     JOIN memberships m ON m.id = a.membership_id AND m.removed_at IS NULL AND m.disabled_at IS NULL \
     AND (m.valid_from IS NULL OR m.valid_from <= $1) AND (m.valid_until IS NULL OR m.valid_until > $1) \
     JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL AND u.deleted_at IS NULL \
     AND (u.account_from IS NULL OR u.account_from <= $1) AND (u.account_until IS NULL OR u.account_until > $1) \
     WHERE u.email IS NOT NULL AND r.template = 'owner'";

impl Signals<'_> {
    /// The countries in which a person has signed in, the last one first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stays(&mut self, user: &UserId) -> Result<Vec<Stay>> {
        let rows = sql("SELECT country, latitude, longitude, last_at FROM sign_in_places WHERE user_id = $1 \
             ORDER BY last_at DESC, country LIMIT $2")
        .bind(user.as_str().to_owned())
        .bind(MOST_COUNTRIES)
        .fetch_all(self.0.connection())
        .await?;
        let mut stays = vec![];
        for row in &rows {
            let Ok(country) = row.try_get::<String>("country")?.parse() else { continue };
            let degrees = row.try_get::<Option<i64>>("latitude")?.zip(row.try_get::<Option<i64>>("longitude")?);
            let point = degrees.map(|(latitude, longitude)| Point { latitude, longitude });
            stays.push(Stay { country, point, last_at: Timestamp(row.try_get("last_at")?) });
        }
        Ok(stays)
    }

    /// A person has signed in there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stay(&mut self, user: &UserId, stay: Stay) -> Result<()> {
        sql("INSERT INTO sign_in_places (user_id, country, latitude, longitude, first_at, last_at) \
             VALUES ($1, $2, $3, $4, $5, $5) \
             ON CONFLICT (user_id, country) DO UPDATE SET \
             last_at = excluded.last_at, latitude = excluded.latitude, longitude = excluded.longitude")
        .bind(user.as_str().to_owned())
        .bind(stay.country.to_string())
        .bind(stay.point.map(|point| point.latitude))
        .bind(stay.point.map(|point| point.longitude))
        .bind(stay.last_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// What was unexpected about the sign-in of a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark(&mut self, session: &SessionId, signals: &str) -> Result<()> {
        sql("UPDATE sessions SET signals = $2 WHERE id = $1")
            .bind(session.as_str().to_owned())
            .bind(signals.to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// A sign-in from a network failed: to how many accounts from there since then, at most `most`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fail(
        &mut self,
        network: &str,
        (account, user): (TokenHash, Option<&UserId>),
        (now, window): (Timestamp, Duration),
        most: i64,
    ) -> Result<i64> {
        sql("INSERT INTO failed_accounts (network, account, user_id, failed_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (network, account) DO UPDATE SET failed_at = excluded.failed_at, user_id = excluded.user_id")
        .bind(network.to_owned())
        .bind(account.to_vec())
        .bind(user.map(|user| user.as_str().to_owned()))
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        let row = sql("SELECT COUNT(*) AS accounts FROM \
             (SELECT account FROM failed_accounts WHERE network = $1 AND failed_at > $2 LIMIT $3) AS f")
        .bind(network.to_owned())
        .bind(now.minus(window).0)
        .bind(most)
        .fetch_one(self.0.connection())
        .await?;
        row.try_get("accounts")
    }

    /// The organizations of those to whose accounts sign-ins from a network failed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sprayed(&mut self, network: &str, since: Timestamp) -> Result<Vec<OrganizationId>> {
        let rows = sql("SELECT DISTINCT m.organization_id FROM \
             (SELECT user_id FROM failed_accounts WHERE network = $1 AND failed_at > $2 AND user_id IS NOT NULL \
              LIMIT $3) AS f \
             JOIN memberships m ON m.user_id = f.user_id AND m.removed_at IS NULL")
        .bind(network.to_owned())
        .bind(since.0)
        .bind(MOST_SPRAYED)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(OrganizationId::from_stored(row.try_get("organization_id")?))).collect()
    }

    /// The owners of some organizations who can be written to, each once; of each organization twenty at most.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owners(&mut self, organizations: &[OrganizationId], now: Timestamp) -> Result<Vec<Recipient>> {
        let mut found = BTreeMap::new();
        for list in padded(organizations) {
            let query = list
                .iter()
                .fold(sql(some_owners(list.len())).bind(now.0), |query, id| query.bind(id.as_str().to_owned()));
            for row in &query.fetch_all(self.0.connection()).await? {
                found.insert(row.try_get::<String>("id")?, recipient(row)?);
            }
        }
        Ok(found.into_values().collect())
    }

    /// The next owners of an organization who can be written to, in the order of their ids, behind this one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owners_after(
        &mut self,
        organization: &OrganizationId,
        (after, most): (&str, usize),
        now: Timestamp,
    ) -> Result<Vec<(UserId, Recipient)>> {
        let text = format!("{OWNERS} AND r.organization_id = $2 AND u.id > $3 ORDER BY u.id LIMIT $4");
        let rows = sql(text)
            .bind(now.0)
            .bind(organization.as_str().to_owned())
            .bind(after.to_owned())
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(|row| Ok((UserId::from_stored(row.try_get("id")?), recipient(row)?))).collect()
    }
}

/// Some owners of each of so many organizations.
fn some_owners(organizations: usize) -> String {
    let of_one = |number: usize| {
        format!(
            "SELECT id, email, name, locale FROM \
             ({OWNERS} AND r.organization_id = ${} ORDER BY u.id LIMIT {MOST_OWNERS}) AS s{number}",
            number + 1
        )
    };
    (1..=organizations).map(of_one).collect::<Vec<_>>().join(" UNION ALL ")
}

fn recipient(row: &Row) -> Result<Recipient> {
    Ok(Recipient { email: row.try_get("email")?, name: row.try_get("name")?, locale: row.try_get("locale")? })
}
