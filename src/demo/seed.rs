//! Fills an empty database with the demo clinic: through the same operations as everybody else.

use std::collections::HashMap;

use super::clinic::{self, CLINICS, Clinic, PEOPLE, Person, Work};
use crate::{
    app::App,
    audit::{Actor, Context},
    authentication::factor::hasher::{Hasher, Password},
    directory::{
        self, Change,
        app::{self, Adopt, Declaration, Requires, RoleTemplate},
        domain::{self, Verification},
        group, location,
        membership::{self, FirstRoles, NewMembership, RoleAt},
        organization::{self, Edit},
        origin::Origin,
        owner::OWNER,
        permission::Permission,
        role::template::TEMPLATES,
        user::{self, NewPassword, NewUser, PasswordKind},
        validity::Validity,
    },
    id::OrganizationId,
    limit::Network,
    oauth::{
        client::{AuthenticationMethod, GrantType, Introspects},
        redirect_uri::RedirectUri,
        registrar::{self, RegistrarError},
        registration::Registration,
    },
    scim::connection::{self, ConnectionError, Rights},
    storage::{self, Tx},
    text::{DomainName, Name, Slug},
};

/// Why the demo cannot be filled.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is what its cause says")]
pub enum SeedError {
    #[error(transparent)]
    Directory(#[from] directory::Error),
    #[error(transparent)]
    Registrar(#[from] RegistrarError),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error("the demo's password could not be hashed: {0}")]
    Password(String),
}

/// What the demo app notes of the practices that use it: the slug by the id.
pub type Organizations = HashMap<String, String>;

/// Fills the database unless it was filled before; `app_port` is where the demo app listens.
///
/// # Errors
/// [`SeedError`]; nothing is kept then.
pub async fn fill(app: &App, hasher: &Hasher, app_port: u16) -> Result<Organizations, SeedError> {
    let present = app.storage.read().await?.organizations().list().await?;
    if !present.is_empty() {
        let context = app.context(Actor::Server);
        app.storage.write(move |tx| Box::pin(async move { follow(tx, &context, app_port).await })).await?;
        return Ok(present.into_iter().map(|one| (one.id.to_string(), one.slug.to_string())).collect());
    }
    let password = Password::parse(clinic::PASSWORD).map_err(|error| SeedError::Password(error.to_string()))?;
    let here = Network::from(std::net::IpAddr::from([127, 0, 0, 1]));
    let hash = hasher.hash(password, here).await.map_err(|error| SeedError::Password(error.to_string()))?;
    let context = app.context(Actor::Server);
    app.storage.write(move |tx| Box::pin(async move { seed(tx, &context, &hash, app_port).await })).await
}

async fn seed(tx: &mut Tx, context: &Context, hash: &str, app_port: u16) -> Result<Organizations, SeedError> {
    let mut organizations = HashMap::new();
    for clinic in &CLINICS {
        organizations.insert(clinic.slug, found(tx, context, clinic).await?);
    }
    for person in &PEOPLE {
        employ(tx, context, person, hash, &organizations).await?;
    }
    for registration in clients(app_port, &organizations) {
        registrar::register(tx, context, registration).await?;
    }
    for (client, secret) in [clinic::CALENDAR, clinic::REPORTING, clinic::RESOURCE_API] {
        registrar::put_secret(tx, context, client, (&secret.into(), None)).await?;
    }
    app::declare(tx, context, clinic::CALENDAR.0, &calendar()).await?;
    let connection = (&slug(clinic::CONNECTION.0), Rights { roles: assignable(), ..Rights::default() });
    let token = clinic::CONNECTION.1.into();
    connection::create_with_token(tx, context, &organizations["riverside"], connection, token).await?;
    for id in organizations.values() {
        for client in [clinic::CALENDAR.0, clinic::PORTAL, clinic::RESOURCE_API.0, clinic::KIOSK] {
            app::activate(tx, context, id, client, (&Adopt::All, &Requires::default())).await?;
        }
    }
    Ok(organizations.into_iter().map(|(slug, id)| (id.to_string(), slug.to_owned())).collect())
}

/// Where the demo app listens elsewhere than it did, the addresses of its clients follow it.
async fn follow(tx: &mut Tx, context: &Context, app_port: u16) -> Result<(), SeedError> {
    for wanted in apps(app_port) {
        let Registration { id, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, .. } = wanted;
        let present = tx.clients().registered(&id).await?.map(|found| found.client.redirect_uris);
        let is_there = |uris: &Vec<RedirectUri>| uris.iter().map(RedirectUri::as_str).eq(&redirect_uris);
        if present.as_ref().is_none_or(is_there) {
            continue;
        }
        let attributes = "redirect_uris post_logout_redirect_uris backchannel_logout_uri".to_owned();
        let moved =
            |found| Ok(Registration { redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, ..found });
        registrar::change(tx, context, &id, (attributes, moved)).await?;
    }
    Ok(())
}

async fn found(tx: &mut Tx, context: &Context, clinic: &Clinic) -> Result<OrganizationId, SeedError> {
    let id = organization::create(tx, context, &slug(clinic.slug), &name(clinic.name)).await?.id;
    let accent = clinic.accent.parse().expect("the demo's colours are colours");
    organization::update(tx, context, &id, Edit { accent: Change::Set(accent), ..Edit::default() }).await?;
    for (location, called) in clinic.locations {
        location::create(tx, context, &id, (&slug(location), &name(called)), None).await?;
    }
    let domain = clinic.domain.parse::<DomainName>().expect("the demo's domains are domains");
    let domain = domain::add(tx, context, &id, &domain).await?;
    domain::verify(tx, context, &id, &domain.name, Verification::Administrator).await?;
    Ok(id)
}

async fn employ(
    tx: &mut Tx,
    context: &Context,
    person: &Person,
    hash: &str,
    organizations: &HashMap<&str, OrganizationId>,
) -> Result<(), SeedError> {
    let password = NewPassword { hash: hash.to_owned(), kind: PasswordKind::Lasting, by: "administrator" };
    let new = NewUser {
        name: name(person.name),
        email: Some(person.email.parse().expect("the demo's addresses are addresses")),
        email_is_verified: true,
        user_name: None,
        password: Some(password),
        locale: None,
    };
    let user = user::create(tx, context, new).await?;
    for work in person.work {
        engage(tx, context, &user.id, work, &organizations[work.organization]).await?;
    }
    if person.disabled {
        user::disable(tx, context, &user.id).await?;
    }
    Ok(())
}

async fn engage(
    tx: &mut Tx,
    context: &Context,
    user: &crate::id::UserId,
    work: &Work,
    organization: &OrganizationId,
) -> Result<(), SeedError> {
    let roles = work.roles.iter().map(|(role, at)| RoleAt { role: slug(role), location: at.map(slug) }).collect();
    let new = NewMembership {
        user: user.clone(),
        kind: slug(work.kind),
        roles: FirstRoles::Exactly(roles),
        validity: Validity::ALWAYS,
        origin: Origin::of(context),
    };
    let member = membership::join(tx, context, organization, new).await?;
    for called in work.groups {
        let group = match tx.groups().by_slug(organization, &slug(called)).await? {
            Some(group) => group,
            None => group::create(tx, context, organization, &slug(called), &name(called)).await?,
        };
        group::add_member(tx, context, organization, &group.id, &member.id).await?;
    }
    Ok(())
}

/// The apps that people sign in to.
fn apps(app_port: u16) -> [Registration; 2] {
    let at = |path: &str| -> Vec<String> {
        ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{app_port}{path}")).to_vec()
    };
    let app = |(id, called): (&str, &str)| Registration {
        is_first_party: true,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        ..Registration::new(id, called)
    };
    [
        Registration {
            authentication: AuthenticationMethod::SecretBasic,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::TokenExchange],
            redirect_uris: at("/callback"),
            post_logout_redirect_uris: at("/"),
            backchannel_logout_uri: Some(format!("http://127.0.0.1:{app_port}/backchannel-logout")),
            ..app((clinic::CALENDAR.0, "Clinic Calendar"))
        },
        Registration {
            authentication: AuthenticationMethod::None,
            redirect_uris: at("/spa"),
            post_logout_redirect_uris: at("/spa"),
            ..app((clinic::PORTAL, "Clinic Portal"))
        },
    ]
}

/// The demo's clients, as design.md lists them.
fn clients(app_port: u16, organizations: &HashMap<&str, OrganizationId>) -> Vec<Registration> {
    let others = [
        Registration {
            organization: Some(organizations["riverside"].clone()),
            authentication: AuthenticationMethod::SecretBasic,
            grant_types: vec![GrantType::ClientCredentials],
            scopes: vec!["roles".to_owned()],
            ..Registration::new(clinic::REPORTING.0, "Reporting service")
        },
        Registration {
            authentication: AuthenticationMethod::SecretBasic,
            introspects: Introspects::All,
            grant_types: vec![],
            scopes: vec![],
            ..Registration::new(clinic::RESOURCE_API.0, "Calendar API")
        },
        Registration {
            authentication: AuthenticationMethod::None,
            is_first_party: true,
            grant_types: vec![GrantType::DeviceCode, GrantType::RefreshToken],
            ..Registration::new(clinic::KIOSK, "Front desk kiosk")
        },
    ];
    apps(app_port).into_iter().chain(others).collect()
}

/// The roles that may be pushed: all that are built in but the owner's.
fn assignable() -> Vec<Slug> {
    let built_in = TEMPLATES.iter().map(|template| template.slug).filter(|slug| *slug != OWNER);
    built_in.map(slug).collect()
}

/// What the calendar declares: its permissions, and what the built-in roles get of them.
fn calendar() -> Declaration {
    let permission = |text: &str| text.parse::<Permission>().expect("the demo's permissions are permissions");
    let read = "calendar:appointment:read";
    let cancel = "calendar:appointment:cancel";
    let template = |slug_: &str, called: &str, permissions: &[&str]| RoleTemplate {
        slug: slug(slug_),
        name: name(called),
        permissions: permissions.iter().map(|text| permission(text)).collect(),
    };
    Declaration {
        permissions: vec![
            (permission(read), "See appointments".to_owned()),
            (permission(cancel), "Cancel appointments".to_owned()),
        ],
        templates: vec![
            template("practitioner", "Practitioner", &[read]),
            template("front_desk", "Front desk", &[read]),
            template("supervisor", "Supervisor", &[read, cancel]),
            template("manager", "Manager", &[read, cancel]),
        ],
    }
}

fn slug(text: &str) -> Slug {
    text.parse().expect("the demo's slugs are slugs")
}

fn name(text: &str) -> Name {
    text.parse().expect("the demo's names are names")
}
