//! Apps: what they declare, activating and adopting.

use super::*;
use crate::{
    directory::{
        Error,
        app::{self, Adopt, Declaration, Requires, RoleTemplate},
        permission::Permission,
        role,
    },
    storage::{sql, testing::databases},
};

async fn client(storage: &Storage, id: &'static str, owner: Option<&Organization>) {
    let owner = owner.map(|of| of.id.as_str().to_owned());
    let made: crate::storage::Result<()> = unit!(storage, |tx| {
        sql(
            "INSERT INTO clients (id, organization_id, name, token_endpoint_auth_method, first_party, grant_types, scopes, \
             redirect_uris, post_logout_redirect_uris, resources, id_token_signed_response_alg, \
             access_token_signing_alg, access_token_format, pkce_waived, introspects, created_at, updated_at) \
             VALUES ($1, $2, $1, 'none', 1, '[]', '[]', '[]', '[]', '[]', 'RS256', 'EdDSA', 'jwt', 0, 'none', 0, 0)",
        )
        .bind(id)
        .bind(owner)
        .execute(tx.connection())
        .await?;
        Ok(())
    });
    made.unwrap();
}

fn permission(text: &str) -> Permission {
    text.parse().unwrap()
}

fn calendar() -> Declaration {
    let template = |key: &str, permissions: &[&str]| RoleTemplate {
        slug: slug(key),
        name: key.parse().unwrap(),
        permissions: permissions.iter().map(|one| permission(one)).collect(),
    };
    Declaration {
        permissions: vec![
            (permission("calendar:appointment:edit"), "Changes appointments".into()),
            (permission("calendar:appointment:read"), "Reads appointments".into()),
        ],
        templates: vec![
            template("practitioner", &["calendar:appointment:read"]),
            template("scheduler", &["calendar:appointment:read", "calendar:appointment:edit"]),
        ],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn activating_an_app_registers_its_permissions_and_adopts_its_roles() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        client(storage, "clinic-calendar", None).await;
        unit!(storage, |tx| app::declare(tx, &context(0), "clinic-calendar", &calendar()).await).unwrap();
        assert_eq!(storage.read().await.unwrap().apps().declaration("clinic-calendar").await.unwrap(), calendar());
        let of = riverside.id.clone();
        let early = unit!(storage, |tx| {
            let permissions = [permission("calendar:appointment:edit")];
            role::create(tx, &context(0), &of, (&slug("clerk"), &"Clerk".parse().unwrap()), &permissions).await
        });
        assert!(matches!(early, Err(Error::Unregistered(_))), "not activated yet");

        let activate = async |adopt: Adopt| {
            let of = riverside.id.clone();
            unit!(storage, |tx| {
                app::activate(tx, &context(0), &of, "clinic-calendar", (&adopt, &Requires::default())).await
            })
        };
        assert!(matches!(activate(Adopt::Only(vec![slug("pilot")])).await, Err(Error::Unknown(..))));
        activate(Adopt::All).await.unwrap();
        activate(Adopt::All).await.unwrap();
        let (_, ann) = member(storage, &riverside, "ann@x.example", &["supervisor"]).await;
        let (_, sid) = member(storage, &riverside, "sid@x.example", &["scheduler"]).await;
        let entitlements = async |who: &Membership| {
            storage.read().await.unwrap().access().of_member(&who.id, NOW).await.unwrap().entitlements
        };
        assert!(entitlements(&ann).await.contains(&"calendar:appointment:read".to_owned()), "supervisors inherit it");
        assert_eq!(entitlements(&sid).await, ["calendar:appointment:edit", "calendar:appointment:read"]);

        let of = riverside.id.clone();
        unit!(storage, |tx| app::deactivate(tx, &context(0), &of, "clinic-calendar").await).unwrap();
        let of = riverside.id.clone();
        assert!(unit!(storage, |tx| app::deactivate(tx, &context(0), &of, "clinic-calendar").await).is_err());
        assert!(storage.read().await.unwrap().apps().activations(&riverside.id).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_client_holds_the_roles_that_its_owner_gave_it() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let main = site(storage, &riverside, "main-street", None).await;
        client(storage, "reporting", Some(&riverside)).await;
        let give = async |of: &Organization, role: &'static str, what: &'static str| {
            let (of, at) = (of.id.clone(), (role == "billing").then(|| main.id.clone()));
            unit!(storage, |tx| {
                let role = tx.roles().by_slug(&of, &slug(role)).await?.unwrap();
                let place = (&role.id, at.as_ref());
                match what {
                    "give" => app::give_role(tx, &context(0), &of, "reporting", place).await,
                    _ => app::take_role(tx, &context(0), &of, "reporting", place).await,
                }
            })
        };
        give(&riverside, "billing", "give").await.unwrap();
        assert!(matches!(give(&riverside, "owner", "give").await, Err(Error::Refused(_))));
        assert!(matches!(give(&harbour, "inventory", "give").await, Err(Error::Unknown(..))), "another's client");
        let access = async |of: &Organization| {
            storage.read().await.unwrap().access().of_client("reporting", &of.id, NOW).await.unwrap()
        };
        assert_eq!(access(&riverside).await.roles, [slug("billing")]);
        assert_eq!(access(&riverside).await.locations, [slug("main-street")]);
        assert!(access(&riverside).await.entitlements.contains(&"lanyard:locations:read".to_owned()));
        assert!(access(&harbour).await.roles.is_empty());
        let listed = storage.read().await.unwrap().apps().roles(&riverside.id, "reporting").await.unwrap();
        assert_eq!((listed.len(), listed[0].location.as_ref()), (1, Some(&slug("main-street"))));
        give(&riverside, "billing", "take").await.unwrap();
        assert!(give(&riverside, "billing", "take").await.is_err());
        assert!(access(&riverside).await.roles.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_activates_the_servers_apps_and_its_own_alone() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        client(storage, "shared", None).await;
        client(storage, "own", Some(&riverside)).await;
        for (of, app, allowed) in [
            (&riverside, "shared", true),
            (&riverside, "own", true),
            (&harbour, "shared", true),
            (&harbour, "own", false),
            (&harbour, "nothing", false),
        ] {
            let of = of.id.clone();
            let done = unit!(storage, |tx| {
                app::activate(tx, &context(0), &of, app, (&Adopt::All, &Requires::default())).await
            });
            assert_eq!(done.is_ok(), allowed, "{app}: {done:?}");
        }
    }
}
