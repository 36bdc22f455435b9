//! Which attributes of sources make which attributes of a profile.

use super::PRACTITIONER;
use crate::directory::profile::Attribute;

/// The keys of what an attribute of a profile is made of.
pub(super) fn keys_of(attribute: Attribute) -> Vec<String> {
    let practitioner = |name: &str| vec![format!("{PRACTITIONER}:{name}")];
    let plain = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    match attribute {
        Attribute::Name => plain(&["displayName", "name"]),
        Attribute::GivenName | Attribute::FamilyName => plain(&["name"]),
        Attribute::Phone => plain(&["phoneNumbers"]),
        Attribute::PostalAddress => vec![],
        Attribute::Locale => plain(&["preferredLanguage"]),
        Attribute::Picture => plain(&["photos"]),
        Attribute::Title => plain(&["title"]),
        Attribute::Profession => practitioner("profession"),
        Attribute::RegistrationNumber => practitioner("registrationNumber"),
        Attribute::RegistrationBody => practitioner("registrationBody"),
        Attribute::RegistrationExpires => practitioner("registrationExpires"),
        Attribute::Specialty => practitioner("specialties"),
    }
}

/// The attribute of a profile that this key makes, the first of several.
pub(super) fn attribute_of(key: &str) -> Option<Attribute> {
    Attribute::ALL.iter().copied().find(|attribute| keys_of(*attribute).iter().any(|one| one == key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_makes_an_attribute() {
        for (key, expected) in [
            ("title", Some(Attribute::Title)),
            ("name", Some(Attribute::Name)),
            ("displayName", Some(Attribute::Name)),
            (&format!("{PRACTITIONER}:specialties"), Some(Attribute::Specialty)),
            ("specialties", None),
            ("nickName", None),
        ] {
            assert_eq!(attribute_of(key), expected, "{key}");
        }
    }
}
