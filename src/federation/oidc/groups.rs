//! Somebody's groups, where a token has no room for them: it says so (`_claim_names`, OpenID Connect Core §5.6.2; `hasgroups` of
//! Entra ID), and they are asked for at the address that is configured, in the form of Microsoft Graph.
//!
//! Where a token says that they lie is not asked: an address in a token is no place for an access token.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::{Identity, Trouble, settings::Groups};
use crate::{
    outbound::{Bounds, Call, LONGEST, Outbound},
    secret::{ExposeSecret, SecretString},
};

/// Pages that are read at most.
const MOST_PAGES: usize = 40;

/// Groups of one person at most.
const MOST: usize = 10_000;

/// Bytes of a page: 999 groups with their names.
const LARGEST: usize = 512 * 1024;

#[derive(Deserialize)]
struct Page {
    value: Vec<Map<String, Value>>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<Url>,
}

/// Asks for the groups of somebody whose token has no room for them.
///
/// # Errors
/// When they cannot be read, or nobody said where: less than all of them is not taken for all.
pub async fn add(
    outbound: &Outbound,
    settings: &Groups,
    access: &SecretString,
    identity: &mut Identity,
) -> Result<(), Trouble> {
    if !are_elsewhere(&identity.claims, &settings.claim) {
        return Ok(());
    }
    let unreadable = |why: &str| Trouble::Besides("groups", why.to_owned());
    let endpoint = settings.endpoint.as_ref();
    let endpoint = endpoint.ok_or_else(|| unreadable("a token has no room for them; set `groups.endpoint`"))?;
    let (mut next, mut found) = (Some(endpoint.clone()), vec![]);
    for _ in 0..MOST_PAGES {
        let Some(url) = next.take() else { break };
        let page = page(outbound, &url, access).await?;
        found.extend(page.value.iter().filter_map(|group| group.get(&settings.value)?.as_str().map(Value::from)));
        // An access token goes where it was sent before, and nowhere else.
        if page.next.as_ref().is_some_and(|next| next.origin() != endpoint.origin()) {
            return Err(unreadable("the next page lies at another place"));
        }
        next = page.next;
        if found.len() > MOST {
            return Err(unreadable("there are too many"));
        }
    }
    if next.is_some() {
        return Err(unreadable("there are too many pages"));
    }
    identity.claims.insert(settings.claim.clone(), Value::Array(found));
    Ok(())
}

async fn page(outbound: &Outbound, url: &Url, access: &SecretString) -> Result<Page, Trouble> {
    let call = Call {
        method: Method::GET,
        media_type: "application/json",
        body: None,
        bearer: access.expose_secret(),
        if_match: None,
        bounds: Bounds { longest: LONGEST, largest: LARGEST },
    };
    let answer = outbound.call(url, call).await?;
    if !answer.is_success() {
        return Err(Trouble::Besides(
            "groups",
            format!("{} answered {}", url.host_str().unwrap_or_default(), answer.status),
        ));
    }
    serde_json::from_slice(&answer.body).map_err(|_| Trouble::Besides("groups", "a page of them is none".to_owned()))
}

/// Whether a token says that it has no room for groups.
fn are_elsewhere(claims: &Map<String, Value>, claim: &str) -> bool {
    let is_named = claims.get("_claim_names").is_some_and(|names| names.get(claim).is_some());
    let has_them = matches!(claims.get("hasgroups"), Some(Value::Bool(true)))
        || claims.get("hasgroups").and_then(Value::as_str) == Some("true");
    is_named || (has_them && !claims.contains_key(claim))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_says_that_groups_lie_elsewhere() {
        for (claims, expected) in [
            (json!({}), false),
            (json!({"groups": ["a"]}), false),
            (
                json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://evil.example"}}}),
                true,
            ),
            (json!({"_claim_names": {"address": "src1"}}), false),
            (json!({"_claim_names": "groups"}), false),
            (json!({"hasgroups": true}), true),
            (json!({"hasgroups": "true"}), true),
            (json!({"hasgroups": false}), false),
            (json!({"hasgroups": true, "groups": ["a"]}), false),
        ] {
            let object = claims.as_object().cloned().unwrap_or_default();
            assert_eq!(are_elsewhere(&object, "groups"), expected, "{claims}");
        }
    }
}
