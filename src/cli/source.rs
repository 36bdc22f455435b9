//! Who says what is known of a member, and what people call those who said or did something.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    directory::{
        membership::Membership,
        origin::Origin,
        provisioning::{Ranking, Record},
    },
    id::OrganizationId,
    storage::{self, Tx},
};

/// What people call origins, whether they may still speak or not.
#[derive(Debug)]
pub(super) struct Names {
    ranking: Ranking,
    /// Of people and connections, by id.
    others: BTreeMap<String, String>,
}

/// Asks for the names of these, which were found in one organization.
pub(super) async fn names<'o>(
    tx: &mut Tx,
    of: &OrganizationId,
    origins: impl IntoIterator<Item = &'o Origin>,
) -> storage::Result<Names> {
    let ranking = tx.sources().ranking(of).await?;
    let (mut connections, mut people) = (BTreeSet::new(), BTreeSet::new());
    for origin in origins.into_iter().filter(|origin| ranking.source(origin).is_none()) {
        match origin.as_str().split_once(':') {
            Some(("scim", id)) => connections.insert(id.to_owned()),
            Some(("user", id)) => people.insert(id.to_owned()),
            _ => false,
        };
    }
    let mut others = tx.names_of_connections(&Vec::from_iter(connections)).await?;
    others.extend(tx.names_of_users(&Vec::from_iter(people)).await?);
    Ok(Names { ranking, others })
}

impl Names {
    /// `entra`, `entra (removed)`, `Olivia (usr_…)` or `the rule`; whatever has no name is told as it is stored.
    pub(super) fn of(&self, origin: &Origin) -> String {
        if let Some(source) = self.ranking.source(origin) {
            return source.name.clone();
        }
        let Some((kind, id)) = origin.as_str().split_once(':') else { return origin.to_string() };
        match (kind, self.others.get(id)) {
            ("scim", Some(name)) => format!("{name} (removed)"),
            ("scim", None) => format!("a removed connection ({id})"),
            ("user", Some(name)) => format!("{name} ({id})"),
            ("rule", _) => "the rule".to_owned(),
            _ => origin.to_string(),
        }
    }
}

/// The sources of one member.
#[derive(Debug, Default, Serialize)]
pub(super) struct Sources {
    /// Attributes by their names in SCIM, each with who keeps it; what is not here was said in Lanyard.
    attributes: Vec<(String, String)>,
    /// Groups, each with who put the member there.
    groups: Vec<(String, String)>,
    /// Values that mean nothing here, by the attribute that has them.
    unmapped: Vec<(String, String)>,
    /// Whom the member reports to.
    manager: Option<String>,
}

/// Asks for them.
pub(super) async fn of_member(tx: &mut Tx, member: &Membership) -> storage::Result<Sources> {
    let known = tx.member_records().by_id(&member.organization_id, &member.id).await?;
    let places = tx.group_records().places(&member.id).await?;
    let manager = tx.managers().of(&member.id).await?;
    let record = known.and_then(|known| known.record);
    let attributes: Vec<_> = record.iter().flat_map(|record| record.sources.iter()).collect();
    let origins = attributes.iter().map(|(_, origin)| *origin).chain(places.iter().map(|(_, origin)| origin));
    let names = names(tx, &member.organization_id, origins).await?;
    Ok(Sources {
        attributes: attributes.into_iter().map(|(key, origin)| (key.clone(), names.of(origin))).collect(),
        unmapped: record.iter().flat_map(Record::unmapped).collect(),
        manager: manager.map(|(_, name)| name.into()),
        groups: places.into_iter().map(|(slug, origin)| (slug.into(), names.of(&origin))).collect(),
    })
}

impl Sources {
    /// For people: each source with what it keeps.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let short = |key: &str| key.rsplit_once(':').map_or(key, |(_, name)| name).to_owned();
        let mut lines = vec![];
        if !self.attributes.is_empty() {
            let named = self.attributes.iter().map(|(key, source)| (short(key), source.clone()));
            lines.push(("kept by sources", by_source(named)));
        }
        if !self.groups.is_empty() {
            lines.push(("put into groups by", by_source(self.groups.iter().cloned())));
        }
        if !self.unmapped.is_empty() {
            let values = self.unmapped.iter().map(|(name, value)| format!("{value} ({name})")).collect::<Vec<_>>();
            lines.push(("without meaning here", values.join(", ")));
        }
        lines.extend(self.manager.iter().map(|name| ("manager", name.clone())));
        lines
    }
}

/// `entra: name, title; hr: department`.
fn by_source(named: impl Iterator<Item = (String, String)>) -> String {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, source) in named {
        all.entry(source).or_default().push(name);
    }
    let one = |(source, names): (String, Vec<String>)| format!("{source}: {}", names.join(", "));
    all.into_iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::provisioning::Source;

    #[test]
    fn an_origin_has_the_name_that_it_has_or_had() {
        let origin = |text: &str| serde_json::from_value::<Origin>(text.into()).unwrap();
        let entra = Source { origin: origin("scim:scn_1"), name: "entra".to_owned(), precedence: 0 };
        let others = [("scn_2", "hr"), ("usr_1", "Olivia")].map(|(id, name)| (id.to_owned(), name.to_owned())).into();
        let names = Names { ranking: Ranking { sources: vec![entra], ..Ranking::default() }, others };
        for (text, expected) in [
            ("scim:scn_1", "entra"),
            ("scim:scn_2", "hr (removed)"),
            ("scim:scn_3", "a removed connection (scn_3)"),
            ("user:usr_1", "Olivia (usr_1)"),
            ("user:usr_2", "user:usr_2"),
            ("rule:grp_1", "the rule"),
            ("host:root", "host:root"),
            ("server", "server"),
        ] {
            assert_eq!(names.of(&origin(text)), expected, "{text}");
        }
    }

    #[test]
    fn each_source_is_told_with_what_it_keeps() {
        let pair = |(a, b): (&str, &str)| (a.to_owned(), b.to_owned());
        let sources = Sources {
            attributes: [("title", "hr"), ("urn:x:2.0:User:department", "entra"), ("name", "hr")].map(pair).to_vec(),
            unmapped: [("roles", "owner"), ("locations", "moon")].map(pair).to_vec(),
            manager: Some("Max".to_owned()),
            ..Sources::default()
        };
        let expected = [
            ("kept by sources", "entra: department; hr: title, name"),
            ("without meaning here", "owner (roles), moon (locations)"),
            ("manager", "Max"),
        ];
        assert_eq!(sources.lines(), expected.map(|(name, text)| (name, text.to_owned())));
        assert_eq!(Sources::default().lines(), []);
    }
}
