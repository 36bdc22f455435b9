//! Who says what is known of a member.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    directory::{membership::Membership, provisioning::Record},
    storage::{self, Tx},
};

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
    let ranking = tx.sources().ranking(&member.organization_id).await?;
    let manager = tx.managers().of(&member.id).await?;
    let record = known.and_then(|known| known.record);
    let attributes = record.iter().flat_map(|record| record.sources.iter());
    Ok(Sources {
        attributes: attributes.map(|(key, origin)| (key.clone(), ranking.name_of(origin))).collect(),
        unmapped: record.iter().flat_map(Record::unmapped).collect(),
        manager: manager.map(|(_, name)| name.into()),
        groups: places.into_iter().map(|(slug, origin)| (slug.into(), ranking.name_of(&origin))).collect(),
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
