//! What the new token is good for: never more than the subject token, nor than the client is registered for.

use super::presented::Presented;
use crate::{
    oauth::{
        client::Client,
        error::{Code, Refusal, refuse},
        scope::{Scope, Scopes},
        store::Family,
    },
    web::Parameters,
};

/// The scope: what is asked for, else all of the subject token that the client may have. What goes on while the person is
/// away belongs to the authorization, not to a token.
///
/// # Errors
/// `invalid_scope`.
pub(super) fn scopes(client: &Client, subject: &Presented, asked: Option<&str>) -> Result<Scopes, Refusal> {
    let carried = Scopes::parse(&subject.live.facts.scope)?.without(Scope::OfflineAccess);
    let open: Scopes = carried.iter().filter(|scope| client.scopes.contains(scope)).map(str::to_owned).collect();
    let Some(asked) = asked.map(Scopes::parse).transpose()? else { return Ok(open) };
    let asked = asked.without(Scope::OfflineAccess);
    if open.covers(&asked) {
        Ok(asked)
    } else {
        Err(refuse(Code::InvalidScope, "scope is more than that of subject_token, or than the client may have"))
    }
}

/// The resources: what is asked for by `resource` or `audience`, of those that the client is registered for. A token of the
/// client's own that is meant for some of them alone is exchanged for these and no others.
///
/// # Errors
/// `invalid_target`.
pub(super) fn resources(
    client: &Client,
    (subject, family): (&Presented, &Family),
    parameters: &Parameters,
) -> Result<Vec<String>, Refusal> {
    let asked: Vec<String> =
        parameters.values("resource").chain(parameters.values("audience")).map(str::to_owned).collect();
    client.grant_resources(&asked)?;
    if !subject.is_of(&client.id) {
        return Ok(asked);
    }
    let names = |resource: &&String| subject.live.facts.aud.names(resource);
    let narrow: Vec<String> = client.resources.iter().chain(&family.resources).filter(names).cloned().collect();
    let narrow: Vec<String> = unique(narrow);
    let bounds = if narrow.is_empty() { &family.resources } else { &narrow };
    if asked.is_empty() {
        return Ok(narrow);
    }
    if bounds.is_empty() || asked.iter().all(|resource| bounds.contains(resource)) {
        Ok(unique(asked))
    } else {
        Err(refuse(Code::InvalidTarget, "subject_token is not meant for the resource"))
    }
}

fn unique(mut list: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    list.retain(|one| seen.insert(one.clone()));
    list
}
