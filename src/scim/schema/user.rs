//! The core schema of a person (RFC 7643 §4.1, §8.7.1).

use super::{
    Schema,
    attribute::{Attribute, Kind, Mutability, Returned},
};

/// `urn:ietf:params:scim:schemas:core:2.0:User`.
pub static USER: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    description: "User account.",
    attributes: &[
        Attribute::string(
            "userName",
            "What the person types to sign in, often an e-mail address. Unique within the organization, whatever its case.",
        )
        .required()
        .unique(),
        Attribute::complex("name", NAME, "The parts of the person's name."),
        Attribute::string("displayName", "The name as it is shown to others."),
        Attribute::string("nickName", "How the person is called casually."),
        Attribute::reference("profileUrl", &["external"], "The address of a page about the person."),
        Attribute::string("title", "The person's title, such as \"Vice President\"."),
        Attribute::string("userType", "How the organization and the person relate, such as \"Employee\"."),
        Attribute::string("preferredLanguage", "The languages that the person prefers, as in the header Accept-Language."),
        Attribute::string("locale", "The language tag by which dates and numbers are written, such as \"en-AU\"."),
        Attribute::string("timezone", "The person's time zone by its name in the Olson database."),
        Attribute::boolean(
            "active",
            "Whether the person may act in this organization. False ends the sessions and tokens of the organization at once; \
             without a value that stays as it was.",
        ),
        Attribute::string(
            "password",
            "Accepted and never used: nobody but the person sets a password. The value is neither kept nor answered.",
        )
        .case_exact()
        .mutability(Mutability::WriteOnly)
        .returned(Returned::Never),
        Attribute::complex("emails", EMAILS, "E-mail addresses.").multi_valued(),
        Attribute::complex("phoneNumbers", PHONE_NUMBERS, "Telephone numbers.").multi_valued(),
        Attribute::complex("ims", IMS, "Addresses for instant messages.").multi_valued(),
        Attribute::complex("photos", PHOTOS, "Addresses of photographs.").multi_valued(),
        Attribute::complex("addresses", ADDRESSES, "Postal addresses.").multi_valued(),
        Attribute::complex("groups", GROUPS, "The groups that the person is a member of; changed by the groups alone.")
            .multi_valued()
            .read_only(),
        Attribute::complex("entitlements", ENTITLEMENTS, "Things that the person has a right to.").multi_valued(),
        Attribute::complex("roles", ROLES, "The person's roles; those that nobody has mapped are kept and give no right.")
            .multi_valued(),
        Attribute::complex("x509Certificates", CERTIFICATES, "Certificates of the person.").multi_valued(),
    ],
};

const NAME: &[Attribute] = &[
    Attribute::string("formatted", "The full name, ready to be shown."),
    Attribute::string("familyName", "The family name."),
    Attribute::string("givenName", "The given name."),
    Attribute::string("middleName", "The middle names."),
    Attribute::string("honorificPrefix", "What stands before the name, such as \"Dr\"."),
    Attribute::string("honorificSuffix", "What stands after the name, such as \"III\"."),
];

const DISPLAY: Attribute = Attribute::string("display", "A name for people; not the value.");
const PRIMARY: Attribute = Attribute::boolean("primary", "Whether this is the preferred one; at most one is.");
const TYPE: Attribute = Attribute::string("type", "What the value is for.");
const WORK_HOME: Attribute = TYPE.canonical(&["work", "home", "other"]);

const EMAILS: &[Attribute] = &[Attribute::string("value", "The e-mail address."), DISPLAY, WORK_HOME, PRIMARY];

const PHONE_NUMBERS: &[Attribute] = &[
    Attribute::string("value", "The telephone number, best as RFC 3966 writes it."),
    DISPLAY,
    TYPE.canonical(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

const IMS: &[Attribute] = &[
    Attribute::string("value", "The address for instant messages."),
    DISPLAY,
    TYPE.canonical(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
    PRIMARY,
];

const PHOTOS: &[Attribute] = &[
    Attribute::reference("value", &["external"], "The address of the photograph."),
    DISPLAY,
    TYPE.canonical(&["photo", "thumbnail"]),
    PRIMARY,
];

const ADDRESSES: &[Attribute] = &[
    Attribute::string("formatted", "The full address, ready for a letter; may hold line breaks."),
    Attribute::string("streetAddress", "Street and number; may hold line breaks."),
    Attribute::string("locality", "City or town."),
    Attribute::string("region", "State or region."),
    Attribute::string("postalCode", "Postal code."),
    Attribute::string("country", "Country, as the two letters of ISO 3166-1."),
    WORK_HOME,
    PRIMARY,
];

const GROUPS: &[Attribute] = &[
    Attribute::string("value", "The id of the group.").case_exact().read_only(),
    Attribute::reference("$ref", &["Group"], "The address of the group.").read_only(),
    DISPLAY.read_only(),
    Attribute::string("type", "Whether the person is a member directly or by another group.")
        .canonical(&["direct", "indirect"])
        .read_only(),
];

const ENTITLEMENTS: &[Attribute] = &[Attribute::string("value", "The entitlement."), DISPLAY, TYPE, PRIMARY];

const ROLES: &[Attribute] =
    &[Attribute::string("value", "The role, by its key or as the source calls it."), DISPLAY, TYPE, PRIMARY];

const CERTIFICATES: &[Attribute] =
    &[Attribute::new("value", Kind::Binary, "The certificate in DER."), DISPLAY, TYPE, PRIMARY];
