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
pub(super) struct Directories {
    all: Vec<(Upstream, String)>,
    /// Whether no other organization knows the person.
    pub(super) are_alone: bool,
}

/// A directory's word: who vouches, where this stays of the person, as the upstream was described in this version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) via: Via,
    anchor: String,
    version: i64,
}

/// What came of asking.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is right.
    Right(Said),
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
        let user = match (user, &meant) {
            (Some(user), _) => Some(user),
            (None, Some(organization)) => match tx.upstreams().named(organization, name).await? {
                Some(id) => tx.users().by_id(&id).await?,
                None => None,
            },
            (None, None) => None,
        };
        let Some(found) = &user else { return Ok((None, Self { all: vec![], are_alone: true })) };
        let ever = tx.memberships().organizations_ever(&found.id).await?;
        // The word that they typed may be that of another organization: it goes to the one that is meant, or that alone knows them.
        let asked = match ever.as_slice() {
            [only] if wish.is_none() => Some(only.clone()),
            _ if wish.is_none() && found.password_hash.is_some() => None,
            _ => meant,
        };
        let mut all = tx.upstreams().knowing(&found.id).await?;
        all.retain(|(upstream, _)| asked.as_ref() == Some(&upstream.organization));
        Ok((user, Self { all, are_alone: ever.len() <= 1 }))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Asks them, until one says yes, or that its answer is no.
    pub(super) async fn ask(
        &self,
        (app, with): (&App, &Authenticator),
        password: &SecretString,
        now: Timestamp,
    ) -> Answer {
        let mut last = Answer::Wrong;
        for (upstream, anchor) in &self.all {
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
                    return Answer::Right(Said { via, anchor: anchor.clone(), version: upstream.version });
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
        (user, Said { via, anchor, version }): (&User, &Said),
    ) -> storage::Result<bool> {
        let all = tx.upstreams().knowing(&user.id).await?;
        let is_it = |(upstream, known): &(Upstream, String)| {
            upstream.id == via.upstream && known == anchor && upstream.version == *version
        };
        let there = tx.upstream_entries(&via.upstream).of_anchors(std::slice::from_ref(anchor)).await?.pop();
        if !all.iter().any(is_it) || there.is_none_or(|entry| entry.gone_at.is_some()) {
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
            Ok(joined) if joined == Joined::As(user.id.clone()) => {
                Ok(tx.memberships().active(&user.id, &via.organization, context.now).await?.is_some())
            }
            Err(directory::Error::Storage(fault)) => Err(fault),
            Ok(_) | Err(_) => Ok(false),
        }
    }
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
