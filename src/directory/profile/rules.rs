//! Who may edit which attribute in an organization.

use std::str::FromStr;

use super::{Attribute, Edit, Refusal, Result};
use crate::{
    audit::{Context, Event},
    id::OrganizationId,
    storage::Tx,
};

/// Who may edit an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditableBy {
    /// The person alone.
    Person,
    /// Administrators of the organization alone.
    Administrator,
    /// Either of them.
    Both,
    /// Neither: it comes from elsewhere.
    Nobody,
}

impl EditableBy {
    /// As stored and typed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Administrator => "administrator",
            Self::Both => "both",
            Self::Nobody => "nobody",
        }
    }

    fn allows(self, editor: Editor) -> bool {
        match editor {
            Editor::Server => true,
            Editor::Person => matches!(self, Self::Person | Self::Both),
            Editor::Administrator => matches!(self, Self::Administrator | Self::Both),
        }
    }
}

/// Who edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Editor {
    /// The person in question.
    Person,
    /// An administrator of the organization.
    Administrator,
    /// The server's administrator, whom no rule of an organization binds.
    Server,
}

impl FromStr for EditableBy {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        [Self::Person, Self::Administrator, Self::Both, Self::Nobody]
            .into_iter()
            .find(|one| one.as_str() == text)
            .ok_or_else(|| Refusal::Unknown(text.into(), "person, administrator, both, nobody".into()))
    }
}

/// The rules of an organization: those it set, else the defaults.
#[derive(Debug, Clone, Default)]
pub struct Rules(pub Vec<(Attribute, EditableBy)>);

impl Rules {
    /// Who edits the attribute.
    #[must_use]
    pub fn of(&self, attribute: Attribute) -> EditableBy {
        let set = self.0.iter().find(|(named, _)| *named == attribute);
        set.map_or(attribute.default_rule(), |(_, rule)| *rule)
    }

    pub(super) fn check(&self, edits: &[Edit], editor: Editor) -> Result<(), Refusal> {
        let refused = |edit: &&Edit| !self.of(edit.attribute).allows(editor);
        match edits.iter().find(refused) {
            Some(edit) => Err(Refusal::Rule(edit.attribute.name(), self.of(edit.attribute).as_str())),
            None => Ok(()),
        }
    }
}

/// Sets who may edit an attribute in an organization.
///
/// # Errors
/// When the database fails.
pub async fn set_rule(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    attribute: Attribute,
    rule: EditableBy,
) -> Result<()> {
    tx.attribute_rules().save(organization, attribute, rule).await?;
    let event = Event::PolicyChange { policy: format!("attribute:{attribute}"), change: rule.as_str().to_owned() };
    tx.record(context, Some(organization), &event);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_of_the_organization_decides_who_edits() {
        let edit = |attribute| [Edit::set(attribute, "x").or_else(|_| Edit::clear(attribute)).unwrap()];
        let rules = Rules(vec![(Attribute::Phone, EditableBy::Nobody), (Attribute::Title, EditableBy::Person)]);
        for (attribute, editor, allowed) in [
            (Attribute::Name, Editor::Person, true),
            (Attribute::Name, Editor::Administrator, true),
            (Attribute::Profession, Editor::Person, false),
            (Attribute::Profession, Editor::Administrator, true),
            (Attribute::Locale, Editor::Administrator, false),
            (Attribute::Phone, Editor::Person, false),
            (Attribute::Phone, Editor::Administrator, false),
            (Attribute::Phone, Editor::Server, true),
            (Attribute::Title, Editor::Administrator, false),
        ] {
            assert_eq!(rules.check(&edit(attribute), editor).is_ok(), allowed, "{attribute} by {editor:?}");
        }
    }
}
