//! Becoming a member by an invitation: as the person who is signed in, or as a new one who is signed in by it.

use crate::{
    app::App,
    audit::{Actor, Context},
    authentication::{
        assurance::{Assurance, Method},
        recovery::mail,
    },
    directory::{
        self, Noun,
        invitation::{self, Approach},
        membership::Membership,
        organization::Organization,
        user::{NewPassword, PasswordKind, User},
    },
    id::InvitationId,
    keys::Sealer,
    policy::cached,
    secret::{SecretString, TokenHash},
    session::{Authenticated, EndReason},
    storage::Tx,
    text::Name,
    web::{Language, Letterhead, Site},
};

/// How a person came to an invitation; owns what [`Approach`] borrows.
#[derive(Debug, Clone)]
pub enum Way {
    /// By the link of the letter.
    Link(TokenHash),
    /// From the account.
    Account(InvitationId),
}

impl Way {
    fn approach(&self) -> Approach<'_> {
        match self {
            Self::Link(token) => Approach::Link(*token),
            Self::Account(id) => Approach::Account(id),
        }
    }
}

/// The letter to a new member, before the organization is known.
#[derive(Debug, Clone)]
pub struct Welcome {
    letterhead: Letterhead,
    account: String,
}

impl Welcome {
    /// To the person called `name`.
    #[must_use]
    pub fn new(site: &Site, language: Language, name: &str) -> Self {
        let letterhead = Letterhead::new(language, site).addressed_to(name);
        Self { letterhead, account: site.address_of("/account") }
    }
}

/// Somebody who has no account yet.
pub struct Newcomer {
    /// Their name.
    pub name: Name,
    /// The hash of their password.
    pub hash: String,
    /// The language of their pages and mails.
    pub language: Language,
    /// What their browser says it is.
    pub user_agent: String,
    /// The browser's cookie.
    pub browser: Option<TokenHash>,
    /// The session that their browser has now.
    pub present: Option<TokenHash>,
}

/// The person who is signed in accepts; they become a member and are welcomed by mail.
///
/// # Errors
/// When the invitation is not open or not theirs, and when they are a member already.
pub async fn accept(
    app: &App,
    context: Context,
    way: Way,
    (user, welcome): (User, Welcome),
) -> directory::Result<Organization> {
    let sealer = app.sealer.clone();
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                let membership = invitation::accept(tx, &context, way.approach(), &user.id).await?;
                let organization = joined(tx, &membership).await?;
                greet(tx, &context, &sealer, (&user, &organization), &welcome).await?;
                Ok(organization)
            })
        })
        .await
}

/// Somebody new accepts by the link and is signed in: the token is for their cookie.
///
/// # Errors
/// When the invitation is not open, or the address has got an account meanwhile.
pub async fn join(
    app: &App,
    context: Context,
    link: TokenHash,
    (new, welcome): (Newcomer, Welcome),
) -> directory::Result<(Organization, SecretString)> {
    let sealer = app.sealer.clone();
    let (token, hash) = app.random.token();
    let ruling = app.clone();
    let organization = app
        .storage
        .write::<_, directory::Error, _>(move |tx| {
            Box::pin(async move {
                let password = NewPassword { hash: new.hash, kind: PasswordKind::Lasting, by: "person" };
                let (person, locale) = ((new.name, password), Some(new.language.tag().to_owned()));
                let (user, membership) = invitation::accept_as_new(tx, &context, link, person, locale).await?;
                let context = context.by(Actor::User(user.id.clone()));
                let organization = joined(tx, &membership).await?;
                greet(tx, &context, &sealer, (&user, &organization), &welcome).await?;
                leave(tx, &context, new.present).await?;
                let proof = Assurance::of(&[Method::Password]).into();
                let lifetime = cached::lifetime_of_newcomer(tx, &ruling, &user.id, context.now).await?;
                let who =
                    Authenticated { user: user.id, proof, user_agent: new.user_agent, browser: new.browser, via: None };
                tx.sessions().begin(&context, hash, who, lifetime).await?;
                Ok(organization)
            })
        })
        .await?;
    Ok((organization, token))
}

/// The organization that was joined; one that is disabled takes nobody in.
async fn joined(tx: &mut Tx, membership: &Membership) -> directory::Result<Organization> {
    let id = &membership.organization_id;
    let organization = tx.organizations().by_id(id).await?.filter(Organization::is_active);
    organization.ok_or_else(|| Noun::Organization.unknown(id))
}

async fn greet(
    tx: &mut Tx,
    context: &Context,
    sealer: &Sealer,
    (user, organization): (&User, &Organization),
    welcome: &Welcome,
) -> directory::Result<()> {
    if let Some(email) = &user.email {
        let letter = welcome.letterhead.welcome(organization.name.as_str(), &welcome.account);
        tx.jobs().enqueue(context, sealer, &mail(email.as_str(), letter)).await?;
    }
    Ok(())
}

/// Ends the session that the browser had before.
async fn leave(tx: &mut Tx, context: &Context, present: Option<TokenHash>) -> directory::Result<()> {
    let Some(token) = present else { return Ok(()) };
    if let Some(session) = tx.sessions().by_token(token).await? {
        tx.sessions().end(context, &session, EndReason::Replaced).await?;
    }
    Ok(())
}
