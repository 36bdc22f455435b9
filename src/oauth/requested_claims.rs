//! The parameter `claims` (OpenID Connect Core 1.0 §5.5): single claims, in the ID token or from userinfo, beyond what the
//! scope brings.
//!
//! A claim is told only where the client may have the scope that brings it, and where the person allowed that. What is not
//! known, or not allowed, is left out without an error (§5.5.1). Values matter for two of them: `sub` says who is expected,
//! and `acr` how sure the sign-in has to be.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    error::{Code, Refusal, refuse},
    scope::{Scope, Scopes},
};
use crate::keys::strict_json;

/// The most bytes of the parameter.
const LONGEST: usize = 8 * 1024;

/// What a request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimsRequest {
    /// What is told where.
    pub claims: RequestedClaims,
    /// `sub` of the person that is expected.
    pub subject: Option<String>,
    /// Values of `acr`, of which one is asked for.
    pub acr: Vec<String>,
    /// Whether one of them has to be met.
    pub is_acr_essential: bool,
}

/// Names of claims that are told whatever the scope; kept with the authorization.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestedClaims {
    /// In ID tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub id_token: Vec<String>,
    /// From userinfo.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub userinfo: Vec<String>,
}

impl RequestedClaims {
    /// The scopes that bring these claims.
    #[must_use]
    pub fn scopes(&self) -> Scopes {
        let names = self.id_token.iter().chain(&self.userinfo);
        names.filter_map(|name| scope_of(name)).map(|scope| scope.name().to_owned()).collect()
    }
}

/// What an answer tells: by scope, and claims that were asked for one by one.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Those of the token.
    pub scopes: &'a Scopes,
    /// Names.
    pub also: &'a [String],
}

impl Told<'_> {
    /// The scopes that bring all of it.
    #[must_use]
    pub fn reach(&self) -> Scopes {
        let also = self.also.iter().filter_map(|name| scope_of(name));
        self.scopes.iter().map(str::to_owned).chain(also.map(|scope| scope.name().to_owned())).collect()
    }

    /// Whether the claim of this name is told, of those that [`Told::reach`] brings.
    #[must_use]
    pub fn tells(&self, name: &str) -> bool {
        let is_by_scope = scopes_of(name).iter().any(|scope| self.scopes.has(*scope));
        is_by_scope || name == "overflow" || self.also.iter().any(|own| own == name)
    }
}

/// The scopes that bring a claim, the first of which is asked for where it comes alone.
fn scopes_of(name: &str) -> &'static [Scope] {
    match name {
        "name" | "given_name" | "family_name" | "picture" | "locale" | "updated_at" => &[Scope::Profile],
        "email" | "email_verified" => &[Scope::Email],
        "phone_number" => &[Scope::Phone],
        "address" => &[Scope::Address],
        "org_id" | "org_name" => &[Scope::Organization],
        "roles" => &[Scope::Roles],
        "groups" => &[Scope::Groups],
        "locations" => &[Scope::Locations],
        "assignments" => &[Scope::Roles, Scope::Locations],
        "entitlements" => &[Scope::Entitlements],
        "identifiers" | "location_identifiers" => &[Scope::Identifiers],
        "membership_kind" | "profession" | "specialty" | "registration" => &[Scope::Practitioner],
        _ => &[],
    }
}

fn scope_of(name: &str) -> Option<Scope> {
    scopes_of(name).first().copied()
}

/// Reads the parameter; `allowed` are the scopes of the client.
///
/// # Errors
/// `invalid_request` for what is not of its form.
pub fn parse(text: Option<&str>, allowed: &Scopes) -> Result<ClaimsRequest, Refusal> {
    const MALFORMED: Refusal = refuse(Code::InvalidRequest, "claims is not of the form of OpenID Connect Core 5.5");
    let Some(text) = text else { return Ok(ClaimsRequest::default()) };
    if text.len() > LONGEST || strict_json::check_object(text.as_bytes()).is_err() {
        return Err(MALFORMED);
    }
    let members: Map<String, Value> = serde_json::from_str(text).map_err(|_| MALFORMED)?;
    let part = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Some(Map::new()),
        Some(Value::Object(claims)) if claims.values().all(is_wish) => Some(claims.clone()),
        Some(_) => None,
    };
    let (id_token, userinfo) = (part("id_token").ok_or(MALFORMED)?, part("userinfo").ok_or(MALFORMED)?);
    let subject = match wishes(&id_token, "sub").as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        _ => return Err(refuse(Code::InvalidRequest, "claims expects more than one sub")),
    };
    let is_essential = id_token.get("acr").and_then(|acr| acr.get("essential")) == Some(&Value::Bool(true));
    let known = |claims: &Map<String, Value>| -> Vec<String> {
        let may = |name: &&String| scope_of(name).is_some_and(|scope| allowed.has(scope));
        claims.keys().filter(may).cloned().collect()
    };
    Ok(ClaimsRequest {
        claims: RequestedClaims { id_token: known(&id_token), userinfo: known(&userinfo) },
        subject,
        acr: wishes(&id_token, "acr"),
        is_acr_essential: is_essential,
    })
}

/// `null`, or an object whose known members are of their types (§5.5.1).
fn is_wish(wish: &Value) -> bool {
    match wish {
        Value::Null => true,
        Value::Object(members) => {
            members.get("essential").is_none_or(Value::is_boolean) && members.get("values").is_none_or(Value::is_array)
        }
        _ => false,
    }
}

/// The values that are asked for of one claim.
fn wishes(claims: &Map<String, Value>, name: &str) -> Vec<String> {
    let Some(wish) = claims.get(name) else { return vec![] };
    let many = wish.get("values").and_then(Value::as_array).into_iter().flatten();
    wish.get("value")
        .into_iter()
        .chain(many)
        .map(|value| value.as_str().map_or(value.to_string(), str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_within_the_scopes_of_the_client() {
        let scopes = Scopes::parse("openid email roles").unwrap();
        for (text, id_token, userinfo, subject, acr) in [
            (r#"{"id_token":{"email":null}}"#, "email", "", None, ""),
            (r#"{"userinfo":{"email":{"essential":true},"roles":null}}"#, "", "email roles", None, ""),
            (r#"{"userinfo":{"phone_number":null,"shoe_size":null}}"#, "", "", None, ""),
            (r#"{"id_token":{"sub":{"value":"usr_1"}}}"#, "", "", Some("usr_1"), ""),
            (r#"{"id_token":{"sub":{"values":["usr_1"]}}}"#, "", "", Some("usr_1"), ""),
            (r#"{"id_token":{"sub":{"value":7}}}"#, "", "", Some("7"), ""),
            (r#"{"id_token":{"acr":{"essential":true,"values":["a","b"]}}}"#, "", "", None, "a b"),
            (r#"{"id_token":{"acr":{"values":["a","b"]}}}"#, "", "", None, "a b"),
            (r#"{"id_token":null,"other":{"x":1}}"#, "", "", None, ""),
            ("{}", "", "", None, ""),
        ] {
            let read = parse(Some(text), &scopes).unwrap();
            assert_eq!(read.claims.id_token.join(" "), id_token, "{text}");
            assert_eq!(read.claims.userinfo.join(" "), userinfo, "{text}");
            assert_eq!((read.subject.as_deref(), read.acr.join(" ")), (subject, acr.to_owned()), "{text}");
        }
        assert_eq!(parse(None, &scopes).unwrap(), ClaimsRequest::default());
    }

    #[test]
    fn what_is_not_of_the_form_is_refused() {
        let long = format!(r#"{{"id_token":{{"{}":null}}}}"#, "x".repeat(LONGEST));
        let deep = format!(r#"{{"id_token":{{"email":{}}}}}"#, "[".repeat(5000));
        for text in [
            "",
            "email",
            "[]",
            "null",
            r#"{"id_token":[]}"#,
            r#"{"id_token":{"email":true}}"#,
            r#"{"userinfo":"email"}"#,
            r#"{"userinfo":{"email":{"essential":"yes"}}}"#,
            r#"{"userinfo":{"email":{"values":"a"}}}"#,
            r#"{"id_token":{"sub":{"values":["a","b"]}}}"#,
            r#"{"id_token":{"email":null,"email":null}}"#,
            r#"{"id_token":{}} {}"#,
            &long,
            &deep,
        ] {
            let found = parse(Some(text), &Scopes::default()).map_err(|refusal| refusal.code);
            assert_eq!(found, Err(Code::InvalidRequest), "{text:.60}");
        }
    }

    #[test]
    fn what_is_told_is_what_was_asked_for() {
        let (scopes, also) = (Scopes::parse("openid roles").unwrap(), ["email".to_owned()]);
        let told = Told { scopes: &scopes, also: &also };
        assert_eq!(told.reach().to_string(), "email openid roles");
        for (name, expected) in
            [("roles", true), ("assignments", true), ("email", true), ("email_verified", false), ("groups", false)]
        {
            assert_eq!(told.tells(name), expected, "{name}");
        }
    }
}
