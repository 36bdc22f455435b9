//! What a person is and may do at the moment their tokens are made: kept in memory until anything of the directory changes,
//! so that whoever was disabled gets nothing more.

use std::sync::Arc;

use super::{Exchange, details, resources};
use crate::{
    clock::Timestamp,
    directory::{
        access::{Access, Detail},
        organization::Organization,
        registration::Practitioner,
        user::User,
    },
    id::{OrganizationId, UserId},
    keys::Typ,
    oauth::{
        confirmation::Confirmation,
        error::{Code, Error, Refusal, refuse},
        requested_claims::Told,
        scope::{Scope, Scopes},
        sector,
        store::Family,
        token::{
            Draft, IdTokenClaims, Membership, Person, Subject, TokenResponse, Wanted, claims::Extent,
            draft::authentication, id_token::at_hash, life::void_before, size,
        },
    },
    policy::Bounds,
    secret::{ExposeSecret, SecretString},
    storage::{self, Tx},
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
    /// What the person was given there before this instant counts no more.
    pub void_before: Timestamp,
}

const GONE: Refusal = refuse(Code::InvalidGrant, "the authorization is no longer valid");

impl Standing {
    /// Reads it; `None` when the person, the membership or the organization is not active.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(
        tx: &mut Tx,
        (user, organization, detail): (&UserId, &OrganizationId, Detail),
        now: Timestamp,
    ) -> storage::Result<Option<Self>> {
        let Some(user) = tx.users().by_id(user).await?.filter(|user| user.is_active(now)) else { return Ok(None) };
        let members = tx.memberships().active_of_user(&user.id, now).await?;
        let member = members.into_iter().find(|(_, found)| found.id == *organization);
        let Some((membership, organization)) = member else { return Ok(None) };
        let access = tx.access_with(detail).of_member(&membership.id, now).await?;
        let access = if detail.practitioner { access.with(Practitioner::of(&membership, now)) } else { access };
        let void_before = void_before(&membership, &organization);
        Ok(Some(Self { user, organization, access, void_before }))
    }

    /// Whether an authorization still rests on it.
    #[must_use]
    pub fn carries(&self, family: &Family) -> bool {
        self.void_before <= family.created_at
    }

    /// Finds it for an exchange, and checks that the app is still open to the person.
    ///
    /// # Errors
    /// `invalid_grant`, or a fault.
    pub(super) async fn of(exchange: &Exchange<'_>, family: &Family) -> Result<Arc<Self>, Error> {
        // Before anything is used up: the ID token is signed after the commit.
        if family.scopes.has(Scope::OpenId) {
            exchange.provider.signer(exchange.client.client.id_token_algorithm)?;
        }
        if !exchange.client.stands_by(family.created_at, &family.organization) {
            return Err(GONE.into());
        }
        let requirement = exchange.client.serves(&family.organization).ok_or(GONE)?;
        let standing = exchange.provider.standing(family).await?.ok_or(GONE)?;
        if requirement.is_met_by(&standing.access) { Ok(standing) } else { Err(GONE.into()) }
    }

    /// The same, with an access token drafted for `scopes` and the resources that the request names, within the rules of the
    /// organization. `last` is when the refresh token was issued that is used.
    ///
    /// # Errors
    /// The registered code of the refusal, or a fault.
    pub(super) async fn drafted(
        exchange: &Exchange<'_>,
        (family, last): (&Family, Option<Timestamp>),
        scopes: &Scopes,
    ) -> Result<(Arc<Self>, Draft, Bounds), Error> {
        let standing = Self::of(exchange, family).await?;
        let bounds = exchange.provider.bounds(exchange, (family, &standing), last).await?;
        let resources = resources(exchange, family)?;
        let (client, confirmation) = (&exchange.client.client, exchange.confirmation.as_ref());
        let details = details(exchange, &family.particulars.authorization_details)?;
        let wanted = Wanted { client, scopes, resources: &resources, confirmation, authorization_details: &details };
        let (organization, access) = (&standing.organization, &standing.access);
        let subject = Subject { family: Some(family), organization, access, bounds };
        let draft = Draft::new(exchange.provider, subject, wanted, exchange.context.now)?;
        Ok((standing, draft, bounds))
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
            token_type: Confirmation::token_type(exchange.confirmation.as_ref()),
            expires_in: draft.expires_in,
            refresh_token: rest.refresh_token,
            id_token,
            scope: rest.scopes.to_string(),
            authorization_details: draft.authorization_details.clone(),
            ..TokenResponse::default()
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
        let told = Told { scopes: &rest.scopes, also: &family.particulars.claims.id_token };
        let mut claims = IdTokenClaims {
            iss: provider.issuer(),
            sub: &sector::subject(&provider.app, client, &family.user),
            aud: &client.id,
            iat: now.seconds(),
            exp: now.plus(provider.tokens().id_token).seconds(),
            nonce: rest.nonce.as_deref(),
            at_hash: at_hash(access_token.expose_secret()),
            authentication: &authentication(family),
            person: Person::told(&self.user, told),
            membership: Membership::told(&self.organization, &self.access, told, Extent::Bounded),
        };
        let payload = size::payload(&mut claims, &rest.scopes)?;
        Ok(provider.signer(client.id_token_algorithm)?.sign_payload(Typ::IdToken, &payload).into())
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
