//! Browsers in which people are known: those where they have completed a sign-in, and shared workstations, where they may.
//!
//! What is counted in them is in [`lockout`](super::lockout); whether a second factor is asked for there in
//! [`remembered`].

use super::{
    assurance,
    recovery::mail,
    remembered,
    room::StepsUp,
    signal::raising::{self, SignIn},
};
use crate::{
    app::App,
    audit::{Context, Event},
    clock::Timestamp,
    directory::user::User,
    id::UserId,
    secret::TokenHash,
    session::Session,
    storage::{self, Tx},
    web::{Language, Letterhead, Site},
};

/// Whether a browser is no stranger's: the person has signed in there before, or it is a shared workstation. Others of its
/// network do not hold it up.
///
/// # Errors
/// When the database fails.
pub(super) async fn is_no_strangers(
    tx: &mut Tx,
    (user, browser): (Option<&UserId>, Option<TokenHash>),
) -> storage::Result<bool> {
    let Some(browser) = browser else { return Ok(false) };
    if let Some(user) = user
        && tx.known_devices().is_known(user, browser).await?
    {
        return Ok(true);
    }
    Ok(tx.stations().of_browser(browser).await?.is_some())
}

/// A browser in which a person is about to have signed in.
pub struct Known {
    app: App,
    site: Site,
    user: User,
    browser: TokenHash,
    /// Whether the person does not want to be asked for a second factor there again.
    is_remembered: bool,
}

impl Known {
    /// One that brought its cookie back.
    #[must_use]
    pub fn of(app: &App, site: &Site, user: &User, browser: Option<TokenHash>) -> Option<Self> {
        Some(Self { app: app.clone(), site: site.clone(), user: user.clone(), browser: browser?, is_remembered: false })
    }

    /// Its cookie.
    pub(super) const fn browser(&self) -> TokenHash {
        self.browser
    }

    /// The same, in which the person does not want to be asked for a second factor again.
    #[must_use]
    pub fn remembered(self) -> Self {
        Self { is_remembered: true, ..self }
    }

    /// The same, in which they are asked again.
    #[must_use]
    pub(super) fn not_remembered(self) -> Self {
        Self { is_remembered: false, ..self }
    }

    /// Others have vouched for the person: the browser is known from now on, and nothing about it is unexpected.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn vouch(self, tx: &mut Tx, (session, now): (&Session, Timestamp)) -> storage::Result<()> {
        tx.known_devices().note(session, self.browser, now).await.map(drop)
    }

    /// The person has signed in: the browser is known from now on. Where it is new, and others are not, the person is told;
    /// what is unexpected about it, others too.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn note(
        self,
        tx: &mut Tx,
        context: &Context,
        (session, steps_up): (&Session, StepsUp),
    ) -> storage::Result<()> {
        let Self { app, site, user, browser, is_remembered } = self;
        // What was not proved enough makes no browser a known one.
        let is_new_device = if steps_up.in_browsers
            && !assurance::meets(&session.acr, assurance::MULTI_FACTOR)
            && tx.known_devices().is_strange(&user.id, browser).await?
        {
            true
        } else {
            tx.known_devices().note(session, browser, context.now).await?
        };
        if is_remembered {
            remembered::remember(tx, context, (session, browser)).await?;
        }
        let sign_in = SignIn { user: &user, session, is_new_device, steps_up };
        raising::of_sign_in(tx, (&app, &site), context, sign_in).await?;
        if !is_new_device {
            return Ok(());
        }
        tx.record(context, None, &Event::NewDevice { user: user.id.clone(), session: session.id.clone() });
        if let Some(email) = user.email.as_ref().filter(|_| app.config.mail.new_device) {
            let language = user.locale.as_deref().and_then(Language::of_range).unwrap_or_default();
            let letterhead = Letterhead::new(language, &site).addressed_to(user.name.as_str());
            let address = context.address.as_deref().unwrap_or_default();
            let href = site.address_of("/account/sessions");
            let letter = letterhead.new_device(&session.user_agent, address, context.now, &href);
            tx.jobs().enqueue(context, &app.sealer, &mail(email.as_str(), letter)).await?;
        }
        Ok(())
    }
}
