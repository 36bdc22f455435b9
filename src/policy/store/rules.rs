//! The rules of organizations.

use std::collections::BTreeSet;

use crate::{
    audit::{Actor, Context},
    clock::Timestamp,
    directory::tree,
    id::{LocationId, MembershipId, OrganizationId, UserId},
    policy::rule::{Rule, Subject},
    setting::{Setting, SubjectKind, Value},
    storage::{
        Error, Result, Row, Tx,
        batch::{in_list, padded},
        sql,
    },
    text::Slug,
};

/// Queries of rules.
pub struct PolicyRules<'t>(&'t mut Tx);

impl Tx {
    /// Rules of policies.
    pub fn policy_rules(&mut self) -> PolicyRules<'_> {
        PolicyRules(self)
    }
}

/// A rule with where it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRule {
    /// The organization.
    pub organization: OrganizationId,
    /// For whom, as it is stored: the kind and the id.
    pub subject: (SubjectKind, String),
    /// What it says.
    pub rule: Rule,
    /// When it was set.
    pub set_at: Timestamp,
    /// By whom.
    pub set_by: String,
}

/// A member as far as rules need it.
#[derive(Debug, Clone)]
pub struct RuledMember {
    /// The person.
    pub user: UserId,
    /// The membership.
    pub membership: MembershipId,
    /// Whether the person has a second factor.
    pub has_factor: bool,
}

/// A site as far as rules need it.
struct Place {
    id: LocationId,
    slug: Slug,
    parent: Option<LocationId>,
}

impl PolicyRules<'_> {
    /// Whether any organization has set anything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn are_there(&mut self) -> Result<bool> {
        let row = sql("SELECT setting FROM policy_rules LIMIT 1").fetch_optional(self.0.connection()).await?;
        Ok(row.is_some())
    }

    /// The organizations that set one of `settings`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organizations_with(&mut self, settings: &[Setting]) -> Result<Vec<OrganizationId>> {
        let mut found = BTreeSet::new();
        for names in padded(settings) {
            let text = format!(
                "SELECT DISTINCT organization_id FROM policy_rules WHERE setting IN ({})",
                in_list(1, names.len())
            );
            let query = names.iter().fold(sql(text), |query, setting| query.bind(setting.name()));
            for row in query.fetch_all(self.0.connection()).await? {
                found.insert(OrganizationId::from_stored(row.try_get("organization_id")?));
            }
        }
        Ok(found.into_iter().collect())
    }

    /// The rules of one organization, by setting and subject.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&mut self, organization: &OrganizationId) -> Result<Vec<StoredRule>> {
        let keys = [organization.as_str()];
        let rows = self.rows(&keys, |organizations| format!("p.organization_id IN ({organizations})")).await?;
        self.stored(rows).await
    }

    /// The rules of an organization that are not for one member alone, and whether there are others.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::policy) async fn shared(&mut self, organization: &OrganizationId) -> Result<(Vec<StoredRule>, bool)> {
        let rows = self.rows(&[organization.as_str()], shared).await?;
        let any =
            sql("SELECT subject_id FROM policy_rules WHERE organization_id = $1 AND subject_kind = 'member' LIMIT 1")
                .bind(organization.as_str().to_owned())
                .fetch_optional(self.0.connection())
                .await?;
        Ok((self.stored(rows).await?, any.is_some()))
    }

    /// The rules of an organization for one person alone.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::policy) async fn own(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Vec<StoredRule>> {
        let query = sql(select(OWN)).bind(organization.as_str().to_owned()).bind(user.as_str().to_owned());
        let rows = query.fetch_all(self.0.connection()).await?;
        self.stored(rows).await
    }

    /// The rules of an organization that come back when what is tried of them is over; not what cannot be read any more.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::policy) async fn formers(&mut self, organization: &OrganizationId) -> Result<Vec<StoredRule>> {
        let query = sql(select_from(FORMERS, "p.organization_id = $1")).bind(organization.as_str().to_owned());
        let mut rows = query.fetch_all(self.0.connection()).await?;
        let text = |row: &Row, column: &'static str| row.try_get::<String>(column).unwrap_or_default();
        rows.retain(|row| {
            let setting = text(row, "setting").parse::<Setting>();
            setting.is_ok_and(|setting| setting.kind().parse(&text(row, "value")).is_ok())
        });
        self.stored(rows).await
    }

    /// The rules of several organizations that may be about these members of them, by setting and subject; not those that are for
    /// another member alone, however many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn about(&mut self, members: &[(&MembershipId, &OrganizationId)]) -> Result<Vec<StoredRule>> {
        let keys: Vec<&str> = members.iter().flat_map(|(id, at)| [id.as_str(), at.as_str()]).collect();
        let mut rows = self.rows(&keys, shared).await?;
        rows.extend(self.rows(&keys, own).await?);
        self.stored(rows).await
    }

    /// What a clause for a list of keys lets through.
    async fn rows(&mut self, keys: &[&str], clause: impl Fn(&str) -> String) -> Result<Vec<Row>> {
        let mut rows = vec![];
        for list in padded(keys) {
            let query = sql(select(&clause(&in_list(1, list.len()))));
            let query = list.iter().fold(query, |query, id| query.bind((*id).to_owned()));
            rows.extend(query.fetch_all(self.0.connection()).await?);
        }
        Ok(rows)
    }

    /// Reads rows. A setting that this program does not know is one of a newer program: it is left out.
    async fn stored(&mut self, rows: Vec<Row>) -> Result<Vec<StoredRule>> {
        let is_of_place = |row: &&Row| row.try_get::<String>("subject_kind").is_ok_and(|kind| kind == "location");
        let has_places = rows.iter().filter(is_of_place).map(|row| row.try_get("organization_id"));
        let places: BTreeSet<String> = has_places.collect::<Result<_>>()?;
        let places = self.places(&places.into_iter().map(OrganizationId::from_stored).collect::<Vec<_>>()).await?;
        let rules = rows.iter().filter_map(|row| stored(row, &places).transpose());
        let mut rules: Vec<StoredRule> = rules.collect::<Result<_>>()?;
        let place = |one: &StoredRule| {
            let (kind, id) = &one.subject;
            (one.organization.clone(), one.rule.setting.name(), kind.name(), id.clone())
        };
        rules.sort_by_cached_key(place);
        Ok(rules)
    }

    async fn places(&mut self, organizations: &[OrganizationId]) -> Result<Vec<Place>> {
        let mut places = vec![];
        for list in padded(organizations) {
            let text = format!(
                "SELECT id, slug, parent_id FROM locations WHERE organization_id IN ({})",
                in_list(1, list.len())
            );
            let query = list.iter().fold(sql(text), |query, id| query.bind(id.as_str().to_owned()));
            for row in query.fetch_all(self.0.connection()).await? {
                places.push(Place {
                    id: LocationId::from_stored(row.try_get("id")?),
                    slug: Slug::from_stored(row.try_get("slug")?),
                    parent: row.try_get::<Option<String>>("parent_id")?.map(LocationId::from_stored),
                });
            }
        }
        Ok(places)
    }

    /// The value that a rule has.
    pub(in crate::policy) async fn value(
        &mut self,
        organization: &OrganizationId,
        (kind, id): (SubjectKind, &str),
        setting: Setting,
    ) -> Result<Option<String>> {
        let row = sql("SELECT value FROM policy_rules \
             WHERE organization_id = $1 AND subject_kind = $2 AND subject_id = $3 AND setting = $4")
        .bind(organization.as_str().to_owned())
        .bind(kind.name())
        .bind(id.to_owned())
        .bind(setting.name())
        .fetch_optional(self.0.connection())
        .await?;
        row.map(|row| row.try_get("value")).transpose()
    }

    /// Writes a rule over the one that there is.
    pub(in crate::policy) async fn put(
        &mut self,
        context: &Context,
        organization: &OrganizationId,
        (kind, id): (SubjectKind, &str),
        (setting, value): (Setting, &Value),
    ) -> Result<()> {
        sql("INSERT INTO policy_rules (organization_id, subject_kind, subject_id, setting, value, set_at, set_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (organization_id, subject_kind, subject_id, setting) \
             DO UPDATE SET value = excluded.value, set_at = excluded.set_at, set_by = excluded.set_by")
        .bind(organization.as_str().to_owned())
        .bind(kind.name())
        .bind(id.to_owned())
        .bind(setting.name())
        .bind(value.to_string())
        .bind(context.now.0)
        .bind(setter(&context.actor))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Removes a rule.
    pub(in crate::policy) async fn delete(
        &mut self,
        organization: &OrganizationId,
        (kind, id): (SubjectKind, &str),
        setting: Setting,
    ) -> Result<()> {
        sql("DELETE FROM policy_rules \
             WHERE organization_id = $1 AND subject_kind = $2 AND subject_id = $3 AND setting = $4")
        .bind(organization.as_str().to_owned())
        .bind(kind.name())
        .bind(id.to_owned())
        .bind(setting.name())
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Those of `people` who are members of an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn members(&mut self, organization: &OrganizationId, people: &[UserId]) -> Result<Vec<RuledMember>> {
        let mut found = vec![];
        for list in padded(people) {
            let text = format!(
                "SELECT m.id, m.user_id, \
                 (SELECT COUNT(*) FROM factors f WHERE f.user_id = m.user_id AND f.confirmed_at IS NOT NULL) AS factors \
                 FROM memberships m WHERE m.organization_id = $1 AND m.removed_at IS NULL AND m.user_id IN ({})",
                in_list(2, list.len())
            );
            let query = sql(text).bind(organization.as_str().to_owned());
            let query = list.iter().fold(query, |query, id| query.bind(id.as_str().to_owned()));
            for row in query.fetch_all(self.0.connection()).await? {
                found.push(RuledMember {
                    user: UserId::from_stored(row.try_get("user_id")?),
                    membership: MembershipId::from_stored(row.try_get("id")?),
                    has_factor: row.try_get::<i64>("factors")? > 0,
                });
            }
        }
        Ok(found)
    }
}

/// Rules for the person `$2` alone in the organization `$1`.
const OWN: &str = "p.organization_id = $1 AND p.subject_kind = 'member' AND p.subject_id IN \
     (SELECT id FROM memberships WHERE user_id = $2 AND organization_id = $1)";

/// What rules were, that are tried as something else.
const FORMERS: &str = "(SELECT organization_id, subject_kind, subject_id, setting, former AS value, ends_at AS set_at, \
     '' AS set_by FROM policy_trials WHERE former IS NOT NULL)";

/// Rules with what their subjects are called.
fn select(clause: &str) -> String {
    select_from("policy_rules", clause)
}

fn select_from(rules: &str, clause: &str) -> String {
    format!(
        "SELECT p.organization_id, o.slug AS organization_slug, p.subject_kind, p.subject_id, \
         COALESCE(r.slug, g.slug, l.slug) AS slug, p.setting, p.value, p.set_at, p.set_by \
         FROM {rules} p \
         JOIN organizations o ON o.id = p.organization_id \
         LEFT JOIN roles r ON p.subject_kind = 'role' AND r.id = p.subject_id \
         LEFT JOIN groups g ON p.subject_kind = 'group' AND g.id = p.subject_id \
         LEFT JOIN locations l ON p.subject_kind = 'location' AND l.id = p.subject_id \
         WHERE {clause}"
    )
}

/// Rules that are not for one member alone.
fn shared(keys: &str) -> String {
    format!("p.organization_id IN ({keys}) AND p.subject_kind <> 'member'")
}

/// Rules that are. An id of a member is that of no organization, so one list is enough for both.
fn own(keys: &str) -> String {
    format!("p.organization_id IN ({keys}) AND p.subject_kind = 'member' AND p.subject_id IN ({keys})")
}

/// Who sets a rule, as lists show it.
fn setter(actor: &Actor) -> String {
    actor.id().map_or_else(|| actor.kind().to_owned(), |id| format!("{} {id}", actor.kind()))
}

fn stored(row: &Row, places: &[Place]) -> Result<Option<StoredRule>> {
    let text = |column: &'static str| row.try_get::<String>(column);
    let Ok(setting) = text("setting")?.parse::<Setting>() else { return Ok(None) };
    let value = setting.kind().parse(&text("value")?).map_err(|_| Error::Corrupt("policy_rules.value"))?;
    let slug = || Ok::<_, Error>(row.try_get::<Option<String>>("slug")?.map(Slug::from_stored));
    let kind = SubjectKind::named(&text("subject_kind")?).ok_or(Error::Corrupt("policy_rules.subject_kind"))?;
    let subject = match kind {
        SubjectKind::Organization => Some(Subject::Organization(Slug::from_stored(text("organization_slug")?))),
        SubjectKind::Client => Some(Subject::Client(text("subject_id")?)),
        SubjectKind::Role => slug()?.map(Subject::Role),
        SubjectKind::Group => slug()?.map(Subject::Group),
        SubjectKind::Location => {
            let within = within(&LocationId::from_stored(text("subject_id")?), places);
            slug()?.map(|slug| Subject::Location(slug, within))
        }
        SubjectKind::Member => Some(Subject::Member(MembershipId::from_stored(text("subject_id")?))),
    };
    let Some(subject) = subject else { return Ok(None) };
    Ok(Some(StoredRule {
        organization: OrganizationId::from_stored(text("organization_id")?),
        subject: (kind, text("subject_id")?),
        rule: Rule { subject, setting, value },
        set_at: Timestamp(row.try_get("set_at")?),
        set_by: text("set_by")?,
    }))
}

/// A location and all that lies in it.
fn within(location: &LocationId, places: &[Place]) -> BTreeSet<Slug> {
    let edges = places.iter().filter_map(|place| Some((place.id.clone(), place.parent.clone()?)));
    let edges: Vec<(LocationId, LocationId)> = edges.collect();
    let below = tree::below(&edges, [location]);
    places.iter().filter(|place| below.contains(&place.id)).map(|place| place.slug.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{
        Engine, Storage,
        testing::{databases, plan},
    };

    /// As many rules for one member each, and one for all.
    async fn put_rules_of_members(storage: &Storage, count: u32) {
        let statement = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             INSERT INTO policy_rules (organization_id, subject_kind, subject_id, setting, value, set_at, set_by) \
             SELECT 'org_a', 'member', 'mem_' || CAST(i AS TEXT), 'session.idle', '15m', 0, 'test' FROM n"
        );
        let work: Result<()> = storage
            .write(move |tx| {
                Box::pin(async move {
                    let organization = "INSERT INTO organizations (id, slug, name, created_at, version) VALUES ('org_a', 'a', 'A', 0, 0)";
                    let for_all = "INSERT INTO policy_rules (organization_id, subject_kind, subject_id, setting, value, set_at, set_by) \
                                   VALUES ('org_a', 'organization', '', 'session.idle', '1h', 0, 'test')";
                    for statement in [organization, &statement, for_all, "ANALYZE policy_rules"] {
                        sql(statement.to_owned()).execute(tx.connection()).await?;
                    }
                    Ok(())
                })
            })
            .await;
        work.unwrap();
    }

    /// Whoever gets a token is looked for among 5,000 rules for others by the primary key: nothing of theirs is read.
    #[tokio::test(flavor = "multi_thread")]
    async fn rules_for_other_members_cost_nobody_a_look() {
        for database in databases().await {
            put_rules_of_members(&database.storage, 5_000).await;
            let (member, organization) =
                (MembershipId::from_stored("mem_17".to_owned()), OrganizationId::from_stored("org_a".to_owned()));
            let mut tx = database.storage.read().await.unwrap();
            let found = tx.policy_rules().about(&[(&member, &organization)]).await.unwrap();
            assert_eq!(found.into_iter().map(|one| one.subject.1).collect::<Vec<_>>(), ["mem_17", ""]);
            assert_eq!(tx.policy_rules().of(&organization).await.unwrap().len(), 5_001);
            let (for_all, are_others) = tx.policy_rules().shared(&organization).await.unwrap();
            assert_eq!((for_all.len(), are_others), (1, true));
            drop(tx);
            let keys = || vec!["mem_17".into(), "org_a".into()];
            let by_key = match database.storage.engine() {
                Engine::Sqlite => "(organization_id=? AND subject_kind=? AND subject_id=?)",
                Engine::Postgres => "Index Cond: (subject_id = ANY",
            };
            for (clause, step) in
                [(shared("$1, $2"), "policy_rules_shared"), (own("$1, $2"), by_key), (OWN.to_owned(), "")]
            {
                let plan = plan(&database.storage, &select(&clause), keys()).await;
                assert!(plan.contains(step), "{clause}: {plan}");
                for costly in ["SCAN p", "Seq Scan on policy_rules"] {
                    assert!(!plan.contains(costly), "{clause}: {plan}");
                }
            }
        }
    }
}
