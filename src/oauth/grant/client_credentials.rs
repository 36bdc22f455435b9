//! Client credentials (RFC 6749 §4.4): a service on its own behalf, in the organization that owns it. `sub` is the client,
//! its roles are those that were assigned to it, and there is no refresh token.

use std::sync::Arc;

use super::{Exchange, asked_details, machine};
use crate::{
    audit::{Actor, Context, Event},
    id::OrganizationId,
    oauth::{
        client::{Client, GrantType},
        confirmation::Confirmation,
        error::{Code, Error, Refusal, refuse},
        scope::{Scope, Scopes},
        token::{Draft, Subject, TokenResponse, Wanted},
    },
    storage::Additions,
};

/// Issues an access token.
///
/// # Errors
/// The registered code of the refusal, or a fault.
pub async fn issue(exchange: Exchange<'_>) -> Result<TokenResponse, Error> {
    let details = asked_details(&exchange)?;
    let Exchange { provider, client, parameters, confirmation, context } = exchange;
    let client = &client.client;
    let scopes = scopes(client, machine::client_credentials(parameters, &client.id)?)?;
    let resources: Vec<String> = parameters.values("resource").map(str::to_owned).collect();
    client.grant_resources(&resources)?;
    let owner = client.organization.clone().ok_or(refuse(Code::UnauthorizedClient, "the client belongs to nobody"))?;
    let service = provider.service(client, &owner).await?;
    let service = service.ok_or(refuse(Code::UnauthorizedClient, "the organization of the client is disabled"))?;
    let bounds = provider.service_bounds((client, &owner), &context).await?;
    let (organization, access) = (&service.organization, &service.access);
    let subject = Subject { family: None, organization, access, bounds };
    let wanted = Wanted {
        client,
        scopes: &scopes,
        resources: &resources,
        confirmation: confirmation.as_ref(),
        authorization_details: &details,
    };
    let draft = Arc::new(Draft::new(provider, subject, wanted, context.now)?);
    let (context, id) = (context.by(Actor::Client(client.id.clone())), client.id.clone());
    let saved = Arc::clone(&draft);
    provider.app.storage.append(move |additions| save(additions, &context, &saved, (&id, &owner))).await?;
    Ok(TokenResponse {
        access_token: draft.finish(),
        token_type: Confirmation::token_type(confirmation.as_ref()),
        expires_in: draft.expires_in,
        scope: scopes.to_string(),
        authorization_details: draft.authorization_details.clone(),
        ..TokenResponse::default()
    })
}

/// Scopes about a person mean nothing here; nothing asked for means all that is registered.
fn scopes(client: &Client, asked: Option<Scopes>) -> Result<Scopes, Refusal> {
    const PERSONAL: [Scope; 7] = [
        Scope::OpenId,
        Scope::Profile,
        Scope::Email,
        Scope::Address,
        Scope::Phone,
        Scope::OfflineAccess,
        Scope::ScimMe,
    ];
    let open = PERSONAL.iter().fold(client.scopes.clone(), |scopes, personal| scopes.without(*personal));
    match asked {
        None => Ok(open),
        Some(asked) if open.covers(&asked) => Ok(asked),
        Some(_) => Err(refuse(Code::InvalidScope, "the client may not ask for one of these scopes")),
    }
}

fn save(additions: &mut Additions, context: &Context, draft: &Draft, (client, owner): (&str, &OrganizationId)) {
    draft.save(additions, client, None);
    let event = Event::TokenIssue {
        user: String::new(),
        client: client.to_owned(),
        grant_type: GrantType::ClientCredentials.name(),
        token: draft.id.as_str().to_owned(),
    };
    additions.record(context, Some(owner), &event);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::client::tests::client;

    #[test]
    fn a_service_asks_for_nothing_personal() {
        let client = Client { scopes: Scopes::parse("openid email roles reports.read").unwrap(), ..client() };
        for (asked, expected) in [
            (None, Some("reports.read roles")),
            (Some("reports.read"), Some("reports.read")),
            (Some("openid"), None),
            (Some("admin"), None),
        ] {
            let found = scopes(&client, asked.map(|text| Scopes::parse(text).unwrap()));
            assert_eq!(found.ok().map(|s| s.to_string()).as_deref(), expected, "{asked:?}");
        }
    }
}
