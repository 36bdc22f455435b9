//! Who goes before whom, where several sources speak of the same member.
//!
//! Each connection has a precedence, 0 unless an administrator says otherwise; a client that pushes with a token of its own
//! has 0. The higher number goes first; among equals, whoever came first keeps what it wrote. What people of the
//! organization change in Lanyard belongs to no source: whichever says otherwise takes it over, unless the organization
//! gives itself a precedence, or leaves the attribute to the person alone ([`EditableBy::Person`]).

use crate::{
    audit::{Context, Event},
    directory::{
        Noun, Result,
        origin::Origin,
        profile::{EditableBy, Rules},
    },
    id::OrganizationId,
    storage::Tx,
};

use super::attributes::attribute_of;

/// What precedences there are.
pub const PRECEDENCES: std::ops::RangeInclusive<i64> = -1000..=1000;

/// An outside source that may still speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// As attributes keep it.
    pub origin: Origin,
    /// What people call it.
    pub name: String,
    /// The higher one goes first.
    pub precedence: i64,
}

/// The sources of an organization; one that is not among them has ended.
#[derive(Debug, Clone, Default)]
pub struct Ranking {
    /// Those that may still speak.
    pub sources: Vec<Source>,
    /// The precedence of what people change in Lanyard; the lowest of all where there is none.
    pub own: Option<i64>,
    /// Who may edit which attribute.
    pub rules: Rules,
}

/// Whose word it is that an attribute has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder<'a> {
    /// Nobody's: it has no value, or whoever gave it is gone.
    Nobody,
    /// Somebody's of the organization, or the person's own.
    People,
    /// A source's.
    Source(&'a Origin),
}

impl Ranking {
    /// The source of this origin, unless it has ended.
    #[must_use]
    pub fn source(&self, origin: &Origin) -> Option<&Source> {
        self.sources.iter().find(|source| source.origin == *origin)
    }

    /// What people call an origin.
    #[must_use]
    pub fn name_of(&self, origin: &Origin) -> String {
        self.source(origin).map_or_else(|| origin.to_string(), |source| source.name.clone())
    }

    /// Who keeps the attribute of this key from `source`: none where `source` may write it.
    pub(super) fn keeper(&self, key: &str, holder: Holder<'_>, source: &Origin) -> Option<String> {
        let own = self.source(source).map_or(0, |source| source.precedence);
        match holder {
            Holder::Nobody => None,
            Holder::Source(origin) if origin == source => None,
            Holder::Source(origin) => {
                let other = self.source(origin)?;
                (other.precedence >= own).then(|| other.name.clone())
            }
            Holder::People if self.is_left_to_the_person(key) => Some("the person".to_owned()),
            Holder::People => self.own.filter(|people| *people >= own).map(|_| "people of the organization".to_owned()),
        }
    }

    /// The source that keeps the attribute of this key, which `origin` wrote, from people of the organization.
    pub(super) fn keeper_from_people(&self, key: &str, origin: &Origin) -> Option<&Source> {
        let source = self.source(origin)?;
        let is_theirs = self.own.is_some_and(|own| own > source.precedence) || self.is_left_to_the_person(key);
        (!is_theirs).then_some(source)
    }

    /// Who keeps from `source` what `origin` made of a group. Rights hang on groups: what people here made is theirs, unless
    /// they gave themselves a lower precedence.
    pub(super) fn keeper_of_group(&self, origin: Option<&Origin>, source: &Origin) -> Option<String> {
        let origin = origin?;
        if origin.is_outside() {
            return self.keeper("members", Holder::Source(origin), source);
        }
        let precedence = self.source(source).map_or(0, |source| source.precedence);
        let gives_way = self.own.is_some_and(|own| own < precedence);
        (!gives_way).then(|| "people of the organization".to_owned())
    }

    fn is_left_to_the_person(&self, key: &str) -> bool {
        attribute_of(key).is_some_and(|attribute| self.rules.of(attribute) == EditableBy::Person)
    }
}

/// Gives what people change in Lanyard a precedence in an organization, or none.
///
/// # Errors
/// For an unknown organization.
pub async fn set_own_precedence(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    precedence: Option<i64>,
) -> Result<()> {
    if !tx.sources().set_own_precedence(organization, precedence).await? {
        return Err(Noun::Organization.unknown(organization));
    }
    let change = precedence.map_or_else(|| "none".to_owned(), |precedence| precedence.to_string());
    tx.record(context, Some(organization), &Event::PolicyChange { policy: "own-precedence".to_owned(), change });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::profile::Attribute;

    #[test]
    fn the_higher_one_keeps_what_it_wrote_and_the_first_among_equals() {
        let origin = |text: &str| Origin::from_stored(text.to_owned());
        let source = |text: &str, precedence| Source { origin: origin(text), name: text.to_owned(), precedence };
        let sources = vec![source("scim:hr", 10), source("scim:entra", 0), source("client:roster", 0)];
        let ranking =
            |own| Ranking { sources: sources.clone(), own, rules: Rules(vec![(Attribute::Phone, EditableBy::Person)]) };
        let (hr, entra, roster, gone) =
            (origin("scim:hr"), origin("scim:entra"), origin("client:roster"), origin("scim:gone"));
        for (case, own, key, holder, by, expected) in [
            ("nobody's", None, "title", Holder::Nobody, &entra, None),
            ("its own", None, "title", Holder::Source(&entra), &entra, None),
            ("a lower one's", None, "title", Holder::Source(&entra), &hr, None),
            ("a higher one's", None, "title", Holder::Source(&hr), &entra, Some("scim:hr")),
            ("an equal one's", None, "title", Holder::Source(&entra), &roster, Some("scim:entra")),
            ("of one that ended", None, "title", Holder::Source(&gone), &entra, None),
            ("people's", None, "title", Holder::People, &entra, None),
            ("people's who go first", Some(5), "title", Holder::People, &entra, Some("people of the organization")),
            ("people's who do not", Some(5), "title", Holder::People, &hr, None),
            ("the person's alone", None, "phoneNumbers", Holder::People, &hr, Some("the person")),
        ] {
            assert_eq!(ranking(own).keeper(key, holder, by).as_deref(), expected, "{case}");
        }
        for (case, own, made_by, by, expected) in [
            ("nobody knows", None, None, &entra, None),
            ("its own", None, Some("scim:entra"), &entra, None),
            ("an equal one's", None, Some("client:roster"), &entra, Some("client:roster")),
            ("a lower one's", None, Some("scim:entra"), &hr, None),
            ("of one that ended", None, Some("scim:gone"), &entra, None),
            ("people's", None, Some("user:usr_1"), &hr, Some("people of the organization")),
            ("people's who give way", Some(5), Some("host:root"), &hr, None),
            ("people's who do not", Some(5), Some("host:root"), &entra, Some("people of the organization")),
        ] {
            let found = ranking(own).keeper_of_group(made_by.map(origin).as_ref(), by);
            assert_eq!(found.as_deref(), expected, "a group: {case}");
        }
        for (case, own, key, by, expected) in [
            ("a source's", None, "title", &entra, Some("scim:entra")),
            ("of one that ended", None, "title", &gone, None),
            ("of a lower one", Some(5), "title", &entra, None),
            ("of a higher one", Some(5), "title", &hr, Some("scim:hr")),
            ("left to the person", None, "phoneNumbers", &hr, None),
        ] {
            let found = ranking(own).keeper_from_people(key, by).map(|source| source.name.clone());
            assert_eq!(found.as_deref(), expected, "{case}");
        }
    }
}
