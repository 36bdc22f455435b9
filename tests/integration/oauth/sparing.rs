//! What becomes of a rule that is set: one that would stop every owner, or leave somebody no factor, is refused; one that says
//! what is so already changes nothing.

use std::time::Duration;

use lanyard::{
    audit::{Actor, Context},
    authentication::assurance::{Assurance, Method},
    policy::{
        self,
        changing::{self, Care, Effect, Outcome},
        trial,
    },
    session::{Authenticated, EndReason, Lifetime},
    setting::{Setting, SubjectKind},
};

use super::clinic::Clinic;

const LIFETIME: Lifetime =
    Lifetime { idle: Duration::from_hours(2), absolute: Duration::from_hours(12), at_station: Duration::from_hours(2) };

impl Clinic {
    /// Somebody signs in from an address, so many hours ago, and signs out again where it says so.
    async fn comes(&self, name: &str, (address, hours): (&str, u64), goes: Option<EndReason>) {
        let now = self.app.clock.now().minus(Duration::from_hours(hours));
        let context = Context { now, address: Some(address.to_owned()), ..self.context() };
        let (user, (_, hash)) = (self.user(name).await, self.app.random.token());
        let proof = Assurance::of(&[Method::Password]).into();
        let who = Authenticated { user, proof, user_agent: "test".into(), browser: None };
        self.write(move |tx| {
            Box::pin(async move {
                let session = tx.sessions().begin(&context, hash, who, LIFETIME).await?;
                if let Some(reason) = goes {
                    tx.sessions().end(&context, &session, reason).await?;
                }
                Ok(())
            })
        })
        .await;
    }

    /// What becomes of a rule for the whole organization.
    async fn try_rule(&self, rule: (Setting, &str), care: Care) -> Result<Outcome, policy::Error> {
        self.try_rule_for((SubjectKind::Organization, ""), (self.context(), rule, care)).await
    }

    /// What becomes of a rule for some, set by whom the context says.
    async fn try_rule_for(
        &self,
        (kind, id): (SubjectKind, &str),
        (context, (setting, value), care): (Context, (Setting, &str), Care),
    ) -> Result<Outcome, policy::Error> {
        let (app, at) = (self.app.clone(), self.organization("riverside").await);
        let value = setting.kind().parse(value).unwrap();
        let (user, id) = (if kind == SubjectKind::Member { Some(self.user(id).await) } else { None }, id.to_owned());
        self.app
            .storage
            .write::<_, policy::Error, _>(move |tx| {
                Box::pin(async move {
                    let (id, name) = match (kind, user) {
                        (SubjectKind::Organization, _) => (id, "riverside".to_owned()),
                        (SubjectKind::Role, _) => {
                            let role = tx.roles().by_slug(&at, &id.parse().unwrap()).await?.unwrap();
                            (role.id.to_string(), id)
                        }
                        (_, user) => {
                            let member = tx.memberships().of(&at, &user.unwrap()).await?.unwrap().id.to_string();
                            (member.clone(), member)
                        }
                    };
                    let whom = ((kind, id.as_str()), name.as_str());
                    changing::set(tx, (&app, &context), &at, whom, (setting, &value, care)).await
                })
            })
            .await
    }

    /// Tries a rule for the whole organization.
    async fn tries(&self, (setting, value): (Setting, &str)) -> Outcome {
        let (app, context, at) = (self.app.clone(), self.context(), self.organization("riverside").await);
        let value = setting.kind().parse(value).unwrap();
        self.write(move |tx| {
            Box::pin(async move {
                let whom = ((SubjectKind::Organization, ""), "riverside");
                Ok(trial::begin(tx, (&app, &context), &at, whom, (setting, Some(&value), Care::SpareOwners)).await?)
            })
        })
        .await
    }

    async fn networks(&self, value: &str) -> Result<Outcome, policy::Error> {
        self.try_rule((Setting::NetworkAllowed, value), Care::SpareOwners).await
    }
}

fn stops(result: &Result<Outcome, policy::Error>) -> bool {
    matches!(result, Err(policy::Error::StopsOwners(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_is_not_signed_in_is_known_by_where_they_were_last() {
    const SIGNED_OUT: Option<EndReason> = Some(EndReason::SignOut);
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        assert!(clinic.networks("10.0.0.0/8").await.unwrap().is_unchecked, "no owner has signed in");
        // Priya is no owner, and 31 days are too long ago.
        clinic.comes("priya", ("192.0.2.9", 1), None).await;
        clinic.comes("olivia", ("192.0.2.8", 31 * 24), SIGNED_OUT).await;
        assert!(clinic.networks("10.1.0.0/16").await.unwrap().is_unchecked);

        clinic.comes("olivia", ("192.0.2.7", 29 * 24), SIGNED_OUT).await;
        let before = clinic.recorded("policy-set").await;
        let refused = clinic.networks("10.0.0.0/8").await;
        assert!(stops(&refused), "{refused:?}");
        let hint = refused.unwrap_err().to_string();
        assert!(hint.contains("or signed in last") && hint.contains("--force"), "{hint}");
        assert_eq!(clinic.recorded("policy-set").await, before, "nothing was changed");
        let taken = clinic.networks("10.0.0.0/8, 192.0.2.7").await.unwrap();
        assert_eq!((taken.former.as_deref(), taken.is_unchecked), (Some("10.1.0.0/16"), false));
        let forced = clinic.try_rule((Setting::NetworkAllowed, "10.0.0.0/8"), Care::Forced).await.unwrap();
        assert!(!forced.is_unchecked, "whoever means it is told nothing");

        // A session that ended by itself says as much, and one that runs says where they are now.
        clinic.comes("olivia", ("198.51.100.7", 24), None).await;
        assert!(!stops(&clinic.networks("198.51.100.7").await), "of a day ago, long over");
        clinic.comes("olivia", ("203.0.113.7", 0), None).await;
        assert!(stops(&clinic.networks("198.51.100.7, 192.0.2.7").await), "where they were counts no more");
        assert!(!stops(&clinic.networks("203.0.113.0/24").await));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_owners_it_is_enough_that_one_is_known_to_come_in() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        clinic.joins_as("nobody", "riverside", "owner").await;
        clinic.comes("olivia", ("192.0.2.7", 2), Some(EndReason::SignOut)).await;
        assert!(stops(&clinic.networks("10.0.0.0/8").await), "nothing is known of the other");
        clinic.comes("nobody", ("10.1.2.3", 3), Some(EndReason::SignOut)).await;
        assert!(!stops(&clinic.networks("10.0.0.0/8").await), "the other comes in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_leaves_somebody_no_factor_to_set_up_needs_force() {
    const ALL: (SubjectKind, &str) = (SubjectKind::Organization, "");
    const KINDS: Setting = Setting::FactorKinds;
    for clinic in Clinic::each().await {
        let server = || clinic.context();
        let priya = clinic.app.context(Actor::User(clinic.user("priya").await));
        let by_server = |rule| (server(), rule, Care::SpareOwners);
        let owner = (SubjectKind::Role, "owner");
        let practitioner = (SubjectKind::Role, "practitioner");
        let own = (SubjectKind::Member, "priya");
        clinic.try_rule_for(ALL, by_server((KINDS, "totp"))).await.unwrap();
        for (case, subject, set, whom) in [
            ("an owner", owner, by_server((KINDS, "passkey")), Some("olivia@clinic.example")),
            ("no owner", practitioner, by_server((KINDS, "passkey")), None),
            (
                "whoever sets it",
                practitioner,
                (priya.clone(), (KINDS, "email, passkey"), Care::SpareOwners),
                Some("you"),
            ),
            ("the member", own, by_server((KINDS, "passkey")), Some("priya@clinic.example")),
            (
                "one in common, which rules for her role leave out",
                own,
                by_server((KINDS, "totp, passkey")),
                Some("priya@clinic.example"),
            ),
            ("one in common", owner, by_server((KINDS, "totp, passkey")), None),
            ("what nobody sends", ALL, by_server((KINDS, "sms")), Some("olivia@clinic.example")),
            (
                "less than is asked",
                owner,
                by_server((Setting::FactorRequired, "phishing-resistant from 2099-01-01")),
                Some("olivia@clinic.example"),
            ),
            ("as much as is asked", owner, by_server((Setting::FactorRequired, "multi-factor from 2099-01-01")), None),
        ] {
            let before = clinic.recorded("policy-set").await;
            let result = clinic.try_rule_for(subject, set).await;
            let changes = clinic.recorded("policy-set").await - before;
            match (&result, whom) {
                (Ok(_), None) => assert_eq!(changes, 1, "{case}"),
                (Err(policy::Error::NoFactorLeft(_, who)), Some(expected)) => {
                    assert_eq!((who.as_str(), changes), (expected, 0), "{case}");
                }
                _ => panic!("{case}: {result:?}"),
            }
        }
        clinic.try_rule_for(owner, (server(), (KINDS, "passkey"), Care::Forced)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_so_already_writes_nothing_and_is_tried_no_more() {
    const IDLE: (Setting, &str) = (Setting::SessionIdle, "15m");
    for clinic in Clinic::each().await {
        let set = |value: &'static str| clinic.try_rule((Setting::SessionIdle, value), Care::SpareOwners);
        let counted = || async {
            let (sets, kept) = (clinic.recorded("policy-set").await, clinic.recorded("policy-keep").await);
            (sets, clinic.recorded("policy-trial").await, kept)
        };
        assert_eq!(set("15m").await.unwrap().effect, Effect::Changed);
        assert_eq!(
            set("15m").await.unwrap(),
            Outcome { former: Some("15m".into()), effect: Effect::Unchanged, is_unchecked: false }
        );
        assert_eq!(set("900s").await.unwrap().effect, Effect::Unchanged, "in other words");
        assert_eq!(counted().await, (1, 0, 0));

        // What is so already cannot be tried; what is tried can be tried for longer, and set in earnest.
        assert_eq!(clinic.tries(IDLE).await.effect, Effect::Unchanged);
        assert_eq!(clinic.tries((Setting::SessionIdle, "10m")).await.effect, Effect::Changed);
        clinic.app.clock.advance(Duration::from_mins(6));
        assert_eq!(clinic.tries((Setting::SessionIdle, "10m")).await.effect, Effect::Changed);
        clinic.app.clock.advance(Duration::from_mins(6));
        assert_eq!(trial::roll_back(&clinic.app).await.unwrap(), 0, "it was tried again");
        assert_eq!(counted().await, (2, 2, 0));
        assert_eq!(set("10m").await.unwrap().effect, Effect::Kept);
        assert_eq!(counted().await, (2, 2, 1));
        clinic.app.clock.advance(Duration::from_mins(11));
        assert_eq!(trial::roll_back(&clinic.app).await.unwrap(), 0, "it is kept");
        assert_eq!(set("10m").await.unwrap().effect, Effect::Unchanged);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_lets_owners_in_from_elsewhere_is_not_taken_back_without_a_word() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        clinic.comes("olivia", ("198.51.100.7", 1), None).await;
        clinic.try_rule((Setting::NetworkOtherwise, "alert"), Care::SpareOwners).await.unwrap();
        clinic.try_rule((Setting::NetworkAllowed, "10.0.0.0/8"), Care::SpareOwners).await.unwrap();
        let unset = async |care: Care| {
            let (app, context, at) = (clinic.app.clone(), clinic.context(), clinic.organization("riverside").await);
            clinic
                .app
                .storage
                .write::<_, policy::Error, _>(move |tx| {
                    Box::pin(async move {
                        let whom = ((SubjectKind::Organization, ""), "riverside");
                        let change = (Setting::NetworkOtherwise, care);
                        changing::unset_with_care(tx, (&app, &context), &at, whom, change).await
                    })
                })
                .await
        };
        let refused = unset(Care::SpareOwners).await.unwrap_err();
        assert!(matches!(refused, policy::Error::StopsOwners(Setting::NetworkOtherwise)), "{refused}");
        assert_eq!(unset(Care::Forced).await.unwrap(), "alert", "nothing was changed before");
    }
}
