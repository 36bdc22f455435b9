//! The tokens that a client presents (RFC 8693 §2.1): ours, alive, meant for this client, and with the proof that they are
//! bound to.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::{ACCESS_TOKEN, JWT, UNACCEPTABLE};
use crate::oauth::{
    bearer::{self, LiveToken},
    client::{Client, Introspects},
    confirmation::Confirmation,
    error::{Code, Error, Refusal, refuse},
    grant::Exchange,
};

/// A token that counts.
#[derive(Debug)]
pub(super) struct Presented {
    /// The token.
    pub(super) live: Arc<LiveToken>,
    /// What else it says.
    pub(super) claims: Claims,
}

/// Claims that an exchange carries on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Claims {
    cnf: Option<Confirmation>,
    /// Who acts already.
    pub(super) act: Option<Value>,
    /// What was granted in detail.
    pub(super) authorization_details: Vec<Value>,
}

const ACTOR: Refusal = refuse(Code::InvalidRequest, "actor_token does not count, or is not the client's own there");
const UNPROVED: Refusal = refuse(Code::InvalidRequest, "the token is bound to a key that was not proved");

impl Presented {
    /// The token of the person: the client's own, or one that is meant for the client.
    pub(super) async fn subject(exchange: &Exchange<'_>) -> Result<Self, Error> {
        let token = exchange.parameters.required("subject_token").map_err(Refusal::from)?;
        let of_type = exchange.parameters.required("subject_token_type").map_err(Refusal::from)?;
        let presented = Self::read(exchange, (token, of_type), UNACCEPTABLE).await?;
        if is_meant_for(&exchange.client.client, &presented.live) { Ok(presented) } else { Err(UNACCEPTABLE.into()) }
    }

    /// The token of who acts: the client's own, in the organization of the subject.
    pub(super) async fn actor(exchange: &Exchange<'_>, subject: &Self) -> Result<Option<Self>, Error> {
        let parameters = exchange.parameters;
        let (token, of_type) = match (parameters.value("actor_token"), parameters.value("actor_token_type")) {
            (None, None) => return Ok(None),
            (Some(token), Some(of_type)) => (token, of_type),
            // §2.1: both or none.
            _ => return Err(refuse(Code::InvalidRequest, "actor_token and actor_token_type come together").into()),
        };
        let actor = Self::read(exchange, (token, of_type), ACTOR).await?;
        let is_own = actor.live.facts.client_id == exchange.client.client.id;
        let is_there = actor.live.facts.org_id == subject.live.facts.org_id;
        if is_own && is_there { Ok(Some(actor)) } else { Err(ACTOR.into()) }
    }

    async fn read(exchange: &Exchange<'_>, (token, of_type): (&str, &str), bad: Refusal) -> Result<Self, Error> {
        // An opaque access token is no JWT.
        let is_typed = of_type == ACCESS_TOKEN || (of_type == JWT && token.contains('.'));
        if !is_typed {
            return Err(
                refuse(Code::InvalidRequest, "the type of the token is not access_token, nor is it a JWT").into()
            );
        }
        let live = bearer::live(exchange.provider, token, exchange.context.now).await?.ok_or_else(|| bad.clone())?;
        let claims: Claims = serde_json::from_str(live.claims.get()).map_err(|_| bad)?;
        if claims.cnf.is_some() && claims.cnf != exchange.confirmation {
            return Err(UNPROVED.into());
        }
        Ok(Self { live, claims })
    }

    /// Whether it was issued to this client.
    pub(super) fn is_of(&self, client: &str) -> bool {
        self.live.facts.client_id == client
    }
}

/// Whether a token was issued to the client, or names it. The audience of an API, which introspects, is the API itself; that
/// of an app is whom its own tokens are for, and the resources that it may ask for are those of others.
fn is_meant_for(client: &Client, token: &LiveToken) -> bool {
    let own = client.audience.as_ref().filter(|_| client.introspects != Introspects::Nothing);
    let mut names = [&client.id].into_iter().chain(own);
    token.facts.client_id == client.id || names.any(|name| token.facts.aud.names(name))
}
