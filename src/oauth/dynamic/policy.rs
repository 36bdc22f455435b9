//! What clients that register themselves may become at most. A policy is kept with each of them: none ever raises its own
//! rights.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::Problem;
use crate::oauth::{
    client::{AuthenticationMethod, GrantType},
    registration::Registration,
    scope::{Scope, Scopes},
};

/// What such a client may have at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Grant types, by their registered names.
    pub grant_types: Vec<String>,
    /// Ways to authenticate, likewise.
    pub authentication_methods: Vec<String>,
    /// Scopes.
    pub scopes: Vec<String>,
    /// Hosts of all addresses; of any when empty.
    pub hosts: Vec<String>,
}

/// A name that is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no {0} `{1}`")]
pub struct UnknownName(&'static str, String);

impl Default for Policy {
    /// An app of people, that learns who they are.
    fn default() -> Self {
        let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect();
        Self {
            grant_types: names(&[GrantType::AuthorizationCode.name(), GrantType::RefreshToken.name()]),
            authentication_methods: AuthenticationMethod::ALL.iter().map(|method| method.name().to_owned()).collect(),
            scopes: names(&[Scope::OpenId.name(), Scope::Profile.name(), Scope::Email.name()]),
            hosts: vec![],
        }
    }
}

impl Policy {
    /// Names that there are.
    ///
    /// # Errors
    /// [`UnknownName`] names one that there is not.
    pub fn check(self) -> Result<Self, UnknownName> {
        let unknown = |what, name: &String| Err(UnknownName(what, name.clone()));
        if let Some(name) = self.grant_types.iter().find(|name| GrantType::named(name).is_none()) {
            return unknown("grant type", name);
        }
        if let Some(name) = self.authentication_methods.iter().find(|name| AuthenticationMethod::named(name).is_none())
        {
            return unknown("token_endpoint_auth_method", name);
        }
        if let Some(name) =
            self.scopes.iter().find(|name| !Scopes::parse(name).is_ok_and(|read| read.iter().count() == 1))
        {
            return unknown("scope", name);
        }
        Ok(self)
    }

    /// Cuts the scopes down to what is allowed (RFC 7591 §2: the server may replace values), and refuses all else that is
    /// beyond it.
    ///
    /// # Errors
    /// [`Problem`].
    pub fn apply(&self, registration: &mut Registration) -> Result<(), Problem> {
        if let Some(grant) = registration.grant_types.iter().find(|one| !has(&self.grant_types, one.name())) {
            return Err(Problem::metadata(format!("the grant type {} is not allowed", grant.name())));
        }
        let method = registration.authentication.name();
        if !has(&self.authentication_methods, method) {
            return Err(Problem::metadata(format!("token_endpoint_auth_method {method} is not allowed")));
        }
        let asked = !registration.scopes.is_empty();
        registration.scopes.retain(|scope| has(&self.scopes, scope));
        if asked && registration.scopes.is_empty() {
            return Err(Problem::metadata("none of these scopes is allowed".to_owned()));
        }
        let redirects = registration.redirect_uris.iter().chain(&registration.post_logout_redirect_uris);
        if redirects.into_iter().any(|uri| !self.allows_host(uri)) {
            return Err(Problem::RedirectUri("a redirect address is on a host that is not allowed".to_owned()));
        }
        match addresses(registration).into_iter().find(|(_, uri)| !self.allows_host(uri)) {
            Some((name, _)) => Err(Problem::metadata(format!("{name} is on a host that is not allowed"))),
            None => Ok(()),
        }
    }

    /// What remains of it for a client that has this already.
    #[must_use]
    pub fn within(&self, present: &Registration) -> Self {
        Self {
            grant_types: present.grant_types.iter().map(|grant| grant.name().to_owned()).collect(),
            scopes: present.scopes.clone(),
            ..self.clone()
        }
    }

    fn allows_host(&self, address: &str) -> bool {
        let host = || Url::parse(address).ok()?.host_str().map(str::to_ascii_lowercase);
        self.hosts.is_empty() || host().is_some_and(|host| has(&self.hosts, &host))
    }
}

/// Every address but those that answers are sent to, with the name of its member.
fn addresses(registration: &Registration) -> Vec<(String, String)> {
    let members = serde_json::to_value(&registration.metadata).unwrap_or_default();
    let logout =
        registration.backchannel_logout_uri.iter().map(|uri| ("backchannel_logout_uri".to_owned(), uri.clone()));
    let others = members.as_object().into_iter().flatten().filter(|(name, _)| is_address(name));
    let texts = |value: &Value| match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        value => value.as_str().map(str::to_owned).into_iter().collect::<Vec<_>>(),
    };
    let others = others.flat_map(|(name, value)| texts(value).into_iter().map(move |uri| (name.clone(), uri)));
    logout.chain(others).collect()
}

/// Whether a member of this name holds an address; that in a certificate is a name.
fn is_address(name: &str) -> bool {
    ["_uri", "_uris", "_endpoint"].iter().any(|end| name.ends_with(end)) && name != "tls_client_auth_san_uri"
}

fn has(allowed: &[String], wanted: &str) -> bool {
    allowed.iter().any(|one| one == wanted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oauth::dynamic::request::MEMBERS;

    #[test]
    fn nobody_gets_more_than_the_policy_has() {
        let policy = Policy { hosts: vec!["app.example".into()], ..Policy::default() };
        let app = || Registration {
            redirect_uris: vec!["https://app.example/cb".into()],
            scopes: vec!["openid".into(), "roles".into()],
            ..Registration::new("app", "App")
        };
        let mut fits = app();
        policy.apply(&mut fits).unwrap();
        assert_eq!(fits.scopes, ["openid"]);
        for (case, mut given, is_redirect) in [
            ("a grant", Registration { grant_types: vec![GrantType::ClientCredentials], ..app() }, false),
            ("no scope is left", Registration { scopes: vec!["roles".into()], ..app() }, false),
            ("a host", Registration { redirect_uris: vec!["https://b.example/".into()], ..app() }, true),
            ("a scheme", Registration { redirect_uris: vec!["com.example.app:/cb".into()], ..app() }, true),
            (
                "another host",
                Registration { backchannel_logout_uri: Some("https://b.example/".into()), ..app() },
                false,
            ),
        ] {
            let refused = policy.apply(&mut given).unwrap_err();
            assert_eq!(matches!(refused, Problem::RedirectUri(_)), is_redirect, "{case}");
        }
        for name in MEMBERS.iter().filter(|name| is_address(name) && !name.ends_with("redirect_uris")) {
            for (host, fits) in [("app.example", true), ("b.example", false)] {
                let (mut given, address) = (app(), format!("https://{host}/x"));
                let value = if name.ends_with('s') { json!([address]) } else { json!(address) };
                given.set(name, value).unwrap();
                assert_eq!(policy.apply(&mut given).is_ok(), fits, "{name} {host}");
            }
        }
        let mut public = app();
        let confidential = Policy { authentication_methods: vec!["private_key_jwt".into()], ..policy };
        assert!(confidential.apply(&mut public).is_err());
    }
}
