//! Somebody comes whom an upstream vouches for: they are linked to a member, and let in.

use std::sync::Arc;

use super::{
    identity::ExternalIdentity,
    link::{Refused, link},
    rules::Rules,
    voice::Voice,
};
use crate::{
    app::App,
    audit::{Actor, Event},
    authentication::arriving::{self, Arriving, Entrant, Outcome},
    directory::organization::Organization,
    policy::Policies,
    secret::SecretString,
    session::Via,
    storage::{self, Tx},
    web::Turned,
};

/// What became of somebody.
#[derive(Debug)]
pub enum Arrived {
    /// A session began, or the present one was confirmed; the cookie holds the token.
    SignedIn(SecretString),
    /// They are signed in as often as they may be.
    Full,
    /// No; as much as they are told. Why is in the audit log.
    Turned(Turned),
}

/// Lets somebody in whom an upstream vouches for.
///
/// # Errors
/// When the database fails; nothing has changed then.
pub async fn arrive(
    policies: &Policies,
    arriving: Arriving,
    (identity, rules): (ExternalIdentity, &Rules),
) -> storage::Result<Arrived> {
    let app = &policies.app;
    let found = app.storage.read().await?.organizations().by_id(&identity.upstream.organization).await?;
    let Some(of) = found.filter(Organization::is_active) else {
        return turn_away(app, &arriving, &identity, Refused(Turned::Away, "the organization is closed".to_owned()))
            .await;
    };
    let said = rules.assurance(&identity);
    let voice = Voice {
        context: arriving.context.by(Actor::Upstream(identity.upstream.id.to_string())),
        upstream: identity.upstream.id.clone(),
        of: Arc::new(of),
        version: identity.upstream.version,
        roles: rules.roles.clone().into(),
        site: arriving.site.clone(),
        sealer: Arc::clone(&app.sealer),
    };
    let (own, kept) = (identity.clone(), rules.clone());
    let work = async move |tx: &mut Tx| link(tx, &voice, (&own, &kept)).await;
    let user = match app.storage.write(move |tx| Box::pin(async move { work(tx).await })).await? {
        Ok(user) => user,
        Err(refused) => return turn_away(app, &arriving, &identity, refused).await,
    };
    let upstream = &identity.upstream;
    let via = Via {
        upstream: upstream.id.clone(),
        organization: upstream.organization.clone(),
        session: identity.session.clone(),
    };
    let Some(user) = app.storage.read().await?.users().by_id(&user).await? else {
        return Ok(Arrived::Turned(Turned::Away));
    };
    let entrant = Entrant { user, via: Some(via), said };
    match arriving::vouched(policies, arriving.clone(), entrant).await? {
        Outcome::Begun(token) => Ok(Arrived::SignedIn(token)),
        Outcome::Full => Ok(Arrived::Full),
        Outcome::Refused => {
            let why = "the person is disabled, or left meanwhile".to_owned();
            turn_away(app, &arriving, &identity, Refused(Turned::Away, why)).await
        }
    }
}

/// Writes down why somebody is not let in.
async fn turn_away(
    app: &App,
    arriving: &Arriving,
    identity: &ExternalIdentity,
    Refused(turned, reason): Refused,
) -> storage::Result<Arrived> {
    let upstream = &identity.upstream;
    let subject = identity.subject.chars().take(256).collect();
    let event = Event::UpstreamRefusal { upstream: upstream.id.clone(), subject, reason };
    let (context, at) = (arriving.context.clone(), upstream.organization.clone());
    app.storage.append(move |additions| additions.record(&context, Some(&at), &event)).await?;
    Ok(Arrived::Turned(turned))
}
