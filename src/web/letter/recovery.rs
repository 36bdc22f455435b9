//! The letters about letting somebody in who has lost every factor, and about emergency accounts.

use super::{Letter, Letterhead};
use crate::clock::Timestamp;

/// What has become of an emergency account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmergencyNews {
    /// It was made: by its link a key can be registered.
    Made,
    /// It got another link, and its key is gone.
    Rotated,
    /// It has a key now.
    SetUp,
    /// It signed in.
    Used,
    /// It is no more.
    Removed,
}

impl EmergencyNews {
    /// All of it.
    pub const ALL: [Self; 5] = [Self::Made, Self::Rotated, Self::SetUp, Self::Used, Self::Removed];

    /// As it is stored, and told to a webhook.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Made => "emergency-account-made",
            Self::Rotated => "emergency-account-rotated",
            Self::SetUp => "emergency-account-set-up",
            Self::Used => "emergency-account-used",
            Self::Removed => "emergency-account-removed",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// What has become of a request to let somebody in who has lost every factor, as the person is told.
#[derive(Debug, Clone, Copy)]
pub enum RecoveryStep<'a> {
    /// It was made in this organization, and is open until then; the link ends it.
    Asked {
        /// The organization's name.
        organization: &'a str,
        /// When it ends by itself.
        until: Timestamp,
    },
    /// The link lets them in.
    Agreed,
    /// The link was shown on the host.
    Shown,
    /// It goes no further.
    Ended,
}

/// The same, as those are told who look after the members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryNews {
    /// It was made.
    Asked,
    /// Somebody agreed.
    Agreed,
    /// It goes no further.
    Ended,
    /// The person used the link.
    Used,
}

impl Letterhead {
    /// Word of an emergency account, from `address` (empty: from the host) at `at`; `href` leads to the reader's account.
    #[must_use]
    pub fn emergency(
        &self,
        news: EmergencyNews,
        (account, organization): (&str, &str),
        (address, at): (&str, Timestamp),
        href: &str,
    ) -> Letter {
        let t = &self.texts().suspicion;
        let at = self.language.date_and_time(at);
        let facts = if address.is_empty() { (t.on_host)(&at) } else { (t.facts)(address, &at) };
        let (kind, subject, lead, next) = match news {
            EmergencyNews::Made => {
                let lead = (t.emergency_made_lead)(account, organization);
                ("emergency-made", t.emergency_made, lead, t.emergency_link_next)
            }
            EmergencyNews::Rotated => {
                let lead = (t.emergency_rotated_lead)(account, organization);
                ("emergency-rotated", t.emergency_rotated, lead, t.emergency_link_next)
            }
            EmergencyNews::Used => {
                ("emergency-use", t.emergency, (t.emergency_lead)(account, organization), t.emergency_next)
            }
            EmergencyNews::SetUp => {
                ("emergency-key", t.emergency_key, (t.emergency_key_lead)(account, organization), t.emergency_key_next)
            }
            EmergencyNews::Removed => {
                let lead = (t.emergency_removed_lead)(account, organization);
                ("emergency-removed", t.emergency_removed, lead, t.emergency_removed_next)
            }
        };
        self.write(kind, subject, &self.body(vec![lead, facts, next.into()], (t.button, href), vec![]))
    }

    /// Word to somebody for whom it was asked that they be let in without a second factor; `href` is the link of this step.
    #[must_use]
    pub fn recovery(&self, step: &RecoveryStep<'_>, href: &str) -> Letter {
        let t = &self.texts().recovery;
        let (kind, subject, button, before, after) = match *step {
            RecoveryStep::Asked { organization, until } => {
                let until = (t.open_until)(&self.language.date_and_time(until));
                let before = vec![(t.asked_lead)(organization), t.asked_next.into(), t.asked_stop.into()];
                ("recovery-asked", t.asked_subject, t.stop, before, vec![until])
            }
            RecoveryStep::Agreed => {
                let before = vec![t.agreed_lead.into(), t.agreed_effect.into()];
                let after = vec![t.agreed_expires.into(), t.agreed_not_you.into()];
                ("recovery-agreed", t.agreed_subject, t.agreed_button, before, after)
            }
            RecoveryStep::Shown => (
                "recovery-shown",
                t.agreed_subject,
                t.account,
                vec![t.shown_lead.into(), t.shown_effect.into()],
                vec![],
            ),
            RecoveryStep::Ended => {
                ("recovery-ended", t.ended_subject, t.account, vec![t.ended_lead.into(), t.ended_effect.into()], vec![])
            }
        };
        self.write(kind, subject, &self.body(before, (button, href), after))
    }

    /// Word that the host asked that `name` be let in without a second factor, which counts from `at` on; `href` ends it.
    #[must_use]
    pub fn recovery_delayed(&self, name: &str, at: Timestamp, href: &str) -> Letter {
        let t = &self.texts().recovery;
        let at = (t.delayed_at)(&self.language.date_and_time(at));
        let body = self.body(vec![(t.delayed_lead)(name), at, t.delayed_stop.into()], (t.stop, href), vec![]);
        self.write("recovery-delayed", &(t.news_subject)(name), &body)
    }

    /// Word of it to somebody who looks after the members; `href` leads to what waits.
    #[must_use]
    pub fn recovery_news(&self, news: RecoveryNews, name: &str, href: &str) -> Letter {
        let t = &self.texts().recovery;
        let (kind, lead, next) = match news {
            RecoveryNews::Asked => ("recovery-waiting", (t.news_asked)(name), t.news_asked_next),
            RecoveryNews::Agreed => ("recovery-news", (t.news_agreed)(name), t.news_next),
            RecoveryNews::Ended => ("recovery-news", (t.news_ended)(name), t.news_next),
            RecoveryNews::Used => ("recovery-news", (t.news_used)(name), t.news_next),
        };
        let body = self.body(vec![lead, next.into()], (t.news_button, href), vec![]);
        self.write(kind, &(t.news_subject)(name), &body)
    }
}
