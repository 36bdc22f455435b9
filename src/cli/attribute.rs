//! Attributes of a person or member on the command line: `profession=Physician`.

use std::str::FromStr;

use crate::directory::{
    membership::Membership,
    profile::{Attribute, Edit, Refusal},
    user::User,
};

/// `ATTRIBUTE=VALUE`; without a value it is removed.
#[derive(Debug, Clone)]
pub(super) struct Assignment(pub(super) Edit);

/// Text that sets no attribute.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotAnAssignment {
    /// No `=`.
    #[error("write ATTRIBUTE=VALUE, for example profession=Physician")]
    Shape,
    /// The attribute or its value.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl FromStr for Assignment {
    type Err = NotAnAssignment;
    fn from_str(text: &str) -> Result<Self, NotAnAssignment> {
        let (name, value) = text.split_once('=').ok_or(NotAnAssignment::Shape)?;
        let attribute: Attribute = name.trim().parse()?;
        let edit = if value.trim().is_empty() { Edit::clear(attribute)? } else { Edit::set(attribute, value)? };
        Ok(Self(edit))
    }
}

/// What an organization knows of a member, by name of the attribute.
pub(super) fn of_member(member: &Membership) -> Vec<(String, String)> {
    let end = member.registration_expires_at.map(|end| end.to_string());
    named(&[
        (Attribute::Profession, member.profession.as_ref()),
        (Attribute::RegistrationNumber, member.registration_number.as_ref()),
        (Attribute::RegistrationBody, member.registration_body.as_ref()),
        (Attribute::RegistrationExpires, end.as_ref()),
        (Attribute::Specialty, member.specialty.as_ref()),
        (Attribute::Title, member.title.as_ref()),
    ])
}

/// The profile of a person, by name of the attribute.
pub(super) fn of_user(user: &User) -> Vec<(String, String)> {
    named(&[
        (Attribute::GivenName, user.given_name.as_ref()),
        (Attribute::FamilyName, user.family_name.as_ref()),
        (Attribute::Phone, user.phone.as_ref()),
        (Attribute::PostalAddress, user.postal_address.as_ref()),
        (Attribute::Locale, user.locale.as_ref()),
        (Attribute::Picture, user.picture.as_ref()),
    ])
}

fn named(values: &[(Attribute, Option<&String>)]) -> Vec<(String, String)> {
    values.iter().filter_map(|(attribute, value)| Some((attribute.to_string(), (*value)?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_set_and_removed() {
        for (typed, expected) in [
            ("profession=Physician", Some(Edit::set(Attribute::Profession, "Physician").unwrap())),
            ("profession=", Some(Edit::clear(Attribute::Profession).unwrap())),
            ("postal_address=A = B", Some(Edit::set(Attribute::PostalAddress, "A = B").unwrap())),
            ("profession", None),
            ("shoe_size=44", None),
            ("name=", None),
        ] {
            assert_eq!(typed.parse::<Assignment>().ok().map(|one| one.0), expected, "{typed}");
        }
    }
}
