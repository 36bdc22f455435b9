//! Browsers in which a person is not asked for the second factor again, for as long as `factor.remember` lets them.
//!
//! Bound to the browser's cookie; void once the password is changed and once any factor is, and by the person or an administrator; never at a shared
//! workstation, and where a browser becomes one or was one, void too (`directory::station`).
//! Such a sign-in proves a password and nothing else, which `amr` says (RFC 8176 has no word for a browser that is known): its
//! `acr` is its own. Rules that ask for two factors take it, since a rule lets it; apps that ask for them do not, nor does
//! whatever changes factors: both ask for the factor.

use std::time::Duration;

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    directory::user::User,
    id::UserId,
    policy::Policies,
    secret::TokenHash,
    session::Session,
    setting::Setting,
    storage::{self, Tx},
};

/// For how long rules let a browser be remembered.
///
/// # Errors
/// When the database fails.
pub async fn span(policies: &Policies, user: &UserId) -> storage::Result<Option<Duration>> {
    let span = policies.of_person(user).await?.all().span(Setting::FactorRemember);
    Ok(span.filter(|span| !span.is_zero()))
}

/// Whether the second factor is not asked for in this browser.
///
/// # Errors
/// When the database fails.
pub(super) async fn is_remembered(
    tx: &mut Tx,
    user: &User,
    (browser, span): (Option<TokenHash>, Option<Duration>),
    now: Timestamp,
) -> storage::Result<bool> {
    let (Some(browser), Some(span)) = (browser, span) else { return Ok(false) };
    if is_shared(tx, browser).await? {
        return Ok(false);
    }
    let since = tx.known_devices().remembered_at(&user.id, browser).await?;
    Ok(since.is_some_and(|since| holds(since, user.password_changed_at, span, now)))
}

/// Whether others come there: it is a shared workstation.
async fn is_shared(tx: &mut Tx, browser: TokenHash) -> storage::Result<bool> {
    Ok(tx.stations().of_browser(browser).await?.is_some())
}

/// The person is not asked in this browser again, whatever its form said not where others come.
///
/// # Errors
/// When the database fails.
pub(super) async fn remember(
    tx: &mut Tx,
    context: &Context,
    (session, browser): (&Session, TokenHash),
) -> storage::Result<()> {
    if is_shared(tx, browser).await? {
        return Ok(());
    }
    tx.known_devices().remember(&session.user, browser, context.now).await?;
    let event = Event::DeviceRemembering { user: session.user.clone(), session: session.id.clone() };
    tx.record(context, None, &event);
    Ok(())
}

fn holds(since: Timestamp, password_changed_at: Option<Timestamp>, span: Duration, now: Timestamp) -> bool {
    // A clock that was set back lets nobody in longer.
    since <= now && now < since.plus(span) && password_changed_at.is_none_or(|changed| changed < since)
}

/// The person is asked everywhere again: their factors changed, or somebody says so.
///
/// # Errors
/// When the database fails.
pub async fn ask_again(tx: &mut Tx, context: &Context, (user, by): (&UserId, &'static str)) -> storage::Result<u64> {
    let count = tx.known_devices().ask_again(user).await?;
    if count > 0 {
        tx.record(context, None, &Event::DevicesForgetting { user: user.clone(), by });
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_remembered_for_a_time_and_until_the_password_changes() {
        let at = |minutes: u64| Timestamp(1_795_000_000_000).plus(Duration::from_mins(minutes));
        for (case, since, changed, now, expected) in [
            ("now", 10, None, 10, true),
            ("to the end", 10, Some(5), 69, true),
            ("over", 10, Some(5), 70, false),
            ("another password", 10, Some(11), 12, false),
            ("a clock that was set back", 10, None, 9, false),
        ] {
            let found = holds(at(since), changed.map(at), Duration::from_hours(1), at(now));
            assert_eq!(found, expected, "{case}");
        }
    }
}
