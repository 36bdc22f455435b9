//! Riverside pushes its people to an app: Harbour of another Lanyard, over a socket, on both databases.

mod emergency;
mod hostile;
mod leaving;
mod misbehaving;
mod peer;
mod running;
mod steady;
mod turns;

use std::time::Duration;

use lanyard::{
    audit::Actor,
    directory::{
        membership,
        user::{self, NewUser},
    },
    id::MembershipId,
    scim::outbound::{
        run::{self, Kind, Order, Report, Watch},
        store::Pushed,
        target::{self, Settings, State, Target, TargetError, Wanted},
    },
    storage::Tx,
    text::Slug,
};

use self::peer::Peer;
use super::push::Push;
use crate::{harness::leftovers, oauth::clinic::Clinic};

/// Riverside, and an app.
struct Outbound {
    clinic: Clinic,
    peer: Peer,
}

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

const FAST: [(&str, &str); 2] = [("scim.requests_per_second", "10000"), ("scim.burst", "10000")];

impl Outbound {
    /// On each database, Lanyard on either side.
    async fn each() -> Vec<Self> {
        let (clinics, apps) = (Clinic::each().await, Push::each_with(&FAST).await);
        let mut all = vec![];
        for (clinic, app) in clinics.into_iter().zip(apps) {
            clinic.leaves_jobs();
            all.push(Self { clinic, peer: Peer::of(app).await });
        }
        all
    }

    fn wanted(&self, settings: Settings) -> Wanted {
        let (url, token) = (self.peer.url.parse().unwrap(), Some(self.peer.token.clone().into()));
        Wanted { url, token, settings, people: vec![], groups: vec![] }
    }

    async fn create(&self, name: &str, wanted: Wanted) -> Result<Target, TargetError> {
        let (context, of, name) = (self.clinic.context(), self.clinic.organization("riverside").await, slug(name));
        let sealer = self.clinic.app.sealer.clone();
        let work = self.clinic.app.storage.write(move |tx| {
            Box::pin(async move { target::create(tx, &context, &sealer, &of, (&name, wanted)).await })
        });
        work.await
    }

    /// A target with these settings.
    async fn target(&self, settings: Settings) -> Target {
        self.create("roster", self.wanted(settings)).await.unwrap()
    }

    /// The same with groups: those whose members it is for, and those that are pushed.
    async fn target_of(&self, people: &[&str], groups: &[&str]) -> Target {
        let all = |slugs: &[&str]| slugs.iter().map(|one| slug(one)).collect();
        let wanted = Wanted { people: all(people), groups: all(groups), ..self.wanted(Settings::default()) };
        self.create("roster", wanted).await.unwrap()
    }

    async fn present(&self, target: &Target) -> Target {
        self.clinic.app.storage.read().await.unwrap().targets().by_id(&target.id).await.unwrap().unwrap()
    }

    /// Whom the app refused.
    async fn troubled(&self, target: &Target) -> Vec<Pushed> {
        self.clinic.app.storage.read().await.unwrap().pushed(&target.id).troubled(50).await.unwrap()
    }

    async fn switch(&self, target: &Target, state: State) {
        let (context, target) = (self.clinic.context(), self.present(target).await);
        self.clinic
            .write(move |tx| Box::pin(async move { Ok(target::switch(tx, &context, &target, state).await?) }))
            .await;
    }

    /// A run that somebody asks for.
    async fn order(&self, target: &Target, order: Order) -> Report {
        leftovers::seal(&self.clinic.app).await;
        run::run(&self.clinic.app, &target.id, order, Watch { halt: &|| false, tell: &|_| {} }).await.unwrap()
    }

    async fn run(&self, target: &Target, kind: Kind) -> Report {
        self.order(target, order(kind)).await
    }

    /// What a node does by itself.
    async fn work(&self, target: &Target) {
        leftovers::seal(&self.clinic.app).await;
        run::work(&self.clinic.app, &target.id, &|| false).await.unwrap();
    }

    async fn hire(&self, name: &str) -> MembershipId {
        let (context, called) = (self.clinic.context(), name.to_owned());
        self.clinic
            .write(move |tx| {
                Box::pin(async move {
                    let new = NewUser {
                        name: called.parse()?,
                        email: Some(format!("{called}@clinic.example").parse()?),
                        email_is_verified: true,
                        user_name: None,
                        password: None,
                        locale: None,
                    };
                    Ok(user::create(tx, &context, new).await?)
                })
            })
            .await;
        self.clinic.joins(name, "riverside").await
    }

    async fn member(&self, name: &str) -> MembershipId {
        let (of, user) = (self.clinic.organization("riverside").await, self.clinic.user(name).await);
        let mut tx: Tx = self.clinic.app.storage.read().await.unwrap();
        tx.memberships().of(&of, &user).await.unwrap().unwrap().id
    }

    async fn disable(&self, name: &str) {
        let (context, of, id) =
            (self.clinic.context(), self.clinic.organization("riverside").await, self.member(name).await);
        self.clinic
            .write(move |tx| Box::pin(async move { Ok(membership::disable(tx, &context, &of, &id).await?) }))
            .await;
    }

    async fn enable(&self, name: &str) {
        let (context, of, id) =
            (self.clinic.context(), self.clinic.organization("riverside").await, self.member(name).await);
        self.clinic
            .write(move |tx| Box::pin(async move { Ok(membership::enable(tx, &context, &of, &id).await?) }))
            .await;
    }

    fn wait(&self, time: Duration) {
        self.clinic.app.clock.advance(time);
    }
}

fn order(kind: Kind) -> Order {
    Order { kind, is_confirmed: false, removes_unknown: false, by: Actor::Host("test".to_owned()) }
}

fn active(names: &[&str]) -> Vec<(String, bool)> {
    names.iter().map(|name| (format!("{name}@clinic.example"), true)).collect()
}
