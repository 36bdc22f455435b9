//! Token exchange (RFC 8693): a token of a person for another one that says less, is meant for another API, holds in another
//! organization of the person, or says who acts for them.
//!
//! The new token never outlives the one that it came from and never carries more. It ends with the same authorization: in
//! the same organization it belongs to the family of the subject token, elsewhere to a family of its own, bound to the same
//! session and to the first one. There is no refresh token: the subject token is exchanged again.
//!
//! [`presented`] reads the tokens, [`acting`] decides who acts, [`target`] what for, [`switch`] goes elsewhere.

mod acting;
mod presented;
mod switch;
mod target;

use std::sync::Arc;

use self::{acting::Acting, presented::Presented};
use super::{Exchange, details, standing::Standing};
use crate::{
    audit::{Actor, Context, Event},
    id::FamilyId,
    oauth::{
        client::{AccessTokenFormat, GrantType},
        confirmation::Confirmation,
        error::{Code, Error, Refusal, refuse},
        store::{Family, Particulars},
        token::{Draft, Subject, TokenResponse, Wanted},
    },
    storage::Additions,
};

/// RFC 8693 §3.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// RFC 8693 §2.2.2: one answer to whatever is wrong with a subject.
const UNACCEPTABLE: Refusal = refuse(Code::InvalidRequest, "subject_token does not count, or not for this client");

/// Exchanges a token for another.
///
/// # Errors
/// The registered code of the refusal (RFC 8693 §2.2.2), or a fault.
pub async fn exchange(exchange: Exchange<'_>) -> Result<TokenResponse, Error> {
    let issued_token_type = requested_type(&exchange)?;
    let subject = Presented::subject(&exchange).await?;
    let actor = Presented::actor(&exchange, &subject).await?;
    let (family, standing) = authorization(&exchange, &subject).await?;
    let client = &exchange.client.client;
    let allowance = client.metadata.token_exchange.as_ref();
    let acting = acting::decide((&client.id, allowance), (&subject, &family.user), actor.as_ref())?;
    let scopes = target::scopes(client, &subject, exchange.parameters.value("scope"))?;
    let resources = target::resources(client, (&subject, &family), exchange.parameters)?;

    let narrowed = narrowed(&exchange, family, &subject, &acting)?;
    let (family, standing) = match switch::destination(&exchange, (&subject, &narrowed), &standing).await? {
        Some(member) => switch::begin(&exchange, (narrowed, &scopes), member).await?,
        None => (narrowed, standing),
    };
    let bounds = exchange.provider.bounds(&exchange, (&family, &standing), None).await?;
    let (organization, access) = (&standing.organization, &standing.access);
    let about = Subject { family: Some(&family), organization, access, bounds };
    let confirmation = exchange.confirmation.as_ref();
    let details = &family.particulars.authorization_details;
    let wanted =
        Wanted { client, scopes: &scopes, resources: &resources, confirmation, authorization_details: details };
    let draft = Arc::new(Draft::new(exchange.provider, about, wanted, exchange.context.now)?);
    let saved = Issued { draft: Arc::clone(&draft), client: client.id.clone(), family, acting };
    let context = exchange.context.by(Actor::Client(client.id.clone()));
    exchange.provider.app.storage.append(move |additions| saved.save(additions, &context)).await?;
    Ok(TokenResponse {
        access_token: draft.finish(),
        token_type: Confirmation::token_type(confirmation),
        expires_in: draft.expires_in,
        scope: scopes.to_string(),
        authorization_details: draft.authorization_details.clone(),
        issued_token_type: Some(issued_token_type),
        ..TokenResponse::default()
    })
}

/// What the client wants: an access token, which is a JWT where the client's are.
fn requested_type(exchange: &Exchange<'_>) -> Result<&'static str, Refusal> {
    match exchange.parameters.value("requested_token_type") {
        None | Some(ACCESS_TOKEN) => Ok(ACCESS_TOKEN),
        Some(JWT) if exchange.client.client.access_token_format == AccessTokenFormat::Jwt => Ok(JWT),
        Some(_) => Err(refuse(Code::InvalidRequest, "requested_token_type is not one that the client can get")),
    }
}

/// The authorization behind the subject token, and what its person is and may do now; the app is open to them.
async fn authorization(exchange: &Exchange<'_>, subject: &Presented) -> Result<(Family, Arc<Standing>), Error> {
    let provider = exchange.provider;
    let family = subject.live.facts.jti.family();
    let family = family.ok_or(refuse(Code::InvalidRequest, "subject_token is that of a service, not of a person"))?;
    let family = provider.family(&family).await?.filter(|family| family.is_live(exchange.context.now));
    let family = family.ok_or(UNACCEPTABLE)?;
    let standing = allowed(exchange, &family).await?.ok_or(UNACCEPTABLE)?;
    Ok(((*family).clone(), standing))
}

/// The person's standing, when the client stands by the authorization and is open to them.
async fn allowed(exchange: &Exchange<'_>, family: &Family) -> Result<Option<Arc<Standing>>, Error> {
    if !exchange.client.stands_by(family.created_at, &family.organization) {
        return Ok(None);
    }
    let Some(requirement) = exchange.client.serves(&family.organization) else { return Ok(None) };
    let standing = exchange.provider.standing(family).await?;
    Ok(standing.filter(|standing| requirement.is_met_by(&standing.access)))
}

/// The authorization as far as the subject token carries it and the client asks for it: it ends with the token, and says who
/// acts.
fn narrowed(exchange: &Exchange<'_>, family: Family, subject: &Presented, acting: &Acting) -> Result<Family, Refusal> {
    let (end, client) = (subject.live.facts.expires_at(), &exchange.client.client);
    let mut carried = subject.claims.authorization_details.clone();
    if !subject.is_of(&client.id) {
        // What nobody here knows the meaning of is for those that the token came from.
        let types = &client.metadata.authorization_details_types;
        carried.retain(|detail| types.iter().any(|own| detail["type"] == own.as_str()));
    }
    let particulars = Particulars {
        actor: acting.claim(subject),
        authorization_details: details(exchange, &carried)?,
        ..family.particulars
    };
    Ok(Family { session_end: Some(family.session_end.map_or(end, |own| own.min(end))), particulars, ..family })
}

/// A token that was decided, with what the audit tells of it.
struct Issued {
    draft: Arc<Draft>,
    client: String,
    family: Family,
    acting: Acting,
}

impl Issued {
    fn save(&self, additions: &mut Additions, context: &Context) {
        let (client, family, token) = (&self.client, &self.family, self.draft.id.as_str().to_owned());
        self.draft.save(additions, client, Some::<&FamilyId>(&family.id));
        let at = Some(&family.organization);
        let (user, client) = (family.user.clone(), client.clone());
        match &self.acting {
            Acting::Itself => {}
            Acting::Delegate(by) => {
                let actor = by["sub"].as_str().unwrap_or_default().to_owned();
                let event =
                    Event::Delegation { user: user.clone(), client: client.clone(), actor, token: token.clone() };
                additions.record(context, at, &event);
            }
            Acting::Impersonate => {
                let event = Event::Impersonation { user: user.clone(), client: client.clone(), token: token.clone() };
                additions.record(context, at, &event);
            }
        }
        let grant_type = GrantType::TokenExchange.name();
        let event = Event::TokenIssue { user: user.as_str().to_owned(), client, grant_type, token };
        additions.record(context, at, &event);
    }
}
