//! Who is counted, and who is locked out.
//!
//! Failures of an account are counted from wherever they come, but for browsers in which its person has signed in before:
//! each of those has a count of its own. So whoever knows a name alone locks strangers out and nobody else: the person
//! goes on where they are known, running sessions go on, and so does the link to a new password. Whoever is locked out is
//! answered as by a wrong password; the person learns of it by mail.
//!
//! Only the name that was typed ever makes somebody wait who can see it, and a name that nobody has does so the same way. The
//! account is counted beside it, whichever of its names was typed: where it alone has to wait, whatever was typed is answered as
//! a wrong password, and was no guess. So nobody learns that a name exists, or that two are one person's.

use std::time::Duration;

use data_encoding::HEXLOWER;

use crate::{
    app::App,
    audit::{Context, Event},
    clock::Timestamp,
    directory::user::User,
    id::UserId,
    limit::wait_of,
    policy::{Applying, Policies},
    secret::TokenHash,
    setting::Setting,
    storage::{self, Tx},
    web::{Language, Letterhead, Site},
};

use super::{recovery::mail, signal::raising, store::Tally};

/// How long somebody is locked out where no rule says it.
const FOR: Duration = Duration::from_mins(15);

/// When an account is locked, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// After so many failures.
    pub after: i64,
    /// For so long; `None` until an administrator unlocks it.
    pub span: Option<Duration>,
}

impl Lockout {
    /// What rules come to; `None`: nobody is ever locked out, only slowed down.
    #[must_use]
    pub fn of(rules: &Applying<'_>) -> Option<Self> {
        let after = i64::try_from(rules.count(Setting::LockoutAfter)?).ok()?;
        let is_lasting = rules.choice(Setting::LockoutUnlock) == Some("administrator");
        let span = rules.span(Setting::LockoutFor).unwrap_or(FOR);
        Some(Self { after, span: (!is_lasting).then_some(span) })
    }

    /// That of a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_person(policies: &Policies, user: &UserId) -> storage::Result<Option<Self>> {
        Ok(Self::of(&policies.of_person(user).await?.all()))
    }
}

/// Under which failures of somebody are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// What is counted, and whose wait is told.
    pub name: String,
    /// What is counted beside it, whichever name of the account was typed; none in a known browser.
    account: Option<String>,
    /// Whether it is a browser in which the person has signed in before.
    pub is_known: bool,
}

impl Door {
    /// That of a sign-in: `folded` is the name as it was typed, which may be anything (a password in the wrong field, say).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(
        (tx, app): (&mut Tx, &App),
        user: Option<&User>,
        folded: &str,
        browser: Option<TokenHash>,
    ) -> storage::Result<Self> {
        // Nobody has this id: a name that is not known costs the same look.
        let nobody = UserId::from_stored("-".to_owned());
        let id = user.map_or(&nobody, |user| &user.id);
        if let Some(browser) = browser
            && tx.known_devices().is_known(id, browser).await?
        {
            return Ok(Self { name: device(id, browser), account: None, is_known: true });
        }
        let name = name_of(app, folded);
        // Of both, so that an account costs the same as none.
        let account = user.map_or_else(|| format!("nobody\0{name}"), |user| account(&user.id));
        Ok(Self { name, account: Some(account), is_known: false })
    }

    /// The key of its row.
    #[must_use]
    pub fn key(&self) -> TokenHash {
        TokenHash::of(&self.name)
    }

    /// Until when failures there were forgiven, if lately.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn forgiven_until(&self, tx: &mut Tx) -> storage::Result<Option<Timestamp>> {
        Ok(tx.throttles().find(forgiven(&self.name)).await?.map(|note| note.last))
    }

    /// The key of what is counted beside it.
    fn account_key(&self) -> Option<TokenHash> {
        self.account.as_deref().map(TokenHash::of)
    }

    /// What former failures leave of a right password; held until the commit.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn way(&self, tx: &mut Tx, app: &App, now: Timestamp) -> storage::Result<Way> {
        let shown = tx.throttles().held(self.key()).await?;
        let time = shown.map(|tally| wait(app, &tally, now)).unwrap_or_default();
        if !time.is_zero() {
            return Ok(Way::Wait(time));
        }
        let counted = match self.account_key() {
            Some(account) => tx.throttles().held(account).await?,
            None => shown,
        };
        Ok(match counted {
            Some(tally) if !wait(app, &tally, now).is_zero() => Way::Closed("too-soon"),
            Some(tally) if is_locked(&tally, now) => Way::Closed("locked"),
            _ => Way::Open { is_counted: shown.is_some() || counted.is_some() },
        })
    }

    /// Whether a right password would be good now.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn is_open(&self, tx: &mut Tx, app: &App) -> storage::Result<bool> {
        let key = self.account_key().unwrap_or_else(|| self.key());
        let now = app.clock.now();
        let is_shut = |tally: Tally| is_locked(&tally, now) || !wait(app, &tally, now).is_zero();
        Ok(!tx.throttles().find(key).await?.is_some_and(is_shut))
    }

    /// Somebody came in: former failures are forgotten.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn forgive(&self, tx: &mut Tx) -> storage::Result<()> {
        tx.throttles().forgive(self.key()).await?;
        if let Some(account) = self.account_key() {
            tx.throttles().forgive(account).await?;
        }
        Ok(())
    }
}

/// What former failures leave of a right password.
pub(super) enum Way {
    /// It is good; whether there were any.
    Open { is_counted: bool },
    /// It waits, as a name that nobody has would.
    Wait(Duration),
    /// To whoever tries, it is like a wrong one; why, for auditors.
    Closed(&'static str),
}

/// What failures at a name are counted under, whoever has it: what was typed may be a password.
fn name_of(app: &App, folded: &str) -> String {
    format!("name\0{}", HEXLOWER.encode(&app.keyed_hash(["name", folded]).to_vec()))
}

/// What failures of a person in a browser where they are known are counted under.
fn device(user: &UserId, browser: TokenHash) -> String {
    format!("device\0{user}\0{}", HEXLOWER.encode(&browser.to_vec()))
}

/// What it is noted under that failures at a door were forgiven: each node then forgets those that it counts itself.
fn forgiven(door: &str) -> TokenHash {
    TokenHash::of(&format!("forgiven\0{door}"))
}

/// What failures of a person are counted under, but for those in known browsers.
fn account(user: &UserId) -> String {
    format!("account\0{user}")
}

/// A failure: how long the next attempt waits for it, and whether it locks, is `tally`'s; whoever is locked out by it is told.
///
/// # Errors
/// When the database fails.
pub(super) async fn fail(
    tx: &mut Tx,
    (app, site): (&App, &Site),
    context: &Context,
    (door, user): (&Door, Option<&User>),
    lockout: Option<Lockout>,
) -> storage::Result<()> {
    let rule = app.config.throttle.account;
    let shown = tx.throttles().fail(door.key(), rule, context.now).await?.failures;
    let (counted, failures) = match door.account_key() {
        None => (door.key(), shown),
        Some(account) => {
            let tally = tx.throttles().hold(account).await?;
            let is_guess = wait(app, &tally, context.now).is_zero();
            let tally = if is_guess { tx.throttles().fail(account, rule, context.now).await? } else { tally };
            raising::of_failure(tx, (app, site), context, (user, account), tally.failures).await?;
            if !is_guess {
                return Ok(());
            }
            (account, tally.failures)
        }
    };
    let (Some(user), Some(lockout)) = (user, lockout) else { return Ok(()) };
    if failures < lockout.after {
        return Ok(());
    }
    let until = lockout.span.map(|span| context.now.plus(span));
    if !tx.throttles().lock(counted, until, context.now).await? {
        return Ok(());
    }
    let what = if door.is_known { "device" } else { "account" };
    let event = Event::AccountLock {
        user: user.id.clone(),
        what,
        failures: u64::try_from(failures).unwrap_or(0),
        until: until.map(|at| at.to_string()).unwrap_or_default(),
    };
    tx.record(context, None, &event);
    tell(tx, (app, site), context, user, until).await
}

/// A mail to the person, in their language.
async fn tell(
    tx: &mut Tx,
    (app, site): (&App, &Site),
    context: &Context,
    user: &User,
    until: Option<Timestamp>,
) -> storage::Result<()> {
    let language = user.locale.as_deref().and_then(Language::of_range).unwrap_or_default();
    if let Some(email) = &user.email {
        let letterhead = Letterhead::new(language, site).addressed_to(user.name.as_str());
        let letter = letterhead.account_locked(until, &site.address_of("/password/forgotten"));
        tx.jobs().enqueue(context, &app.sealer, &mail(email.as_str(), letter)).await?;
    }
    Ok(())
}

/// Whether a lock holds at `now`.
#[must_use]
pub fn is_locked(tally: &Tally, now: Timestamp) -> bool {
    tally.locked_at.is_some() && tally.locked_until.is_none_or(|until| now < until)
}

/// How long the next attempt waits.
#[must_use]
pub fn wait(app: &App, tally: &Tally, now: Timestamp) -> Duration {
    wait_of(app.config.throttle.account, tally.times(), now)
}

/// Lets somebody try again who is locked out or has to wait, with any of their names and in browsers where they are known;
/// whether there was anything to end.
///
/// # Errors
/// When the database fails.
pub async fn unlock(tx: &mut Tx, app: &App, context: &Context, user: &UserId) -> storage::Result<bool> {
    let names = tx.login_names().of(user).await?;
    let browsers = tx.known_devices().browsers(user).await?;
    let names = names.iter().map(|name| name_of(app, name.name.as_str()));
    let doors: Vec<String> = names.chain(browsers.into_iter().map(|browser| device(user, browser))).collect();
    let (keys, account): (Vec<_>, _) =
        (doors.iter().map(|door| TokenHash::of(door)).collect(), TokenHash::of(&account(user)));
    let is_closed = |tally: Tally| is_locked(&tally, context.now) || !wait(app, &tally, context.now).is_zero();
    let mut counted = tx.throttles().among(&keys).await?;
    counted.extend(tx.throttles().find(account).await?);
    if !counted.into_iter().any(is_closed) {
        return Ok(false);
    }
    // The doors first, as whoever tries holds them.
    tx.throttles().forgive_all(keys).await?;
    tx.throttles().forgive(account).await?;
    let notes: Vec<TokenHash> = doors.iter().map(|door| forgiven(door)).collect();
    tx.throttles().note_all(&notes, app.config.throttle.account.longest_wait, context.now).await?;
    tx.record(context, None, &Event::AccountUnlock { user: user.clone() });
    Ok(true)
}

/// The lock of an account, while it holds.
///
/// # Errors
/// When the database fails.
pub async fn lock_of(tx: &mut Tx, user: &UserId, now: Timestamp) -> storage::Result<Option<Tally>> {
    let tally = tx.throttles().find(TokenHash::of(&account(user))).await?;
    Ok(tally.filter(|tally| is_locked(tally, now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Rule, Rules, Subject};

    #[test]
    fn rules_say_when_an_account_is_locked_and_for_how_long() {
        let hour = Some(Duration::from_hours(1));
        for (case, rules, expected) in [
            ("none", &[][..], None),
            ("no count", &[("lockout.for", "1h")], None),
            ("a count", &[("lockout.after", "10")], Some((10, Some(FOR)))),
            ("two", &[("lockout.after", "10"), ("lockout.after", "5"), ("lockout.for", "1h")], Some((5, hour))),
            ("lasting", &[("lockout.after", "5"), ("lockout.unlock", "administrator")], Some((5, None))),
        ] {
            let rule = |(setting, value): &(&str, &str)| {
                let setting: Setting = setting.parse().expect("a setting");
                Rule { subject: Subject::Everybody, setting, value: setting.kind().parse(value).expect("a value") }
            };
            let rules = Rules::of(rules.iter().map(rule).collect());
            let found = Lockout::of(&rules.all()).map(|found| (found.after, found.span));
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn a_lock_holds_until_its_time_or_an_administrator() {
        let tally = |locked_at: Option<i64>, until: Option<i64>| Tally {
            clear_at: Timestamp(0),
            last: Timestamp(0),
            failures: 9,
            locked_at: locked_at.map(Timestamp),
            locked_until: until.map(Timestamp),
        };
        for (case, tally, at, expected) in [
            ("never", tally(None, None), 10, false),
            ("for a time", tally(Some(5), Some(20)), 19, true),
            ("over", tally(Some(5), Some(20)), 20, false),
            ("until somebody comes", tally(Some(5), None), i64::MAX, true),
        ] {
            assert_eq!(is_locked(&tally, Timestamp(at)), expected, "{case}");
        }
    }
}
