//! What a client asks to be registered as (RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2), in JSON.

use serde_json::{Map, Value};

use super::Problem;
use crate::{
    keys::strict_json,
    oauth::{
        client::{AuthenticationMethod, GrantType},
        client_metadata::ClientMetadata,
        registration::{Registration, RegistrationError},
    },
};

/// Members that a client may set for itself. What would raise its rights is none of them, and is passed over like a member
/// that nobody knows (§2).
pub const MEMBERS: &[&str] = &[
    "client_name",
    "token_endpoint_auth_method",
    "grant_types",
    "scope",
    "redirect_uris",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "id_token_signed_response_alg",
    "jwks",
    "jwks_uri",
    "token_endpoint_auth_signing_alg",
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
    "tls_client_certificate_bound_access_tokens",
    "dpop_bound_access_tokens",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "request_object_signing_alg",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "request_uris",
    "default_max_age",
    "require_auth_time",
    "default_acr_values",
    "authorization_signed_response_alg",
    "authorization_encrypted_response_alg",
    "authorization_encrypted_response_enc",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "introspection_signed_response_alg",
    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc",
    "subject_type",
    "sector_identifier_uri",
    "backchannel_logout_session_required",
    "frontchannel_logout_uri",
    "frontchannel_logout_session_required",
    "backchannel_token_delivery_mode",
    "backchannel_client_notification_endpoint",
    "backchannel_authentication_request_signing_alg",
    "backchannel_user_code_parameter",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "contacts",
    "software_id",
    "software_version",
    "initiate_login_uri",
    "application_type",
];

/// The most values of one list, and the longest text but for keys.
const MOST_VALUES: usize = 32;
const LONGEST_TEXT: usize = 2000;

/// The members of a request: one JSON object with unique members and bounded depth.
///
/// # Errors
/// [`Problem::Metadata`].
pub fn members(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    strict_json::check_object(body).map_err(|error| Problem::metadata(format!("not a plain JSON object: {error}")))?;
    serde_json::from_slice(body).map_err(|error| Problem::metadata(error.to_string()))
}

/// Sets `members` on `registration`, which holds what they do not name; the defaults of §2 where it is new.
///
/// # Errors
/// [`Problem`].
pub fn fill(mut registration: Registration, members: Map<String, Value>) -> Result<Registration, Problem> {
    registration.authentication = AuthenticationMethod::SecretBasic;
    registration.grant_types = vec![GrantType::AuthorizationCode];
    registration.scopes = vec![];
    check_response_types(&members)?;
    for (name, value) in members {
        if !MEMBERS.contains(&name.as_str()) || value.is_null() {
            continue;
        }
        check_size(&name, &value)?;
        registration.set(&name, value).map_err(Problem::from)?;
    }
    Ok(registration)
}

/// What an administrator added to what a client registered, which an update of its own leaves alone.
#[must_use]
pub fn kept_by_administrators(present: &ClientMetadata) -> Box<ClientMetadata> {
    let mut kept = serde_json::to_value(present).unwrap_or_default();
    if let Some(members) = kept.as_object_mut() {
        members.retain(|name, _| !MEMBERS.contains(&name.as_str()));
    }
    Box::new(serde_json::from_value(kept).unwrap_or_default())
}

/// There is one, and what it needs.
fn check_response_types(members: &Map<String, Value>) -> Result<(), Problem> {
    let Some(asked) = members.get("response_types") else { return Ok(()) };
    let is_known = asked.as_array().is_some_and(|types| types.iter().all(|one| one == "code"));
    if is_known { Ok(()) } else { Err(Problem::metadata("response_types can be code alone".to_owned())) }
}

fn check_size(name: &str, value: &Value) -> Result<(), Problem> {
    let fits = match value {
        Value::String(text) => text.len() <= LONGEST_TEXT,
        Value::Array(values) => {
            values.len() <= MOST_VALUES
                && values.iter().all(|one| one.as_str().is_none_or(|text| text.len() <= LONGEST_TEXT))
        }
        _ => true,
    };
    if fits { Ok(()) } else { Err(Problem::metadata(format!("{name} is too long"))) }
}

impl From<RegistrationError> for Problem {
    fn from(error: RegistrationError) -> Self {
        let is_redirect = match &error {
            RegistrationError::RedirectUri(_) | RegistrationError::NoRedirectUri => true,
            RegistrationError::Member { name, .. } => name.ends_with("redirect_uris"),
            _ => false,
        };
        if is_redirect { Self::RedirectUri(error.to_string()) } else { Self::metadata(error.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::Timestamp;

    /// Members that give rights, which an administrator alone sets.
    const OF_ADMINISTRATORS: &[&str] = &[
        "resources",
        "authorization_details_types",
        "authorization_details_schemas",
        "token_exchange",
        "jwt_bearer_issuers",
        "profile",
    ];

    #[test]
    fn of_each_member_it_is_decided_who_sets_it() {
        for name in Registration::members() {
            assert!(MEMBERS.contains(&name) != OF_ADMINISTRATORS.contains(&name), "{name}");
        }
    }

    fn read(body: &str) -> Result<Registration, Problem> {
        let registration = fill(Registration::new("app", "App"), members(body.as_bytes())?)?;
        registration.clone().check(Timestamp(0))?;
        Ok(registration)
    }

    #[test]
    fn what_is_not_said_is_the_default_and_what_is_unknown_is_passed_over() {
        let body = json!({
            "redirect_uris": ["https://app.example/cb"], "client_name": "Roster", "client_name#da": "Vagtplan",
            "resources": ["https://api.example"], "token_exchange": {}, "first_party": true, "made_up": 1,
            "introspects": "all", "logo_uri": null, "response_types": ["code"],
        });
        let read = read(&body.to_string()).unwrap();
        assert_eq!((read.name.as_str(), read.authentication), ("Roster", AuthenticationMethod::SecretBasic));
        assert_eq!(read.grant_types, [GrantType::AuthorizationCode]);
        assert!(read.scopes.is_empty() && read.resources.is_empty() && read.metadata.token_exchange.is_none());
        assert!(!read.is_first_party);
    }

    #[test]
    fn bad_metadata_are_refused_by_their_code() {
        let with = |name: &str, value: Value| {
            let mut body = json!({"redirect_uris": ["https://app.example/cb"]});
            body[name] = value;
            body.to_string()
        };
        for (body, is_redirect) in [
            (String::new(), false),
            ("[]".to_owned(), false),
            ("{".to_owned(), false),
            (r#"{"client_name":"a","client_name":"b"}"#.to_owned(), false),
            (format!("{}{}", "{\"a\":".repeat(20), "}".repeat(20)), false),
            ("{}".to_owned(), true),
            (with("redirect_uris", json!("https://app.example/*")), true),
            (with("redirect_uris", json!([])), true),
            (with("redirect_uris", json!([7])), true),
            (with("redirect_uris", json!(["javascript:alert(1)"])), true),
            (with("redirect_uris", json!(["http://app.example/"])), true),
            (with("redirect_uris", json!(["https://app.example/#x"])), true),
            (with("redirect_uris", json!(vec!["https://app.example/cb"; 33])), false),
            (with("client_name", json!("x".repeat(2001))), false),
            (with("client_name", json!(["x"])), false),
            (with("grant_types", json!(["password"])), false),
            (with("grant_types", json!("authorization_code")), false),
            (with("grant_types", json!(["refresh_token"])), false),
            (with("grant_types", json!(["client_credentials"])), false),
            (with("response_types", json!(["token"])), false),
            (with("response_types", json!("code")), false),
            (with("token_endpoint_auth_method", json!("magic")), false),
            (with("token_endpoint_auth_method", json!("private_key_jwt")), false),
            (with("jwks", json!({"keys": [{"kty": "oct", "k": "AA", "d": "AA"}], "a": 1})), false),
            (with("jwks_uri", json!("file:///etc/passwd")), false),
            (with("id_token_signed_response_alg", json!("none")), false),
            (with("scope", json!("a\"b")), false),
            (with("frontchannel_logout_uri", json!("https://other.example/")), false),
        ] {
            match (read(&body), is_redirect) {
                (Err(Problem::RedirectUri(_)), true) | (Err(Problem::Metadata(_)), false) => {}
                (other, _) => panic!("{body}: {other:?}"),
            }
        }
    }
}
