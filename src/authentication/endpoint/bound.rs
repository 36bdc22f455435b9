//! Sessions that are bound to a device, where rules ask for it (`session.binding`): a cookie that comes from another kind of
//! browser, another system or another range of addresses counts no more than none, and the secret in it changes every few
//! minutes. Whoever brings a former one after its successor was used shares the cookie with somebody: the session ends for both.

use std::time::Duration;

use super::visit_context;
use crate::{
    app::App,
    audit::{Actor, Event},
    authentication::signal::raising,
    directory::user::User,
    policy::Applying,
    secret::{ExposeSecret, TokenHash},
    session::{Bearer, EndReason, Rotation, Session, is_one_range},
    setting::Setting,
    storage::{self, Tx},
    web::{Visit, device::Device},
};

/// The same about a session is written down again after so long.
const QUIET: Duration = Duration::from_hours(1);

/// A session that a cookie names.
pub(super) struct Brought {
    pub(super) session: Session,
    token: TokenHash,
    /// Whether the cookie holds the secret before the present one.
    is_former: bool,
}

impl Brought {
    /// Finds it.
    pub(super) async fn by(tx: &mut Tx, token: TokenHash) -> storage::Result<Option<Self>> {
        if let Some(session) = tx.sessions().by_token(token).await? {
            return Ok(Some(Self { session, token, is_former: false }));
        }
        let former = tx.sessions().by_former_token(token).await?;
        Ok(former.map(|session| Self { session, token, is_former: true }))
    }

    /// Whether it counts for this visit, and what the cookie holds from then on.
    pub(super) async fn counts(
        &self,
        app: &App,
        (visit, user): (&Visit, Option<&User>),
        rules: &Applying<'_>,
    ) -> storage::Result<bool> {
        let binding = rules.choice(Setting::SessionBinding).unwrap_or("none");
        let Some(user) = user.filter(|_| binding != "none" && self.session.ended_at.is_none()) else {
            return Ok(!self.is_former);
        };
        if let Some(reason) = self.mismatch(visit, binding) {
            self.note(app, visit, reason).await?;
            return Ok(false);
        }
        let now = app.clock.now();
        let rotation = app.storage.read().await?.sessions().rotation(&self.session.id).await?;
        if !self.is_former {
            self.go_on(app, visit, rotation).await?;
            return Ok(true);
        }
        match rotation.bearer(now) {
            Bearer::Late => Ok(true),
            Bearer::Unanswered => self.answer_again(app, visit).await,
            Bearer::Double => {
                self.end(app, visit, user).await?;
                Ok(false)
            }
        }
    }

    fn mismatch(&self, visit: &Visit, binding: &str) -> Option<&'static str> {
        if Device::of(&self.session.user_agent) != Device::of(&visit.user_agent()) {
            return Some("other-device");
        }
        let is_elsewhere = binding == "address-range" && !is_one_range(&self.session.address, visit.address());
        is_elsewhere.then_some("other-network")
    }

    /// The present secret: its return is written down once, and it is changed where it is time.
    async fn go_on(&self, app: &App, visit: &Visit, rotation: Rotation) -> storage::Result<()> {
        let (now, id, present) = (app.clock.now(), self.session.id.clone(), self.token);
        if rotation.is_due(self.session.auth_time, now) {
            let (token, next) = app.random.token();
            let rotating = app
                .storage
                .write(move |tx| Box::pin(async move { tx.sessions().rotate(&id, (present, next), now).await }));
            if rotating.await? {
                visit.change_session(token);
            }
        } else if rotation.rotated_at.is_some() && rotation.successor_used_at.is_none() {
            let noting = app
                .storage
                .write(move |tx| Box::pin(async move { tx.sessions().note_successor(&id, present, now).await }));
            noting.await?;
        }
        Ok(())
    }

    async fn answer_again(&self, app: &App, visit: &Visit) -> storage::Result<bool> {
        let (now, id, former, (token, next)) =
            (app.clock.now(), self.session.id.clone(), self.token, app.random.token());
        let rotating = app
            .storage
            .write(move |tx| Box::pin(async move { tx.sessions().rotate_again(&id, (former, next), now).await }));
        let is_changed = rotating.await?;
        if is_changed {
            visit.change_session(token);
        }
        Ok(is_changed)
    }

    async fn end(&self, app: &App, visit: &Visit, user: &User) -> storage::Result<()> {
        let context = visit_context(app, visit, Actor::Server);
        let (own, site, session, user) = (app.clone(), visit.site().clone(), self.session.clone(), user.clone());
        let work = app.storage.write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                let event =
                    Event::SessionMisuse { user: user.id.clone(), session: session.id.clone(), reason: "copied" };
                tx.record(&context, None, &event);
                tx.sessions().end(&context, &session, EndReason::Copied).await?;
                raising::of_theft(tx, (&own, &site), &context, (&user, &session)).await
            })
        });
        work.await
    }

    /// Writes down that the cookie came from elsewhere; whoever tries on and on fills no audit log.
    async fn note(&self, app: &App, visit: &Visit, reason: &'static str) -> storage::Result<()> {
        let context = visit_context(app, visit, Actor::Server);
        let key = TokenHash::of(&format!("misuse\0{}\0{reason}", self.session.id));
        let told = app.storage.read().await?.throttles().find(key).await?;
        if told.is_some_and(|told| told.clear_at > context.now) {
            return Ok(());
        }
        let (user, session) = (self.session.user.clone(), self.session.id.clone());
        let work = app.storage.write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                if tx.throttles().is_first(key, QUIET, context.now).await? {
                    tx.record(&context, None, &Event::SessionMisuse { user, session, reason });
                }
                Ok(())
            })
        });
        work.await
    }
}

/// What a cookie names.
pub(super) fn named(visit: &Visit) -> Option<TokenHash> {
    visit.session_token().map(|token| TokenHash::of(token.expose_secret()))
}
