//! Going on in another organization (the rules of a switch by the authorization request, without a page): the person is a
//! member there, the organization uses the app and its rules are met, and the person allowed there what the app takes along.

use std::sync::Arc;

use super::{Presented, UNACCEPTABLE, allowed};
use crate::{
    audit::{Actor, Event},
    id::{FamilyId, Sid},
    oauth::{
        authorization::{
            Denial, Resolved, admission,
            flow::denied,
            organization::{Member, Wish, resolve},
            prompt::Consent,
        },
        error::{Code, Error, Refusal, refuse},
        grant::{Exchange, Standing},
        requested_claims::RequestedClaims,
        scope::{Scope, Scopes},
        store::{Family, Particulars},
        token::life::{issued_at, void_before},
    },
};

const SIGNED_OUT: Refusal = refuse(Code::InteractionRequired, "the session of the person has ended");
const ELSEWHERE: Refusal =
    refuse(Code::InteractionRequired, "the sign-in counts in the organization alone that vouched for the person");
const NOT_ALLOWED: Refusal = refuse(Code::ConsentRequired, "the person has not allowed the app there");

/// Where the client wants to go, if not where the subject token is already.
pub(super) async fn destination(
    exchange: &Exchange<'_>,
    (subject, family): (&Presented, &Family),
    standing: &Standing,
) -> Result<Option<Box<Member>>, Error> {
    let Some(requested) = exchange.parameters.value("organization") else { return Ok(None) };
    let here = &standing.organization;
    if requested == here.id.as_str() || requested == here.slug.as_str() {
        return Ok(None);
    }
    let client = &exchange.client.client.id;
    if !subject.is_of(client) || family.client_id != *client {
        // Whoever acts for a person stays where the person sent them.
        return Err(refuse(Code::InvalidRequest, "only the app that a token was issued to switches with it").into());
    }
    let session = exchange.provider.app.storage.read().await?.sessions().by_id(&family.session).await?;
    if session.is_some_and(|session| session.via.is_some()) {
        // Whether there is such an organization, and whether it is theirs.
        return Err(ELSEWHERE.into());
    }
    let members = exchange.provider.memberships(&family.user).await?;
    let wish = Wish { requested: Some(requested), chosen: None };
    match resolve(wish, &standing.user, members, exchange.client) {
        Resolved::Chosen(member) => Ok(Some(member)),
        Resolved::Denied(denial) => Err(refused(exchange, family, denial).await?.into()),
        Resolved::Choose(_) => Err(UNACCEPTABLE.into()),
    }
}

/// Begins an authorization there, in the session of the first one; the tokens of both end together. One token begins one, for
/// each organization and scope, however often it is exchanged.
pub(super) async fn begin(
    exchange: &Exchange<'_>,
    (from, scopes): (Family, &Scopes),
    member: Box<Member>,
) -> Result<(Family, Arc<Standing>), Error> {
    let (context, client) = (&exchange.context, &exchange.client.client);
    let (membership, organization) = *member;
    let now = issued_at(context.now, client, Some(void_before(&membership, &organization)));
    let root = from.particulars.parent.clone().unwrap_or_else(|| from.id.clone());
    // Single claims go with the whole scope: whoever has narrowed that gets them back nowhere.
    let is_whole = *scopes == from.scopes.clone().without(Scope::OfflineAccess);
    let claims = if is_whole { from.particulars.claims } else { RequestedClaims::default() };
    let mut family = Family {
        id: FamilyId::fresh(now, &context.random),
        organization: organization.id,
        // Found or made in the unit of work.
        sid: Sid::fresh(now, &context.random),
        is_offline: false,
        scopes: scopes.clone(),
        particulars: Particulars { parent: Some(root.clone()), claims, ..from.particulars },
        created_at: now,
        expires_at: from.session_end.map_or(from.expires_at, |end| end.min(from.expires_at)),
        ..from
    };
    // Whoever asks again with the same token for the same goes on in what was begun the first time.
    let mut tx = exchange.provider.app.storage.read().await?;
    let twin = tx.families().twin(&family, &root, context.now).await?;
    drop(tx);
    let is_allowed = is_allowed(exchange, &family).await?;
    if let Some(twin) = twin.filter(|_| is_allowed)
        && let Some(standing) = allowed(exchange, &twin).await?
    {
        exchange.provider.enters(exchange, (&twin, &standing)).await?;
        return Ok((Family { session_end: family.session_end, ..twin }, standing));
    }
    let Some(standing) = allowed(exchange, &family).await? else {
        return Err(refused(exchange, &family, Denial::Requirement).await?.into());
    };
    if !is_allowed {
        return Err(NOT_ALLOWED.into());
    }
    exchange.provider.enters(exchange, (&family, &standing)).await?;
    let context = context.by(Actor::Client(client.id.clone()));
    let begun = exchange.provider.app.storage.write(move |tx| {
        Box::pin(async move {
            if admission::begin(tx, &context, &mut family).await?.is_none() {
                return Ok(Err(SIGNED_OUT));
            }
            if !tx.families().hold(&root).await? {
                tx.families().revoke(&family.id, context.now).await?;
                return Ok(Err(UNACCEPTABLE));
            }
            let (user, session, client) = (family.user.clone(), family.session.clone(), family.client_id.clone());
            tx.record(&context, Some(&family.organization), &Event::Switch { user, session, client });
            Ok::<_, Error>(Ok(family))
        })
    });
    Ok((begun.await??, standing))
}

/// Whether the person allowed the app there all that it takes along, by the rule of the authorization request: details
/// whoever made the app, scopes and those behind single claims where it is not the clinic's own.
async fn is_allowed(exchange: &Exchange<'_>, family: &Family) -> Result<bool, Error> {
    let (client, particulars) = (&exchange.client.client, &family.particulars);
    let asked = (&family.scopes.union(&particulars.claims.scopes()), particulars.authorization_details.as_slice());
    if Consent::covering(None, asked).suffices(client.is_first_party) {
        return Ok(true);
    }
    let mut tx = exchange.provider.app.storage.read().await?;
    let consent = tx.consents().find(&family.user, &client.id, &family.organization).await?;
    Ok(Consent::covering(consent.as_ref(), asked).suffices(client.is_first_party))
}

/// Writes down that the person may not go there; the answer is the same whatever the cause.
async fn refused(exchange: &Exchange<'_>, family: &Family, denial: Denial) -> Result<Refusal, Error> {
    let client = exchange.client.client.id.clone();
    let context = exchange.context.by(Actor::Client(client.clone()));
    let event = Event::SwitchFailure { user: family.user.clone(), client, reason: denial.reason().to_owned() };
    exchange.provider.app.storage.append(move |additions| additions.record(&context, None, &event)).await?;
    Ok(denied())
}
