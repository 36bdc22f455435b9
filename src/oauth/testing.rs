//! People and organizations for the tests of the rules.

use crate::{
    clock::Timestamp,
    directory::{
        access::{Access, Assigned, IdentifierAt, RoleAt},
        membership::Membership,
        organization::Organization,
        origin::Origin,
        registration::{Practitioner, Registration, Status},
        user::User,
        validity::Validity,
    },
    id::{MembershipId, OrganizationId, UserId},
};

/// A person with a verified address.
pub(crate) fn user(id: &str) -> User {
    User {
        id: UserId::from_stored(id.to_owned()),
        name: "Olivia".parse().unwrap(),
        given_name: None,
        family_name: None,
        email: Some("olivia@riverside.example".parse().unwrap()),
        email_verified_at: Some(Timestamp(0)),
        phone: None,
        postal_address: None,
        locale: None,
        picture: None,
        default_organization: None,
        password_hash: None,
        password_changed_at: None,
        password_must_change_at: None,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        validity: Validity::ALWAYS,
        disabled_at: None,
        deleted_at: None,
    }
}

/// A member of the organization `org_{slug}`.
pub(crate) fn member(user: &str, slug: &str) -> (Membership, Organization) {
    let at = OrganizationId::from_stored(format!("org_{slug}"));
    let membership = Membership {
        id: MembershipId::from_stored(format!("mem_{slug}")),
        organization_id: at.clone(),
        user_id: UserId::from_stored(user.to_owned()),
        kind: "practitioner".parse().unwrap(),
        profession: None,
        registration_number: None,
        registration_body: None,
        registration_expires_at: None,
        verification: None,
        specialty: None,
        title: None,
        origin: Origin::kind(&"practitioner".parse().unwrap()),
        validity: Validity::ALWAYS,
        created_at: Timestamp(0),
        disabled_at: None,
        removed_at: None,
        tokens_void_before: None,
    };
    let organization = Organization {
        id: at,
        slug: slug.parse().unwrap(),
        name: format!("Clinic {slug}").parse().unwrap(),
        logo_uri: None,
        accent: None,
        created_at: Timestamp(0),
        disabled_at: None,
        tokens_void_before: None,
    };
    (membership, organization)
}

/// One role, one group, one site.
pub(crate) fn access(role: &str, group: &str, location: &str) -> Access {
    Access {
        member: None,
        roles: vec![role.parse().unwrap()],
        groups: vec![group.parse().unwrap()],
        locations: vec![location.parse().unwrap()],
        assignments: vec![Assigned {
            at: RoleAt { role: role.parse().unwrap(), location: Some(location.parse().unwrap()) },
            locations: vec![],
        }],
        entitlements: vec!["calendar:slot:read".to_owned()],
        identifiers: vec![IdentifierAt {
            location: location.parse().unwrap(),
            kind: "provider_number".parse().unwrap(),
            value: "7A".to_owned(),
        }],
        location_identifiers: vec![],
        practitioner: Some(Practitioner {
            kind: "practitioner".parse().unwrap(),
            profession: Some("Physiotherapist".to_owned()),
            specialty: None,
            registration: Some(Registration {
                number: "R-1".to_owned(),
                body: None,
                status: Status::Verified,
                expires_at: Some(Timestamp(9_000)),
                verified_at: Some(Timestamp(1_000)),
            }),
        }),
        ends_at: None,
    }
}

/// An authorization that is alive.
pub(crate) fn family(client: &str, user: &str, slug: &str) -> crate::oauth::store::Family {
    crate::oauth::store::Family {
        id: crate::id::FamilyId::from_stored("fam_x".to_owned()),
        client_id: client.to_owned(),
        user: UserId::from_stored(user.to_owned()),
        organization: OrganizationId::from_stored(format!("org_{slug}")),
        session: crate::id::SessionId::from_stored("ses_x".to_owned()),
        sid: crate::id::Sid::from_stored("sid_x".to_owned()),
        is_offline: false,
        scopes: crate::oauth::scope::Scopes::parse("openid").unwrap(),
        resources: vec![],
        auth_time: Timestamp(0),
        acr: "1".to_owned(),
        amr: vec!["pwd".to_owned()],
        particulars: crate::oauth::store::Particulars::default(),
        created_at: Timestamp(0),
        expires_at: Timestamp(i64::MAX),
        revoked_at: None,
        is_at_station: false,
        session_began_at: None,
        session_end: None,
    }
}
