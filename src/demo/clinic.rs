//! The demo's fixed names and secrets: published on purpose, refused by `serve`.

/// The password of every person of the demo.
pub const PASSWORD: &str = "Lanyard-demo-2026!";

/// The demo app's client.
pub const CALENDAR: (&str, &str) = ("clinic-calendar", "calendar-demo-secret");
/// The single-page app: public.
pub const PORTAL: &str = "clinic-portal";
/// A service of Riverside Clinic.
pub const REPORTING: (&str, &str) = ("reporting-service", "reporting-demo-secret");
/// What the demo's API introspects with.
pub const RESOURCE_API: (&str, &str) = ("resource-api", "resource-demo-secret");
/// What pushes people into Riverside Clinic, with its token.
pub const CONNECTION: (&str, &str) = ("demo", "scim-demo-token");
/// A device without a keyboard.
pub const KIOSK: &str = "front-desk-kiosk";

/// An organization with its sites.
pub struct Clinic {
    /// Slug.
    pub slug: &'static str,
    /// Name.
    pub name: &'static str,
    /// Accent colour.
    pub accent: &'static str,
    /// Slug and name of each site.
    pub locations: &'static [(&'static str, &'static str)],
    /// Its e-mail domain.
    pub domain: &'static str,
}

/// The two practices.
pub const CLINICS: [Clinic; 2] = [
    Clinic {
        slug: "riverside",
        name: "Riverside Clinic",
        accent: "#0b6e75",
        locations: &[("main-street", "Main Street"), ("harbour-quay", "Harbour Quay")],
        domain: "riverside.example",
    },
    Clinic {
        slug: "harbour",
        name: "Harbour Physio",
        accent: "#7a3e9d",
        locations: &[("pier", "Pier")],
        domain: "harbour.example",
    },
];

/// Where somebody works: the organization, and each role with its site (`None`: everywhere).
pub struct Work {
    /// Slug of the organization.
    pub organization: &'static str,
    /// Kind of membership.
    pub kind: &'static str,
    /// Roles and sites.
    pub roles: &'static [(&'static str, Option<&'static str>)],
    /// Groups.
    pub groups: &'static [&'static str],
}

/// Somebody to sign in as.
pub struct Person {
    /// E-mail address, which is the login name.
    pub email: &'static str,
    /// Name.
    pub name: &'static str,
    /// What to expect, for the page that explains.
    pub about: &'static str,
    /// Memberships.
    pub work: &'static [Work],
    /// Whether the person cannot sign in.
    pub disabled: bool,
}

/// Everybody.
pub const PEOPLE: [Person; 8] = [
    Person {
        email: "olivia@riverside.example",
        name: "Olivia Berg",
        about: "Owner of Riverside Clinic and practitioner at Harbour Physio: chooses where to work, and switches without signing in again",
        work: &[
            Work { organization: "riverside", kind: "administrative", roles: &[("owner", None)], groups: &[] },
            Work {
                organization: "harbour",
                kind: "practitioner",
                roles: &[("practitioner", Some("pier"))],
                groups: &[],
            },
        ],
        disabled: false,
    },
    Person {
        email: "max@riverside.example",
        name: "Max Lindqvist",
        about: "Manager of Riverside Clinic",
        work: &[Work { organization: "riverside", kind: "administrative", roles: &[("manager", None)], groups: &[] }],
        disabled: false,
    },
    Person {
        email: "priya@riverside.example",
        name: "Priya Nair",
        about: "Practitioner at Main Street, supervisor at Harbour Quay, in the group gps",
        work: &[Work {
            organization: "riverside",
            kind: "practitioner",
            roles: &[("practitioner", Some("main-street")), ("supervisor", Some("harbour-quay"))],
            groups: &["gps"],
        }],
        disabled: false,
    },
    Person {
        email: "frank@riverside.example",
        name: "Frank Holm",
        about: "Front desk",
        work: &[Work {
            organization: "riverside",
            kind: "administrative",
            roles: &[("front_desk", None)],
            groups: &[],
        }],
        disabled: false,
    },
    Person {
        email: "bill@riverside.example",
        name: "Bill Castro",
        about: "Billing",
        work: &[Work { organization: "riverside", kind: "administrative", roles: &[("billing", None)], groups: &[] }],
        disabled: false,
    },
    Person {
        email: "sam@riverside.example",
        name: "Sam Okafor",
        about: "A member without a role: can sign in and see the account, and nothing else",
        work: &[Work { organization: "riverside", kind: "administrative", roles: &[], groups: &[] }],
        disabled: false,
    },
    Person {
        email: "noor@harbour.example",
        name: "Noor Haddad",
        about: "Owner of Harbour Physio",
        work: &[Work { organization: "harbour", kind: "administrative", roles: &[("owner", None)], groups: &[] }],
        disabled: false,
    },
    Person {
        email: "tess@harbour.example",
        name: "Tess Morales",
        about: "Disabled: is answered exactly as a wrong password",
        work: &[Work {
            organization: "harbour",
            kind: "practitioner",
            roles: &[("practitioner", Some("pier"))],
            groups: &[],
        }],
        disabled: true,
    },
];
