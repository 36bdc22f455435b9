//! What rules of groups look at.

use std::collections::HashMap;

use super::{
    group_rules::{GroupRules, keys},
    maybe_moment, maybe_text, text,
};
use crate::{
    clock::Timestamp,
    directory::{
        location::{self, Location},
        provisioning::Attributes,
        rule::{Fact, Facts, Known, written_sites},
        tree,
    },
    id::{LocationId, MembershipId, OrganizationId, UserId},
    storage::{
        Error, Result,
        batch::{in_list, padded},
        sql,
    },
};

impl GroupRules<'_> {
    /// What is known of those of these members who were not removed.
    pub(in crate::directory) async fn known(&mut self, members: &[MembershipId], now: Timestamp) -> Result<Vec<Known>> {
        let mut found: HashMap<MembershipId, (Known, Sites)> = HashMap::new();
        for list in padded(members) {
            self.memberships(&list, &mut found).await?;
            self.assignments(&list, now, &mut found).await?;
            self.identifiers(&list, &mut found).await?;
        }
        let mut organizations: HashMap<OrganizationId, Vec<Location>> = HashMap::new();
        for (known, sites) in found.values() {
            if !sites.is_empty() && !organizations.contains_key(&known.organization) {
                // As a rule there is one.
                let sites = self.0.locations().list(&known.organization).await?;
                organizations.insert(known.organization.clone(), sites);
            }
        }
        let mut located: Vec<Known> = found
            .into_values()
            .map(|(mut known, sites)| {
                if let Some(all) = organizations.get(&known.organization) {
                    locate(&mut known.facts, &sites, all);
                }
                known
            })
            .collect();
        located.sort_unstable_by(|one, other| one.member.cmp(&other.member));
        Ok(located)
    }

    async fn memberships(
        &mut self,
        list: &[MembershipId],
        found: &mut HashMap<MembershipId, (Known, Sites)>,
    ) -> Result<()> {
        let statement = format!(
            "SELECT memberships.id, memberships.user_id, memberships.organization_id, kind, profession, specialty, title, \
               memberships.disabled_at, member_records.attributes, rule_turns.at AS turn \
             FROM memberships \
             LEFT JOIN member_records ON member_records.membership_id = memberships.id \
             LEFT JOIN rule_turns ON rule_turns.membership_id = memberships.id \
             WHERE memberships.removed_at IS NULL AND memberships.id IN ({})",
            in_list(1, list.len())
        );
        for row in sql(statement).bind_all(keys(list)).fetch_all(self.0.connection()).await? {
            let mut facts = Facts::default();
            facts.add(Fact::Kind, &text(&row, "kind")?);
            facts.add(Fact::Profession, &maybe_text(&row, "profession")?.unwrap_or_default());
            facts.add(Fact::Title, &maybe_text(&row, "title")?.unwrap_or_default());
            facts.add_specialties(&maybe_text(&row, "specialty")?.unwrap_or_default());
            let mut sites = Sites::new();
            if let Some(json) = maybe_text(&row, "attributes")? {
                let attributes: Attributes =
                    serde_json::from_str(&json).map_err(|_| Error::Corrupt("member_records.attributes"))?;
                facts.add_written(&attributes);
                sites.extend(written_sites(&attributes).map(str::to_owned));
            }
            let known = Known {
                member: MembershipId::from_stored(text(&row, "id")?),
                user: UserId::from_stored(text(&row, "user_id")?),
                organization: OrganizationId::from_stored(text(&row, "organization_id")?),
                facts,
                is_active: maybe_moment(&row, "disabled_at")?.is_none(),
                turns_at: None,
                kept_turn: maybe_moment(&row, "turn")?,
            };
            found.insert(known.member.clone(), (known, sites));
        }
        Ok(())
    }

    async fn assignments(
        &mut self,
        list: &[MembershipId],
        now: Timestamp,
        found: &mut HashMap<MembershipId, (Known, Sites)>,
    ) -> Result<()> {
        let statement = format!(
            "SELECT assignments.membership_id, roles.slug AS role, assignments.location_id, valid_from, valid_until \
             FROM assignments \
             JOIN roles ON roles.id = assignments.role_id \
             LEFT JOIN locations ON locations.id = assignments.location_id \
             WHERE ended_at IS NULL AND (valid_until IS NULL OR valid_until > $1) \
             AND roles.removed_at IS NULL AND locations.closed_at IS NULL \
             AND assignments.membership_id IN ({})",
            in_list(2, list.len())
        );
        for row in sql(statement).bind(now.0).bind_all(keys(list)).fetch_all(self.0.connection()).await? {
            let Some((known, sites)) = found.get_mut(&MembershipId::from_stored(text(&row, "membership_id")?)) else {
                continue;
            };
            let (from, until) = (maybe_moment(&row, "valid_from")?, maybe_moment(&row, "valid_until")?);
            let next = [from, until].into_iter().flatten().chain(known.turns_at).filter(|at| *at > now).min();
            known.turns_at = next;
            if from.is_some_and(|from| from > now) {
                continue;
            }
            known.facts.add(Fact::Role, &text(&row, "role")?);
            sites.extend(maybe_text(&row, "location_id")?);
        }
        Ok(())
    }

    async fn identifiers(
        &mut self,
        list: &[MembershipId],
        found: &mut HashMap<MembershipId, (Known, Sites)>,
    ) -> Result<()> {
        let statement = format!(
            "SELECT membership_id, location_id FROM identifiers WHERE membership_id IN ({})",
            in_list(1, list.len())
        );
        for row in sql(statement).bind_all(keys(list)).fetch_all(self.0.connection()).await? {
            if let Some((_, sites)) = found.get_mut(&MembershipId::from_stored(text(&row, "membership_id")?)) {
                sites.push(text(&row, "location_id")?);
            }
        }
        Ok(())
    }
}

/// Keys and ids of sites.
type Sites = Vec<String>;

/// Adds these sites, as far as they are open, with all in which they lie.
fn locate(facts: &mut Facts, sites: &[String], all: &[Location]) {
    let is_named = |one: &&Location| sites.iter().any(|site| site == one.slug.as_str() || site == one.id.as_str());
    let open: Vec<&LocationId> =
        all.iter().filter(|one| one.closed_at.is_none()).filter(is_named).map(|one| &one.id).collect();
    let edges = location::edges(all);
    let around = tree::above(&edges, open);
    for one in all.iter().filter(|one| around.contains(&one.id)) {
        facts.add(Fact::Location, one.slug.as_str());
    }
}
