//! People whose password is in a directory of their organization: where they are looked for, and what it answers.
//!
//! A name that an organization alone knows is looked for where it is certain which organization is meant, and a password goes to
//! no other directory than that of an organization whose person it is: whoever administers one learns no password of others.

use super::Authenticator;
use crate::{
    app::App,
    audit::{Actor, Context},
    clock::Timestamp,
    directory::{
        self,
        provisioning::{self, Joined, Speaker},
        user::User,
    },
    id::OrganizationId,
    ldap::trouble::{Refusal, Trouble},
    secret::SecretString,
    session::Via,
    storage::{self, Tx},
    text::DomainName,
    upstream::Upstream,
};

/// Where a person's password can be proved.
pub(super) struct Directories(Vec<(Upstream, String)>);

/// What came of asking.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is right, says this one, where this stays of the person.
    Right(Via, String),
    /// It is another one, or nobody has one there.
    Wrong,
    /// It is right, and they may not come in.
    Closed(Refusal),
    /// Nobody could be asked.
    Silent,
}

impl Directories {
    /// Those that know whoever typed `name` (in lower case), and who that is: `user`, where the name is one of this server.
    /// `wish`: the organization that is signed in to.
    pub(super) async fn of(
        tx: &mut Tx,
        (user, name): (Option<User>, &str),
        wish: Option<&str>,
    ) -> storage::Result<(Option<User>, Self)> {
        let meant = meant(tx, name, wish).await?;
        let Some(user) = user else {
            let Some(organization) = meant else { return Ok((None, Self(vec![]))) };
            let Some(id) = tx.upstreams().named(&organization, name).await? else { return Ok((None, Self(vec![]))) };
            let mut all = tx.upstreams().knowing(&id).await?;
            all.retain(|(upstream, _)| upstream.organization == organization);
            return Ok((tx.users().by_id(&id).await?, Self(all)));
        };
        let mut all = tx.upstreams().knowing(&user.id).await?;
        let asked = match wish {
            Some(_) => meant,
            None => own(tx, &user, &all).await?.or(meant).or_else(|| user.default_organization.clone()),
        };
        all.retain(|(upstream, _)| asked.as_ref() == Some(&upstream.organization));
        Ok((Some(user), Self(all)))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks them, until one says yes, or that its answer is no.
    pub(super) async fn ask(
        &self,
        (app, with): (&App, &Authenticator),
        password: &SecretString,
        now: Timestamp,
    ) -> Answer {
        let mut last = Answer::Wrong;
        for (upstream, anchor) in &self.0 {
            let asked = match with.directories.of(app, upstream).await {
                Ok(asked) => asked,
                Err(cause) => {
                    tracing::error!(upstream.id = %upstream.id, %cause, "A directory cannot be asked for passwords.");
                    last = Answer::Silent;
                    continue;
                }
            };
            last = match asked.prove(anchor, password, now).await {
                Ok(()) => {
                    let (id, organization) = (upstream.id.clone(), upstream.organization.clone());
                    let via = Via { upstream: id, organization, session: None };
                    return Answer::Right(via, anchor.clone());
                }
                Err(Trouble::Credentials(Refusal::Wrong)) => match last {
                    Answer::Silent => Answer::Silent,
                    _ => Answer::Wrong,
                },
                Err(Trouble::Credentials(refusal)) => return Answer::Closed(refusal),
                Err(trouble) => {
                    tracing::warn!(upstream.id = %upstream.id, %trouble, "A directory did not compare a password.");
                    Answer::Silent
                }
            };
        }
        last
    }

    /// Whether one of them knows the person still, and lets people in; whoever was pending has joined by that.
    pub(super) async fn let_in(
        tx: &mut Tx,
        context: &Context,
        (user, via, anchor): (&User, &Via, &str),
    ) -> storage::Result<bool> {
        let all = tx.upstreams().knowing(&user.id).await?;
        if !all.iter().any(|(upstream, known)| upstream.id == via.upstream && known == anchor) {
            return Ok(false);
        }
        let Some(member) = tx.memberships().of(&via.organization, &user.id).await? else { return Ok(false) };
        let context = context.by(Actor::Upstream(via.upstream.to_string()));
        let speaker = Speaker {
            context: &context,
            organization: &via.organization,
            may_assign: &[],
            may_grant: &[],
            may_verify: false,
        };
        match provisioning::join_by_source(tx, speaker, &member.id).await {
            Ok(joined) => Ok(joined == Joined::As(user.id.clone())),
            Err(directory::Error::Storage(fault)) => Err(fault),
            Err(_) => Ok(false),
        }
    }
}

/// The only organization to whose directory the password of a person can belong.
async fn own(tx: &mut Tx, user: &User, all: &[(Upstream, String)]) -> storage::Result<Option<OrganizationId>> {
    let Some((first, _)) = all.first() else { return Ok(None) };
    if all.iter().any(|(upstream, _)| upstream.organization != first.organization) {
        return Ok(None);
    }
    // What they typed may be the password that is kept here, or nearly: one organization alone would learn of it.
    if user.password_hash.is_some() && tx.memberships().organizations_ever(&user.id).await?.len() > 1 {
        return Ok(None);
    }
    Ok(Some(first.organization.clone()))
}

/// The organization that is meant where `name` is none of this server: the one that is signed in to, the one that owns the
/// domain, or the only one.
async fn meant(tx: &mut Tx, name: &str, wish: Option<&str>) -> storage::Result<Option<OrganizationId>> {
    if let Some(reference) = wish {
        return Ok(tx.organizations().by_reference(reference).await?.map(|found| found.id));
    }
    if let Some((_, domain)) = name.rsplit_once('@')
        && let Ok(domain) = domain.parse::<DomainName>()
        && let Some(owner) = tx.domains().owner(&domain).await?
    {
        return Ok(Some(owner));
    }
    tx.organizations().only().await
}
