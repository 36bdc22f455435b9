//! What an app learns of the person (OpenID Connect Core 1.0 §5.1, §5.4), by scope or claim by claim.

use serde::Serialize;

use crate::{
    directory::user::User,
    oauth::{
        requested_claims::Told,
        scope::{Scope, Scopes},
    },
};

/// What an app learns of the person by scope (OpenID Connect Core 1.0 §5.1, §5.4).
#[derive(Debug, Clone, Default, Serialize)]
#[expect(missing_docs, reason = "the claims of OpenID Connect Core 1.0 §5.1")]
pub struct Person<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address<'a>>,
}

/// OpenID Connect Core 1.0 §5.1.1.
#[derive(Debug, Clone, Serialize)]
pub struct Address<'a> {
    /// The whole address, in lines.
    pub formatted: &'a str,
}

impl<'a> Person<'a> {
    /// Names of all claims, for the metadata.
    pub const NAMES: [&'static str; 10] = [
        "name",
        "given_name",
        "family_name",
        "picture",
        "locale",
        "updated_at",
        "email",
        "email_verified",
        "phone_number",
        "address",
    ];

    /// What an answer tells: by scope, and claims that were asked for one by one.
    #[must_use]
    pub fn told(user: &'a User, told: Told<'_>) -> Self {
        if told.also.is_empty() {
            return Self::by_scope(user, told.scopes);
        }
        let mut all = Self::by_scope(user, &told.reach());
        clear_unless!(all, told, name, given_name, family_name, picture, locale, updated_at);
        clear_unless!(all, told, email, email_verified, phone_number, address);
        all
    }

    /// The claims that the scope asks for; what is not known is left out.
    #[must_use]
    pub fn by_scope(user: &'a User, scopes: &Scopes) -> Self {
        let mut claims = Self::default();
        if scopes.has(Scope::Profile) {
            claims.name = Some(user.name.as_str());
            claims.given_name = user.given_name.as_deref();
            claims.family_name = user.family_name.as_deref();
            claims.picture = user.picture.as_deref();
            claims.locale = user.locale.as_deref();
            claims.updated_at = Some(user.updated_at.seconds());
        }
        if scopes.has(Scope::Email) {
            claims.email = user.email.as_ref().map(crate::text::EmailAddress::as_str);
            claims.email_verified = user.email.as_ref().map(|_| user.email_verified_at.is_some());
        }
        if scopes.has(Scope::Phone) {
            claims.phone_number = user.phone.as_deref();
        }
        if scopes.has(Scope::Address) {
            claims.address = user.postal_address.as_deref().map(|formatted| Address { formatted });
        }
        claims
    }
}
