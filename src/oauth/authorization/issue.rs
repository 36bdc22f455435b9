//! Issuing a code with its authorization.

use super::{
    flow::{Asked, CODE_ONLY},
    organization::Member,
};
use crate::{
    audit::{Context, Event},
    authentication::endpoint::SignedIn,
    id::FamilyId,
    oauth::{
        client::GrantType,
        confirmation::Confirmation,
        profile::Profile,
        provider::Provider,
        store::{Family, Particulars, StoredCode},
        token::life::{issued_at, void_before},
    },
    secret::TokenHash,
    storage::{self, Tx},
};

/// A code with its authorization, ready to be written.
pub(super) struct Issue {
    family: Family,
    code: StoredCode,
    may_switch: bool,
    pushed: Option<TokenHash>,
}

/// What became of it, whatever else happened at the same moment.
pub(super) enum Saved {
    /// It counts.
    Issued,
    /// The session has ended since it was looked at.
    SessionEnded,
    /// The pushed request has been answered with another code.
    AnsweredBefore,
}

impl Issue {
    /// The code of what was asked, for a person in an organization.
    pub(super) async fn new(
        provider: &Provider,
        asked: &Asked,
        person: &SignedIn,
        (membership, organization): &Member,
        context: &Context,
    ) -> storage::Result<Self> {
        let client = &asked.to.client.client;
        let now = issued_at(context.now, client, Some(void_before(membership, organization)));
        let tokens = provider.tokens();
        let is_refreshed = client.grant_types.contains(&GrantType::RefreshToken);
        let family = Family {
            id: FamilyId::fresh(now, &context.random),
            client_id: client.id.clone(),
            user: person.user.id.clone(),
            organization: organization.id.clone(),
            session: person.session.id.clone(),
            // Found or made in the unit of work.
            sid: crate::id::Sid::fresh(now, &context.random),
            is_offline: provider.outlives_the_session(&asked.request.scopes, &person.user.id).await?,
            scopes: asked.request.scopes.clone(),
            resources: asked.request.resources.clone(),
            auth_time: person.session.auth_time,
            acr: person.session.acr.clone(),
            amr: person.session.amr.clone(),
            particulars: Particulars {
                authorization_details: asked.request.authorization_details.clone(),
                claims: asked.request.claims.claims.clone(),
                confirmation: asked.request.dpop_jkt.clone().map(Confirmation::Jkt),
                ..Particulars::default()
            },
            created_at: now,
            expires_at: now.plus(if is_refreshed { tokens.refresh_absolute } else { CODE_ONLY }),
            revoked_at: None,
            is_at_station: false,
            session_began_at: None,
            session_end: None,
        };
        let code = StoredCode {
            hash: TokenHash::of(""),
            family: family.clone(),
            redirect_uri: asked.to.redirect.as_str().to_owned(),
            challenge: asked.request.challenge.clone(),
            nonce: asked.request.nonce.clone(),
            expires_at: now.plus(Profile::code_life(client, tokens.authorization_code)),
            used_at: None,
        };
        // Who belongs to one organization alone names none, chooses none and has no default.
        let may_switch = asked.request.organization.is_some()
            || asked.progress.organization.is_some()
            || person.user.default_organization.is_some();
        Ok(Self { family, code, may_switch, pushed: asked.pushed })
    }

    /// Writes them down.
    pub(super) async fn save(mut self, tx: &mut Tx, context: &Context, hash: TokenHash) -> storage::Result<Saved> {
        if !tx.sessions().hold(&self.family.session).await? {
            return Ok(Saved::SessionEnded);
        }
        if let Some(pushed) = self.pushed
            && !tx.pushed_requests().take(pushed).await?
        {
            return Ok(Saved::AnsweredBefore);
        }
        let family = &mut self.family;
        let before = tx.families().before(family).await?;
        family.sid = match before.sid {
            Some(sid) => sid,
            None => match tx.sessions().sid(context, &family.session, &family.organization).await? {
                Some(sid) => sid,
                None => return Ok(Saved::SessionEnded),
            },
        };
        let is_switch = self.may_switch && before.is_switch;
        tx.families().insert(family).await?;
        self.code.hash = hash;
        tx.authorization_codes().insert(&self.code);
        if is_switch {
            let (user, session, client) = (family.user.clone(), family.session.clone(), family.client_id.clone());
            tx.record(context, Some(&family.organization), &Event::Switch { user, session, client });
        }
        let event = Event::Authorization {
            user: family.user.clone(),
            client: family.client_id.clone(),
            family: family.id.clone(),
            scope: family.scopes.to_string(),
        };
        tx.record(context, Some(&family.organization), &event);
        Ok(Saved::Issued)
    }
}
