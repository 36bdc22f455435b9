//! What becomes of a rule that is set: one that would stop every owner, or leave somebody no factor, is refused; one that says
//! what is so already changes nothing.

use std::time::Duration;

use lanyard::{
    audit::{Actor, Context},
    authentication::assurance::{Assurance, Method},
    policy::{
        self,
        changing::{self, Care, Effect, Outcome},
        preset, trial,
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
        let who = Authenticated { user, proof, user_agent: "test".into(), browser: None, via: None };
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

    /// Tries a rule for the whole organization, or tries to do without.
    async fn tries(&self, (setting, value): (Setting, &str)) -> Outcome {
        let (app, context, at) = (self.app.clone(), self.context(), self.organization("riverside").await);
        let value = (!value.is_empty()).then(|| setting.kind().parse(value).unwrap());
        self.write(move |tx| {
            Box::pin(async move {
                let whom = ((SubjectKind::Organization, ""), "riverside");
                Ok(trial::begin(tx, (&app, &context), &at, whom, (setting, value.as_ref(), Care::SpareOwners)).await?)
            })
        })
        .await
    }

    /// Takes a rule for the whole organization back.
    async fn unsets(&self, (setting, care): (Setting, Care)) -> Result<Option<String>, policy::Error> {
        let (app, context, at) = (self.app.clone(), self.context(), self.organization("riverside").await);
        self.app
            .storage
            .write::<_, policy::Error, _>(move |tx| {
                Box::pin(async move {
                    let whom = ((SubjectKind::Organization, ""), "riverside");
                    changing::unset_with_care(tx, (&app, &context), &at, whom, (setting, care)).await
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

        // The last one counts alone, but for one in which there may have been somebody else.
        clinic.comes("olivia", ("192.0.2.99", 48), SIGNED_OUT).await;
        assert!(stops(&clinic.networks("192.0.2.7").await), "they were elsewhere since");
        for misused in EndReason::ALL.into_iter().filter(|reason| reason.is_doubtful()) {
            clinic.comes("olivia", ("203.0.113.66", 30), Some(misused)).await;
            assert!(stops(&clinic.networks("203.0.113.66").await), "{misused:?}");
            assert!(!stops(&clinic.networks("192.0.2.99").await), "{misused:?}");
        }
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
        let unset = async |care: Care| clinic.unsets((Setting::NetworkOtherwise, care)).await;
        let refused = unset(Care::SpareOwners).await.unwrap_err();
        assert!(matches!(refused, policy::Error::StopsOwners(Setting::NetworkOtherwise)), "{refused}");
        assert_eq!(unset(Care::Forced).await.unwrap().as_deref(), Some("alert"), "nothing was changed before");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_owners_only_when_something_tried_is_over_is_refused_as_well() {
    const ALLOWED: Setting = Setting::NetworkAllowed;
    const OTHERWISE: Setting = Setting::NetworkOtherwise;
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        clinic.comes("olivia", ("198.51.100.7", 0), None).await;
        for (case, before, tried, set) in [
            ("a word that was not there before", vec![], (OTHERWISE, "alert"), (ALLOWED, "10.0.0.0/8")),
            ("a milder word", vec![(OTHERWISE, "deny")], (OTHERWISE, "step-up"), (ALLOWED, "10.0.0.0/8")),
            (
                "a wider network",
                vec![(OTHERWISE, "alert"), (ALLOWED, "10.0.0.0/8")],
                (ALLOWED, "10.0.0.0/8, 198.51.100.0/24"),
                (OTHERWISE, "deny"),
            ),
            (
                "no network at all",
                vec![(OTHERWISE, "alert"), (ALLOWED, "10.0.0.0/8")],
                (ALLOWED, ""),
                (OTHERWISE, "deny"),
            ),
        ] {
            for rule in &before {
                clinic.try_rule(*rule, Care::Forced).await.unwrap();
            }
            clinic.tries(tried).await;
            let refused = clinic.try_rule(set, Care::SpareOwners).await;
            assert!(stops(&refused), "{case}: {refused:?}");
            let hint = refused.unwrap_err().to_string();
            assert!(hint.contains("when what is tried is over"), "{hint}");
            let olivia = clinic.app.context(Actor::User(clinic.user("olivia").await));
            let olivia = Context { address: Some("198.51.100.7".to_owned()), ..olivia };
            let mild = (ALLOWED, "198.51.100.0/24");
            clinic.try_rule_for((SubjectKind::Organization, ""), (olivia, mild, Care::SpareOwners)).await.unwrap();
            for setting in [ALLOWED, OTHERWISE] {
                clinic.unsets((setting, Care::Forced)).await.ok();
            }
        }
        // What is kept is not rolled back.
        clinic.tries((OTHERWISE, "alert")).await;
        clinic.try_rule((OTHERWISE, "alert"), Care::SpareOwners).await.unwrap();
        clinic.try_rule((ALLOWED, "10.0.0.0/8"), Care::SpareOwners).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_tried_without_is_taken_back_for_good() {
    const HISTORY: Setting = Setting::PasswordHistory;
    for clinic in Clinic::each().await {
        let rolls_back = async || {
            clinic.app.clock.advance(trial::LENGTH);
            trial::roll_back(&clinic.app).await.unwrap()
        };
        let kept = async || clinic.recorded("policy-keep").await;
        // By name, and by a preset that says nothing of it.
        clinic.try_rule((HISTORY, "5"), Care::SpareOwners).await.unwrap();
        assert_eq!(clinic.tries((HISTORY, "")).await.former.as_deref(), Some("5"));
        assert_eq!(clinic.unsets((HISTORY, Care::SpareOwners)).await.unwrap().as_deref(), Some("5"));
        assert_eq!((kept().await, rolls_back().await), (1, 0));
        let again = clinic.unsets((HISTORY, Care::SpareOwners)).await.unwrap_err();
        assert!(matches!(again, policy::Error::NoRule(HISTORY)), "{again}");

        clinic.try_rule((HISTORY, "5"), Care::SpareOwners).await.unwrap();
        clinic.tries((HISTORY, "")).await;
        let (app, context, at) = (clinic.app.clone(), clinic.context(), clinic.organization("riverside").await);
        clinic
            .write(move |tx| {
                Box::pin(async move {
                    let whom = ((SubjectKind::Organization, ""), "riverside");
                    let preset = preset::named("nist-800-63b").unwrap();
                    Ok(preset::apply(tx, (&app, &context), &at, whom, preset).await?)
                })
            })
            .await;
        assert_eq!((kept().await, rolls_back().await), (2, 0));

        // Tried for longer, it comes back later.
        clinic.try_rule((HISTORY, "5"), Care::SpareOwners).await.unwrap();
        clinic.tries((HISTORY, "")).await;
        clinic.app.clock.advance(trial::LENGTH / 2);
        clinic.tries((HISTORY, "")).await;
        clinic.app.clock.advance(trial::LENGTH / 2);
        assert_eq!(trial::roll_back(&clinic.app).await.unwrap(), 0, "it was tried again");
        assert_eq!(rolls_back().await, 1);
        assert_eq!(clinic.unsets((HISTORY, Care::SpareOwners)).await.unwrap().as_deref(), Some("5"));
        // What was only tried was nothing before.
        clinic.tries((HISTORY, "3")).await;
        assert_eq!(clinic.unsets((HISTORY, Care::SpareOwners)).await.unwrap(), None);
    }
}
