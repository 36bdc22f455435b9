//! What a person is and may do at the moment their tokens are made: loaded anew at every exchange, so that whoever was
//! disabled, or an app that was, gets nothing more.

use super::{Exchange, resources};
use crate::{
    clock::Timestamp,
    directory::{access::Access, organization::Organization, user::User},
    keys::Typ,
    oauth::{
        error::{Code, Error, Refusal, refuse},
        provider::Provider,
        scope::{Scope, Scopes},
        store::Family,
        token::{
            Draft, IdTokenClaims, Membership, Person, Subject, TokenResponse, Wanted,
            claims::{Extent, detail},
            draft::authentication,
            id_token::at_hash,
        },
    },
    secret::{ExposeSecret, SecretString},
};

/// A person in an organization, with what they hold there.
#[derive(Debug)]
pub struct Standing {
    /// The person.
    pub user: User,
    /// The organization.
    pub organization: Organization,
    /// What the person holds there.
    pub access: Access,
}

const GONE: Refusal = refuse(Code::InvalidGrant, "the authorization is no longer valid");

impl Standing {
    /// Loads it; `None` when the person, the membership or the organization is not active.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(provider: &Provider, family: &Family, now: Timestamp) -> Result<Option<Self>, Error> {
        let mut tx = provider.app.storage.read().await?;
        let Some(user) = tx.users().by_id(&family.user).await?.filter(User::is_active) else { return Ok(None) };
        let members = tx.memberships().active_of_user(&family.user, now).await?;
        let member = members.into_iter().find(|(_, organization)| organization.id == family.organization);
        let Some((membership, organization)) = member else { return Ok(None) };
        let access = tx.access_with(detail(&family.scopes)).of_member(&membership.id, now).await?;
        Ok(Some(Self { user, organization, access }))
    }

    /// Loads it for an exchange, and checks that the app is still open to the person.
    ///
    /// # Errors
    /// `invalid_grant`, or a fault.
    pub(super) async fn of(exchange: &Exchange<'_>, family: &Family) -> Result<Self, Error> {
        // Before anything is used up: the ID token is signed after the commit.
        if family.scopes.has(Scope::OpenId) {
            exchange.provider.signer(exchange.client.client.id_token_algorithm)?;
        }
        let requirement = exchange.client.serves(&family.organization).ok_or(GONE)?;
        let standing = Self::load(exchange.provider, family, exchange.context.now).await?.ok_or(GONE)?;
        if requirement.is_met_by(&standing.access) { Ok(standing) } else { Err(GONE.into()) }
    }

    /// The same, with an access token drafted for `scopes` and the resources that the request names.
    ///
    /// # Errors
    /// The registered code of the refusal, or a fault.
    pub(super) async fn drafted(
        exchange: &Exchange<'_>,
        family: &Family,
        scopes: &Scopes,
    ) -> Result<(Self, Draft), Error> {
        let standing = Self::of(exchange, family).await?;
        let resources = resources(exchange, family)?;
        let wanted = Wanted { client: &exchange.client.client, scopes, resources: &resources };
        let subject = Subject { family: Some(family), organization: &standing.organization, access: &standing.access };
        let draft = Draft::new(exchange.provider, subject, wanted, exchange.context.now)?;
        Ok((standing, draft))
    }

    /// Signs what was saved and makes the answer.
    ///
    /// # Errors
    /// [`Error::NoKey`].
    pub(super) fn respond(
        &self,
        exchange: &Exchange<'_>,
        family: &Family,
        draft: &Draft,
        rest: Rest,
    ) -> Result<TokenResponse, Error> {
        let access_token = draft.finish();
        let id_token = if rest.scopes.has(Scope::OpenId) {
            Some(self.id_token(exchange, family, &access_token, &rest)?)
        } else {
            None
        };
        Ok(TokenResponse {
            access_token,
            token_type: "Bearer",
            expires_in: draft.expires_in,
            refresh_token: rest.refresh_token,
            id_token,
            scope: rest.scopes.to_string(),
        })
    }

    fn id_token(
        &self,
        exchange: &Exchange<'_>,
        family: &Family,
        access_token: &SecretString,
        rest: &Rest,
    ) -> Result<SecretString, Error> {
        let (provider, client) = (exchange.provider, &exchange.client.client);
        let now = exchange.context.now;
        let claims = IdTokenClaims {
            iss: provider.issuer(),
            sub: family.user.as_str(),
            aud: &client.id,
            iat: now.seconds(),
            exp: now.plus(provider.tokens().id_token).seconds(),
            nonce: rest.nonce.as_deref(),
            at_hash: at_hash(access_token.expose_secret()),
            authentication: &authentication(family),
            person: Person::by_scope(&self.user, &rest.scopes),
            membership: Membership::by_scope(&self.organization, &self.access, &rest.scopes, Extent::Bounded),
        };
        Ok(provider.signer(client.id_token_algorithm)?.sign(Typ::IdToken, &claims).into())
    }
}

/// What else an answer holds.
pub(super) struct Rest {
    /// What was granted.
    pub(super) scopes: Scopes,
    /// Of the authorization request.
    pub(super) nonce: Option<String>,
    /// The next refresh token.
    pub(super) refresh_token: Option<SecretString>,
}
