//! Who deserves a look: leavers whom nobody put out, orphans, and what was forgotten.
//!
//! A plain function judges what is known of one member; the store reads members by the page, so that a large organization
//! costs no more memory than a small one. Here nothing is changed: whoever reads the report decides. When a member was last
//! here is what this organization may know: the last sign-in to one of its apps, or the last time that an app went on there
//! for them.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    clock::Timestamp,
    id::{InvitationId, MembershipId, OrganizationId, UserId},
    storage::{self, Tx},
    text::{EmailAddress, Name, Slug, names},
};

use super::{membership::Entrance, origin::Origin, validity::Validity};

names! {
    /// Why somebody deserves a look.
    Reason:
        /// Every source that named the member has ended.
        SourceEnded = "source-ended",
        /// Every source that names the member has been silent for long.
        SourceSilent = "source-silent",
        /// A source has been heard since, but not of the member.
        NotRepeated = "not-repeated",
        /// No source names the member, though the organization has one.
        NoSource = "no-source",
        /// Never signed in to an app here.
        NeverSignedIn = "never-signed-in",
        /// Not here for long.
        Unused = "unused",
        /// Neither a role, nor a group, nor a permission.
        NoRole = "no-role",
        /// The address was never proved.
        Unverified = "unverified",
        /// Nothing to sign in with, and no invitation to answer.
        CannotSignIn = "cannot-sign-in",
        /// Out, and still with a session or tokens.
        StillLive = "still-live",
        /// The only lasting owner.
        OnlyOwner = "only-owner",
        /// An invitation that nobody answers.
        OldInvitation = "old-invitation",
        /// A service of which no active member is a contact.
        ServiceWithoutOwner = "service-without-owner";
}

impl Reason {
    /// Whether an active member is meant, who may be suspended for it.
    #[must_use]
    pub const fn is_of_active_member(self) -> bool {
        matches!(
            self,
            Self::SourceEnded
                | Self::SourceSilent
                | Self::NotRepeated
                | Self::NoSource
                | Self::NeverSignedIn
                | Self::Unused
                | Self::NoRole
                | Self::Unverified
                | Self::CannotSignIn
        )
    }
}

/// How long is long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Without coming.
    pub unused: Duration,
    /// For a source to be silent.
    pub silent: Duration,
    /// For a source not to repeat a member; not looked at without it, as many sources tell what changes and no more.
    pub repeated: Option<Duration>,
    /// For an invitation to wait.
    pub invited: Duration,
}

/// An outside source, whether it may still speak or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// As attributes keep it.
    pub origin: Origin,
    /// What people call it.
    pub name: String,
    /// Since when it cannot speak any more: removed, or without a token that counts.
    pub ended_at: Option<Timestamp>,
    /// Whether it may tell of people: not where it reads, or tells of groups alone.
    pub tells: bool,
    /// When it last spoke, as far as that is known.
    pub heard_at: Option<Timestamp>,
}

impl Voice {
    fn is_speaking(&self) -> bool {
        self.ended_at.is_none()
    }
}

/// What is known of one member.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The membership.
    pub membership: MembershipId,
    /// The person.
    pub user: UserId,
    /// The person's name.
    pub name: Name,
    /// Of what kind it is.
    pub kind: Slug,
    /// Where they are written to.
    pub email: Option<EmailAddress>,
    /// Whether and how they can sign in.
    pub entrance: Entrance,
    /// An address that a source said of them.
    pub said_address: Option<EmailAddress>,
    /// Whether that was proved.
    pub is_verified: bool,
    /// Whether they have not joined yet.
    pub is_pending: bool,
    /// When the membership was made.
    pub created_at: Timestamp,
    /// When it holds.
    pub validity: Validity,
    /// Since when they are out, here or everywhere.
    pub disabled_at: Option<Timestamp>,
    /// Whatever made the membership or wrote anything of it.
    pub origins: BTreeSet<Origin>,
    /// When a source last named them.
    pub said_at: Option<Timestamp>,
    /// When they were last here.
    pub used_at: Option<Timestamp>,
    /// Whether they hold anything: a role, a group, a permission.
    pub holds: bool,
    /// Until when a session or token of theirs counts here.
    pub live_until: Option<Timestamp>,
}

/// Why somebody is in the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub since: Option<Timestamp>,
    /// The sources that are meant, by name.
    pub sources: Vec<String>,
}

impl Finding {
    fn new(reason: Reason, since: Option<Timestamp>) -> Self {
        Self { reason, since, sources: vec![] }
    }
}

/// An invitation that nobody answers.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The invitation.
    pub invitation: InvitationId,
    /// The membership that waits for it, which a source made.
    pub membership: Option<MembershipId>,
    /// Whom it was sent to.
    pub email: EmailAddress,
    /// Since when it waits.
    pub created_at: Timestamp,
    /// Who made that membership.
    pub origin: Option<Origin>,
}

/// What is to be said of a member; nothing of most.
#[must_use]
pub fn judge(subject: &Subject, voices: &[Voice], (limits, now): (&Limits, Timestamp)) -> Vec<Finding> {
    let is_out = subject.disabled_at.is_some() || !subject.validity.contains(now);
    let cannot_sign_in = || Finding {
        sources: voices
            .iter()
            .filter(|one| subject.origins.contains(&one.origin))
            .map(|one| one.name.clone())
            .collect(),
        ..Finding::new(Reason::CannotSignIn, Some(subject.created_at))
    };
    let is_shut_out = !is_out && subject.entrance == Entrance::None;
    if subject.is_pending {
        // The invitation is looked at, where there is one.
        return is_shut_out.then(cannot_sign_in).into_iter().collect();
    }
    if subject.disabled_at.is_some() || subject.validity.is_over(now) {
        let since = subject.disabled_at.or(subject.validity.until);
        let is_live = subject.live_until.is_some_and(|until| until > now);
        return is_live.then(|| Finding::new(Reason::StillLive, since)).into_iter().collect();
    }
    if !subject.validity.contains(now) {
        return vec![];
    }
    let mut found: Vec<Finding> = by_source(subject, voices, (limits, now)).into_iter().collect();
    found.extend(by_use(subject, (limits, now)));
    if !subject.holds {
        found.push(Finding::new(Reason::NoRole, Some(subject.created_at)));
    }
    found.extend(is_shut_out.then(cannot_sign_in));
    if subject.email.is_some() && !subject.is_verified {
        found.push(Finding::new(Reason::Unverified, Some(subject.created_at)));
    }
    found
}

fn by_source(subject: &Subject, voices: &[Voice], (limits, now): (&Limits, Timestamp)) -> Option<Finding> {
    let outside: Vec<&Origin> = subject.origins.iter().filter(|origin| origin.is_outside()).collect();
    if outside.is_empty() {
        // One that may tell of people and never did is no sign that somebody should have been named.
        let is_orphan = voices.iter().any(|voice| voice.is_speaking() && voice.tells && voice.heard_at.is_some());
        return is_orphan.then(|| Finding::new(Reason::NoSource, Some(subject.created_at)));
    }
    let of: Vec<&Voice> = voices.iter().filter(|voice| outside.contains(&&voice.origin)).collect();
    let speaking: Vec<&Voice> = of.iter().copied().filter(|voice| voice.is_speaking()).collect();
    let names = |voices: &[&Voice]| voices.iter().map(|voice| voice.name.clone()).collect();
    if speaking.is_empty() {
        let since = of.iter().filter_map(|voice| voice.ended_at).max().or(subject.said_at);
        return Some(Finding { sources: names(&of), ..Finding::new(Reason::SourceEnded, since) });
    }
    let heard_at = speaking.iter().filter_map(|voice| voice.heard_at.or(subject.said_at)).max();
    if heard_at.is_none_or(|at| now.since(at) > limits.silent) {
        return Some(Finding { sources: names(&speaking), ..Finding::new(Reason::SourceSilent, heard_at) });
    }
    let said_at = subject.said_at.unwrap_or(subject.created_at);
    let is_forgotten = limits.repeated.is_some_and(|limit| now.since(said_at) > limit);
    let is_heard = heard_at.is_some_and(|at| at > said_at);
    (is_forgotten && is_heard)
        .then(|| Finding { sources: names(&speaking), ..Finding::new(Reason::NotRepeated, Some(said_at)) })
}

fn by_use(subject: &Subject, (limits, now): (&Limits, Timestamp)) -> Option<Finding> {
    let (reason, since) = match subject.used_at {
        Some(at) => (Reason::Unused, at),
        None => (Reason::NeverSignedIn, subject.created_at),
    };
    (now.since(since) > limits.unused).then(|| Finding::new(reason, Some(since)))
}

/// Members of one page, with what is to be said of them, and the last one of the page; none after the last page.
///
/// # Errors
/// When the database fails.
pub async fn page(
    tx: &mut Tx,
    organization: &OrganizationId,
    (voices, limits, now): (&[Voice], &Limits, Timestamp),
    after: Option<&MembershipId>,
) -> storage::Result<(Vec<(Subject, Vec<Finding>)>, Option<MembershipId>)> {
    let subjects = tx.reviews().page(organization, after, now).await?;
    let last = subjects.last().map(|subject| subject.membership.clone());
    let judged = subjects.into_iter().map(|subject| {
        let found = judge(&subject, voices, (limits, now));
        (subject, found)
    });
    Ok((judged.filter(|(_, found)| !found.is_empty()).collect(), last))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const LIMITS: Limits = Limits { unused: days(90), silent: days(30), repeated: Some(days(7)), invited: days(14) };

    const fn days(days: u64) -> Duration {
        Duration::from_hours(24 * days)
    }

    fn ago(number: u64) -> Timestamp {
        NOW.minus(days(number))
    }

    fn origin(text: &str) -> Origin {
        Origin::from_stored(text.to_owned())
    }

    /// Priya, about whom there is nothing to say.
    fn priya() -> Subject {
        Subject {
            membership: MembershipId::from_stored("mem_1".into()),
            user: UserId::from_stored("usr_1".into()),
            name: Name::from_stored("Priya".into()),
            kind: Slug::from_stored("practitioner".into()),
            email: Some(EmailAddress::from_stored("priya@x.example".into())),
            entrance: Entrance::Open,
            said_address: None,
            is_verified: true,
            is_pending: false,
            created_at: ago(400),
            validity: Validity::ALWAYS,
            disabled_at: None,
            origins: [origin("user:usr_2"), origin("scim:entra")].into(),
            said_at: Some(ago(2)),
            used_at: Some(ago(1)),
            holds: true,
            live_until: None,
        }
    }

    fn voice(name: &str, ended: Option<u64>, heard: Option<u64>) -> Voice {
        let origin = origin(&format!("scim:{name}"));
        Voice { origin, name: name.to_owned(), ended_at: ended.map(ago), tells: true, heard_at: heard.map(ago) }
    }

    /// What is said of Priya as `change` makes her, where there is a source that was heard yesterday.
    fn found(change: &dyn Fn(&mut Subject), voices: &[Voice]) -> Vec<(Reason, Option<Timestamp>)> {
        let mut subject = priya();
        change(&mut subject);
        judge(&subject, voices, (&LIMITS, NOW)).into_iter().map(|one| (one.reason, one.since)).collect()
    }

    #[test]
    fn a_member_is_told_of_for_what_is_wrong_and_for_nothing_else() {
        type Case<'a> = (&'a str, &'a dyn Fn(&mut Subject), &'a [(Reason, Option<Timestamp>)]);
        let out = |one: &mut Subject| one.disabled_at = Some(ago(5));
        let out_until = |one: &mut Subject, until| (one.disabled_at, one.live_until) = (Some(ago(5)), Some(until));
        let shut_out = |one: &mut Subject| (one.entrance, one.email) = (Entrance::None, None);
        let cases: [Case<'_>; 17] = [
            ("as it should be", &|_| {}, &[]),
            ("used 90 days ago", &|one| one.used_at = Some(ago(90)), &[]),
            ("used 91 days ago", &|one| one.used_at = Some(ago(91)), &[(Reason::Unused, Some(ago(91)))]),
            ("never here", &|one| one.used_at = None, &[(Reason::NeverSignedIn, Some(ago(400)))]),
            ("new and not here yet", &|one| (one.used_at, one.created_at) = (None, ago(3)), &[]),
            ("holds nothing", &|one| one.holds = false, &[(Reason::NoRole, Some(ago(400)))]),
            ("made up an address", &|one| one.is_verified = false, &[(Reason::Unverified, Some(ago(400)))]),
            ("has no address", &|one| (one.is_verified, one.email) = (false, None), &[]),
            ("out", &out, &[]),
            ("out, with a session that is over", &|one| out_until(one, NOW), &[]),
            ("out, with a session", &|one| out_until(one, NOW.plus(days(1))), &[(Reason::StillLive, Some(ago(5)))]),
            ("over", &|one| (one.validity.until, one.used_at) = (Some(ago(9)), None), &[]),
            ("still to come", &|one| (one.validity.from, one.used_at) = (Some(NOW.plus(days(1))), None), &[]),
            (
                "is invited",
                &|one| (one.is_pending, one.entrance, one.used_at, one.holds) = (true, Entrance::Invited, None, false),
                &[],
            ),
            (
                "has not joined and cannot",
                &|one| (one.is_pending, one.entrance, one.used_at) = (true, Entrance::None, None),
                &[(Reason::CannotSignIn, Some(ago(400)))],
            ),
            ("has nothing to sign in with", &shut_out, &[(Reason::CannotSignIn, Some(ago(400)))]),
            (
                "has nothing to sign in with, and is out",
                &|one| {
                    shut_out(one);
                    out(one);
                },
                &[],
            ),
        ];
        for (case, change, expected) in cases {
            assert_eq!(found(change, &[voice("entra", None, Some(1))]), expected, "{case}");
        }
    }

    #[test]
    fn a_member_whom_no_source_confirms_is_told_of() {
        type Case<'a> = (&'a str, &'a dyn Fn(&mut Subject), &'a [Voice], Option<(Reason, Option<Timestamp>)>);
        let by_hand = |one: &mut Subject| one.origins = [origin("user:usr_2")].into();
        let both = |one: &mut Subject| one.origins = [origin("scim:entra"), origin("scim:hr")].into();
        let said = |days: u64| move |one: &mut Subject| one.said_at = Some(ago(days));
        let (heard, ended) = (voice("entra", None, Some(1)), voice("entra", Some(3), Some(10)));
        let silent = voice("entra", None, Some(31));
        let (unheard, reader) = (voice("entra", None, None), Voice { tells: false, ..heard.clone() });
        let cases: [Case<'_>; 13] = [
            ("no source anywhere", &by_hand, &[], None),
            ("beside a source that was never heard", &by_hand, std::slice::from_ref(&unheard), None),
            ("beside one that may tell of nobody", &by_hand, std::slice::from_ref(&reader), None),
            ("ended sources alone", &by_hand, std::slice::from_ref(&ended), None),
            (
                "by hand, beside a source",
                &by_hand,
                std::slice::from_ref(&heard),
                Some((Reason::NoSource, Some(ago(400)))),
            ),
            ("its source ended", &|_| {}, std::slice::from_ref(&ended), Some((Reason::SourceEnded, Some(ago(3))))),
            ("its source is not known", &|_| {}, &[], Some((Reason::SourceEnded, Some(ago(2))))),
            ("one of two ended", &both, &[ended.clone(), voice("hr", None, Some(1))], None),
            (
                "its source is silent",
                &|_| {},
                std::slice::from_ref(&silent),
                Some((Reason::SourceSilent, Some(ago(31)))),
            ),
            ("one of two is silent", &both, &[silent.clone(), voice("hr", None, Some(1))], None),
            ("not repeated", &said(8), std::slice::from_ref(&heard), Some((Reason::NotRepeated, Some(ago(8))))),
            ("not repeated for less", &said(7), std::slice::from_ref(&heard), None),
            ("not repeated by whom nobody heard", &said(8), &[voice("entra", None, Some(9))], None),
        ];
        for (case, change, voices, expected) in cases {
            assert_eq!(found(change, voices), expected.into_iter().collect::<Vec<_>>(), "{case}");
        }
        let mut late = priya();
        late.said_at = Some(ago(300));
        let never = Limits { repeated: None, ..LIMITS };
        assert_eq!(judge(&late, &[heard], (&never, NOW)), [], "unless somebody asks for it");
    }
}
