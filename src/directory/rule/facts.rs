//! What rules look at.

use serde_json::Value;

use crate::{
    directory::provisioning::{Attributes, ENTERPRISE, PRACTITIONER},
    text::names,
};

names! {
    /// A kind of fact about a member.
    Fact:
        /// The kind of membership, by its slug.
        Kind = "kind",
        /// Profession.
        Profession = "profession",
        /// Each specialty.
        Specialty = "specialty",
        /// Title.
        Title = "title",
        /// Department, as a source writes it.
        Department = "department",
        /// Cost centre, as a source writes it.
        CostCenter = "costCenter",
        /// Division, as a source writes it.
        Division = "division",
        /// Each open site where the member has a role, or an identifier, or where a source says that they work; and what
        /// these lie in. By its slug.
        Location = "location",
        /// Each role that the member is assigned, by its slug; those of groups do not count.
        Role = "role";
}

impl Fact {
    /// The fact of this name, in whatever case, or as SCIM calls it.
    #[must_use]
    pub fn called(name: &str) -> Option<Self> {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        match () {
            () if is("membershipKind") => Some(Self::Kind),
            () if is("specialties") => Some(Self::Specialty),
            () => Self::ALL.iter().copied().find(|fact| is(fact.name())),
        }
    }
}

/// What is known of one member, folded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(Vec<(Fact, String)>);

impl Facts {
    /// Adds one; an empty one is none.
    pub fn add(&mut self, fact: Fact, value: &str) {
        let value = value.trim().to_lowercase();
        if !value.is_empty() && !self.of(fact).any(|known| known == value) {
            self.0.push((fact, value));
        }
    }

    /// All of one kind.
    pub fn of(&self, fact: Fact) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(of, _)| *of == fact).map(|(_, value)| value.as_str())
    }

    /// Adds what the membership says.
    pub fn add_specialties(&mut self, text: &str) {
        for one in text.split(", ") {
            self.add(Fact::Specialty, one);
        }
    }

    /// Adds what sources wrote and the membership does not have.
    pub fn add_written(&mut self, attributes: &Attributes) {
        for (fact, name) in
            [(Fact::Department, "department"), (Fact::CostCenter, "costCenter"), (Fact::Division, "division")]
        {
            let text = attributes.get(ENTERPRISE).and_then(|extension| extension.get(name)).and_then(Value::as_str);
            self.add(fact, text.unwrap_or_default());
        }
    }
}

/// Keys or ids of the sites where sources say that the member works.
pub fn written_sites(attributes: &Attributes) -> impl Iterator<Item = &str> {
    let all = attributes.get(PRACTITIONER).and_then(|extension| extension.get("locations"));
    all.and_then(Value::as_array).into_iter().flatten().filter_map(|one| one["value"].as_str())
}
