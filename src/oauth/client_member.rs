//! One member of what a client registered, set by its registered name (RFC 7591 §2): what administrators type.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    client::{AuthenticationMethod, GrantType},
    client_metadata::ClientMetadata,
    registration::{Registration, RegistrationError},
    scope::Scopes,
};

/// Members that are no part of [`ClientMetadata`].
const OWN: &[&str] = &[
    "client_name",
    "token_endpoint_auth_method",
    "grant_types",
    "scope",
    "redirect_uris",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "id_token_signed_response_alg",
    "resources",
];

impl Registration {
    /// Sets a member; `null` takes it away. A text stands for a number, a list of one or the like where the member is one.
    ///
    /// # Errors
    /// [`RegistrationError::UnknownMember`], [`RegistrationError::Member`].
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), RegistrationError> {
        let wrong = |why: &str| RegistrationError::Member { name: name.to_owned(), why: why.to_owned() };
        if value.is_null() && OWN.contains(&name) {
            return self.take_away(name).ok_or_else(|| wrong("every client has one"));
        }
        match name {
            "client_name" => self.name = read(name, value)?,
            "token_endpoint_auth_method" => {
                let method: String = read(name, value)?;
                self.authentication = AuthenticationMethod::named(&method).ok_or_else(|| wrong("no such method"))?;
            }
            "grant_types" => {
                let named: Vec<String> = read(name, value)?;
                let grants = named.iter().map(|grant| GrantType::named(grant)).collect::<Option<Vec<_>>>();
                self.grant_types = grants.ok_or_else(|| wrong("no such grant type"))?;
            }
            "scope" => {
                let text: String = read(name, value)?;
                let scopes = Scopes::parse(&text).map_err(|refusal| wrong(&refusal.hint))?;
                self.scopes = scopes.iter().map(str::to_owned).collect();
            }
            "redirect_uris" => self.redirect_uris = read(name, value)?,
            "post_logout_redirect_uris" => self.post_logout_redirect_uris = read(name, value)?,
            "backchannel_logout_uri" => self.backchannel_logout_uri = read(name, value)?,
            "id_token_signed_response_alg" => {
                let algorithm: String = read(name, value)?;
                self.id_token_algorithm = algorithm.parse().map_err(|_| wrong("no such algorithm"))?;
            }
            "resources" => self.resources = read(name, value)?,
            _ => *self.metadata = with(&self.metadata, name, value)?,
        }
        Ok(())
    }

    /// Back to what a client has that says nothing; `None` where it has to say something.
    fn take_away(&mut self, name: &str) -> Option<()> {
        let silent = Self::new(&self.id, &self.name);
        match name {
            "grant_types" => self.grant_types = silent.grant_types,
            "scope" => self.scopes = silent.scopes,
            "redirect_uris" => self.redirect_uris = silent.redirect_uris,
            "post_logout_redirect_uris" => self.post_logout_redirect_uris = silent.post_logout_redirect_uris,
            "backchannel_logout_uri" => self.backchannel_logout_uri = silent.backchannel_logout_uri,
            "id_token_signed_response_alg" => self.id_token_algorithm = silent.id_token_algorithm,
            "resources" => self.resources = silent.resources,
            _ => return None,
        }
        Some(())
    }

    /// Every member that can be set.
    pub fn members() -> impl Iterator<Item = &'static str> {
        OWN.iter().chain(ClientMetadata::NAMES).copied()
    }
}

fn with(metadata: &ClientMetadata, name: &str, value: Value) -> Result<ClientMetadata, RegistrationError> {
    if !ClientMetadata::NAMES.contains(&name) {
        return Err(RegistrationError::UnknownMember(name.to_owned()));
    }
    let mut all = serde_json::to_value(metadata).expect("metadata are JSON");
    let members = all.as_object_mut().expect("metadata are an object");
    members.remove(name);
    if value.is_null() {
        return read(name, all);
    }
    let whole = |value: Value| {
        let mut all = all.clone();
        all[name] = value;
        all
    };
    // `true` and `7` may be meant as texts, a text as a list of one.
    let texts = [Value::String(value.to_string()), Value::Array(vec![value.clone()])];
    let as_given = read(name, whole(value));
    let mut others = texts.into_iter().filter_map(|value| read(name, whole(value)).ok());
    as_given.or_else(|error| others.next().ok_or(error))
}

fn read<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, RegistrationError> {
    serde_json::from_value(value)
        .map_err(|error| RegistrationError::Member { name: name.to_owned(), why: error.to_string() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_set_by_their_names() {
        let mut app = Registration::new("app", "App");
        for (name, value) in [
            ("dpop_bound_access_tokens", json!(true)),
            ("request_uris", json!("https://a.example/r")),
            ("software_version", json!(7)),
            ("grant_types", json!(["authorization_code"])),
            ("scope", json!("openid email")),
        ] {
            app.set(name, value).unwrap();
        }
        assert!(app.metadata.dpop_bound_access_tokens);
        assert_eq!(app.metadata.request_uris, ["https://a.example/r"]);
        assert_eq!(app.metadata.software_version.as_deref(), Some("7"));
        assert_eq!((app.grant_types.len(), app.scopes.len()), (1, 2));
        app.set("software_version", Value::Null).unwrap();
        assert_eq!(app.metadata.software_version, None);
    }

    #[test]
    fn a_member_that_is_taken_away_is_as_if_it_had_never_been_set() {
        let silent = Registration::new("app", "App");
        let mut app = silent.clone();
        for (name, value) in [
            ("scope", json!("openid")),
            ("grant_types", json!(["client_credentials"])),
            ("redirect_uris", json!(["https://a.example/r"])),
            ("post_logout_redirect_uris", json!(["https://a.example/"])),
            ("backchannel_logout_uri", json!("https://a.example/out")),
            ("id_token_signed_response_alg", json!("ES256")),
            ("resources", json!(["https://api.example"])),
        ] {
            app.set(name, value).unwrap();
            assert_ne!(format!("{app:?}"), format!("{silent:?}"), "{name}");
            app.set(name, Value::Null).unwrap();
            assert_eq!(format!("{app:?}"), format!("{silent:?}"), "{name}");
        }
        for name in ["client_name", "token_endpoint_auth_method"] {
            assert!(matches!(app.set(name, Value::Null), Err(RegistrationError::Member { .. })), "{name}");
        }
    }

    #[test]
    fn what_is_no_member_or_does_not_fit_is_refused() {
        let mut app = Registration::new("app", "App");
        for (name, value) in [
            ("dpop", json!(true)),
            ("dpop_bound_access_tokens", json!("yes")),
            ("grant_types", json!(["password"])),
            ("token_endpoint_auth_method", json!("magic")),
            ("scope", json!("a\"")),
            ("redirect_uris", json!({})),
        ] {
            assert!(app.set(name, value).is_err(), "{name}");
        }
        for name in Registration::members() {
            assert!(!matches!(app.set(name, json!({"no": 1})), Err(RegistrationError::UnknownMember(_))), "{name}");
        }
    }
}
