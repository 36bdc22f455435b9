//! Lanyard's own extension: what a clinic knows of a member (RFC 7643 §3.3).

use super::{
    Schema,
    attribute::{Attribute, Kind, Mutability},
};

/// `urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner`.
pub static PRACTITIONER: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner",
    name: "Practitioner",
    description: "What a clinic knows of a member: profession, registration, specialties, sites, kind of membership.",
    attributes: &[
        Attribute::string("profession", "The person's profession, such as \"Physiotherapist\"."),
        Attribute::string("registrationNumber", "The number under which the profession's register has the person."),
        Attribute::string("registrationBody", "Who keeps that register."),
        Attribute::complex(
            "registrationVerification",
            VERIFICATION,
            "Whether somebody compared the registration with the register; written by clients that may verify registrations. \
             Another number or register, or a later end, is unverified again.",
        )
        .mutability(Mutability::Restricted),
        Attribute::new("registrationExpires", Kind::DateTime, "Until when the registration holds."),
        Attribute::string("specialties", "The person's specialties.").multi_valued(),
        Attribute::complex("locations", LOCATIONS, "The sites that the person works at.").multi_valued(),
        Attribute::string("membershipKind", "The kind of membership, by its key in the organization.").canonical(&[
            "practitioner",
            "administrative",
            "hirer",
            "contractor",
        ]),
        Attribute::complex("unmapped", UNMAPPED, "Values that mean nothing in this organization, and give no right.")
            .multi_valued()
            .read_only(),
    ],
};

const VERIFICATION: &[Attribute] = &[
    Attribute::string("state", "Whether it was.")
        .canonical(&["unverified", "verified"])
        .mutability(Mutability::Restricted),
    Attribute::new("verifiedAt", Kind::DateTime, "When it was compared last.").read_only(),
];

const LOCATIONS: &[Attribute] = &[
    Attribute::string("value", "The site, by its key or id in the organization."),
    Attribute::string("display", "The site's name as it is shown."),
    Attribute::string("identifier", "What an authority calls the person at this site, such as a provider number."),
    Attribute::string("identifierType", "What the identifier is, as a key; \"provider_number\" unless it is said."),
];

const UNMAPPED: &[Attribute] = &[
    Attribute::string("type", "The attribute that has the value: roles, entitlements or locations.").read_only(),
    Attribute::string("value", "The value, as the source wrote it.").read_only(),
];
