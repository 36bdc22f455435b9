//! What the person does: with the link and the password they remove every factor, or they end it, by whichever link.

use super::{DAY, Desk, Open, Recovery, telling};
use crate::{
    audit::{Actor, Context, Event},
    authentication::{
        assurance::{Assurance, Method},
        enrolling,
        known_device::Known,
        room::Room,
        second_factor::{Completing, complete},
    },
    clock::Timestamp,
    policy::Policies,
    secret::{SecretString, TokenHash},
    session::{EndReason, Proof, Session},
    storage::{self, Tx},
};

/// How long after the password the link counts.
const HALFWAY: std::time::Duration = std::time::Duration::from_mins(10);

/// Which of the two links somebody holds.
#[derive(Debug, Clone, Copy)]
pub enum Link {
    /// The one that stands in for the second factor.
    LetsIn(TokenHash),
    /// The one that ends it.
    Stops(TokenHash),
}

impl Link {
    /// Its request, while it is open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(self, tx: &mut Tx, now: Timestamp) -> storage::Result<Option<Open>> {
        match self {
            Self::LetsIn(hash) => tx.recoveries().by_link(hash, now).await,
            Self::Stops(hash) => tx.recoveries().by_stop(hash, now).await,
        }
    }
}

/// Whether this session is the person's, and its password was proved just now.
#[must_use]
pub fn is_ready(recovery: &Recovery, session: &Session, now: Timestamp) -> bool {
    let has_password = session.amr.iter().any(|method| method == "pwd");
    session.user == recovery.user && has_password && now.since(session.auth_time) < HALFWAY
}

/// Somebody who uses the link.
pub struct Using {
    /// When, in which request and from which address; the actor is the person.
    pub context: Context,
    /// The session in which the password was proved.
    pub session: Session,
    /// The link.
    pub link: TokenHash,
    /// The browser.
    pub known: Option<Known>,
    /// Who writes the letters.
    pub desk: Desk,
}

/// Removes every factor and recovery code and ends every other session; the answer is this one's new secret, and nothing where
/// the link is not good (any more) for this person.
///
/// # Errors
/// When the database fails.
pub async fn let_in(policies: &Policies, using: Using) -> storage::Result<Option<SecretString>> {
    let room = Room::of(policies, &using.session.user).await?;
    let (token, hash) = policies.app.random.token();
    policies
        .app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let Using { context, session, link, known, desk } = using;
                let user = session.user.clone();
                // In this order everywhere: the person, sessions, factors.
                tx.users().keep_still(&user).await?;
                let found = tx.recoveries().by_link(link, context.now).await?.map(|open| open.recovery);
                let Some(recovery) = found.filter(|one| is_ready(one, &session, context.now)) else { return Ok(None) };
                let Some(person) = tx.users().by_id(&user).await?.filter(|user| user.is_active(context.now)) else {
                    return Ok(None);
                };
                if !still_stands(tx, &recovery, context.now).await?
                    || !tx.sessions().hold(&session.id).await?
                    || !tx.recoveries().end(&recovery.id, context.now).await?
                {
                    return Ok(None);
                }
                tx.sessions().end_all_of_user(&context, &user, Some(&session.id), EndReason::FactorChange).await?;
                enrolling::reset(tx, &context, &user, "recovery").await?;
                let proof: Proof = Assurance::of(&[Method::Password]).into();
                let with = Completing { session: &session, room: &room, token: hash, proof, known: None };
                if !complete(tx, &context, with).await? {
                    return Ok(None);
                }
                if let Some(known) = known {
                    known.vouch(tx, (&session, context.now)).await?;
                }
                let event = Event::RecoveryUse { user: user.clone(), recovery: recovery.id.clone() };
                tx.record(&context, recovery.organization.as_ref(), &event);
                telling::used(tx, &context, &desk, (&recovery, &person)).await?;
                Ok(Some(token))
            })
        })
        .await
}

/// Whether nothing has come between: the person has not left and come back, and no new password came by mail.
async fn still_stands(tx: &mut Tx, recovery: &Recovery, now: Timestamp) -> storage::Result<bool> {
    let since = recovery.created_at.minus(DAY);
    if tx.password_links().is_redeemed_since(&recovery.user, since).await? {
        return Ok(false);
    }
    let Some(organization) = &recovery.organization else { return Ok(true) };
    let member = tx.memberships().active(&recovery.user, organization, now).await?;
    let is_since = |at: Timestamp| at > recovery.created_at;
    Ok(member.is_some_and(|member| !member.tokens_void_before.is_some_and(is_since)))
}

/// Whoever reads the mailbox ends it. `false` where there is nothing to end (any more).
///
/// # Errors
/// When the database fails.
pub async fn stop(tx: &mut Tx, context: &Context, desk: &Desk, link: Link) -> storage::Result<bool> {
    let Some(Open { recovery, .. }) = link.find(tx, context.now).await? else { return Ok(false) };
    let Some(person) = tx.users().by_id(&recovery.user).await? else { return Ok(false) };
    let context = &context.by(Actor::User(recovery.user.clone()));
    if !tx.recoveries().end(&recovery.id, context.now).await? {
        return Ok(false);
    }
    let event = Event::RecoveryEnd { user: recovery.user.clone(), recovery: recovery.id.clone(), by: "person" };
    tx.record(context, recovery.organization.as_ref(), &event);
    telling::ended(tx, context, desk, (&recovery, &person)).await?;
    Ok(true)
}
