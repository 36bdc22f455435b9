//! An access token that is decided, saved and audited before it is signed: the signature is made after the commit, outside
//! of the unit of work.

use std::{borrow::Cow, sync::Arc};

use super::{
    access_token::{AccessTokenClaims, TokenId},
    claims::{Audience, Authentication, Extent, Membership},
    life::{access_token_end, issued_at},
    size,
};
use serde_json::Value;

use crate::{
    clock::Timestamp,
    directory::{access::Access, organization::Organization},
    id::FamilyId,
    keys::{SigningKey, Typ},
    oauth::{
        client::{AccessTokenFormat, Client},
        confirmation::Confirmation,
        error::Error,
        provider::Provider,
        scope::Scopes,
        sector,
        store::{Family, OpaqueToken},
    },
    policy::Bounds,
    secret::{ExposeSecret, SecretString, TokenHash},
    storage::Additions,
};

/// Whom a token speaks of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The authorization of a person; none for a service on its own behalf.
    pub family: Option<&'a Family>,
    /// Where.
    pub organization: &'a Organization,
    /// What they hold there.
    pub access: &'a Access,
    /// What the rules of the organization allow.
    pub bounds: Bounds,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// By whom.
    pub client: &'a Client,
    /// The scope of the token.
    pub scopes: &'a Scopes,
    /// The resources it is for.
    pub resources: &'a [String],
    /// The key that it is bound to.
    pub confirmation: Option<&'a Confirmation>,
    /// What was granted in detail (RFC 9396).
    pub authorization_details: &'a [Value],
}

/// An access token that is not signed yet.
pub struct Draft {
    /// Its id.
    pub id: TokenId,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Seconds until then.
    pub expires_in: i64,
    /// What was granted in detail.
    pub authorization_details: Vec<Value>,
    payload: Vec<u8>,
    form: Form,
}

enum Form {
    Signed(Arc<SigningKey>),
    Opaque(SecretString, TokenHash),
}

impl Draft {
    /// Writes down the claims.
    ///
    /// # Errors
    /// [`Error::NoKey`], or a refusal of what would make the token too large.
    ///
    /// # Panics
    /// Never: claims are JSON.
    pub fn new(provider: &Provider, subject: Subject<'_>, wanted: Wanted<'_>, now: Timestamp) -> Result<Self, Error> {
        let Wanted { client, scopes, resources, confirmation, authorization_details } = wanted;
        let particulars = subject.family.map(|family| &family.particulars);
        let Bounds { life, ends_at, .. } = subject.bounds;
        let session_end = subject.family.and_then(|family| family.session_end);
        let ends = [subject.access.ends_at, session_end, ends_at, life.map(|life| now.plus(life))];
        let expires_at = access_token_end(client, provider.tokens(), now, &ends);
        let (form, extent) = match client.access_token_format {
            AccessTokenFormat::Jwt => (Form::Signed(provider.signer(client.access_token_algorithm)?), Extent::Bounded),
            AccessTokenFormat::Opaque => {
                let (text, hash) = provider.app.random.token();
                (Form::Opaque(text, hash), Extent::Whole)
            }
        };
        let mut claims = AccessTokenClaims {
            iss: Cow::Borrowed(provider.issuer()),
            aud: Audience::of(resources, client.audience.as_deref(), provider.issuer()),
            sub: subject.family.map_or(Cow::Borrowed(&client.id), |family| {
                Cow::Owned(sector::subject(&provider.app, client, &family.user))
            }),
            client_id: Cow::Borrowed(&client.id),
            iat: now.seconds(),
            exp: expires_at.seconds(),
            jti: token_id(provider, subject, client, now),
            scope: Cow::Owned(scopes.to_string()),
            authentication: subject.family.map(authentication),
            cnf: confirmation.cloned(),
            act: particulars.and_then(|particulars| particulars.actor.clone()),
            authorization_details: authorization_details.to_vec(),
            membership: Membership::of_access_token(subject.organization, subject.access, scopes, extent),
        };
        let payload = match extent {
            Extent::Bounded => size::payload(&mut claims, scopes)?,
            Extent::Whole => serde_json::to_vec(&claims).expect("claims are JSON"),
        };
        let expires_in = expires_at.seconds() - now.seconds();
        let authorization_details = claims.authorization_details;
        Ok(Self { id: claims.jti, expires_at, expires_in, authorization_details, payload, form })
    }

    /// Keeps what an opaque token stands for.
    ///
    /// # Panics
    /// Never: JSON is UTF-8.
    pub fn save(&self, additions: &mut Additions, client_id: &str, family: Option<&FamilyId>) {
        if let Form::Opaque(_, hash) = &self.form {
            let token = OpaqueToken {
                client_id: client_id.to_owned(),
                family: family.cloned(),
                claims: String::from_utf8(self.payload.clone()).expect("JSON is UTF-8"),
                expires_at: self.expires_at,
            };
            additions.access_token(*hash, &token);
        }
    }

    /// Its claims, as JSON.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The token.
    #[must_use]
    pub fn finish(&self) -> SecretString {
        match &self.form {
            Form::Signed(key) => key.sign_payload(Typ::AccessToken, &self.payload).into(),
            Form::Opaque(text, _) => text.expose_secret().into(),
        }
    }
}

fn token_id(provider: &Provider, subject: Subject<'_>, client: &Client, now: Timestamp) -> TokenId {
    let random = &provider.app.random;
    let of_service = || issued_at(now, client, subject.organization.tokens_void_before);
    let of_person = |family: &Family| TokenId::of_family(&family.id, random);
    subject.family.map_or_else(|| TokenId::of_service(of_service(), random), of_person)
}

/// How the person of a family signed in, as claims.
#[must_use]
pub fn authentication(family: &Family) -> Authentication {
    let has_session = !family.session.as_str().is_empty();
    Authentication {
        sid: has_session.then(|| family.sid.as_str().to_owned()),
        auth_time: has_session.then(|| family.auth_time.seconds()),
        acr: family.acr.clone(),
        amr: family.amr.clone(),
    }
}
