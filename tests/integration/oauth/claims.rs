//! What tokens say of places: roles below a region, and identifiers at sites.

use lanyard::{
    directory::{
        app,
        assignment::{self, NewAssignment},
        group, identifier, location,
        origin::Origin,
        validity::Validity,
    },
    id::OrganizationId,
    storage::Tx,
};
use serde_json::{Value, json};

use super::clinic::{Clinic, Fault, claims};

/// A region of Riverside with its two sites in it.
async fn put_into_a_region(clinic: &Clinic) {
    let (context, at) = (clinic.context(), clinic.organization("riverside").await);
    clinic
        .write(move |tx| {
            Box::pin(async move {
                let names = (&"north".parse()?, &"North".parse()?);
                let region = location::create(tx, &context, &at, names, None).await?;
                for site in ["main-street", "harbour-quay"] {
                    let site = site_of(tx, &at, site).await?;
                    location::move_under(tx, &context, &at, &site, Some(&region.id)).await?;
                }
                Ok(())
            })
        })
        .await;
}

async fn site_of(tx: &mut Tx, at: &OrganizationId, slug: &str) -> Result<lanyard::id::LocationId, Fault> {
    Ok(tx.locations().by_slug(at, &slug.parse()?).await?.unwrap().id)
}

/// Assigns a role to a member of Riverside.
async fn assign(clinic: &Clinic, person: &str, role: &'static str, site: &'static str) {
    let (context, at) = (clinic.context(), clinic.organization("riverside").await);
    let user = clinic.user(person).await;
    clinic
        .write(move |tx| {
            Box::pin(async move {
                let new = NewAssignment {
                    membership: tx.memberships().active(&user, &at, context.now).await?.unwrap().id,
                    role: tx.roles().by_slug(&at, &role.parse()?).await?.unwrap().id,
                    location: Some(site_of(tx, &at, site).await?),
                    validity: Validity::ALWAYS,
                    origin: Origin::of(&context),
                };
                assignment::assign(tx, &context, &at, new).await?;
                Ok(())
            })
        })
        .await;
}

/// Sets a provider number of a site, or of a person at it.
async fn identify(clinic: &Clinic, of: &'static str, (site, person): (&'static str, Option<&str>), value: String) {
    let (context, at) = (clinic.context(), clinic.organization(of).await);
    let user = match person {
        Some(person) => Some(clinic.user(person).await),
        None => None,
    };
    clinic
        .write(move |tx| {
            Box::pin(async move {
                let site = site_of(tx, &at, site).await?;
                let member = match user {
                    Some(user) => tx.memberships().active(&user, &at, context.now).await?,
                    None => None,
                };
                let (who, kind) = ((&site, member.as_ref().map(|member| &member.id)), "provider_number".parse()?);
                identifier::set(tx, &context, &at, who, (&kind, Some(&value))).await?;
                Ok(())
            })
        })
        .await;
}

fn number(site: &str, value: &str) -> Value {
    json!({"location": site, "type": "provider_number", "value": value})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_at_a_region_names_the_sites_below_it() {
    for clinic in Clinic::each().await {
        put_into_a_region(&clinic).await;
        assign(&clinic, "priya", "manager", "north").await;
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "portal", "scope=openid+roles+locations").await;
        let expected = json!([
            {"role": "manager", "location": "north", "locations": ["harbour-quay", "main-street", "north"]},
            {"role": "practitioner", "location": "main-street"},
            {"role": "supervisor", "location": "harbour-quay"},
        ]);
        for said in [
            claims(&tokens["access_token"]),
            claims(&tokens["id_token"]),
            clinic.userinfo(&tokens["access_token"]).await.json(),
            clinic.introspect("api", &tokens["access_token"]).await,
        ] {
            assert_eq!(said["assignments"], expected);
            assert_eq!(said["locations"], json!(["harbour-quay", "main-street", "north"]));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_are_told_on_request_and_of_the_one_organization() {
    for clinic in Clinic::each().await {
        for (of, site, person, value) in [
            ("riverside", "main-street", Some("priya"), "1A"),
            ("riverside", "harbour-quay", Some("priya"), "2A"),
            ("riverside", "main-street", Some("olivia"), "1B"),
            ("riverside", "main-street", None, "1"),
            ("harbour", "pier", Some("olivia"), "3B"),
            ("harbour", "pier", None, "3"),
        ] {
            identify(&clinic, of, (site, person), value.to_owned()).await;
        }
        let priya = clinic.browser("priya").await;
        let unasked = clinic.tokens(&priya, "portal", "scope=openid+roles+locations").await;
        for token in ["access_token", "id_token"] {
            let said = claims(&unasked[token]);
            assert!(said.get("identifiers").is_none() && said.get("location_identifiers").is_none(), "{token}");
        }
        let own = json!([number("harbour-quay", "2A"), number("main-street", "1A")]);
        for client in ["portal", "opaque"] {
            let tokens = clinic.tokens(&priya, client, "scope=openid+identifiers").await;
            for said in [
                clinic.introspect("api", &tokens["access_token"]).await,
                claims(&tokens["id_token"]),
                clinic.userinfo(&tokens["access_token"]).await.json(),
            ] {
                assert_eq!(said["identifiers"], own, "{client}");
                assert_eq!(said["location_identifiers"], json!([number("main-street", "1")]), "{client}");
            }
        }
        let olivia = clinic.browser("olivia").await;
        for (organization, site, mine, theirs) in
            [("riverside", "main-street", "1B", "1"), ("harbour", "pier", "3B", "3")]
        {
            let wanted = format!("scope=openid+identifiers&organization={organization}");
            let said = claims(&clinic.tokens(&olivia, "portal", &wanted).await["access_token"]);
            assert_eq!(said["identifiers"], json!([number(site, mine)]), "{organization}");
            assert_eq!(said["location_identifiers"], json!([number(site, theirs)]), "{organization}");
        }
        let sam = clinic.browser("sam").await;
        let said = claims(&clinic.tokens(&sam, "portal", "scope=openid+identifiers").await["access_token"]);
        assert_eq!((&said["identifiers"], &said["location_identifiers"]), (&json!([]), &json!([])), "without a role");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_learns_the_identifiers_of_its_sites_at_once_and_in_full() {
    for clinic in Clinic::each().await {
        let token = async || clinic.token("billing", "grant_type=client_credentials").await.json();
        assert_eq!(claims(&token().await["access_token"])["location_identifiers"], json!([]), "no role, no site");
        let (context, at) = (clinic.context(), clinic.organization("riverside").await);
        clinic
            .write(move |tx| {
                Box::pin(async move {
                    let role = tx.roles().by_slug(&at, &"billing".parse()?).await?.unwrap();
                    app::give_role(tx, &context, &at, "billing", (&role.id, None)).await?;
                    for n in 0..26 {
                        let site = format!("site-{n}");
                        location::create(tx, &context, &at, (&site.parse()?, &site.parse()?), None).await?;
                    }
                    Ok(())
                })
            })
            .await;
        identify(&clinic, "riverside", ("main-street", None), "1".to_owned()).await;
        identify(&clinic, "harbour", ("pier", None), "3".to_owned()).await;
        let said = claims(&token().await["access_token"]);
        assert_eq!(said["location_identifiers"], json!([number("main-street", "1")]));
        let (context, at) = (clinic.context(), clinic.organization("riverside").await);
        clinic
            .write(move |tx| {
                Box::pin(async move {
                    for n in 0..26 {
                        let site = site_of(tx, &at, &format!("site-{n}")).await?;
                        let kind = "provider_number".parse()?;
                        identifier::set(tx, &context, &at, (&site, None), (&kind, Some("7"))).await?;
                    }
                    Ok(())
                })
            })
            .await;
        let token = token().await;
        let said = claims(&token["access_token"]);
        let overflow = json!(["location_identifiers"]);
        assert_eq!((said.get("location_identifiers"), &said["overflow"]), (None, &overflow));
        let whole = clinic.introspect("api", &token["access_token"]).await;
        assert_eq!((whole["location_identifiers"].as_array().unwrap().len(), whole.get("overflow")), (27, None));
        assert_eq!(whole["jti"], said["jti"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_larger_than_8_kib_and_what_is_left_out_is_told_when_asked() {
    for clinic in Clinic::each().await {
        let (context, at, user) =
            (clinic.context(), clinic.organization("riverside").await, clinic.user("priya").await);
        clinic
            .write(move |tx| {
                Box::pin(async move {
                    let member = tx.memberships().active(&user, &at, context.now).await?.unwrap();
                    for n in 0..99 {
                        let slug = format!("{}-{n:02}", "team".repeat(15)).parse()?;
                        let made = group::create(tx, &context, &at, &slug, &"Team".parse()?).await?;
                        group::add_member(tx, &context, &at, &made.id, &member.id).await?;
                    }
                    Ok(())
                })
            })
            .await;
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "portal", "scope=openid+profile+groups+roles").await;
        for token in [&tokens["access_token"], &tokens["id_token"]] {
            assert!(token.as_str().unwrap().len() <= 8192);
            let said = claims(token);
            assert_eq!((said.get("groups"), &said["overflow"]), (None, &json!(["groups"])));
            assert_eq!(said["roles"], json!(["practitioner", "supervisor"]), "the rest stays");
        }
        let told = clinic.introspect("api", &tokens["access_token"]).await;
        let asked = clinic.userinfo(&tokens["access_token"]).await.json();
        for whole in [told, asked] {
            assert_eq!((whole["groups"].as_array().unwrap().len(), whole.get("overflow")), (100, None));
        }
    }
}
