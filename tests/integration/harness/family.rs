//! What an app got that is used in somebody's name.

use std::time::Duration;

use lanyard::{
    audit::Context,
    id::{FamilyId, OrganizationId, Sid},
    oauth::{
        scope::Scopes,
        store::{Family, Particulars},
    },
    session::Session,
};

/// Tokens of an app, in a session and an organization, for an hour.
pub(crate) fn family(context: &Context, client: &str, (session, at, sid): (&Session, &OrganizationId, &Sid)) -> Family {
    let expires_at = context.now.plus(Duration::from_hours(1));
    Family {
        id: FamilyId::fresh(context.now, &context.random),
        client_id: client.to_owned(),
        user: session.user.clone(),
        organization: at.clone(),
        session: session.id.clone(),
        sid: sid.clone(),
        is_offline: false,
        scopes: Scopes::parse("openid").expect("a scope"),
        resources: vec![],
        auth_time: context.now,
        acr: "1".to_owned(),
        amr: vec!["pwd".to_owned()],
        particulars: Particulars::default(),
        created_at: context.now,
        expires_at,
        revoked_at: None,
        is_at_station: false,
        session_began_at: None,
        session_end: Some(expires_at),
    }
}
