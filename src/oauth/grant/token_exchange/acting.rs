//! Who acts (RFC 8693 §1.1 and §4.1): the app itself with its own token; somebody for the person, which the token says; or
//! somebody as the person, which it does not, and which only a client may whose administrator allowed it.

use serde_json::{Value, json};

use super::presented::Presented;
use crate::{
    id::UserId,
    oauth::{
        client_metadata::TokenExchange,
        error::{Code, Refusal, refuse},
    },
};

/// The most actors that a token names.
const LONGEST_CHAIN: usize = 5;

/// Who acts with the new token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Acting {
    /// The app that the subject token was issued to.
    Itself,
    /// Somebody for the person: the claim `act`, with those who acted before.
    Delegate(Value),
    /// Somebody as the person.
    Impersonate,
}

impl Acting {
    /// The claim `act` of the new token: nobody who acted before is forgotten.
    pub(super) fn claim(&self, subject: &Presented) -> Option<Value> {
        match self {
            Self::Delegate(act) => Some(act.clone()),
            Self::Itself | Self::Impersonate => subject.claims.act.clone(),
        }
    }
}

/// Decides who acts.
///
/// # Errors
/// `invalid_request` when too many have acted before.
pub(super) fn decide(
    (client, allowance): (&str, Option<&TokenExchange>),
    (subject, user): (&Presented, &UserId),
    actor: Option<&Presented>,
) -> Result<Acting, Refusal> {
    let before = subject.claims.act.as_ref();
    if let Some(actor) = actor {
        let facts = &actor.live.facts;
        return delegate(&facts.sub, client, before);
    }
    if subject.is_of(client) {
        return Ok(Acting::Itself);
    }
    if allowance.is_some_and(|allowance| allowance.lets_impersonate(user)) {
        return Ok(Acting::Impersonate);
    }
    delegate(client, client, before)
}

fn delegate(sub: &str, client: &str, before: Option<&Value>) -> Result<Acting, Refusal> {
    let mut act = json!({ "sub": sub });
    if sub != client {
        act["client_id"] = client.into();
    }
    if let Some(before) = before {
        act["act"] = before.clone();
    }
    let actors = std::iter::successors(Some(&act), |act| act.get("act")).count();
    if actors > LONGEST_CHAIN {
        return Err(refuse(Code::InvalidRequest, "too many have acted with the token already"));
    }
    Ok(Acting::Delegate(act))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_actors_is_kept_and_bounded() {
        let mut before = None;
        for (number, expected) in [(1, true), (2, true), (3, true), (4, true), (5, true), (6, false)] {
            let found = delegate(&format!("api-{number}"), "api", before.as_ref());
            assert_eq!(found.is_ok(), expected, "{number}");
            let Ok(Acting::Delegate(act)) = found else { continue };
            assert_eq!(
                (&act["sub"], act["act"]["sub"].as_str().is_some()),
                (&json!(format!("api-{number}")), number > 1)
            );
            before = Some(act);
        }
        let alone = delegate("api", "api", None);
        assert_eq!(alone, Ok(Acting::Delegate(json!({"sub": "api"}))));
    }
}
