//! Which factors rules let somebody set up and use.
//!
//! A kind that rules leave out is not set up any more, and proves nobody who has one of another kind. Whoever has none goes on
//! with what they have, and nobody falls back to a password alone.

use std::collections::BTreeSet;

use super::{
    assurance,
    factor::{Factor, Kind, passkey::Asked},
};
use crate::{
    config::Factors,
    id::UserId,
    policy::{Applying, Policies},
    session::Session,
    setting::Setting,
    storage,
};

/// What rules say of factors.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    kinds: Option<BTreeSet<String>>,
    /// Which codes are sent at all.
    sent: Factors,
    /// What is asked of a passkey.
    pub of_keys: Asked,
}

impl Allowed {
    /// What these rules come to, of the kinds that there are.
    #[must_use]
    pub fn of(rules: &Applying<'_>, factors: Factors) -> Self {
        let of_keys = Asked {
            verification: rules.choice(Setting::FactorPasskeyUserVerification) == Some("required"),
            models: rules.words(Setting::FactorPasskeyModels),
        };
        Self { kinds: rules.words(Setting::FactorKinds), sent: factors, of_keys }
    }

    /// What the rules for a person come to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_person(policies: &Policies, user: &UserId) -> storage::Result<Self> {
        Ok(Self::of(&policies.of_person(user).await?.all(), policies.app.config.factors))
    }

    /// Whether factors of this kind may be set up.
    #[must_use]
    pub fn holds(&self, kind: Kind) -> bool {
        let is_there = match kind {
            Kind::Email => self.sent.email,
            Kind::Sms => self.sent.sms,
            Kind::Totp | Kind::Passkey => true,
        };
        is_there && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind.as_str()))
    }

    /// The kinds by which whoever has these factors proves themselves.
    #[must_use]
    pub fn proving(&self, factors: &[Factor]) -> Vec<Kind> {
        // Nobody can be sent a text message where there is no gateway any more.
        let is_open = |one: &&Factor| one.closed_at.is_none() && (one.kind != Kind::Sms || self.sent.sms);
        let open: Vec<Kind> = factors.iter().filter(is_open).map(|one| one.kind).collect();
        let allowed: Vec<Kind> = open.iter().copied().filter(|kind| self.holds(*kind)).collect();
        if allowed.is_empty() { open } else { allowed }
    }

    /// The surest that they can prove; by recovery codes alone, where every factor is closed.
    #[must_use]
    pub fn reach(&self, factors: &[Factor]) -> &'static str {
        match assurance::reach(self.proving(factors)) {
            assurance::PASSWORD if !factors.is_empty() => assurance::MULTI_FACTOR,
            reach => reach,
        }
    }
}

/// Whether a session may change what signs its person in most surely (passkeys, recovery codes): whoever has a passkey has
/// proved one, or come by a recovery code. A code that somebody got hold of makes no key of theirs the person's.
///
/// # Errors
/// When the database fails.
pub async fn may_change_the_surest(policies: &Policies, session: &Session) -> storage::Result<bool> {
    let allowed = Allowed::of_person(policies, &session.user).await?;
    let mut tx = policies.app.storage.read().await?;
    let reach = allowed.reach(&tx.factors().of_user(&session.user).await?);
    if reach != assurance::PHISHING_RESISTANT || assurance::meets(&session.acr, reach) {
        return Ok(true);
    }
    tx.recovery_codes().was_used_at(&session.user, session.auth_time).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        authentication::assurance::{MULTI_FACTOR as TWO, PASSWORD as ONE, PHISHING_RESISTANT as KEY},
        clock::Timestamp,
        id::FactorId,
        policy::{Rule, Rules, Subject},
    };

    const APP: (Kind, bool) = (Kind::Totp, false);
    const OPEN: (Kind, bool) = (Kind::Passkey, false);
    const CLOSED: (Kind, bool) = (Kind::Passkey, true);
    const MAIL: (Kind, bool) = (Kind::Email, false);
    const PHONE: (Kind, bool) = (Kind::Sms, false);
    const PAUSED: (Kind, bool) = (Kind::Email, true);

    fn factor((kind, is_closed): (Kind, bool)) -> Factor {
        Factor {
            id: FactorId::from_stored(String::new()),
            user: UserId::from_stored(String::new()),
            kind,
            name: String::new(),
            created_at: Timestamp(0),
            last_used_at: None,
            closed_at: is_closed.then_some(Timestamp(1)),
        }
    }

    #[test]
    fn a_kind_that_is_left_out_proves_nobody_who_has_another_and_nobody_falls_back_to_a_password() {
        for (kinds, factors, proving, reach) in [
            (None, &[][..], &[][..], ONE),
            (None, &[APP, OPEN], &[Kind::Totp, Kind::Passkey], KEY),
            (None, &[APP, CLOSED], &[Kind::Totp], TWO),
            (None, &[CLOSED], &[], TWO),
            (Some("passkey"), &[APP, OPEN], &[Kind::Passkey], KEY),
            (Some("passkey"), &[APP], &[Kind::Totp], TWO),
            (Some("passkey"), &[APP, CLOSED], &[Kind::Totp], TWO),
            (Some("totp"), &[APP, OPEN], &[Kind::Totp], TWO),
            (Some("totp"), &[OPEN], &[Kind::Passkey], KEY),
            (None, &[MAIL], &[Kind::Email], TWO),
            (None, &[MAIL, APP], &[Kind::Email, Kind::Totp], TWO),
            (Some("totp"), &[MAIL, APP], &[Kind::Totp], TWO),
            (Some("totp"), &[MAIL], &[Kind::Email], TWO),
            (None, &[PAUSED], &[], TWO),
            (None, &[PHONE, APP], &[Kind::Sms, Kind::Totp], TWO),
            (Some("totp"), &[PHONE], &[Kind::Sms], TWO),
            (Some("sms, passkey"), &[PHONE, OPEN, MAIL], &[Kind::Sms, Kind::Passkey], KEY),
        ] {
            let setting = Setting::FactorKinds;
            let rule = |text: &str| {
                let value = setting.kind().parse(text).expect("kinds");
                Rule { subject: Subject::Everybody, setting, value }
            };
            let rules = Rules::of(kinds.map(rule).into_iter().collect());
            let (allowed, has) = (
                Allowed::of(&rules.all(), Factors { email: true, sms: true }),
                factors.iter().copied().map(factor).collect::<Vec<_>>(),
            );
            assert_eq!(
                (allowed.proving(&has).as_slice(), allowed.reach(&has)),
                (proving, reach),
                "{kinds:?} {factors:?}"
            );
        }
    }
}
