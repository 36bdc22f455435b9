//! How many sessions somebody may have at a time: room is made where a sign-in is complete, and one that stands at the second
//! factor takes none. Whoever knows a password alone puts nobody out. One that was complete takes room for as long as it lasts, also
//! where its person stands at the second factor once more: its tokens are good.

use crate::{
    audit::{Context, Event},
    id::{SessionId, UserId},
    policy::{Barrier, Policies},
    session::{Crowd, EndReason, Lifetime, Liveness, Unexpected},
    setting::Setting,
    storage::{self, Tx},
};

/// Where more has to be proved after something unexpected: what was not proved makes nothing known.
#[derive(Debug, Clone, Copy)]
pub struct StepsUp {
    /// In a new country, or too far away.
    pub at_places: bool,
    /// In a new browser.
    pub in_browsers: bool,
}

/// The rules about it for one person.
pub(super) struct Room {
    pub(super) lifetime: Lifetime,
    /// Whether more has to be proved after something unexpected.
    pub(super) steps_up: StepsUp,
    crowd: Option<(Crowd, Barrier)>,
    policies: Policies,
}

impl Room {
    /// Those that apply to `user` now.
    pub(super) async fn of(policies: &Policies, user: &UserId) -> storage::Result<Self> {
        let rules = policies.of_person(user).await?;
        let crowd = rules.all().crowd().map(|crowd| (crowd, rules.all().by(Setting::SessionConcurrent)));
        let doubts = |unexpected| rules.all().doubt(unexpected).is_some();
        let steps_up = StepsUp {
            at_places: doubts(Unexpected { place: true, device: false }),
            in_browsers: doubts(Unexpected { place: false, device: true }),
        };
        Ok(Self {
            lifetime: rules.all().lifetime(&policies.app.config.session),
            steps_up,
            crowd,
            policies: policies.clone(),
        })
    }

    /// Ends sessions of the person so that one more may begin, as far as the rules say so; `false` when it may not. The
    /// person is held: of several at once one comes after the other.
    pub(super) async fn make(
        &self,
        tx: &mut Tx,
        context: &Context,
        (user, present): (&UserId, Option<&SessionId>),
    ) -> storage::Result<bool> {
        let Some((crowd, barrier)) = &self.crowd else { return Ok(true) };
        let mut live = tx.sessions().of_user(user).await?;
        live.retain(|session| {
            session.liveness(context.now, self.lifetime) == Liveness::Live
                && present.is_none_or(|present| *present != session.id)
        });
        let Some(ending) = crowd.make_room(live) else {
            if let Some(times) = self.policies.recurring.count((user.to_string(), barrier.setting)) {
                let (user, client, setting) = (user.to_string(), String::new(), barrier.setting.name().to_owned());
                let event = Event::PolicyRefusal { user, client, setting, rules: barrier.rules.clone(), times };
                tx.record(context, None, &event);
            }
            return Ok(false);
        };
        for session in &ending {
            tx.sessions().end(context, session, EndReason::TooMany).await?;
        }
        Ok(true)
    }
}
